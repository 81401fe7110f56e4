"""`tokenguard git-credential get|store|erase`: what git says to a helper, said to the command itself."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e.server import Server
from tests.e2e.terminal import at_terminal
from tests.support import credentials
from tests.support.credentials import fingerprint
from tests.support.hub import Hub, ok, organization, whoami_fine_grained, whoami_oauth, whoami_user
from tests.support.repository import scripts

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "protocol=https\nhost=huggingface.co\n"


class Clerk(Server):
    """Whoever has tokens, and asks for them as git does."""

    def keep(self, name: str, whoami: dict[str, object], hub: Hub, token: str | None = None) -> str:
        """Adds a token that the Hub knows; gives it back."""
        token = self.secret(token or credentials.user_token(len(self.listed()) + 70))
        hub.answer(token, ok(whoami))
        result = self.tokenguard("add", name, "--stdin", stdin=token)
        assert result.status == 0, result.talk
        return token

    def get(self, question: str, **environment: str) -> dict[str, str]:
        """What is answered, by its keys; nothing may be said beside it."""
        result = self.hand_over("get", question, **environment)
        assert (result[0], result[2]) == (0, ""), result[2]
        return dict(line.split("=", 1) for line in result[1].splitlines())

    def hand_over(self, operation: str, question: str, **environment: str) -> tuple[int, str, str]:
        """The exit status, what is answered, and what is said."""
        handed = self.folder.parent / "handed over"
        command = ("sh", "-c", 'exec "$@" >"$0"', str(handed), "tokenguard", "git-credential", operation)
        result = self.run(*command, stdin=question.encode(), environment=environment)
        return result.status, handed.read_text(), result.talk


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as hub:
        yield hub


@pytest.fixture
def clerk(tmp_path_factory: pytest.TempPathFactory, hub: Hub) -> Iterator[Clerk]:
    clerk = Clerk(tmp_path_factory.mktemp("clerk"))
    clerk.use_key()
    clerk.environment["HF_ENDPOINT"] = hub.endpoint
    yield clerk
    clerk.forget()


def test_the_owner_then_the_folder_then_the_default(clerk: Clerk, hub: Hub) -> None:
    alice = clerk.keep("alice", whoami_user(name="alice"), hub)
    reader = clerk.keep("reader", whoami_user("read", name="bob", orgs=[organization("acme", "admin")]), hub)
    writer = clerk.keep("writer", whoami_user(name="carol", orgs=[organization("acme", "write")]), hub)
    scopes = [{"entity": {"type": "user", "name": "dave"}, "permissions": ["inference.serverless.write"]}]
    clerk.keep("inference", whoami_fine_grained(scopes, name="dave"), hub)
    other = clerk.add("other", 3)
    clerk.tokenguard("use", "other")
    expected = {
        "path=alice/model.git/info/lfs": alice,
        "path=datasets/ALICE/x": alice,
        "path=spaces/acme/x": writer,
        "path=bob/x": reader,
        "path=dave/x": other,
        "path=gpt2": other,
        "path=alice/../acme/x": other,
        "": other,
    }
    for path, token in expected.items():
        assert clerk.get(f"{HOST}{path}\n\n") == {"username": "hf_user", "password": token}, path
    clerk.tokenguard("use", "reader", "--here")
    assert clerk.get(f"{HOST}path=spaces/acme/x\n\n")["password"] == reader
    assert clerk.get(f"{HOST}path=alice/x\n\n")["password"] == alice
    assert clerk.get(f"{HOST}path=nobody/x\n\n")["password"] == reader
    assert clerk.get(f"{HOST}path=acme/x\n\n", TOKENGUARD_TOKEN="other")["password"] == other
    # All of this is known without asking the Hub, which was asked once for each token, when it was added.
    assert len(hub.asked()) == 4


def test_each_host_of_the_hub_and_no_other(clerk: Clerk, hub: Hub) -> None:
    clerk.add("work", 0, "--default")
    _, _, own = hub.endpoint.partition("://")
    for protocol, host in [("https", "huggingface.co"), ("https", "hf.co"), ("http", own)]:
        assert clerk.get(f"protocol={protocol}\nhost={host}\n\n"), host
    for protocol, host in [
        ("http", "huggingface.co"),
        ("https", "huggingface.co@evil.example"),
        ("http", f"{own}1"),
    ]:
        assert clerk.get(f"protocol={protocol}\nhost={host}\n\n") == {}, host
    environment = {"HF_ENDPOINT": "http://hub.example.com"}
    assert clerk.hand_over("get", f"{HOST}\n", **environment)[:2] == (2, "")


# As git is given them: on a command line, in a configuration, in .gitmodules, by a redirect.
HOSTILE = [
    "http://huggingface.co/alice/x",
    "https://evil.example/huggingface.co",
    "https://evil.example/https://huggingface.co/",
    "https://evil.example?huggingface.co",
    "https://evil.example#huggingface.co",
    "https://evil.example#@huggingface.co/",
    "https://huggingface.co@evil.example/",
    "https://huggingface.co:x@evil.example/",
    "https://a@huggingface.co@evil.example/",
    "https://evil.example@huggingface.co@evil.example/",
    "https://huggingface.co.evil.example/",
    "https://huggingface.co./alice/x",
    "https://huggingface.co:8443/alice/x",
    "https://huggingface.co%2eevil.example/",
    "https://evil.example%2fhuggingface.co/",
    "https://evil.example%0ahost=huggingface.co/",
    "https://evil.example/%0ahost=huggingface.co",
    "https://evil.example%0d%0ahost=huggingface.co/",
    "https://huggingface.co%0dhost=evil.example/",
    "https://huggingface.co%00.evil.example/",
    "https://hugging\u0441face.co/",
    "https://huggingface\u3002co/",
    "https:///huggingface.co/",
    "ftps://huggingface.co/",
]


def test_no_url_has_git_take_a_token_elsewhere(clerk: Clerk) -> None:
    """git reads the URL, and asks us and nobody else, for whatever host."""
    token = clerk.add("work", 0, "--default")
    helper = f"!{scripts()}/tokenguard git-credential"
    handed = clerk.folder.parent / "handed over"
    fill = ("git", "-c", f"credential.helper={helper}", "-c", "credential.useHttpPath=true", "credential", "fill")
    nobody = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": ""}

    def filled(url: str) -> str:
        command = ("sh", "-c", 'exec "$@" >"$0"', str(handed), *fill)
        clerk.run(*command, stdin=f"url={url}\n\n".encode(), environment=nobody)
        return handed.read_text()

    for url in HOSTILE:
        assert token not in filled(url), url
    for url in ("https://huggingface.co/alice/x", "https://me@HF.co/", "https://evil.example@huggingface.co/a/b"):
        assert token in filled(url), url


def test_a_question_that_git_would_not_ask_is_refused(clerk: Clerk) -> None:
    clerk.add("work", 0, "--default")
    for question in ("protocol=https\nhost=evil.example\nhost=huggingface.co\n\n", HOST.replace("\n", "\r\n")):
        status, answer, talk = clerk.hand_over("get", question)
        assert (status, answer) == (2, "")
        assert "this is no question of git's" in talk


def test_a_header_and_an_end_where_they_are_known(clerk: Clerk, hub: Hub) -> None:
    work = clerk.keep("work", whoami_oauth("2030-12-01T00:00:00.000Z"), hub)
    end = {"password_expiry_utc": "1922313600"}
    basic = {"username": "hf_user", "password": work}
    bearer = {"capability[]": "authtype", "authtype": "Bearer", "credential": work, "ephemeral": "1"}
    question = f"{HOST}path=alice/x\n"
    assert clerk.get(f"{question}\n") == basic | end
    assert clerk.get(f"capability[]=authtype\n{question}\n") == bearer | end
    assert clerk.get(f'capability[]=authtype\n{question}wwwauth[]=Basic realm="x"\n\n') == basic | end
    signed = clerk.secret(credentials.signed_token("hf_jwt" + "_", 1, exp=1500000000))
    clerk.tokenguard("add", "old", "--stdin", "--no-validate", stdin=signed)
    status, answer, talk = clerk.hand_over("get", f"{HOST}\n", TOKENGUARD_TOKEN="old")
    assert (status, answer.splitlines()[-1]) == (0, "password_expiry_utc=1500000000")
    assert "old has expired" in talk


def test_nothing_there_is_nothing_said(clerk: Clerk) -> None:
    assert clerk.get(f"{HOST}path=alice/x\n\n") == {}
    clerk.add("work", 0)
    assert clerk.get(f"{HOST}path=alice/x\n\n") == {}
    assert clerk.hand_over("get", f"{HOST}\n", TOKENGUARD_TOKEN="nobody")[:2] == (4, "")
    assert clerk.hand_over("get", f"{HOST}\n", TOKENGUARD_TOKEN="not a name")[:2] == (2, "")
    clerk.index.write_text("damaged")
    status, answer, talk = clerk.hand_over("get", f"{HOST}\n")
    assert (status, answer) == (4, "")
    assert "is damaged" in talk


def test_what_git_stores_and_erases_stays_as_it_is(clerk: Clerk, hub: Hub) -> None:
    work = clerk.keep("work", whoami_user(), hub)
    before = clerk.index.read_bytes(), clerk.vault.read_bytes()
    new = credentials.user_token(5)
    for operation, host, secret in [
        ("store", HOST, new),
        ("capability", HOST, work),
        ("erase", HOST, new),
        ("erase", "protocol=https\nhost=evil.example\n", work),
        ("erase", HOST, ""),
    ]:
        question = f"{host}username=hf_user\n" + (f"password={secret}\n\n" if secret else "\n")
        assert clerk.hand_over(operation, question) == (0, "", "")
        assert (clerk.index.read_bytes(), clerk.vault.read_bytes()) == before, operation
    assert clerk.hand_over("erase", f"{HOST}username=hf_user\npassword={work}\n\n") == (0, "", "")
    noted = clerk.refusals()
    assert list(noted) == [fingerprint(work)]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z", noted[fingerprint(work)])
    assert clerk.vault.read_bytes() == before[1]
    assert clerk.get(f"{HOST}path=alice/x\n\n")["password"] == work
    # It goes along with a name, and goes away with the token.
    clerk.tokenguard("rename", "work", "new")
    assert clerk.refusals() == noted
    clerk.tokenguard("remove", "new")
    assert clerk.refusals() == {}


def test_a_terminal_is_not_shown_the_token(clerk: Clerk) -> None:
    clerk.add("work", 0, "--default")
    result = at_terminal(clerk, "tokenguard", "git-credential", "get")
    assert result.status == 2
    assert "this would show the token" in result.out


@pytest.mark.unmeasured
def test_little_is_loaded(clerk: Clerk, hub: Hub) -> None:
    """git waits for it before every request; git-lfs before every batch."""
    clerk.keep("work", whoami_user(name="alice"), hub)
    elsewhere = loaded(clerk, "protocol=https\nhost=github.com\n\n")
    heavy = {"click", "huggingface_hub", "keyring", "filelock", "httpx", "subprocess", "logging", "ctypes"}
    assert elsewhere & (heavy | {"cryptography"}) == set()
    here = loaded(clerk, f"{HOST}path=alice/x\n\n")
    assert {"tokenguard.vault.file", "tokenguard.core.ownership"} <= here
    assert here & (heavy - {"ctypes"}) == set()
    assert not any(name.startswith(("tokenguard.cli", "tokenguard.hub")) for name in here)


def loaded(clerk: Clerk, question: str) -> set[str]:
    """The modules that `get` imports, as the interpreter itself lists them."""
    status, _, talk = clerk.hand_over("get", question, PYTHONVERBOSE="1")
    assert status == 0
    return set(re.findall(r"^import '([^']+)' # ", talk, re.MULTILINE))


def test_an_older_index_has_no_refusals(clerk: Clerk) -> None:
    clerk.add("work", 0, "--default")
    document = json.loads(clerk.index.read_bytes())
    del document["refusals"]
    clerk.index.write_text(json.dumps(document))
    assert clerk.get(f"{HOST}\n")
