"""What the Hub and a token say of a Finding, for people and for programs: theirs the words, ours the lines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.credentials import every_kind, user_token
from tokenguard.core.blob import Blob, Origin, whole
from tokenguard.core.finding import Claims, Finding, Verification
from tokenguard.core.identity import Identity, Org, ResourceGroup, Scope
from tokenguard.core.lineage import Lineage
from tokenguard.core.report import Report
from tokenguard.core.scan import scan_blob
from tokenguard.render.json import document, lines
from tokenguard.render.text import finding_lines

TOKEN, OTHER = user_token(), user_token(1)
AT = "2026-01-01T00:00:00.000Z"
READER, WRITER = Identity("bob", "user", "read"), Identity("alice", "user", "write")
HOSTILE = f"a\x1b]0;x\x07\x1b[31m\x9b\r\n\u202e\u200b\udcff::error::<script> {TOKEN}, {OTHER}"


def found(
    path: str = "a.py",
    status: str = "unchecked",
    identity: Identity | None = None,
    reason: str = "",
    *,
    token: str = TOKEN,
    claims: Claims | None = None,
    lineage: Lineage | None = None,
) -> Finding:
    (item,) = scan_blob(Blob(Origin(path, lineage), whole(token.encode())), {})
    assert isinstance(item, Finding)
    at = None if status == "unchecked" else AT
    return item._replace(claims=claims, verification=Verification(status, at, identity or Identity(), reason))


def told(*findings: Finding, color: bool = False) -> list[str]:
    return list(finding_lines(Report(findings=findings), color=color))


def row(finding: Finding) -> dict[str, Any]:
    report = Report(findings=(finding,))
    (parsed,) = json.loads(document(report, "1"))["findings"]
    first = json.loads(next(lines(report, "1")))
    assert first == {"type": "finding", **parsed}
    return dict(parsed)


# For people.

GATED = "    can read the gated repositories that the account was let into"


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        pytest.param(found(), [], id="unchecked"),
        pytest.param(found(status="dead", reason="x"), ["  dead: the Hub does not know it"], id="dead"),
        pytest.param(
            found(status="unknown", reason="the Hub answers 500; try again later"),
            ["  not known whether it is live: the Hub answers 500; try again later"],
            id="unknown",
        ),
        pytest.param(
            found(status="live", identity=READER),
            [
                "  live: bob (user), role read",
                "    can read what is private of bob",
                "    can spend the inference credits of bob",
                GATED,
            ],
            id="live",
        ),
        pytest.param(
            found(status="live", identity=Identity("alice", "user", orgs=(Org("acme", "write"),))),
            ["  live: alice (user), in 1 organization"],
            id="live, without a role",
        ),
        pytest.param(
            found(status="live", identity=Identity("acme", "org")), ["  live: acme (org)"], id="an organization's"
        ),
        pytest.param(found(status="live"), ["  live: somebody (account)"], id="live, and nobody knows whose"),
        pytest.param(
            found(claims=Claims(expires_at="2020-01-02T03:04:05.000Z", expired=True)),
            ["  it says of itself: expired 2020-01-02 03:04 UTC"],
            id="over",
        ),
        pytest.param(found(claims=Claims()), ["  it says of itself: names no end"], id="no end"),
        pytest.param(
            found(
                status="dead",
                claims=Claims(
                    *("https://huggingface.co", "alice", "a1b2", "acme/m", ("a", "b"), AT),
                    expires_at="2100-01-02T03:04:05.000Z",
                    expired=False,
                ),
            ),
            [
                "  dead: the Hub does not know it",
                "  it says of itself: expires 2100-01-02 03:04 UTC, for acme/m, app a1b2, of alice, scopes a b",
            ],
            id="dead, and all that it says",
        ),
    ],
)
def test_what_is_known_stands_below_the_finding(finding: Finding, said: list[str]) -> None:
    assert told(finding) == [f"a.py:1:1: user-access-token hf_…{TOKEN[-4:]}", *said]


def test_what_hurts_most_comes_first_and_else_the_order_stays() -> None:
    over = Claims(expires_at="2020-01-01T00:00:00.000Z", expired=True)
    findings = (
        found("a", "dead", token=user_token(1)),
        found("b", "unknown", token=user_token(2)),
        found("c", "live", READER, token=user_token(3)),
        found("d", claims=over, token=user_token(4)),
        found("e", "live", WRITER, token=user_token(5)),
        found("f", token=user_token(6)),
        found("g", "live", WRITER, token=user_token(7)),
    )
    heads = [line[0] for line in told(*findings) if not line.startswith(" ")]
    assert heads == ["e", "g", "c", "b", "f", "a", "d"]
    programs = json.loads(document(Report(findings=findings), "1"))["findings"]
    assert [item["path"] for item in programs] == ["a", "b", "c", "d", "e", "f", "g"]


def test_of_one_token_in_many_places_it_is_said_once() -> None:
    said = told(*(found(path, "live", WRITER) for path in "abc"), found("d", "dead", token=OTHER))
    assert [line.strip().partition(":")[0] for line in said if "can " not in line] == [
        "a",
        "live",
        "b",
        "c",
        "d",
        "dead",
    ]


def test_of_many_versions_it_is_said_once_before_who_brought_it_in() -> None:
    versions = [Lineage(str(number) * 40, "Ann", f"202{number}-01-01") for number in (1, 2)]
    said = told(*(found(status="dead", lineage=lineage) for lineage in versions))
    assert said[1:] == [
        "  dead: the Hub does not know it",
        f"  commit {'1' * 12} by Ann on 2021-01-01; in 2 versions",
    ]


def test_only_the_verdict_is_coloured() -> None:
    live = told(found(status="live", identity=Identity("alice", "user")), color=True)[1]
    unknown = told(found(status="unknown", reason="x"), color=True)[1]
    assert (live, unknown) == (
        "  \x1b[31mlive\x1b[0m: alice (user)",
        "  \x1b[33mnot known\x1b[0m whether it is live: x",
    )


def hostile() -> list[Finding]:
    """What others can say, each in all places."""
    identity = Identity(
        *(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        orgs=(Org(HOSTILE, "write", (), (ResourceGroup(HOSTILE, HOSTILE),)),),
        permissions=(
            Scope(HOSTILE, "user", (HOSTILE, "repo.write")),
            Scope(f"{HOSTILE}/x", "dataset", ("job.write",)),
        ),
        global_permissions=(HOSTILE,),
    )
    claims = Claims(*(HOSTILE,) * 4, (HOSTILE, HOSTILE), HOSTILE, HOSTILE, expired=True)
    return [
        found("a", "live", identity, HOSTILE, claims=claims),
        found("b", "live", identity._replace(role="write"), token=user_token(2)),
        found("c", "live", identity._replace(role="fineGrained"), token=user_token(3)),
        found("d", "unknown", identity, HOSTILE, token=user_token(4)),
        found("e", "dead", identity, HOSTILE, token=user_token(5)),
    ]


def test_nothing_that_others_say_leaves_its_line_commands_a_terminal_or_shows_a_token() -> None:
    said = told(*hostile())
    assert all(line.isprintable() for line in said)
    assert not any(token[3:11] in line for line in said for token in (TOKEN, OTHER))
    assert any("can push to" in line and r"\x1b[31m" in line for line in said)


# For programs.


def test_programs_are_told_in_ascii_and_never_a_token() -> None:
    report = Report(findings=tuple(hostile()))
    for text in (document(report, "1"), *lines(report, "1")):
        assert text.isascii()
        assert "\x1b" not in text
        assert not any(token[3:11] in text for token in (TOKEN, OTHER))
    live = json.loads(document(report, "1"))["findings"][0]
    masked = HOSTILE.replace(TOKEN, f"hf_…{TOKEN[-4:]}").replace(OTHER, f"hf_…{OTHER[-4:]}")
    assert live["verification"]["account"] == masked
    assert live["claims"]["scopes"] == [masked, masked]


def test_what_was_not_asked_has_no_more_than_that() -> None:
    assert row(found())["verification"] == {"status": "unchecked"}


@pytest.mark.parametrize("status", ["dead", "unknown"])
def test_what_is_not_live_has_a_reason_and_no_account(status: str) -> None:
    said = row(found(status=status, identity=WRITER, reason="why"))["verification"]
    assert said == {"status": status, "checked_at": AT, "reason": "why"}


def test_what_is_live_has_all_that_the_hub_says_and_what_that_means() -> None:
    identity = WRITER._replace(orgs=(Org("acme", "read", ("sso",), (ResourceGroup("a", "write"),)),), gated=True)
    assert row(found(status="live", identity=identity))["verification"] == {
        "status": "live",
        "checked_at": AT,
        "account": "alice",
        "account_type": "user",
        "role": "write",
        "display_name": None,
        "created_at": None,
        "expires_at": None,
        "orgs": [
            {
                "name": "acme",
                "role": "read",
                "restrictions": ["sso"],
                "resource_groups": [{"name": "a", "role": "write"}],
            }
        ],
        "permissions": [],
        "global_permissions": [],
        "gated": True,
        "abilities": [
            "can push to alice",
            "can change the endpoints of alice",
            "can run jobs for alice",
            "can read what is private of alice",
            "can spend the inference credits of alice",
            "can read the gated repositories that the account was let into",
        ],
    }


def test_claims_are_told_in_full() -> None:
    claims = Claims("i", "s", "a", "r", ("x", "y"), AT, AT, expired=True)
    assert row(found(claims=claims))["claims"] == {
        "issuer": "i",
        "subject": "s",
        "app": "a",
        "resource": "r",
        "scopes": ["x", "y"],
        "issued_at": AT,
        "expires_at": AT,
        "expired": True,
    }


@pytest.mark.parametrize("kind", sorted(every_kind()))
def test_what_has_no_claims_says_so(kind: str) -> None:
    (item,) = scan_blob(Blob(Origin("a"), whole(every_kind()[kind].encode())), {})
    assert isinstance(item, Finding)
    is_signed = kind in ("oauth-access-token", "jwt-access-token", "s3-session-token")
    claims = row(item)["claims"]
    assert (claims and claims["subject"]) == ("alice" if is_signed else None)
