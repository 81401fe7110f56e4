"""The page that `--format html` makes, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.browser import Browser
from tests.support.reports import HOSTILE, LINEAGE, finding, full, live
from tokenguard.core.finding import Allowance, Allowed, Verification
from tokenguard.core.report import Report
from tokenguard.render.html import document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.programs

SEEN = """(() => {
  const visible = (from, what) => [...from.querySelectorAll(what)].filter((element) => element.checkVisibility());
  return visible(document, "tbody").map((body) => visible(body, ".place").map((row) => row.cells[0].innerText));
})()"""


class Page:
    """A Report in the browser."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    @property
    def seen(self) -> list[list[str]]:
        """The places that can be seen, of each credential that can."""
        return [list(places) for places in self.browser.ask(SEEN)]

    def choose(self, name: str, value: str) -> None:
        self.browser.ask(
            f"""(() => {{ const field = document.querySelector("form").elements[{name!r}]; field.value = {value!r};
            field.dispatchEvent(new Event("input", {{bubbles: true}})); }})()"""
        )

    def press(self, key: str, **more: Any) -> None:
        for kind in ("keyDown", "keyUp"):
            self.browser.call("Input.dispatchKeyEvent", type=kind, key=key, **more)

    def focused(self) -> str:
        return str(self.browser.ask("document.activeElement.name || document.activeElement.tagName"))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Callable[[Report], Page]:
    def show(report: Report) -> Page:
        path = tmp_path / "report.html"
        path.write_text("\n".join(document(report, "1", "2026-01-31T12:00:00.000Z")), encoding="utf-8")
        browser.events.clear()
        browser.open(path.as_uri())
        return Page(browser)

    return show


REPORT = Report(
    findings=(
        finding("src/one.py", seed=1),
        finding("src/two.py", seed=1, lineage=LINEAGE),
        finding("live.py", "organization-token", seed=2, verification=live()),
        finding("dead.py", seed=3, verification=Verification("dead")),
        *(finding(f"many/{at}.py", seed=4) for at in range(8)),
    ),
    allowed=(Allowed(finding("ok.py", seed=5), Allowance("pragma: allowlist secret", "ok.py:2")),),
)
LIVE, DEAD, TWO = ["live.py:2:3"], ["dead.py:2:3"], ["src/one.py:2:3", "src/two.py:2:3"]
MANY = [f"many/{at}.py:2:3" for at in range(8)]


def test_it_begins_with_what_hurts_most_and_some_of_many_places(show: Callable[[Report], Page]) -> None:
    page = show(REPORT)
    assert page.seen == [LIVE, MANY[:5], TWO, DEAD]
    assert page.browser.ask("document.querySelector('output').innerText") == "4 of 5 credentials, 12 places"
    page.browser.ask("document.querySelector('.more button').click()")
    assert page.seen == [LIVE, MANY, TWO, DEAD]
    assert page.browser.ask("document.activeElement.innerText").startswith("many/5.py:2:3")


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ("two.py", [TWO[1:]]),
        ("ann 0123456", [TWO[1:]]),
        ("ALICE", [LIVE]),
        ("many/7.py hf_", [MANY[7:]]),
        ("organization", [LIVE]),
        ("no such thing", []),
    ],
)
def test_search_shows_the_places_that_have_all_words(
    show: Callable[[Report], Page], words: str, seen: list[list[str]]
) -> None:
    page = show(REPORT)
    page.choose("text", words)
    assert page.seen == seen
    assert page.browser.ask("document.querySelector('.nothing').checkVisibility()") == (not seen)


