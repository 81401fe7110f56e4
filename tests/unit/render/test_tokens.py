"""Tokens as they are shown: aligned for people, one document for programs, and safe for the terminal."""

import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.support.credentials import user_token
from tokenguard.core.entry import Entry, Row
from tokenguard.core.identity import Identity, Org, ResourceGroup, Scope
from tokenguard.core.permissions import Verdict, parse
from tokenguard.errors import HubError, RejectedError
from tokenguard.render.tokens import details, document, table, verdict_lines

SECRET = user_token()
NOW = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
IDENTITY = Identity(
    account="alice",
    account_type="user",
    role="fineGrained",
    display_name="laptop",
    created_at="2024-01-01T00:00:00.000Z",
    expires_at="2026-02-02T12:00:00.000Z",
    orgs=(Org("acme", "write", ("sso", "ip"), (ResourceGroup("team", "read"),)), Org("hidden")),
    permissions=(Scope("alice", "user", ("repo.content.read", "repo.write")), Scope(None, None, ("org.read",))),
    global_permissions=("discussion.write", "post.write"),
    gated=True,
)
ENTRY = Entry(
    fingerprint="sha256:" + "0" * 64,
    masked="hf_…wxyz",
    kind="user-access-token",
    status="valid",
    validated_at="2026-01-31T11:58:00.000Z",
    endpoint="https://huggingface.co",
    identity=IDENTITY,
)
BARE = Entry("sha256:" + "1" * 64, "hf_…abcd")


def test_a_table_is_aligned() -> None:
    rows = [Row("a", BARE), Row("work", ENTRY, is_default=True, bound=("/srv/x", "/srv"))]
    assert list(table(rows, NOW)) == [
        "NAME  ACCOUNT  ROLE         AGE  EXPIRES  VALIDATED",
        "a     -        -            -    -        unchecked",
        "work  alice    fineGrained  2 y  in 2 d   valid 2 min ago  default, /srv/x, /srv",
    ]


def test_a_table_of_none_has_headings() -> None:
    assert list(table([], NOW)) == ["NAME  ACCOUNT  ROLE  AGE  EXPIRES  VALIDATED"]


def test_details_say_all() -> None:
    assert list(details(Row("work", ENTRY, is_default=True, bound=("/srv",)), NOW)) == [
        "name         work",
        "chosen       everywhere (default), /srv",
        "token        hf_…wxyz  user-access-token",
        "fingerprint  sha256:" + "0" * 64,
        "status       valid 2 min ago",
        "account      alice (user)",
        "role         fineGrained",
        "called       laptop",
        "created      2024-01-01T00:00:00.000Z (2 y ago)",
        "expires      2026-02-02T12:00:00.000Z (in 2 d)",
        "gated        can read",
        "org          acme: write; out of this token's reach: sso, ip",
        "org          hidden: role not said",
        "may          user alice: repo.content.read, repo.write",
        "may          : org.read",
        "may          everywhere: discussion.write, post.write",
    ]


def test_details_say_what_is_not_known() -> None:
    assert list(details(Row(None, BARE), NOW)) == [
        "name         -",
        "chosen       no",
        "token        hf_…abcd  of no known kind",
        "fingerprint  sha256:" + "1" * 64,
        "status       unchecked",
        "account      -",
        "role         -",
        "called       -",
        "created      -",
        "expires      -",
        "gated        -",
    ]


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=23), "23 h"),
        (timedelta(days=1), "1 d"),
        (timedelta(days=364), "364 d"),
        (timedelta(days=365), "1 y"),
        (timedelta(days=4000), "10 y"),
        (-timedelta(hours=1), "0 s"),  # a clock that is behind the Hub's
    ],
    ids=str,
)
def test_an_age_has_one_unit(ago: timedelta, said: str) -> None:
    entry = BARE._replace(identity=Identity(created_at=(NOW - ago).strftime("%Y-%m-%dT%H:%M:%S.000Z")))
    _, line = table([Row("a", entry)], NOW)
    assert re.split(" {2,}", line)[3] == said


@pytest.mark.parametrize(
    ("expires", "said"),
    [
        ("2026-01-31T12:00:00.000Z", "in 0 s"),
        ("2026-01-31T13:30:00+00:00", "in 1 h"),
        ("2026-01-31T13:00:00+01:00", "in 0 s"),
        ("2026-01-31T11:00:00.000Z", "1 h ago"),
        ("2025-01-01T00:00:00Z", "1 y ago"),
        ("9999-12-31T23:59:59+00:00", "in 7979 y"),
        ("0001-01-01T00:00:00+23:00", "2026 y ago"),
        ("2026-01-31T12:00:00", "-"),  # whose noon?
        ("soon", "-"),
        ("", "-"),
        ("\x1b[31m", "-"),
    ],
    ids=ascii,
)
def test_an_expiry_is_before_or_after_now(expires: str, said: str) -> None:
    entry = BARE._replace(identity=Identity(expires_at=expires))
    _, line = table([Row("a", entry)], NOW)
    assert re.split(" {2,}", line)[4] == said


def test_a_verdict_is_one_line() -> None:
    rejected = ENTRY._replace(status="invalid")
    rows = [
        Row("work", ENTRY),
        Row(None, ENTRY._replace(identity=Identity("alice"))),
        Row("bad", rejected, error=RejectedError("it is revoked")),
        Row("poor", ENTRY, error=RejectedError("it lacks inference")),
        Row("far", BARE._replace(status="unknown"), error=HubError("no answer")),
        Row("new", BARE),
    ]
    assert list(verdict_lines(rows, NOW)) == [
        "work: valid, alice (user), fineGrained, expires in 2 d",
        "hf_…wxyz: valid, alice, role not said",
        "bad: invalid (it is revoked)",
        "poor: valid, alice (user), fineGrained, expires in 2 d; it lacks inference",
        "far: unknown (no answer)",
        "new: unchecked",
    ]


