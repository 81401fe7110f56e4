"""`tokenguard scan --verify`: the Hub says which of the leaked credentials are live, and is asked nothing else."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.credentials import every_kind, signed_token, user_token
from tests.support.hub import (
    Answer,
    Hub,
    broken,
    closed_port,
    forbidden,
    garbage,
    hang_up,
    huge,
    limited,
    ok,
    organization,
    redirect,
    unauthorized,
    whoami_fine_grained,
    whoami_user,
    wrong_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.machine import Result, Scan
    from tests.e2e.server import Server
    from tests.support.hub import Request

pytestmark = pytest.mark.unmeasured

LIVE = ok(whoami_user())


def asked(hub: Hub) -> list[str]:
    """The tokens that the Hub was asked about; fails where one was sent with any other question.

    huggingface_hub has one of its own, without a token: which agents there are.
    """
    whoami = hub.asked()
    tokens = sorted(str(request.token) for request in whoami)
    assert {request.method for request in whoami} <= {"GET"}
    others = [str(request) for request in hub.requests if request not in whoami]
    assert not any(token in other for token in tokens for other in others)
    return tokens


def leak(server: Server, hub: Hub, *answers: Answer) -> list[str]:
    """A file for each answer, with a token that the Hub answers so: 0.txt, 1.txt and so on."""
    tokens = [server.token(seed) for seed in range(len(answers))]
    for number, (token, answer) in enumerate(zip(tokens, answers, strict=True)):
        hub.answer(token, answer)
        server.write(f"{number}.txt", f"{token}\n")
    return tokens


def verdicts(scan: Scan) -> dict[str, str]:
    return {finding["path"]: finding["verification"]["status"] for finding in scan.findings}


def text(server: Server, *arguments: str) -> Result:
    return server.tokenguard("scan", "--verify", *arguments)


# What is asked.


def scan_paths(server: Server, *options: str) -> Scan:
    return server.scan(*options, ".")


def scan_staged(server: Server, *options: str) -> Scan:
    return server.scan(*options, "--staged", cwd=server.folder / "repository")


def scan_history(server: Server, *options: str) -> Scan:
    return server.scan(*options, "--history", cwd=server.folder / "repository")


def scan_range(server: Server, *options: str) -> Scan:
    return server.scan(*options, "--since", "HEAD~1", cwd=server.folder / "repository")


def scan_stdin(server: Server, *options: str) -> Scan:
    given = (server.folder / "repository" / "a.py").read_bytes()
    return server.scan(*options, "--stdin", stdin=given)


SOURCES = [scan_paths, scan_staged, scan_history, scan_range, scan_stdin]


@pytest.fixture
def leaked(server: Server, hub: Hub) -> list[str]:
    """Two tokens, both twice in one staged file of two versions; the first is live."""
    tokens = [server.token(seed) for seed in range(2)]
    hub.answer(tokens[0], LIVE)
    repository = server.repository()
    repository.commit("begin")
    repository.stage("a.py", "\n".join(tokens))
    repository.commit("a version")
    repository.stage("a.py", "\n".join(["", *tokens, *tokens]))
    return tokens


@pytest.mark.parametrize("source", SOURCES)
def test_each_credential_is_asked_about_once_by_whoever_says_so(
    server: Server, hub: Hub, leaked: list[str], source: Callable[..., Scan]
) -> None:
    scan = source(server)
    assert {finding["verification"]["status"] for finding in scan.findings} == {"unchecked"}
    assert hub.requests == []
    scan = source(server, "--verify")
    assert scan.status == 1
    assert asked(hub) == sorted(leaked)
    for request in hub.asked():
        assert request.body == b""
        assert [name for name, value in request.headers.items() if str(request.token) in value] == [
            "authorization"
        ]
    live = {finding["masked"]: finding["verification"]["status"] for finding in scan.findings}
    assert live == {f"hf_…{leaked[0][-4:]}": "live", f"hf_…{leaked[1][-4:]}": "dead"}
    assert len(scan.findings) >= 2


def test_no_hook_asks(server: Server, hub: Hub, leaked: list[str]) -> None:
    repository = server.folder / "repository"
    message = server.write("message", leaked[0])
    for command in (["pre-commit"], ["pre-merge-commit"], ["commit-msg", str(message)]):
        assert server.run("tokenguard-hook", *command, cwd=repository).status == 1
    assert hub.requests == []


def test_no_repository_has_a_scan_ask(server: Server, hub: Hub, leaked: list[str]) -> None:
    for key in ("verify", "only"):
        server.write("repository/.tokenguard.toml", f"{key} = true\n")
        assert server.tokenguard("scan", "repository").status == 2
    assert hub.requests == []


def test_where_nothing_is_found_nothing_is_asked(server: Server, hub: Hub) -> None:
    server.write("a.py", "nothing")
    server.write("b.py", f"{server.token()} # pragma: allowlist secret")
    assert server.scan("--verify").status == 0
    assert hub.requests == []


def test_kinds_that_the_hub_does_not_answer_to_are_not_asked_about(server: Server, hub: Hub) -> None:
    secrets = {kind: server.secret(words).split()[0] for kind, words in every_kind().items()}
    for secret in secrets.values():
        hub.answer(secret, LIVE)
    for kind, words in every_kind().items():
        server.write(kind, words)
    scan = server.scan("--verify")
    live = {"user-access-token", "organization-token", "oauth-access-token", "jwt-access-token", "app-token"}
    assert verdicts(scan) == {kind: "live" if kind in live else "unchecked" for kind in every_kind()}
    assert asked(hub) == sorted(secrets[kind] for kind in live)


def test_many_are_asked_about_side_by_side(server: Server, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is answered before all have been asked about."""
    meeting, genuine = threading.Barrier(5), hub.respond

    def respond(request: Request) -> Answer:
        if request.token:
            meeting.wait(60)
        return genuine(request)

    monkeypatch.setattr(hub, "respond", respond)
    tokens = leak(server, hub, *[LIVE] * 5)
    assert set(verdicts(server.scan("--verify")).values()) == {"live"}
    assert asked(hub) == sorted(tokens)