@pytest.mark.parametrize(
    ("field", "value", "seen"),
    [
        ("kind", "organization-token", [LIVE]),
        ("status", "dead", [DEAD]),
        ("shown", "allowed", [["ok.py:2:3 pragma: allowlist secret, ok.py:2"]]),
        ("order", "places", [MANY[:5], TWO, LIVE, DEAD]),
        ("order", "path", [DEAD, LIVE, MANY[:5], TWO]),
        ("order", "date", [TWO, LIVE, MANY[:5], DEAD]),
    ],
)
def test_filters_and_order(show: Callable[[Report], Page], field: str, value: str, seen: list[list[str]]) -> None:
    page = show(REPORT)
    page.choose(field, value)
    assert [[" ".join(place.split()) for place in places] for places in page.seen] == seen


def test_reset_shows_all_again(show: Callable[[Report], Page]) -> None:
    page = show(REPORT)
    page.choose("text", "two.py")
    page.choose("order", "path")
    page.browser.ask(
        "new Promise((done) => { document.querySelector('button[type=reset]').click(); setTimeout(done, 50); })"
    )
    assert page.seen == [LIVE, MANY[:5], TWO, DEAD]


def test_it_can_be_used_with_keys_alone(show: Callable[[Report], Page]) -> None:
    page = show(REPORT)
    page.press("/", text="/")
    assert page.focused() == "text"
    for letter in "dead":
        page.press(letter, text=letter)
    assert page.seen == [DEAD]
    names = []
    for _ in range(5):
        page.press("Tab", code="Tab", windowsVirtualKeyCode=9)
        names.append(page.focused())
    assert names == ["kind", "status", "shown", "order", "BUTTON"]


def test_nothing_is_loaded_and_no_policy_is_broken(show: Callable[[Report], Page]) -> None:
    page = show(full())
    page.choose("text", "script")
    requests = [request["request"]["url"] for request in page.browser.told("Network.requestWillBeSent")]
    assert len(requests) == 1, requests
    assert requests[0].startswith("file://")
    assert page.browser.told("Log.entryAdded") == []
    assert page.browser.told("Runtime.exceptionThrown") == []


def test_its_policy_is_in_force(show: Callable[[Report], Page]) -> None:
    page = show(full())
    blocked = page.browser.ask(
        """new Promise((done) => {
          const blocked = [];
          document.addEventListener("securitypolicyviolation", (event) => blocked.push(event.effectiveDirective));
          const script = document.createElement("script");
          script.textContent = "window.obeyed = true";
          document.body.append(script);
          const markup = "<img src=x onerror='window.obeyed = true'><p style='color: red'>";
          document.body.insertAdjacentHTML("beforeend", markup);
          setTimeout(() => done([...blocked, window.obeyed]), 200);
        })"""
    )
    assert set(blocked[:-1]) == {"script-src-elem", "script-src-attr", "img-src", "style-src-attr"}
    assert blocked[-1] is None


def test_hostile_names_are_shown_and_do_nothing(show: Callable[[Report], Page]) -> None:
    page = show(full())
    assert page.browser.told("Page.javascriptDialogOpening") == []
    assert page.browser.ask("document.scripts.length") == 1
    assert page.browser.ask("document.querySelectorAll('script, img, iframe, object, embed, link').length") == 1
    assert HOSTILE.split("<")[1].split(">")[0] == "script"
    assert "<script>alert(1)</script>" in page.browser.ask("document.querySelector('table').innerText")


def test_without_its_script_all_is_there(browser: Browser, show: Callable[[Report], Page]) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page = show(REPORT)
        assert page.seen == [LIVE, MANY, TWO, DEAD, page.seen[-1]]
        assert page.seen[-1][0].startswith("ok.py")
        assert not page.browser.ask("document.querySelector('form').checkVisibility()")
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("width", [320, 400, 1280])
def test_nothing_sticks_out_at_the_side(browser: Browser, show: Callable[[Report], Page], width: int) -> None:
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
    try:
        page = show(Report(findings=(*full().findings, finding("long" * 90), *REPORT.findings)))
        assert page.browser.ask("document.documentElement.scrollWidth") <= width
    finally:
        browser.call("Emulation.clearDeviceMetricsOverride")
