"""`tokenguard validate`: what the Hub says of tokens, and never more than it says."""

from __future__ import annotations

import json
import sys
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.hub import (
    WHOAMI,
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
    scope,
    unauthorized,
    whoami_fine_grained,
    whoami_oauth,
    whoami_user,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.e2e.desk import Desk
    from tests.e2e.machine import Result


def hold(desk: Desk, *names: str) -> list[str]:
    """Adds a token under each of `names`, without a word to the Hub, and gives them."""
    tokens = []
    for name in names:
        tokens.append(desk.token(zlib.crc32(name.encode())))
        result = desk.tokenguard("add", name, "--stdin", "--no-validate", stdin=tokens[-1])
        assert result.status == 0, result.talk
    return tokens


def validate(
    desk: Desk, *arguments: str, stdin: str | None = None, environment: Mapping[str, str] | None = None
) -> tuple[Result, list[dict[str, Any]]]:
    result = desk.tokenguard("validate", *arguments, "--json", stdin=stdin, environment=environment)
    document = json.loads(result.stdout.decode("ascii"))
    assert document["schema"] == 1
    return result, document["tokens"]


def asked(desk: Desk) -> Sequence[str | None]:
    """The tokens that the Hub was asked about, one after the other."""
    return [request.token for request in desk.hub.asked()]


ANSWERS: list[tuple[Answer, int, str, str | None]] = [
    (ok(whoami_user()), 0, "valid", None),
    (unauthorized(), 1, "invalid", "does not know this token"),
    (forbidden(), 5, "unknown", "may not ask (This token does not have"),
    (limited(300), 5, "unknown", "rate limit"),
    (broken(502), 5, "unknown", "answers 502"),
    (garbage(), 5, "unknown", "does not answer as the Hub does"),
    (Answer(200), 5, "unknown", "does not answer as the Hub does"),
    (ok({"name": ""}), 5, "unknown", "does not answer as the Hub does"),
    (huge(sized=False), 5, "unknown", ""),
    (hang_up(), 5, "unknown", "could not be asked"),
]


def test_what_the_hub_answers(desk: Desk) -> None:
    tokens = {f"T{number}": desk.token(number) for number in range(len(ANSWERS))}
    for token, (answer, *_) in zip(tokens.values(), ANSWERS, strict=True):
        desk.hub.answer(token, answer)
    results = desk.together(*(("validate", "--env", name, "--json") for name in tokens), environment=tokens)
    for (answer, status, outcome, said), result in zip(ANSWERS, results, strict=True):
        (row,) = json.loads(result.out)["tokens"]
        assert (result.status, row["status"], row["name"]) == (status, outcome, None), answer
        assert "Traceback" not in result.talk
        if said is None:
            assert "error" not in row
        else:
            assert said in row["error"]
            assert result.talk.startswith("  "), "no advice"


def test_the_question_is_put_as_the_hub_wants_it(desk: Desk) -> None:
    token = desk.token()
    desk.hub.answer(token, ok(whoami_user()))
    result = desk.tokenguard("validate", "--env", "SOME", environment={"SOME": token, "HF_TOKEN": desk.token(1)})
    assert result.status == 0
    assert result.out == f"hf_…{token[-4:]}: valid, alice (user), write\n"
    (request,) = desk.hub.asked()
    assert (request.method, request.body) == ("GET", b"")
    assert request.headers["authorization"] == f"Bearer {token}"
    # No other request has it.
    assert not any(token in str(other) for other in desk.hub.requests if other is not request)


def test_many_are_answered_in_the_order_asked_for_with_the_worst_as_status(desk: Desk) -> None:
    good, gone, broke = hold(desk, "good", "gone", "broke")
    desk.hub.answer(good, ok(whoami_user("read", name="bob")))
    desk.hub.answer(broke, broken())
    result, rows = validate(desk, "gone", "nobody", "good")
    assert [(row["name"], row["status"]) for row in rows] == [
        ("gone", "invalid"),
        ("nobody", "unknown"),
        ("good", "valid"),
    ]
    assert result.status == 4
    assert "no token called nobody" in rows[1]["error"]
    assert sorted(map(str, asked(desk))) == sorted([gone, good])
    result = desk.tokenguard("validate", "good", "gone")
    assert result.status == 1
    assert result.out.splitlines() == [
        "good: valid, bob (user), read",
        "gone: invalid (the Hub does not know this token: it is revoked, deleted, expired or mistyped)",
    ]
    assert "/settings/tokens" in result.talk
    result, rows = validate(desk, "--all")
    assert ([row["name"] for row in rows], result.status) == (["broke", "gone", "good"], 5)
    # The answer, and no more than it, is remembered.
    listed = desk.listed()
    assert {name: row["status"] for name, row in listed.items()} == {
        "broke": "unchecked",
        "good": "valid",
        "gone": "invalid",
    }
    assert listed["good"]["account"] == "bob"


def test_json_has_the_rows_of_list_and_what_is_wrong(desk: Desk) -> None:
    token = desk.add("work", None, whoami_user(orgs=[organization()]))
    desk.tokenguard("use", "work")
    (listed,) = desk.listed().values()
    result, (row,) = validate(desk, "--fresh")
    assert result.status == 0
    assert list(row) == list(listed)
    assert row | {"validated_at": None} == listed | {"validated_at": None}
    desk.hub.answer(token, broken())
    result, (row,) = validate(desk, "--fresh")
    assert "answers 500" in row.pop("error")
    # What was known before is still shown, and not what it is now.
    assert row | {"validated_at": None} == listed | {"validated_at": None, "status": "unknown"}


def test_a_token_from_elsewhere_that_is_in_the_vault_has_its_name(desk: Desk) -> None:
    token = desk.add("work")
    _, (row,) = validate(desk, "--stdin", stdin=token)
    assert row["name"] == "work"


def test_what_it_may_do(desk: Desk) -> None:
    body = whoami_fine_grained(
        [scope("repo.content.read", kind="model", name="acme/x"), scope("inference.serverless.write")],
        orgs=[organization("acme", "read")],
    )
    token = desk.add("work", None, body)
    desk.hub.answer(token, ok(body))
    wanted = ("--can", "read:acme/x", "--can", "inference")
    result, (row,) = validate(desk, "work", *wanted)
    assert result.status == 0
    assert row["can"] == {"repo.content.read:acme/x": True, "inference.serverless.write": True}
    result, (row,) = validate(desk, "work", *wanted, "--can", "write:acme/x", "--can", "read:acme/y")
    assert (result.status, row["status"]) == (1, "valid")
    assert row["can"] == {
        "repo.content.read:acme/x": True,
        "inference.serverless.write": True,
        "repo.write:acme/x": False,
        "repo.content.read:acme/y": False,
    }
    for lacking in ("repo.write:acme/x", "repo.content.read:acme/y"):
        assert lacking in row["error"]
    assert "repo.content.read:acme/x" not in row["error"]
    result = desk.tokenguard("validate", "work", "--can", "jobs")
    assert result.status == 1
    assert "work: valid" in result.out
    assert "it lacks job.write" in result.out


def test_what_nobody_can_say_is_neither_yes_nor_no(desk: Desk) -> None:
    desk.add("oauth", None, whoami_oauth(orgs=[organization()]))
    result, (row,) = validate(desk, "oauth", "--can", "read:acme")
    assert (result.status, row["can"]) == (5, {"repo.content.read:acme": None})
    assert "nobody can say" in row["error"]
    result, (row,) = validate(desk, "oauth", "--can", "read:acme", "--can", "user.billing.read:acme")
    assert (result.status, row["status"]) == (1, "valid")


@pytest.mark.parametrize("wanted", ["reed", "read:a b", "", "read:", ":acme"])
def test_a_permission_that_nobody_knows_is_refused_before_anything_is_asked(desk: Desk, wanted: str) -> None:
    result = desk.tokenguard("validate", "--stdin", "--can", wanted, stdin=desk.token())
    assert (result.status, result.stdout) == (2, b"")
    assert desk.hub.requests == []


def test_ways_to_name_a_token_exclude_each_other(desk: Desk) -> None:
    for arguments in [("a", "--all"), ("--all", "--stdin"), ("--env", "X", "a"), ("--env", "X", "--stdin")]:
        assert desk.tokenguard("validate", *arguments).status == 2
    assert desk.tokenguard("validate", "--env", "NOT_THERE").status == 2
    assert desk.tokenguard("validate", "--env", "").status == 2


def test_an_empty_vault_has_nothing_invalid(desk: Desk) -> None:
    result, rows = validate(desk, "--all")
    assert (result.status, rows) == (0, [])
    assert desk.tokenguard("validate").status == 4


def test_an_answer_of_the_last_minute_is_used_again(desk: Desk) -> None:
    token = desk.add("work")
    assert len(asked(desk)) == 1  # by add, for which it was not the question yet
    desk.hub.answer(token, ok(whoami_user()))
    first, rows = validate(desk, "work")
    assert len(asked(desk)) == 2
    again, same_rows = validate(desk, "work", "--can", "write")
    assert len(asked(desk)) == 2
    assert (first.status, again.status) == (0, 0)
    assert same_rows[0].pop("can") == {"repo.write": True}
    assert same_rows == rows
    assert validate(desk, "work", "--fresh")[0].status == 0
    assert len(asked(desk)) == 3
    # By fingerprint: wherever the same token comes from.
    assert validate(desk, "--stdin", stdin=token)[0].status == 0
    assert len(asked(desk)) == 3


def test_a_token_that_is_in_no_vault_is_not_asked_about_twice_either(desk: Desk) -> None:
    token = desk.token()
    desk.hub.answer(token, ok(whoami_user()))
    for _ in range(2):
        assert desk.tokenguard("validate", "--stdin", stdin=token).status == 0
    assert len(asked(desk)) == 1


def test_an_answer_of_one_hub_is_none_of_another(desk: Desk) -> None:
    token = desk.add("work")
    assert desk.tokenguard("validate", "work").status == 0
    with Hub() as other:
        result, (row,) = validate(desk, "work", environment={"HF_ENDPOINT": other.endpoint})
        assert (result.status, row["status"]) == (1, "invalid")
        assert [request.token for request in other.asked()] == [token]


def test_a_token_that_was_revoked_after_it_was_added_is_seen_and_a_no_is_asked_again(desk: Desk) -> None:
    token = desk.add("work")
    desk.hub.answer(token, unauthorized())
    result, (row,) = validate(desk, "work")
    assert (result.status, row["status"], row["account"]) == (1, "invalid", "alice")
    desk.hub.answer(token, broken())
    assert desk.tokenguard("validate", "work").status == 5
    desk.hub.answer(token, ok(whoami_user()))
    assert desk.tokenguard("validate", "work").status == 0
    assert len(asked(desk)) == 4


def test_once_the_limit_is_spent_nothing_more_is_asked(desk: Desk) -> None:
    tokens = hold(desk, *(f"t{number:02}" for number in range(9)))
    for token in tokens:
        desk.hub.answer(token, ok(whoami_user(), RateLimit='"api";r=0;t=300'))
    result, rows = validate(desk, "--all")
    # As many as are asked side by side, at most, and those that were are answered.
    assert 1 <= len(asked(desk)) <= 8
    assert [row["status"] for row in rows].count("valid") == len(asked(desk))
    assert [row["status"] for row in rows].count("unknown") == 9 - len(asked(desk))
    assert all("rate limit" in row["error"] for row in rows if row["status"] == "unknown")
    assert result.status == 5


def test_a_short_limit_is_waited_for(desk: Desk) -> None:
    token = desk.token()
    desk.hub.answer(token, limited(300, "1"), ok(whoami_user()))
    result, (row,) = validate(desk, "--stdin", stdin=token)
    assert (result.status, row["status"]) == (0, "valid")
    assert asked(desk) == [token, token]


def test_a_limit_that_stays_spent_is_asked_about_no_more_than_twice(desk: Desk) -> None:
    token = desk.token()
    desk.hub.answer(token, limited(300, "0"))
    result, (row,) = validate(desk, "--stdin", stdin=token)
    assert (result.status, row["status"]) == (5, "unknown")
    assert asked(desk) == [token, token]


def test_the_token_goes_nowhere_else(desk: Desk) -> None:
    """Not where the Hub points to, not to a proxy, and not over the network in the clear."""
    token = desk.token()
    with Hub() as other:
        other.answer(token, ok(whoami_user()))
        desk.hub.answer(token, redirect(other.endpoint, 308))
        result, (row,) = validate(desk, "--stdin", stdin=token)
        assert (result.status, row["status"]) == (5, "unknown")
        assert "elsewhere" in row["error"]

        desk.hub.answer(token, ok(whoami_user()))
        proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"), other.endpoint)
        assert validate(desk, "--stdin", stdin=token, environment=proxies)[0].status == 0

        desk.hub.requests.clear()
        for endpoint in [
            "http://hub.example.com",
            f"http://user@{other.endpoint[7:]}",
            f"{other.endpoint}@hub.example.com",
            "ftp://127.0.0.1",
            "127.0.0.1",
            f"{other.endpoint}/?x=",
            f"{other.endpoint}#x",
            f"{other.endpoint}\\@x",
            "https://huggingface.co:99999",
            "http://127.0.0.1:99999",
        ]:
            environment = {"HF_ENDPOINT": endpoint} | proxies
            result = desk.tokenguard("validate", "--stdin", stdin=token, environment=environment)
            assert (result.status, result.stdout) == (2, b""), endpoint
            assert "HF_ENDPOINT" in result.talk
        assert other.requests == []
        assert desk.hub.requests == []


def test_no_network_says_nothing_about_the_token(desk: Desk) -> None:
    token = desk.add("work")
    for environment in [{"HF_ENDPOINT": closed_port()}, {"HF_HUB_OFFLINE": "1"}]:
        result, (row,) = validate(desk, "work", environment=environment)
        assert (result.status, row["status"]) == (5, "unknown")
        assert "Traceback" not in result.talk
        assert ("unset HF_HUB_OFFLINE" in result.talk) == ("HF_HUB_OFFLINE" in environment)
    assert asked(desk) == [token]
    assert desk.listed()["work"]["status"] == "valid"


def test_what_the_libraries_say_in_debugging_has_no_token(desk: Desk) -> None:
    token = desk.token()
    desk.hub.answer(token, unauthorized())
    chatty = {"HF_DEBUG": "1", "HF_HUB_VERBOSITY": "debug"}
    assert validate(desk, "--stdin", stdin=token, environment=chatty)[0].status == 1


def bomb() -> Answer:
    """A right answer in front of a GiB of spaces, in a MiB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = packer.compress(ok(whoami_user()).body) + packer.flush(zlib.Z_FULL_FLUSH)
    spaces = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return Answer(200, start + spaces * 1024, {"Content-Type": "application/json", "Content-Encoding": "gzip"})


# Says last how many KiB the command had at most; a child of the tests themselves would begin with all of theirs.
MEASURE = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
raise SystemExit(status)
"""


@pytest.mark.unmeasured
@pytest.mark.parametrize("answer", [lambda: huge(1 << 30, sized=False), bomb], ids=["no length", "gzip"])
def test_no_answer_fills_the_memory(desk: Desk, answer: Callable[[], Answer]) -> None:
    token = desk.token()
    desk.hub.answer(token, answer())
    command = (sys.executable, "-c", MEASURE, "tokenguard", "validate", "--stdin")
    result = desk.run(*command, stdin=token.encode())
    assert (result.status, asked(desk)) == (5, [token])
    said, peak = result.out.splitlines()
    assert "unknown (127.0.0.1 does not answer as the Hub does)" in said
    assert 0 < int(peak) < 300 * 1024


def test_what_the_hub_says_to_the_librarys_own_questions_does_not_matter(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks which agents there are, and has no token for that."""
    token = desk.add("work")
    genuine = desk.hub.respond
    agents = {"AGENT": "some", "AI_AGENT": "some", "CLAUDECODE": "1"}
    with Hub() as other:
        for answer in (limited(300), unauthorized(), redirect(other.endpoint)):
            monkeypatch.setattr(
                desk.hub,
                "respond",
                lambda request, answer=answer: genuine(request) if request.path == WHOAMI else answer,
            )
            result, (row,) = validate(desk, "work", "--fresh", environment=agents)
            assert (result.status, row["status"], result.talk) == (0, "valid", "")
        assert not any(token in str(request) for request in other.requests)
    assert all(request.path == WHOAMI for request in desk.hub.requests if token in str(request))