def test_a_yes_serves_again_for_a_minute(server: Server, hub: Hub) -> None:
    tokens = leak(server, hub, LIVE, unauthorized(), broken())
    first, second = server.scan("--verify"), server.scan("--verify")
    assert verdicts(first) == verdicts(second) == {"0.txt": "live", "1.txt": "dead", "2.txt": "unknown"}
    assert first.findings[0] == second.findings[0]
    # What was not live is asked again.
    assert asked(hub) == sorted([*tokens, *tokens[1:]])
    index = server.index.read_text()
    assert not any(token[3:11] in index for token in tokens)


def test_a_spent_limit_is_kept_to_and_leaves_the_rest_unknown(server: Server, hub: Hub) -> None:
    """A limit is of no token: the rest is not even asked about, as far as it was not on its way."""
    tokens = leak(server, hub, *[limited(300)] * 30)
    scan = server.scan("--verify")
    assert (scan.status, set(verdicts(scan).values())) == (1, {"unknown"})
    assert all("rate limit is spent" in finding["verification"]["reason"] for finding in scan.findings)
    assert len(asked(hub)) <= 8 < len(tokens)


# What is told.


def test_what_json_says(server: Server, hub: Hub) -> None:
    body = whoami_user(orgs=[organization("acme"), organization("beta", "read", ["sso"])])
    leak(server, hub, ok(body), unauthorized(), forbidden(), LIVE)
    server.write("3.txt", every_kind(9)["s3-access-key"])
    live, dead, unknown, unchecked = (found["verification"] for found in server.scan("--verify").findings)
    assert unchecked == {"status": "unchecked"}
    assert set(live) >= {"account", "account_type", "role", "orgs", "permissions", "global_permissions", "gated"}
    assert (live["status"], live["account"], live["account_type"], live["role"]) == (
        *("live", "alice", "user", "write"),
    )
    assert [(org["name"], org["role"], org["restrictions"]) for org in live["orgs"]] == [
        ("acme", "write", []),
        ("beta", "read", ["sso"]),
    ]
    assert "can push to the organization acme and alice" in live["abilities"]
    assert "reason" not in live
    assert {*dead} == {*unknown} == {"status", "checked_at", "reason"}
    assert (dead["status"], unknown["status"]) == ("dead", "unknown")
    assert "does not know this token" in dead["reason"]
    assert "may not ask" in unknown["reason"]


