"""Which Findings are allowed, and in whose words."""

import pytest

from tests.support.credentials import user_token
from tokenguard.core.blob import Blob, Origin, whole
from tokenguard.core.finding import Allowance, Allowed
from tokenguard.core.scan import scan_blob, scan_bytes
from tokenguard.core.token import Token

TOKEN = user_token()
FINGERPRINT = Token(TOKEN).fingerprint

ON_THE_LINE = {
    "Python": "# pragma: allowlist secret",
    "Python without a space": "#pragma: allowlist secret",
    "no space after the colon": "# pragma:allowlist secret",
    "JavaScript": "// pragma: allowlist secret",
    "C": "/* pragma: allowlist secret */",
    "SQL": "-- pragma: allowlist secret",
    "XML": "<!-- pragma: allowlist secret -->",
    "INI": "; pragma: allowlist secret",
    "dash": "# pragma: allowlist-secret",
    "old word": "# pragma: whitelist secret",
    "ours": "# tokenguard: allow",
    "ours without a space": "# tokenguard:allow",
    "ours and why": "# tokenguard: allow, revoked in 2021",
}

ABOVE = {
    "Python": "# pragma: allowlist nextline secret",
    "JavaScript": "// pragma: allowlist nextline secret",
    "dashes": "# pragma: allowlist-nextline-secret",
    "old word": "# pragma: whitelist nextline secret",
}

NOT_ON_THE_LINE = {
    "nextline": "# pragma: allowlist nextline secret",
    "another pragma": "# pragma: no cover",
    "more than the word": "# pragma: allowlist secrets",
    "other case": "# PRAGMA: ALLOWLIST SECRET",
    "denied": "# tokenguard: allowed?",
    "the tool alone": "# tokenguard",
    "words": "# allowlist secret",
}


def scan(text: str, fingerprints: dict[str, str] | None = None) -> list[object]:
    blob = Blob(Origin("a.py"), whole(text.encode()))
    return [item.allowance if isinstance(item, Allowed) else item for item in scan_blob(blob, fingerprints or {})]


@pytest.mark.parametrize("comment", ON_THE_LINE.values(), ids=ON_THE_LINE)
def test_a_pragma_on_the_line_allows(comment: str) -> None:
    (allowance,) = scan(f"\n\nt = '{TOKEN}'  {comment}\n")
    assert isinstance(allowance, Allowance)
    assert allowance.reason in comment
    assert allowance.where == "a.py:3"
    assert scan_bytes(f"{comment} {TOKEN}".encode()) == []


@pytest.mark.parametrize("comment", ABOVE.values(), ids=ABOVE)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_pragma_above_the_line_allows(comment: str, newline: str) -> None:
    (allowance,) = scan(f"x{newline}{comment}{newline}t = '{TOKEN}'{newline}")
    assert isinstance(allowance, Allowance)
    assert allowance.reason in comment
    assert allowance.where == "a.py:2"


@pytest.mark.parametrize("comment", NOT_ON_THE_LINE.values(), ids=NOT_ON_THE_LINE)
def test_other_words_on_the_line_allow_nothing(comment: str) -> None:
    assert len(scan_bytes(f"t = '{TOKEN}'  {comment}\n".encode())) == 1


@pytest.mark.parametrize("comment", ON_THE_LINE.values(), ids=ON_THE_LINE)
def test_a_pragma_for_its_own_line_allows_nothing_on_the_next(comment: str) -> None:
    assert len(scan_bytes(f"{comment}\nt = '{TOKEN}'\n{comment}\n".encode())) == 1


def test_a_pragma_two_lines_above_allows_nothing() -> None:
    assert len(scan_bytes(f"# pragma: allowlist nextline secret\n\nt = '{TOKEN}'\n".encode())) == 1


def test_a_pragma_allows_all_on_its_line_and_nothing_else() -> None:
    text = f"{TOKEN} {user_token(1)} # pragma: allowlist secret\n{user_token(2)}\n"
    (finding,) = scan_bytes(text.encode())
    assert (finding.line, finding.fingerprint) == (2, Token(user_token(2)).fingerprint)


def test_an_allowed_fingerprint_allows_wherever_it_stands() -> None:
    allowed = {FINGERPRINT: "pyproject.toml"}
    assert scan(f"\n{TOKEN}\n{TOKEN}", allowed) == [Allowance("allowed fingerprint", "pyproject.toml")] * 2


def test_an_allowed_fingerprint_allows_no_other_credential() -> None:
    assert not isinstance(scan(user_token(1), {FINGERPRINT: "pyproject.toml"})[0], Allowance)


def test_the_pragma_beside_a_credential_is_named_before_the_configuration() -> None:
    (allowance,) = scan(f"{TOKEN} # tokenguard: allow", {FINGERPRINT: "pyproject.toml"})
    assert allowance == Allowance("tokenguard: allow", "a.py:1")
