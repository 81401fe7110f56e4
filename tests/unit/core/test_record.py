"""A Report that is kept comes back as it was, but for what was a secret in it."""

import json

import pytest

from tests.support.credentials import user_token
from tokenguard.core.blob import Origin, Unreadable
from tokenguard.core.finding import Allowance, Allowed, Claims, Finding, Verification
from tokenguard.core.identity import Identity, Org, Scope
from tokenguard.core.lineage import Lineage
from tokenguard.core.record import read_report, write_report
from tokenguard.core.report import Report, Tally

LINEAGE = Lineage("5" * 40, "A <a@example.com>", "2024-01-01T00:00:00+00:00", ("a\udcff.py", "b.py"), True, False)
IDENTITY = Identity(
    "alice", "user", "write", orgs=(Org("acme", "admin", ("sso",)),), permissions=(Scope("a", "b"),)
)
FINDING = Finding(
    "jwt-access-token",
    Origin("a\udcff.py", LINEAGE, ("in.zip", "x")),
    3,
    9,
    46,
    f"sha256:{'0' * 64}",
    "hf_…wxyz",
    "work",
    Claims("hf", scopes=("openid", "profile"), expired=False),
    Verification("live", "2024-01-01T00:00:00+00:00", IDENTITY),
    ("base64",),
    2,
    1,
)
PLAIN = Finding("app-token", Origin("b.py"), None, None, None, f"sha256:{'1' * 64}", "hf_app_…wxyz")
REPORT = Report(
    (FINDING, PLAIN),
    (Allowed(PLAIN, Allowance("pragma", "b.py:1")),),
    (Unreadable(Origin("c"), "it is gone"),),
    Tally(1, 2, 3, 4, 5, 6),
    1.5,
    ("a note",),
)


@pytest.mark.parametrize("report", [REPORT, Report()])
def test_it_comes_back_as_it_was(report: Report) -> None:
    text = write_report(report)
    assert text.isascii()
    assert "\n" not in text
    assert read_report(text) == report


def test_what_others_wrote_into_it_loses_its_credentials() -> None:
    token = user_token()
    lineage = LINEAGE._replace(author=f"{token} <a@example.com>", paths=(f"{token}.py",))
    finding = FINDING._replace(origin=Origin(f"{token}.py", lineage, (f"{token}.zip",)))
    report = Report((finding,), unreadable=(Unreadable(Origin(token), token),), notes=(token,))
    assert token[5:] not in write_report(report)
    assert read_report(write_report(report)).findings[0].origin.path.startswith("hf_…")


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"findings": 1}', write_report(REPORT)[:-9]])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- json's own is one
        read_report(text)


@pytest.mark.parametrize("key", ["findings", "allowed", "unreadable", "tally", "seconds", "notes"])
def test_what_lacks_something_is_refused(key: str) -> None:
    document = json.loads(write_report(REPORT))
    del document[key]
    with pytest.raises(ValueError, match="this is no report"):
        read_report(json.dumps(document))