def test_json_lines_say_the_same(server: Server, hub: Hub) -> None:
    leak(server, hub, LIVE, unauthorized())
    server.scan("--verify")
    scan = server.scan("--verify")
    result = server.tokenguard("scan", "--verify", "--format", "jsonl")
    rows: list[dict[str, Any]] = [json.loads(line) for line in result.out.splitlines()]
    assert [row.pop("type") for row in rows] == ["finding", "finding", "summary"]
    for found in (*rows[:2], *scan.findings):
        assert found["verification"].pop("checked_at")  # a no is asked for each time
    assert rows[:2] == scan.findings


def test_what_the_text_says_the_worst_first(server: Server, hub: Hub) -> None:
    three = [organization(name) for name in ("acme", "beta", "gamma")]
    tokens = leak(
        server,
        hub,
        unauthorized(),
        broken(),
        ok(whoami_fine_grained(name="bob")),
        ok(whoami_user(orgs=three)),
    )
    server.write("4.txt", server.secret(signed_token("hf_s3" + "_", exp=1)))
    result = text(server)
    assert result.status == 1
    head = [line for line in result.out.splitlines() if not line.startswith(" ")]
    assert [line.partition(":")[0] for line in head] == ["3.txt", "2.txt", "1.txt", "0.txt", "4.txt"]
    assert (
        f"3.txt:1:1: user-access-token hf_…{tokens[3][-4:]}\n  live: alice (user), role write, in 3" in result.out
    )
    assert "    can push to 3 organizations (acme, beta, gamma) and alice\n" in result.out
    assert "  live: bob (user), role fineGrained\n" in result.out
    assert "  not known whether it is live: the Hub answers 500" in result.out
    assert "  dead: the Hub does not know it\n" in result.out
    assert "  it says of itself: expired 1970-01-01 00:00 UTC, of alice, scopes openid\n" in result.out


def test_one_of_yours_is_told_by_its_name(server: Server, hub: Hub) -> None:
    server.use_key()
    token = server.add("work")
    hub.answer(token, LIVE)
    server.write("a.py", token)
    (finding,) = server.scan("--verify").findings
    assert (finding["known_as"], finding["verification"]["status"]) == ("work", "live")
    assert "(in your vault as work)\n  live: alice" in text(server).out
    listed = json.loads(server.tokenguard("list", "--json").stdout)["tokens"]
    assert [(row["status"], row["account"]) for row in listed] == [("valid", "alice")]


# Triage.

ONLY: list[tuple[list[Answer], list[str], int, list[str]]] = [
    ([LIVE, unauthorized()], ["live"], 1, ["0.txt"]),
    ([unauthorized(), unauthorized()], ["live"], 0, []),
    ([unauthorized(), broken()], ["live"], 5, []),
    ([LIVE, broken()], ["live"], 1, ["0.txt"]),
    ([LIVE, unauthorized()], ["dead"], 1, ["1.txt"]),
    ([LIVE], ["dead"], 0, []),
    ([broken()], ["dead"], 5, []),
    ([LIVE, broken()], ["unknown"], 1, ["1.txt"]),
    ([LIVE, unauthorized()], ["unknown"], 0, []),
    ([LIVE, broken(), unauthorized()], ["live", "unknown"], 1, ["0.txt", "1.txt"]),
    ([LIVE], ["unchecked"], 0, []),
]


