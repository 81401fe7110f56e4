"""`tokenguard revoke`: says what it is, asks, posts, and calls dead what the Hub does not know any more."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e.terminal import at_terminal
from tests.support.credentials import every_kind, fingerprint
from tests.support.hub import (
    REVOKE,
    Answer,
    Hub,
    broken,
    closed_port,
    forbidden,
    hang_up,
    huge,
    limited,
    ok,
    organization,
    redirect,
    unauthorized,
    whoami_user,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.machine import Result
    from tests.e2e.server import Server

ALICE = ok(whoami_user(orgs=[organization("acme")]))
INTERRUPT, END = "\x03", "\x04"
QUESTION = "Revoke it? [y/N]: "


@pytest.fixture
def token(server: Server, hub: Hub) -> str:
    """A live one, which is in the vault as `work`, and the default."""
    server.use_key()
    token = server.add("work", 0, "--default")
    hub.answer(token, ALICE)
    return token


def leaked(server: Server, hub: Hub, seed: int = 10) -> str:
    """A live one of somebody else."""
    token = server.token(seed)
    hub.answer(token, ALICE)
    return token


def deeds(hub: Hub) -> list[tuple[str, list[str | None]]]:
    """What the Hub was asked and told, with the tokens; fails where any went out with another question."""
    found = []
    for request in hub.requests:
        if request in hub.asked():
            found.append((request.method, [request.token]))
        elif request.path == REVOKE:
            assert "authorization" not in request.headers
            document = json.loads(request.body)
            assert list(document) == ["credentials"]
            found.append((request.method, document["credentials"]))
        else:
            assert not re.search(r"hf_[A-Za-z]{30}", str(request))
    return found


def revoke(server: Server, *arguments: str, stdin: str | None = None) -> Result:
    return server.tokenguard("revoke", *arguments, stdin=stdin)


def status_of(server: Server, name: str) -> str:
    rows = json.loads(server.tokenguard("list", "--json").stdout)["tokens"]
    return str({row["name"]: row["status"] for row in rows}[name])


# Which one.


def test_one_of_the_vault(server: Server, hub: Hub, token: str) -> None:
    server.environment["HF_TOKEN"] = token
    login = server.home / ".cache" / "huggingface" / "token"
    login.parent.mkdir(parents=True)
    login.write_text(token)
    server.prepare("use", "work", "--here")
    result = revoke(server, "work", "--yes")
    assert (result.status, result.stdout) == (0, b""), result.talk
    masked = f"hf_…{token[-4:]}"
    assert result.talk.splitlines() == [
        f"tokenguard: {masked} (user-access-token) belongs to alice, role write",
        *(f"tokenguard:   can {deed}" for deed in _DEEDS),
        f"tokenguard:   it is in your vault as work, the default, bound to {server.folder}",
        "tokenguard:   it is in this environment as HF_TOKEN",
        f"tokenguard:   it is in {login}",
        f"tokenguard: {masked} is revoked, and the Hub does not know it any more",
        "tokenguard: `tokenguard rotate work` puts a new one in its place, or `tokenguard remove` it",
    ]
    assert deeds(hub) == [("GET", [token]), ("POST", [token]), ("GET", [token])]
    assert status_of(server, "work") == "invalid"


_DEEDS = (
    "push to the organization acme and alice",
    "change the endpoints of the organization acme and alice",
    "run jobs for the organization acme and alice",
    "read what is private of the organization acme and alice",
    "spend the inference credits of the organization acme and alice",
    "read the gated repositories that the account was let into",
)


def test_one_on_standard_input_needs_no_vault(server: Server, hub: Hub) -> None:
    token = leaked(server, hub)
    result = revoke(server, "--stdin", "--yes", stdin=f"{token}\n")
    assert (result.status, "rotate" in result.talk) == (0, False), result.talk
    assert deeds(hub) == [("GET", [token]), ("POST", [token]), ("GET", [token])]


def test_one_on_standard_input_that_is_in_the_vault(server: Server, hub: Hub, token: str) -> None:
    result = revoke(server, "--stdin", "--yes", stdin=token)
    assert (result.status, "it is in your vault as work, the default" in result.talk) == (0, True), result.talk
    assert status_of(server, "work") == "invalid"


@pytest.mark.parametrize("written", [lambda full: full[7:15], lambda full: full[:20]])
def test_one_that_a_scan_has_found(server: Server, hub: Hub, written: Callable[[str], str]) -> None:
    token = leaked(server, hub)
    server.write("notebooks/a.py", f"x = {token} # {server.token(11)}")
    (reported,) = {
        finding["fingerprint"] for finding in server.scan().findings if finding["masked"][-4:] == token[-4:]
    }
    assert reported == fingerprint(token)
    result = revoke(server, "--fingerprint", written(reported), "--yes", "notebooks")
    assert result.status == 0, result.talk
    assert deeds(hub) == [("GET", [token]), ("POST", [token]), ("GET", [token])]


def test_one_that_is_in_history_alone(server: Server, hub: Hub) -> None:
    token = leaked(server, hub)
    repository = server.repository()
    for content in (token, "nothing"):
        repository.stage("a.py", content)
        repository.commit()
    digits = fingerprint(token)[7:15]
    result = revoke(server, "--fingerprint", digits, "--yes", "repository")
    assert (result.status, "revoke --history" in result.talk, hub.requests) == (2, True, [])
    # It is found again in what the first look has remembered.
    for status in (0, 0):
        result = revoke(server, "--fingerprint", digits, "--history", "--yes", "repository")
        assert result.status == status, result.talk
    assert deeds(hub) == [("GET", [token]), ("POST", [token]), ("GET", [token]), ("GET", [token])]


def test_what_names_no_token(server: Server, hub: Hub, token: str) -> None:
    said: list[tuple[list[str], str]] = [
        (["--fingerprint", "0" * 8], "no credential with this fingerprint"),
        (["--fingerprint", "0" * 7], "is no fingerprint"),
        (["--fingerprint", "work"], "is no fingerprint"),
        (["--fingerprint", ""], "is no fingerprint"),
        ([], "name one token"),
        (["work", "other"], "name one token"),
        (["--history"], "goes with --fingerprint"),
        (["work", "--history"], "goes with --fingerprint"),
        (["work", "--stdin"], "goes alone"),
        (["--stdin", "--fingerprint", "0" * 8], "goes alone"),
        (["notebooks/"], ""),
    ]
    commands = [("revoke", *arguments, "--yes") for arguments, _ in said]
    for (arguments, words), result in zip(said, server.together(*commands, stdin=token.encode()), strict=True):
        assert (result.status, words in result.talk) == (2, True), arguments
    assert hub.requests == []


def test_a_name_that_is_not_there(server: Server, hub: Hub, token: str) -> None:
    result = revoke(server, "wrok", "--yes")
    assert (result.status, "there is work" in result.talk, hub.requests) == (4, True, [])


@pytest.mark.parametrize("given", ["{}", "work {}", "--fingerprint {}", "--fingerprint={}", "--stdin {}"])
def test_a_token_as_an_argument_is_refused_and_not_repeated(
    server: Server, hub: Hub, token: str, given: str
) -> None:
    result = revoke(server, *given.format(server.token(3)).split(), "--yes", stdin=token)
    assert (result.status, "rotate it and revoke it" in result.talk, hub.requests) == (2, True, [])


@pytest.mark.parametrize("kind", ["oauth-refresh-token", "s3-session-token", "s3-access-key", "oauth-app-secret"])
def test_what_the_hub_takes_no_back_is_refused(server: Server, hub: Hub, kind: str) -> None:
    secret = server.secret(every_kind()[kind].split()[0])
    result = revoke(server, "--stdin", "--yes", stdin=secret)
    assert (result.status, f"no {kind} back" in result.talk, hub.requests) == (2, True, [])
    assert f"{hub.endpoint}/settings" in result.talk


# Whether it is meant.


def test_without_a_terminal_nobody_can_say_yes(server: Server, hub: Hub, token: str) -> None:
    for result in (
        revoke(server, "work"),
        revoke(server, "--stdin", stdin=token),
        revoke(server, "work", stdin="y\n"),
    ):
        assert (result.status, "--yes" in result.talk) == (2, True)
    assert {method for method, _ in deeds(hub)} == {"GET"}
    assert status_of(server, "work") == "valid"


@pytest.mark.parametrize(
    ("typed", "status"),
    [("y\n", 0), ("n\n", 130), ("\n", 130), (INTERRUPT, 130), (END, 130)],
    ids=["y", "n", "Enter", "Ctrl-C", "Ctrl-D"],
)
def test_at_a_terminal_it_is_asked(server: Server, hub: Hub, token: str, typed: str, status: int) -> None:
    result = at_terminal(server, "tokenguard", "revoke", "work", typed=[(QUESTION, typed)])
    assert result.status == status, result.out
    before, _, after = result.out.partition(QUESTION)
    assert "belongs to alice, role write" in before
    assert "its owner gets a mail" in before
    assert "Traceback" not in result.out
    is_revoked = status == 0
    assert ("is revoked" in after) == is_revoked
    assert [method for method, _ in deeds(hub)] == (["GET", "POST", "GET"] if is_revoked else ["GET"])
    assert status_of(server, "work") == ("invalid" if is_revoked else "valid")


# What becomes of it.


def test_one_that_is_dead_is_not_posted(server: Server, hub: Hub, token: str) -> None:
    hub.answer(token, unauthorized())
    for arguments in (["work"], ["work", "--yes"]):
        result = revoke(server, *arguments)
        assert (result.status, "there is nothing to revoke" in result.talk) == (0, True), result.talk
    assert deeds(hub) == [("GET", [token])] * 2
    assert status_of(server, "work") == "invalid"


@pytest.mark.parametrize("answer", [forbidden(), broken()], ids=["403", "500"])
def test_one_of_which_the_hub_does_not_say_what_it_is(server: Server, hub: Hub, answer: Answer) -> None:
    """It is revoked all the same, and dead where the Hub says so afterwards."""
    token = leaked(server, hub)
    hub.answer(token, answer)
    result = revoke(server, "--stdin", "--yes", stdin=token)
    assert result.status == 0, result.talk
    assert deeds(hub) == [("GET", [token]), ("POST", [token]), ("GET", [token])]


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ([ALICE], "the Hub accepted, and the token is valid all the same"),
        ([limited(300)], "whether the token is dead is not known: the Hub's rate limit is spent"),
    ],
    ids=["valid", "429"],
)
def test_what_is_accepted_is_not_dead_for_that(
    server: Server, hub: Hub, token: str, after: list[Answer], said: str
) -> None:
    hub.answer(token, ALICE, *after)
    hub.to_revoke = Answer(202)
    result = revoke(server, "work", "--yes")
    assert (result.status, said in result.talk, "is revoked, and" in result.talk) == (5, True, False), result.talk
    assert f"do it by hand: {hub.endpoint}/settings/tokens" in result.talk
    assert status_of(server, "work") != "invalid"


# The other answers are in tests/unit/test_hub.py.
REFUSALS = {
    "429": (limited(300), "answers 429 and has not accepted"),
    "elsewhere": (redirect("http://192.0.2.1", 307), "answers 307 and has not accepted"),
    "hang up": (hang_up(), "could not be asked"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_not_accepted_is_told(server: Server, hub: Hub, token: str, case: str) -> None:
    hub.to_revoke, said = REFUSALS[case]
    result = revoke(server, "work", "--yes")
    assert (result.status, said in result.talk, "is revoked, and" in result.talk) == (5, True, False), result.talk
    assert deeds(hub) == [("GET", [token]), ("POST", [token]), ("GET", [token])]
    assert status_of(server, "work") == "valid"


def test_no_answer_to_it_is_read_to_its_end(server: Server, hub: Hub, token: str) -> None:
    hub.to_revoke = huge(1 << 34)._replace(status=202)
    hub.answer(token, ALICE, unauthorized())
    assert revoke(server, "work", "--yes").status == 0


@pytest.mark.parametrize("environment", [{"HF_ENDPOINT": closed_port()}, {"HF_HUB_OFFLINE": "1"}])
def test_where_nobody_answers(server: Server, hub: Hub, token: str, environment: dict[str, str]) -> None:
    result = server.run("tokenguard", "revoke", "work", "--yes", environment=environment)
    assert (result.status, hub.requests) == (5, []), result.talk
    assert "Traceback" not in result.talk


def test_no_token_goes_to_another_machine_in_the_clear(server: Server, hub: Hub, token: str) -> None:
    server.environment["HF_ENDPOINT"] = "http://hub.example.com"
    result = revoke(server, "work", "--yes")
    assert (result.status, "HF_ENDPOINT" in result.talk) == (2, True)


def test_a_locked_vault_hinders_what_is_in_it_alone(server: Server, hub: Hub, token: str) -> None:
    del server.environment["TOKENGUARD_KEY_FILE"]
    server.forget()
    other = leaked(server, hub)
    assert revoke(server, "work", "--yes").status == 4
    assert hub.requests == []
    assert revoke(server, "--stdin", "--yes", stdin=other).status == 0


def test_a_damaged_vault_is_left_as_it_is(server: Server, hub: Hub) -> None:
    token = leaked(server, hub)
    server.index.parent.mkdir(parents=True)
    server.index.write_text("{")
    server.write("a.py", token)
    assert revoke(server, "--fingerprint", fingerprint(token), "--yes", "a.py").status == 0
    assert server.index.read_text() == "{"


HOSTILE = "a\x1b]0;title\x07\x1b[31m\x9b31m\r\n\u202eb"


def test_nothing_that_the_hub_says_commands_a_terminal_or_shows_a_token(
    server: Server, hub: Hub, token: str
) -> None:
    name = f"{HOSTILE}x{token}y {server.token(4)}"
    hub.answer(token, ok(whoami_user(name, name=name, orgs=[organization(name)])))
    hub.to_revoke = broken()._replace(headers={"X-Error-Message": f"\x9b {token}", "Content-Type": name[:1]})
    result = at_terminal(server, "tokenguard", "revoke", "work", typed=[(QUESTION, "y\n")])
    assert result.status == 5
    assert all(line.isprintable() for line in result.out.replace("\r\n", "\n").split("\n"))


def test_what_the_libraries_say_in_debugging_has_no_token(server: Server, hub: Hub, token: str) -> None:
    server.environment |= {"HF_DEBUG": "1", "HF_HUB_VERBOSITY": "debug"}
    result = revoke(server, "work", "--yes")
    assert (result.status, "curl -X POST" in result.talk) == (0, True)


def test_no_token_is_in_a_command_line_or_a_file(server: Server, hub: Hub, token: str) -> None:
    assert revoke(server, "work", "--yes").status == 0
    for path in (server.home / "tokenguard").iterdir():
        assert token[3:11].encode() not in path.read_bytes(), path


def test_what_was_just_live_is_dead_for_a_scan(server: Server, hub: Hub, token: str) -> None:
    """The answer of a minute ago does not serve any more."""
    server.write("a.py", token)
    assert server.scan("--verify").findings[0]["verification"]["status"] == "live"
    assert revoke(server, "work", "--yes").status == 0
    assert server.scan("--verify").findings[0]["verification"]["status"] == "dead"
    assert server.scan("--only", "live").status == 0
