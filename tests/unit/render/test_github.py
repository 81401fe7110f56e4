"""A Report for GitHub Actions: its runner obeys what we say, and nothing that a repository says."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

from tests.support.reports import HOSTILE, LINEAGE, finding, full, live
from tokenguard.core.blob import Origin, Unreadable
from tokenguard.core.finding import Allowance, Allowed, Finding, Verification
from tokenguard.core.report import Report
from tokenguard.render.github import commands, inert, summary

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def command(report: Report) -> tuple[str, dict[str, str], str]:
    """The only command: its name, properties and message, as the runner reads them."""
    (line,) = commands(report)
    match = COMMAND.fullmatch(line)
    assert match, line
    name, properties, message = match.groups()
    pairs = [pair.split("=", 1) for pair in properties.split(",")]
    return name, {key: unquote(value) for key, value in pairs}, unquote(message)


def many(number: int) -> tuple[Finding, ...]:
    return tuple(finding(f"{at}.py") for at in range(number))


def test_a_finding_is_an_error_at_its_place() -> None:
    name, properties, message = command(Report(findings=(finding("dir/a.py", verification=live()),)))
    assert name == "error"
    assert properties == {
        "file": "dir/a.py",
        "line": "2",
        "col": "3",
        "endColumn": "40",
        "title": "Hugging Face user access token (live and powerful)",
    }
    assert message.startswith("hf_…")
    assert "live, of alice (write)" in message
    assert "\nRevoke it at https://huggingface.co/settings/tokens" in message


def test_a_dead_one_is_a_notice() -> None:
    assert command(Report(findings=(finding(verification=Verification("dead")),)))[0] == "notice"


def test_what_was_not_read_is_a_warning() -> None:
    name, properties, message = command(Report(unreadable=(Unreadable(Origin("b,c:d%.bin"), "is locked"),)))
    assert (name, properties["file"]) == ("warning", "b,c:d%.bin")
    assert "the answer is not known: is locked" in message


@pytest.mark.parametrize("path", ["a,line=1::x", "a%0A::error::x", "a%2C", "a\r\n::add-mask::x", "%", "%25"])
def test_no_name_of_a_file_leaves_its_property(path: str) -> None:
    _, properties, _ = command(Report(findings=(finding(path),)))
    assert properties["line"] == "2"
    assert properties["file"] == path.replace("\r", r"\x0d").replace("\n", r"\x0a")


def test_nothing_hostile_is_obeyed() -> None:
    for report in (full(), Report(findings=full().findings * 10)):
        for line in commands(report):
            assert "\n" not in line
            assert "\r" not in line
            if COMMAND.fullmatch(line) is None:
                assert not line.lstrip().startswith("::")
                assert "##[" not in line


def test_github_shows_ten_so_the_worst_ten_are_told_and_the_others_in_the_log() -> None:
    report = Report(findings=(*many(11), finding("worst.py", verification=live())))
    lines = list(commands(report))
    told = [line for line in lines if line.startswith("::error ")]
    assert len(told) == 10
    assert "file=worst.py," in told[0]
    (notice,) = [line for line in lines if line.startswith("::notice ")]
    assert notice.endswith("::2 more, in the log and in the summary")
    assert [line for line in lines if not line.startswith("::")] == [
        f"{at}.py:2:3: user-access-token {finding().masked}" for at in (9, 10)
    ]


def test_nothing_is_told_of_nothing() -> None:
    assert list(commands(Report())) == []


@pytest.mark.parametrize(
    ("line", "inertly"),
    [
        ("a.py:1:2: x", "a.py:1:2: x"),
        ("::error::x", ". ::error::x"),
        (" \t::error::x", ".  \t::error::x"),
        ("x ##[add-mask]y", "x ## [add-mask]y"),
        ("###[error]", "### [error]"),
    ],
)
def test_plain_lines_are_no_commands(line: str, inertly: str) -> None:
    assert inert(line) == inertly


def test_the_summary_has_a_table_with_the_worst_first() -> None:
    report = Report(findings=(finding(), finding("b.py", verification=live(), lineage=LINEAGE)))
    text = "\n".join(summary(report))
    assert text.startswith("### tokenguard: 1 leaked credential in 2 places")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows[1].startswith("| live and powerful | user&#45;access&#45;token <code>hf&#95;&#8230;")
    assert "<code>b&#46;py&#58;2</code>" in rows[1]
    assert "<code>a&#46;py&#58;2</code>" in rows[2]
    assert "tokenguard revoke" in text


def test_the_summary_says_what_was_not_read_and_what_was_allowed() -> None:
    report = Report(
        allowed=(Allowed(finding(), Allowance("allowed fingerprint", "pyproject.toml")),),
        unreadable=(Unreadable(Origin("b"), "is locked"),),
    )
    text = "\n".join(summary(report))
    assert "**Not read**" in text
    assert "- <code>b</code>: is locked" in text
    assert "Allowed: 1" in text
    assert "allowed fingerprint, <code>pyproject&#46;toml</code>" in text


def test_nothing_hostile_is_markdown() -> None:
    text = "\n".join(summary(full()))
    ours = re.sub(r"&#\d+;", "", text)
    for syntax in ("<script", "alert(", "[x]", "::", "\u202e", "##["):
        assert syntax not in ours
    assert HOSTILE not in text
    table = [line for line in text.splitlines() if line.startswith("| ")]
    assert {line.count("|") for line in table} == {5}


def test_the_summary_of_very_much_fits_what_github_takes() -> None:
    long = Report(findings=tuple(finding("é:" * 2000 + f"{at}") for at in range(5)) * 100)
    text = "\n".join(summary(long))
    assert len(text.encode()) < 1024 * 1024
    assert "… and 400 more." in text
