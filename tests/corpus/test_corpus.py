"""The folders are the specification: found/ has credentials as they leak, none/ what is easily taken for one.

A name in braces stands for a fresh credential (see `placeholders`), `_2` and `_3` after it for other ones. In
found/ every one must be reported, at its line and under its kind, and nothing else; in none/ nothing.
"""

import re
from pathlib import Path

import pytest

from tests.support.credentials import placeholders
from tokenguard.core.decode import decode
from tokenguard.core.scan import scan_bytes

CORPUS = Path(__file__).parent
FOUND = sorted((CORPUS / "found").iterdir())
NONE = sorted((CORPUS / "none").iterdir())

KINDS = {
    "user_token": "user-access-token",
    "organization_token": "organization-token",
    "oauth_token": "oauth-access-token",
    "refresh_token": "oauth-refresh-token",
    "jwt_token": "jwt-access-token",
    "s3_session": "s3-session-token",
    "s3_key": "s3-access-key",
    "app_token": "app-token",
    "app_secret": "oauth-app-secret",
}
PLACEHOLDER = re.compile(r"\{(" + "|".join(placeholders()) + r")(?:_[23])?\}")


def filled(template: str) -> tuple[bytes, list[tuple[int, str]]]:
    """The text with a credential for each name, and the line and kind of each."""
    expected = []
    for number, line in enumerate(template.split("\n"), start=1):
        names = [match[1] for match in PLACEHOLDER.finditer(line)]
        expected += [(number, KINDS[name]) for name in names if name in KINDS]
    text = PLACEHOLDER.sub(lambda match: placeholders(match.start())[match[1]], template)
    return text.encode(), expected


def scanned(data: bytes) -> list[tuple[int | None, str]]:
    return [(finding.line, finding.kind) for finding in scan_bytes(data)]


@pytest.mark.parametrize("path", FOUND, ids=[path.stem for path in FOUND])
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_every_credential_is_found_at_its_line(path: Path, newline: str) -> None:
    data, expected = filled(path.read_text("utf-8"))
    assert expected
    assert scanned(data.replace(b"\n", newline.encode())) == expected


@pytest.mark.parametrize("path", NONE, ids=[path.stem for path in NONE])
def test_nothing_is_found(path: Path) -> None:
    data, _ = filled(path.read_text("utf-8"))
    assert scanned(data) == []
    assert decode(data).found == []


@pytest.mark.parametrize("path", FOUND, ids=[path.stem for path in FOUND])
def test_every_line_is_found_by_itself(path: Path) -> None:
    data, expected = filled(path.read_text("utf-8"))
    alone = [(number, kind) for number, line in enumerate(data.split(b"\n"), start=1) for _, kind in scanned(line)]
    # The secret of an S3 access key stands on another line.
    assert alone == [(line, kind) for line, kind in expected if kind != "s3-access-key"]


def test_the_corpus_has_every_kind() -> None:
    kinds = {kind for path in FOUND for _, kind in filled(path.read_text("utf-8"))[1]}
    assert kinds == set(KINDS.values())


def test_no_tracked_test_holds_anything_shaped_like_a_token() -> None:
    shape = re.compile(rb"(?:hf_|api_org_)[A-Za-z0-9]{34}")
    files = [path for path in CORPUS.parent.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert len(files) > len(FOUND) + len(NONE)
    assert [path for path in files if shape.search(path.read_bytes())] == []