def test_only_some_are_shown(server: Server, hub: Hub) -> None:
    commands = []
    for case, (answers, only, _, _) in enumerate(ONLY):
        for number, answer in enumerate(answers):
            token = server.token(10 * case + number)
            hub.answer(token, answer)
            server.write(f"{case}/{number}.txt", f"{token}\n")
        commands.append(("scan", "--format", "json", *(f"--only={one}" for one in only), str(case)))
    for case, result in enumerate(server.together(*commands)):
        answers, _, status, shown = ONLY[case]
        document = json.loads(result.out)
        paths = [finding["path"] for finding in document["findings"]]
        assert (result.status, paths) == (status, [f"{case}/{name}" for name in shown]), case
        assert ("not shown: " in result.talk) == (len(shown) < len(answers))
        assert document["summary"]["findings"] == len(shown)


def test_what_was_not_read_outranks_what_is_not_known(server: Server, hub: Hub) -> None:
    leak(server, hub, broken())
    (server.folder / "link").symlink_to("loop")
    (server.folder / "loop").symlink_to("link")
    assert server.scan("--only=live", "0.txt", "missing").status == 3


def test_exit_zero_is_for_what_is_found_alone(server: Server, hub: Hub) -> None:
    leak(server, hub, LIVE)
    assert server.scan("--verify", "--exit-zero").status == 0
    hub.answer(server.token(5), broken())
    server.write("0.txt", server.token(5))
    assert server.scan("--verify", "--exit-zero").status == 0
    assert server.scan("--only=live", "--exit-zero").status == 5


# Where it goes wrong.

LIES = {
    "html": garbage(),
    "no object": wrong_json(),
    "no name": ok({"type": "user"}),
    "huge": huge(8 << 20, sized=False),
    "hang up": hang_up(),
    "elsewhere": redirect("http://192.0.2.1"),
    "404": broken(404),
    "403": forbidden(),
    "503": broken(503),
}


def test_a_hub_that_lies_is_not_believed(server: Server, hub: Hub) -> None:
    leak(server, hub, *LIES.values())
    scan = server.scan("--verify")
    assert (scan.status, list(verdicts(scan).values())) == (1, ["unknown"] * len(LIES))
    assert all(finding["verification"]["reason"] for finding in scan.findings)
    assert "Traceback" not in scan.talk


def test_where_nobody_answers_the_findings_are_told_all_the_same(server: Server, hub: Hub) -> None:
    leak(server, hub, LIVE)
    for environment in ({"HF_ENDPOINT": closed_port()}, {"HF_HUB_OFFLINE": "1"}):
        result = server.run("tokenguard", "scan", "--verify", environment=environment)
        assert (result.status, result.out.startswith("0.txt:1:1: user-access-token")) == (1, True)
        assert "  not known whether it is live: " in result.out
    assert hub.requests == []


@pytest.mark.parametrize(
    "endpoint", ["http://hub.example.com", "ftp://127.0.0.1", "http://127.0.0.1@evil.example"]
)
def test_no_token_goes_to_another_machine_in_the_clear(server: Server, hub: Hub, endpoint: str) -> None:
    leak(server, hub, LIVE)
    server.environment["HF_ENDPOINT"] = endpoint
    for options in (["--verify"], ["--only", "live"]):
        result = server.tokenguard("scan", *options)
        assert (result.status, "HF_ENDPOINT" in result.talk) == (2, True)
    assert server.tokenguard("scan").status == 1


HOSTILE = "a\x1b]0;title\x07\x1b[31m\x9b31m\r\n\u202eb::set-output name=x::y<script>"


