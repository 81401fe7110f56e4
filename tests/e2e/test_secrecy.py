"""Nothing that is written or printed shows a token, or half of one, whatever goes wrong and whoever says it back.

What a command prints is looked at by the Desk; here also every file that is left behind, and the command line of
every process that was started.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import credentials
from tests.support.hub import (
    Answer,
    broken,
    closed_port,
    forbidden,
    garbage,
    hang_up,
    limited,
    ok,
    organization,
    redirect,
    scope,
    unauthorized,
    whoami_fine_grained,
    whoami_user,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.desk import Desk
    from tests.e2e.machine import Result

# Loaded by every Python that is started: notes all command lines, has libraries tell what they do, and breaks
# tokenguard where that is asked for.
SITE = """
import os, sys
log = os.open(os.environ["COMMAND_LINES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def note(event, arguments):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"):
        os.write(log, f"{event} {arguments[:2]}\\n".encode())
sys.addaudithook(note)
os.write(log, f"{sys.orig_argv}\\n".encode())
if "TELL" in os.environ:
    import logging
    logging.basicConfig(format="%(name)s: %(message)s")
    for name in ("keyring", "secretstorage", "jeepney", "huggingface_hub", "filelock", "tokenguard", "asyncio"):
        logging.getLogger(name).setLevel(logging.DEBUG)
if "BREAK" in os.environ:
    from tokenguard.vault.vault import Vault
    def put(self, name, token, *_, **__):
        headers = {"Authorization": f"Bearer {token.reveal()}"}
        try:
            raise ValueError(f"cannot read '{token.reveal()}', {token!r}")
        except ValueError as error:
            raise KeyError(os.environ["BREAK"], headers, str(headers).encode()) from error
    Vault.put = put
"""


class Diary:
    """What happens at a desk where all is written down."""

    def __init__(self, desk: Desk, top: Path) -> None:
        self.desk = desk
        self._top = top
        site = top / "site"
        site.mkdir()
        (site / "sitecustomize.py").write_text(SITE)
        (top / "tmp").mkdir()
        self._lines = top / "command lines"
        desk.environment |= {
            "PYTHONPATH": str(site),
            "COMMAND_LINES": str(self._lines),
            "TMPDIR": str(top / "tmp"),
            "HF_HOME": str(top / "hf"),
            "HF_DEBUG": "1",
            "PYTHONDEVMODE": "1",
            "TELL": "1",
        }

    def told(self, status: int, *arguments: str, stdin: str | None = None, **variables: str) -> Result:
        """What a command says that ends with `status`."""
        result = self.desk.tokenguard(*arguments, stdin=stdin, environment=variables)
        assert result.status == status, (arguments, result.talk)
        return result

    def known(self, token: str, *answers: Answer) -> str:
        """Has the Hub say something about `token`."""
        self.desk.hub.answer(token, *answers or [ok(whoami_user())])
        return token

    def close(self, commands: int) -> None:
        """Looks at all that is left: `commands` were started."""
        assert self._lines.read_text().count("tokenguard") >= commands
        (self._top / "handed over").unlink(missing_ok=True)
        read = 0
        for folder, _, names in os.walk(self._top):
            for name in names:
                path = os.path.join(folder, name)
                self.desk.expect_hidden(os.fsencode(path))
                with open(path, "rb") as file:
                    self.desk.expect_hidden(file.read())
                read += 1
        assert read >= 3
        assert self.desk.index.exists()


@pytest.fixture
def diary(desk: Desk, tmp_path: Path) -> Diary:
    return Diary(desk, tmp_path)


def test_the_diary_sees_what_is_written(diary: Diary) -> None:
    token = diary.known(diary.desk.token(1))
    diary.told(0, "add", "work", "--stdin", stdin=token)
    diary.close(1)
    for place in (diary.desk.home / ".cache" / "x", diary.desk.folder / ".env", diary.desk.index):
        place.parent.mkdir(parents=True, exist_ok=True)
        before = place.read_bytes() if place.exists() else b""
        place.write_bytes(before + token[5:20].encode())
        with pytest.raises(AssertionError, match="a secret was shown"):
            diary.close(1)
        place.write_bytes(before)
    diary.desk.run(
        sys.executable,
        "-c",
        "import subprocess, os; subprocess.run(['true', os.environ['X']])",
        environment={"X": token},
    )
    with pytest.raises(AssertionError, match="a secret was shown"):
        diary.close(1)


def test_a_day_with_tokens(diary: Diary) -> None:
    desk = diary.desk
    one, two, three, four, five, six = (diary.known(desk.token(seed)) for seed in range(10, 16))
    stranger = desk.token(20)
    signed = desk.secret(credentials.signed_token("hf_oauth" + "_", 21))
    desk.hub.answer(six, ok(whoami_fine_grained([scope("repo.content.read")])))
    diary.told(0, "add", "one", "--stdin", "--default", stdin=f"{one}\r\n")
    diary.told(0, "add", "two", "--from-env", "TWO", TWO=two)
    diary.told(0, "add", "signed", "--stdin", "--no-validate", stdin=signed)
    diary.told(0, "add", "two", "--stdin", "--replace", stdin=three)
    diary.told(4, "add", "one", "--stdin", stdin=two)
    diary.told(1, "add", "other", "--stdin", stdin=stranger)
    diary.told(2, "add", "other", "--stdin", stdin=f"Bearer {stranger}")
    diary.told(2, "add", "other", "--stdin", stdin=f"x{stranger}\x00")
    diary.told(1, "add", "other", "--from-env", "OTHER", OTHER=f"{stranger},{stranger}")
    diary.told(0, "list", "--json")
    diary.told(0, "show", "signed")
    diary.told(0, "show", "two", "--json")
    diary.told(1, "validate", "--all", "--fresh")
    diary.told(1, "validate", "--all", "--fresh", "--json", "--can", "write")
    diary.told(0, "validate", "--stdin", stdin=four)
    diary.told(1, "validate", "--env", "X", "--json", X=stranger)
    diary.told(0, "use", "two", "--here")
    diary.told(0, "run", "--", "true")
    diary.told(127, "run", "--", "no-such-command")
    diary.told(7, "run", "--via", "file", "--", "sh", "-c", "exit 7")
    diary.told(0, "rotate", "one", "--stdin", stdin=four)
    diary.told(2, "rotate", "one", "--stdin", stdin=four)
    desk.hub.answer(five, ok(whoami_user(name="bob")))
    diary.told(1, "rotate", "one", "--from-env", "NEW", NEW=five)
    diary.told(0, "new", "six", "--can", "read", "--stdin", stdin=six)
    diary.told(1, "new", "seven", "--can", "read", "--stdin", stdin=five)
    diary.told(0, "rename", "two", "too")
    diary.told(4, "rename", "nobody", "x")
    for arguments in (["token"], ["token", "--header"], ["export"], ["export", "--format", "json"]):
        result = desk.hand_over("tokenguard", *arguments)
        assert (result.status, three in result.out) == (0, True)
    diary.told(4, "token", "nobody")
    diary.told(0, "remove", "one", "too")
    diary.told(4, "remove", "six", "nobody")
    diary.close(33)


def test_a_token_as_an_argument(desk: Desk) -> None:
    token = desk.token(25)
    signed = desk.secret(credentials.signed_token("hf_jwt" + "_", 26))
    commands = ("add", "show", "validate", "use", "export", "token", "rename", "remove", "rotate", "new", "run")
    lines = [[command, token] for command in commands]
    lines += [["add", signed], ["export", "--var", signed], ["new", "--can", f"read:{token}"]]
    for line in [*lines, ["run", "--", "echo", token]]:
        result = desk.tokenguard(*line, stdin="")
        assert (result.status, result.stdout) == (2, b""), line[0]
        assert "revoke it now" in result.talk
    assert not desk.index.exists()
    assert desk.hub.requests == []


def test_a_token_in_a_variable_for_something_else(diary: Diary) -> None:
    token = diary.known(diary.desk.token(30))
    diary.told(0, "add", "work", "--stdin", stdin=token)
    for command in (["token"], ["show"], ["run", "--", "true"], ["validate"]):
        diary.told(2, *command, TOKENGUARD_TOKEN=token)
    diary.told(2, "list", TOKENGUARD_VAULT=token)
    for endpoint in (
        f"https://user:{token}@huggingface.co",
        f"http://{token}",
        f"https://huggingface.co/?t={token}",
    ):
        diary.told(2, "validate", "work", HF_ENDPOINT=endpoint)
    diary.close(9)


def saying(token: str) -> dict[str, Answer]:
    """What a Hub says that says the token back, here and there in its answers."""
    name = {"name": f"user {token}"}
    return {
        "401": unauthorized(f"Invalid token {token}"),
        "403": forbidden(f"Bearer {token} may not"),
        "429": limited()._replace(headers={"X-Error-Message": token, "RateLimit": f'"{token}";r=0;t=55'}),
        "500": broken()._replace(headers={"X-Error-Message": f"token={token}"}, body=token.encode()),
        "502": broken(502)._replace(headers={"X-Error-Message": "x" * 186 + token}),
        "503": broken(503)._replace(headers={"X-Error-Message": f"token%3D{token}", "X-Request-Id": token}),
        "garbage": garbage()._replace(body=f"<html>{token}</html>".encode()),
        "no Hub": ok({"error": token}),
        "redirect": redirect(f"{closed_port()}/{token}"),
        "reason": hang_up(),
        "org": ok(whoami_user(orgs=[organization(f"org {token}")])),
    } | {"account": ok(whoami_user() | name)}


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_hub_that_says_the_token_back(diary: Diary, form: str) -> None:
    desk = diary.desk
    token = diary.known(desk.token(40))
    diary.told(0, "add", "work", "--stdin", stdin=token)
    answers = saying(token)
    short = ("403", "500")  # which are said in the same words in both forms
    if form == "json":
        answers = {case: answers[case] for case in (*short, "502", "org", "account")}
    else:
        answers = {case: answer for case, answer in answers.items() if case not in short}
    # A token for each: what the Hub has said of one in the last minute would serve again.
    tokens = {f"T{number}": desk.token(41 + number) for number in range(len(answers))}
    for other, case in zip(tokens.values(), answers, strict=True):
        desk.hub.answer(other, saying(other)[case])
    options = ["--json"] if form == "json" else []
    results = desk.together(*(["validate", "--env", name, *options] for name in tokens), environment=tokens)
    for case, result in zip(answers, results, strict=True):
        assert result.status == {"401": 1, "org": 0, "account": 0}.get(case, 5), (case, result.talk)
    diary.close(2)


@pytest.mark.parametrize("command", ["add", "rotate", "new"])
def test_a_hub_that_says_a_new_token_back(diary: Diary, command: str) -> None:
    desk = diary.desk
    old, new = diary.known(desk.token(50)), desk.token(51)
    diary.told(0, "add", "work", "--stdin", stdin=old)
    name = "work" if command == "rotate" else "other"
    for case in ("401", "500", "502"):
        diary.known(new, saying(new)[case])
        diary.told(1 if case == "401" else 5, command, name, "--stdin", stdin=new)
    assert set(desk.kept()) == {"work"}
    diary.close(4)


def named(token: str) -> dict[str, dict[str, Any]]:
    """Right answers of a Hub where somebody has put a token into a name."""
    return {
        "display name and org": whoami_user(label=f"my {token}", orgs=[organization(token, restrictions=[token])]),
        "display name alone and account": whoami_user(label=token, name=token),
        "scope": whoami_fine_grained([scope(token, name=token)], [token]),
    }


@pytest.mark.parametrize("where", ["display name and org", "display name alone and account", "scope"])
def test_a_token_that_was_put_into_a_name(diary: Diary, where: str) -> None:
    token = diary.desk.token(60)
    diary.known(token, ok(named(token)[where]))
    diary.told(0, "add", "work", "--stdin", "--default", stdin=token)
    diary.told(0, "list")
    diary.told(0, "show")
    diary.told(0, "show", "--json")
    diary.told(0, "validate", "--json", "--fresh")
    diary.close(5)


def test_a_bug(diary: Diary) -> None:
    desk = diary.desk
    diary.told(0, "add", "work", "--stdin", stdin=diary.known(desk.token(70)))
    for message in ("a bug", desk.token(71), f"x{desk.token(72)}", f"{desk.token(73)}".replace("_", "_\n")):
        result = diary.told(70, "add", "other", "--stdin", stdin=diary.known(desk.token(74)), BREAK=message)
        assert "Traceback" in result.talk
        assert "this is a bug in tokenguard" in result.talk
        assert "KeyError" in result.talk
    diary.close(5)


def test_a_vault_that_is_locked_or_gone(diary: Diary) -> None:
    desk = diary.desk
    token, other = (diary.known(desk.token(seed)) for seed in (80, 81))
    diary.told(0, "add", "work", "--stdin", "--default", stdin=token)
    for end in (desk.service.lock, desk.service.kill):
        end()
        diary.told(0, "list")
        for command in (["token"], ["run", "--", "true"], ["validate"]):
            diary.told(4, *command)
        diary.told(4, "add", "other", "--stdin", stdin=other)
        diary.told(4, "rotate", "work", "--stdin", stdin=other)
    diary.close(13)