def test_the_document_has_the_keys_of_the_contract() -> None:
    text = document([Row("work", ENTRY, is_default=True, bound=("/srv",)), Row("bare", BARE)])
    assert text.isascii()
    read = json.loads(text)
    assert read["schema"] == 1
    work, bare = read["tokens"]
    assert work == {
        "name": "work",
        "fingerprint": "sha256:" + "0" * 64,
        "masked": "hf_…wxyz",
        "kind": "user-access-token",
        "account": "alice",
        "account_type": "user",
        "role": "fineGrained",
        "display_name": "laptop",
        "created_at": "2024-01-01T00:00:00.000Z",
        "expires_at": "2026-02-02T12:00:00.000Z",
        "validated_at": "2026-01-31T11:58:00.000Z",
        "status": "valid",
        "orgs": [
            {
                "name": "acme",
                "role": "write",
                "restrictions": ["sso", "ip"],
                "resource_groups": [{"name": "team", "role": "read"}],
            },
            {"name": "hidden", "role": None, "restrictions": [], "resource_groups": []},
        ],
        "permissions": [
            {"entity": "alice", "type": "user", "permissions": ["repo.content.read", "repo.write"]},
            {"entity": None, "type": None, "permissions": ["org.read"]},
        ],
        "global_permissions": ["discussion.write", "post.write"],
        "gated": True,
        "default": True,
        "bound": ["/srv"],
    }
    assert set(bare) == set(work)
    assert (bare["status"], bare["account"], bare["orgs"], bare["gated"]) == ("unchecked", None, [], None)


def test_what_was_validated_has_verdicts_and_errors() -> None:
    read, write = parse("read"), parse("write:acme")
    verdicts = ((read, Verdict(True, "yes")), (write, Verdict(None, "who knows")))
    rows = [Row("a", ENTRY, verdicts=verdicts, error=HubError("nobody can say")), Row("b", ENTRY)]
    first, second = json.loads(document(rows, validated=True))["tokens"]
    assert first["can"] == {str(read): True, str(write): None}
    assert first["error"] == "nobody can say"
    assert not {"can", "error"} & set(second)
    assert "can" not in json.loads(document(rows))["tokens"][0]


def test_what_is_not_there_is_null() -> None:
    (row,) = json.loads(document([Row("gone", Entry("", ""), error=RejectedError("m"))], validated=True))["tokens"]
    assert (row["fingerprint"], row["masked"]) == (None, None)


def saying(field: str, text: str) -> Identity:
    """The Identity with `text` in a field of texts."""
    fields: dict[str, Any] = {field: text}
    return IDENTITY._replace(**fields)


HOSTILE = "a\x1b]0;x\x07\r\n\u202eb\x9b31m\udcff"


@pytest.mark.parametrize("field", Identity._fields[:6])
def test_what_the_hub_says_does_nothing_to_a_terminal(field: str) -> None:
    row = Row("a", ENTRY._replace(identity=saying(field, HOSTILE)), bound=(HOSTILE,))
    for lines in (table([row], NOW), details(row, NOW), verdict_lines([row], NOW)):
        assert all(line.isprintable() for line in lines)
    assert json.loads(document([row]))["tokens"][0][field] == HOSTILE


@pytest.mark.parametrize("validated_at", [ENTRY.validated_at, None])
def test_nor_does_a_status_in_an_index_that_somebody_has_written(validated_at: str | None) -> None:
    row = Row("a", ENTRY._replace(status=HOSTILE, validated_at=validated_at))
    for lines in (table([row], NOW), details(row, NOW), verdict_lines([row], NOW)):
        texts = list(lines)
        assert all(text.isprintable() for text in texts)
        assert "x1b]0;x" in "".join(texts)
    assert json.loads(document([row]))["tokens"][0]["status"] == HOSTILE


@pytest.mark.parametrize(
    "identity",
    [
        IDENTITY._replace(orgs=(Org(HOSTILE, HOSTILE, (HOSTILE,)),)),
        IDENTITY._replace(permissions=(Scope(HOSTILE, HOSTILE, (HOSTILE,)),)),
        IDENTITY._replace(global_permissions=(HOSTILE,)),
    ],
)
def test_nor_does_what_is_within(identity: Identity) -> None:
    assert all(line.isprintable() for line in details(Row("a", ENTRY._replace(identity=identity)), NOW))


@pytest.mark.parametrize(
    "identity",
    [
        *(saying(field, SECRET) for field in ("account", "role", "display_name")),
        IDENTITY._replace(display_name=f"my token is {SECRET}, keep it"),
        IDENTITY._replace(orgs=(Org(SECRET, SECRET, (SECRET,), (ResourceGroup(SECRET, SECRET),)),)),
        IDENTITY._replace(permissions=(Scope(SECRET, SECRET, (SECRET,)),)),
        IDENTITY._replace(global_permissions=(SECRET,)),
    ],
)
def test_a_hub_that_says_the_token_back_is_not_repeated(identity: Identity) -> None:
    row = Row("a", ENTRY._replace(identity=identity), error=HubError(f"no ({SECRET})"))
    texts = [*table([row], NOW), *details(row, NOW), *verdict_lines([row], NOW)]
    assert [text for text in texts if SECRET[3:] in text] == []


def test_nor_is_what_went_wrong_with_it() -> None:
    row = Row("a", ENTRY, error=HubError(f"no ({SECRET}), and no to x{SECRET} {SECRET[:30]}"))
    assert SECRET[3:11] not in document([row], validated=True)
