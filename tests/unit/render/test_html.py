"""A Report as a page: all there without its script, and nothing hostile in it is obeyed."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from tests.support.markup import Markup
from tests.support.reports import COMMIT, HOSTILE, LINEAGE, finding, full, live
from tokenguard.core.blob import Origin, Unreadable
from tokenguard.core.finding import Allowance, Allowed, Claims, Verification
from tokenguard.core.printable import printable
from tokenguard.core.report import Report, Tally
from tokenguard.render.html import document

MADE = "2026-01-31T12:00:01.000Z"


def page(report: Report) -> str:
    return "\n".join(document(report, "1.2.3", MADE))


def markup(report: Report) -> Markup:
    return Markup(page(report))


@pytest.mark.parametrize(
    ("report", "words"),
    [
        pytest.param(
            Report(tally=Tally(1, 1)), ("Clean", "Exit status 0, CLEAN", "nothing was found"), id="clean"
        ),
        pytest.param(Report(findings=(finding(),)), ("Leaked", "Exit status 1, FOUND"), id="found"),
        pytest.param(
            Report(unreadable=(Unreadable(Origin("b"), "is locked"),)),
            ("Not known", "Exit status 3, INCOMPLETE", "the answer is not known", "b is locked"),
            id="incomplete",
        ),
        pytest.param(full(), ("Not known", "Credentials were found; and not everything could be read"), id="both"),
    ],
)
def test_it_says_how_it_ended_and_what_that_means(report: Report, words: tuple[str, ...]) -> None:
    text = markup(report).text
    for word in (*words, "2026-01-31 12:00 UTC", "tokenguard 1.2.3"):
        assert word in text


def test_it_obeys_nothing_but_its_own_style_and_script_and_loads_nothing() -> None:
    found = markup(full())
    (policy,) = found.all("meta", **{"http-equiv": "Content-Security-Policy"})
    said = policy["content"] or ""
    assert said.startswith("default-src 'none'; ")
    for part, source in (("style-src", found.parts["style"]), ("script-src", found.parts["script"])):
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{part} 'sha256-{digest}';" in said
    assert len(found.all("script")) == len(found.all("style")) == 1
    loading = {"src", "srcset", "data", "action", "formaction", "poster", "background", "style"}
    assert found.attributes().isdisjoint(loading)
    assert {name for name in found.attributes() if name.startswith("on")} == set()
    assert {link["href"] for link in found.all("a")} == {"https://huggingface.co/settings/tokens"}
    assert not re.search(r"@import|url\(|https?://", found.parts["style"] + found.parts["script"])


def test_nothing_hostile_is_markup() -> None:
    plain = Report(findings=tuple(one._replace(origin=Origin("a.py")) for one in full().findings))
    assert markup(full()).names() - markup(plain).names() <= {"section", "bdi", "time"}
    assert markup(full()).text.count(printable(HOSTILE)) > 10
    assert "<script>alert" not in page(full())
    assert "\u202e" not in page(full())


def test_each_credential_has_its_places_beside_it_and_what_hurts_most_comes_first() -> None:
    report = Report(
        findings=(
            finding("dead.py", seed=1, verification=Verification("dead")),
            finding("one.py", seed=2),
            finding("live.py", seed=3, verification=live(), known_as="work"),
            finding("two.py", seed=2, lineage=LINEAGE),
        )
    )
    found = markup(report)
    bodies = found.all("tbody")
    assert [body["data-status"] for body in bodies] == ["live and powerful", "possibly live", "dead"]
    assert [body["data-places"] for body in bodies] == ["1", "2", "1"]
    text = found.text
    assert text.index("live.py") < text.index("one.py") < text.index("two.py") < text.index("dead.py")
    for words in (
        "in your vault as work",
        "live, of alice (write)",
        "can push to",
        COMMIT[:12],
        "Ann",
        "2025-03-04",
    ):
        assert words in text
    assert "pushed" in text


def test_what_is_allowed_comes_last_and_says_why() -> None:
    allowed = Allowed(finding("ok.py", verification=live()), Allowance("pragma: allowlist secret", "ok.py:2"))
    found = markup(Report(findings=(finding("bad.py"),), allowed=(allowed,)))
    assert [body["data-shown"] for body in found.all("tbody")] == ["leaked", "allowed"]
    assert "pragma: allowlist secret, ok.py:2" in found.text


def test_the_same_credential_leaked_and_allowed_is_told_twice() -> None:
    allowed = Allowed(finding("ok.py"), Allowance("pragma: allowlist secret", "ok.py:2"))
    assert len(markup(Report(findings=(finding(),), allowed=(allowed,))).all("tbody")) == 2


def test_what_a_signed_token_says_and_an_expired_one() -> None:
    claims = Claims("https://issuer", "bob", "app", "acme/x", ("a", "b"), "2025-01-01", "2025-02-01", True)
    text = markup(Report(findings=(finding()._replace(claims=claims),))).text
    for words in ("expired", "https://issuer", "bob", "app", "acme/x", "a, b", "2025-02-01"):
        assert words in text


def test_it_counts_credentials_once_and_places_each() -> None:
    text = page(Report(findings=(finding(), finding("b.py"), finding(seed=1))))
    assert "<dt>possibly live</dt><dd>2</dd>" in text
    assert "<dt>places</dt><dd>3</dd>" in text


def test_a_clean_page_has_no_table_and_nothing_to_filter() -> None:
    assert markup(Report()).names().isdisjoint({"table", "form"})


def test_kinds_that_are_not_ours_are_shown() -> None:
    found = markup(Report(findings=(finding()._replace(kind='AWS "Key"<b>'),)))
    assert 'AWS "Key"<b>' in found.text
    assert "b" not in found.names()