def test_nothing_that_the_hub_says_commands_a_terminal(server: Server, hub: Hub) -> None:
    body = whoami_user(HOSTILE, name=HOSTILE, label=HOSTILE, orgs=[organization(HOSTILE, HOSTILE)])
    wrong = broken(500)._replace(headers={"X-Error-Message": "a\x1b[31m\x9b b"})
    leak(server, hub, ok(body), wrong, ok(whoami_user(name=HOSTILE, orgs=[organization(HOSTILE)])))
    result = text(server)
    assert all(line.isprintable() for line in (result.out + result.talk).splitlines())
    assert result.out.count("\n") < 30
    scan = server.scan("--verify")
    assert verdicts(scan) == {"0.txt": "live", "1.txt": "unknown", "2.txt": "live"}
    assert scan.findings[0]["verification"]["account"] == HOSTILE


def test_no_token_that_the_hub_says_back_is_shown(server: Server, hub: Hub) -> None:
    """Neither its own, whatever stands around it, nor another's."""
    token, other = server.token(), server.token(1)
    mine, theirs = f"x{token}y", f"of {other}"
    orgs = [organization(f"{name}-{number}") for number, name in enumerate((token, other))]
    body = whoami_user(theirs, name=mine, label=f"{mine} {theirs}", orgs=orgs)
    hub.answer(token, ok(body | {"type": mine}))
    error = broken(500)
    hub.answer(other, error._replace(headers={**error.headers, "X-Error-Message": f"{other} and {token}"}))
    server.write("a.txt", f"{token} {other}")
    for form in ("text", "json", "jsonl"):
        result = server.tokenguard("scan", "--verify", "-v", "--format", form)
        assert result.status == 1
        assert "live" in result.out
    assert not any(secret[3:11] in server.index.read_text() for secret in (token, other))


def test_what_the_libraries_say_in_debugging_has_no_token(server: Server, hub: Hub) -> None:
    leak(server, hub, LIVE, unauthorized())
    server.environment |= {"HF_DEBUG": "1", "HF_HUB_VERBOSITY": "debug"}
    assert text(server).status == 1


def locked(server: Server) -> None:
    """The vault file is there, and nobody to open it."""
    server.use_key()
    server.add("work", 50)
    del server.environment["TOKENGUARD_KEY_FILE"]
    server.forget()


def damaged(server: Server) -> None:
    server.index.parent.mkdir(parents=True)
    server.index.write_text('{"schema": 1, ')


def from_tomorrow(server: Server) -> None:
    server.index.parent.mkdir(parents=True)
    server.index.write_text('{"schema": 999}')


def not_to_be_written(server: Server) -> None:
    server.environment["TOKENGUARD_HOME"] = str(server.write("home", "a file"))


@pytest.mark.parametrize("state", [locked, damaged, from_tomorrow, not_to_be_written])
def test_no_state_of_the_vault_hinders(server: Server, hub: Hub, state: Callable[[Server], None]) -> None:
    state(server)
    before = server.index.read_bytes() if state in (damaged, from_tomorrow) else None
    leak(server, hub, LIVE, unauthorized())
    scan = server.scan("--verify", "0.txt", "1.txt")
    assert (scan.status, verdicts(scan)) == (1, {"0.txt": "live", "1.txt": "dead"})
    if before is not None:
        assert server.index.read_bytes() == before


def test_a_token_in_the_folder_of_the_user_is_not_sent_along(server: Server, hub: Hub) -> None:
    """Neither that of the environment, nor that of a login."""
    leak(server, hub, LIVE)
    server.environment |= {"HF_TOKEN": server.token(7), "HF_HOME": str(server.folder.parent / "hf")}
    login = server.folder.parent / "hf" / "token"
    login.parent.mkdir()
    login.write_text(server.token(8))
    server.scan("--verify")
    assert asked(hub) == [user_token(0)]
    assert not any(user_token(seed) in str(request) for request in hub.requests for seed in (7, 8))
