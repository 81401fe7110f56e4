"""A Report for people: safe for the terminal, and plain about what was read."""

import pytest

from tests.support.credentials import organization_token, user_token
from tokenguard.core.blob import Blob, Origin, Unreadable, whole
from tokenguard.core.finding import Allowance, Allowed, Finding
from tokenguard.core.lineage import Lineage
from tokenguard.core.printable import printable
from tokenguard.core.report import Report, Tally
from tokenguard.core.scan import scan_blob
from tokenguard.render import about, text

TOKEN = user_token()


def finding(path: str = "a.py", token: str = TOKEN, lineage: Lineage | None = None) -> Finding:
    (item,) = scan_blob(Blob(Origin(path, lineage), whole(f"x\n  {token}".encode())), {})
    assert isinstance(item, Finding)
    return item


FOUND = (finding(),)
ALLOWED = (Allowed(finding(), Allowance("allowed fingerprint", "pyproject.toml")),)
UNREADABLE = (Unreadable(Origin("b.bin"), "Permission denied"),)


@pytest.mark.parametrize(
    ("shown", "as_"),
    [
        pytest.param("a/b c.py", "a/b c.py", id="plain"),
        pytest.param("é鍵🔑", "é鍵🔑", id="letters and pictures"),
        pytest.param("a\nb", r"a\x0ab", id="newline"),
        pytest.param("a\tb\r", r"a\x09b\x0d", id="tab, return"),
        pytest.param("\x1b[2Ja", r"\x1b[2Ja", id="ESC"),
        pytest.param("\x00\x7f", r"\x00\x7f", id="NUL, DEL"),
        pytest.param("\x9b31m", r"\x9b31m", id="8-bit CSI"),
        pytest.param("\xa0", r"\xa0", id="no-break space"),
        pytest.param("a\u202egnp.py", r"a\u202egnp.py", id="right-to-left override"),
        pytest.param("\u2066\u2069\u200f", r"\u2066\u2069\u200f", id="isolates and marks"),
        pytest.param("a\u200bb\ufeff", r"a\u200bb\ufeff", id="zero width"),
        pytest.param("\u2028", r"\u2028", id="line separator"),
        pytest.param("\U000e0041", r"\U000e0041", id="tag"),
        pytest.param("caf\udce9", r"caf\xe9", id="byte that is not UTF-8"),
        pytest.param("\ud83d", r"\ud83d", id="lone surrogate"),
    ],
)
def test_text_is_printed_so_that_a_terminal_only_shows_it(shown: str, as_: str) -> None:
    assert printable(shown) == as_
    assert printable(shown).isprintable()


def test_a_finding_is_one_line_with_place_kind_and_masked_form() -> None:
    report = Report(findings=(finding(), finding("b.py", organization_token())))
    assert list(text.finding_lines(report, color=False)) == [
        f"a.py:2:3: user-access-token hf_…{TOKEN[-4:]}",
        f"b.py:2:3: organization-token api_org_…{organization_token()[-4:]}",
    ]


def test_colour_adds_nothing_but_colour() -> None:
    plain = text.finding_line(finding(), color=False)
    coloured = text.finding_line(finding(), color=True)
    assert coloured == f"\x1b[1ma.py:2:3:\x1b[0m user-access-token \x1b[31mhf_…{TOKEN[-4:]}\x1b[0m"
    for sequence in ("\x1b[1m", "\x1b[31m", "\x1b[0m"):
        coloured = coloured.replace(sequence, "")
    assert coloured == plain
    assert "\x1b" not in plain


LINEAGE = Lineage(
    commit="0123456789abcdef" * 2 + "01234567",
    author="Ann <ann@example.org>",
    date="2025-03-04T05:06:07+01:00",
    paths=("a.py",),
    reachable=True,
    pushed=False,
)


def history(*lineages: Lineage) -> list[str]:
    """What is said of one credential with these versions."""
    return list(
        text.finding_lines(Report(findings=tuple(finding(lineage=lineage) for lineage in lineages)), color=False)
    )


@pytest.mark.parametrize(
    ("lineage", "said"),
    [
        pytest.param(LINEAGE, "commit 0123456789ab by Ann <ann@example.org> on 2025-03-04", id="a commit"),
        pytest.param(
            LINEAGE._replace(pushed=True),
            "commit 0123456789ab by Ann <ann@example.org> on 2025-03-04; pushed",
            id="pushed",
        ),
        pytest.param(
            LINEAGE._replace(reachable=False),
            "commit 0123456789ab by Ann <ann@example.org> on 2025-03-04; nothing leads to it any more",
            id="dangling",
        ),
        pytest.param(
            LINEAGE._replace(reachable=None, pushed=None),
            "commit 0123456789ab by Ann <ann@example.org> on 2025-03-04",
            id="git cannot tell",
        ),
        pytest.param(
            LINEAGE._replace(author=None, date=None),
            "commit 0123456789ab by somebody on an unknown day",
            id="a malformed commit",
        ),
        pytest.param(LINEAGE._replace(commit=None), "by Ann <ann@example.org> on 2025-03-04", id="a tag"),
        pytest.param(Lineage(reachable=True), "in no commit", id="in the index"),
        pytest.param(Lineage(reachable=False), "in no commit; nothing leads to it any more", id="a dangling blob"),
    ],
)
def test_what_comes_out_of_a_history_has_a_second_line(lineage: Lineage, said: str) -> None:
    assert history(lineage) == [f"a.py:2:3: user-access-token hf_…{TOKEN[-4:]}", f"  {said}"]


def test_versions_of_a_file_are_told_once_with_the_oldest_commit() -> None:
    newer = LINEAGE._replace(commit="f" * 40, date="2025-05-01T00:00:00+00:00", pushed=True)
    undated = LINEAGE._replace(commit="e" * 40, date=None, reachable=False)
    for versions in ((LINEAGE, newer, undated), (undated, newer, LINEAGE)):
        assert history(*versions)[1:] == [
            "  commit 0123456789ab by Ann <ann@example.org> on 2025-03-04; in 3 versions; pushed"
        ]


def test_nothing_leads_to_it_only_where_nothing_leads_to_any_version() -> None:
    gone = LINEAGE._replace(reachable=False)
    assert "nothing leads to it" in history(gone, gone)[1]
    assert "nothing leads to it" not in history(gone, LINEAGE)[1]
    assert "nothing leads to it" not in history(gone, LINEAGE._replace(reachable=None))[1]


def test_two_places_in_one_version_are_one_version() -> None:
    twice = (finding(lineage=LINEAGE), finding(lineage=LINEAGE)._replace(line=7))
    assert "versions" not in "\n".join(text.finding_lines(Report(findings=twice), color=False))


def test_other_tokens_and_other_files_are_told_apart() -> None:
    findings = (
        finding("a.py", lineage=LINEAGE),
        finding("a.py", user_token(1), LINEAGE),
        finding("b.py", lineage=LINEAGE),
    )
    assert len(list(text.finding_lines(Report(findings=findings), color=False))) == 6


def test_in_a_work_tree_each_place_is_told() -> None:
    findings = (finding(), finding()._replace(line=7), finding()._replace(column=9))
    assert len(list(text.finding_lines(Report(findings=findings), color=False))) == 3


def test_who_wrote_it_cannot_write_to_the_terminal_and_no_token_in_a_name_is_shown() -> None:
    hostile = LINEAGE._replace(author=f"{HOSTILE} {TOKEN} <a@b>", paths=(HOSTILE,))
    (_, said) = history(hostile)
    assert said.isprintable()
    assert r"by a\x0a\x1b[31m\u202eb\xff hf_…" in said
    assert TOKEN[3:11] not in said


HOSTILE = "a\n\x1b[31m\u202eb\udcff"


def test_hostile_names_stay_on_their_line() -> None:
    allowed = Allowed(finding(HOSTILE), Allowance("allowed fingerprint", HOSTILE))
    report = Report(
        findings=(finding(HOSTILE),),
        allowed=(allowed,),
        unreadable=(Unreadable(Origin(HOSTILE), HOSTILE),),
    )
    lines = [
        *text.finding_lines(report, color=False),
        *text.allowed_lines(report),
        *text.unreadable_lines(report, color=False),
    ]
    assert len(lines) == 3
    for line in lines:
        assert line.isprintable()
        assert r"a\x0a\x1b[31m\u202eb\xff" in line


def test_what_was_not_read_is_named_with_the_reason() -> None:
    report = Report(unreadable=UNREADABLE)
    assert list(text.unreadable_lines(report, color=False)) == ["not read: b.bin: Permission denied"]
    assert list(text.unreadable_lines(report, color=True)) == ["\x1b[33mnot read:\x1b[0m b.bin: Permission denied"]


def test_what_was_allowed_is_named_with_the_reason() -> None:
    assert list(text.allowed_lines(Report(allowed=ALLOWED))) == [
        f"allowed: a.py:2:3: user-access-token hf_…{TOKEN[-4:]} (allowed fingerprint, pyproject.toml)"
    ]


READ = Tally(files=3, blobs=3, bytes=120)


@pytest.mark.parametrize(
    ("report", "said"),
    [
        pytest.param(Report(), "nothing to scan: there are no files", id="nothing"),
        pytest.param(
            Report(tally=Tally(excluded=2)),
            "nothing to scan: 2 files excluded by the configuration",
            id="all excluded",
        ),
        pytest.param(Report(tally=READ), "no leaked credentials (scanned 3 files, 120 bytes)", id="clean"),
        pytest.param(
            Report(tally=Tally(files=1, blobs=1, bytes=1)),
            "no leaked credentials (scanned 1 file, 1 byte)",
            id="singular",
        ),
        pytest.param(
            Report(tally=Tally(files=1, blobs=1)),
            "no leaked credentials (scanned 1 file, 0 bytes)",
            id="empty file",
        ),
        pytest.param(
            Report(tally=READ._replace(excluded=1)),
            "no leaked credentials (scanned 3 files, 120 bytes; 1 file excluded by the configuration)",
            id="excluded",
        ),
        pytest.param(
            Report(tally=READ, allowed=ALLOWED),
            "no leaked credentials (scanned 3 files, 120 bytes; 1 allowed)",
            id="allowed",
        ),
        pytest.param(
            Report(tally=READ, findings=FOUND), "1 leaked credential (scanned 3 files, 120 bytes)", id="found"
        ),
        pytest.param(
            Report(tally=READ, findings=FOUND * 2, allowed=ALLOWED * 2),
            "1 leaked credential in 2 places (scanned 3 files, 120 bytes; 2 allowed)",
            id="found and allowed",
        ),
        pytest.param(
            Report(tally=READ, unreadable=UNREADABLE),
            "no leaked credential in what could be read, 1 not read, so the answer is not known"
            " (scanned 3 files, 120 bytes)",
            id="unreadable",
        ),
        pytest.param(
            Report(unreadable=UNREADABLE),
            "no leaked credential in what could be read, 1 not read, so the answer is not known"
            " (scanned 0 files, 0 bytes)",
            id="all unreadable",
        ),
        pytest.param(
            Report(tally=Tally(blobs=2, bytes=9)),
            "no leaked credentials (scanned 2 objects, 9 bytes)",
            id="a history",
        ),
        pytest.param(
            Report(tally=Tally(blobs=1, bytes=9, remembered=1)),
            "no leaked credentials (scanned 1 object, 9 bytes; 1 object known to be clean from before)",
            id="a history, for the second time",
        ),
        pytest.param(
            Report(tally=Tally(remembered=30)),
            "no leaked credentials (scanned 0 objects, 0 bytes; 30 objects known to be clean from before)",
            id="a history, with nothing new",
        ),
        pytest.param(
            Report(tally=Tally(blobs=3, bytes=9, remembered=2, excluded=1), findings=FOUND * 2, allowed=ALLOWED),
            "1 leaked credential in 2 places (scanned 3 objects, 9 bytes; 2 objects known to be clean from before;"
            " 1 file excluded by the configuration; 1 allowed)",
            id="a history, and all there is to say",
        ),
        pytest.param(
            Report(tally=Tally(blobs=3, bytes=9), findings=(*FOUND, finding("b.py", user_token(1)))),
            "2 leaked credentials in 2 places (scanned 3 objects, 9 bytes)",
            id="a history with two tokens",
        ),
        pytest.param(
            Report(tally=READ, findings=FOUND, unreadable=UNREADABLE * 2),
            "1 leaked credential, 2 not read, so the answer is not known (scanned 3 files, 120 bytes)",
            id="found, unreadable",
        ),
    ],
)
def test_the_summary_says(report: Report, said: str) -> None:
    assert text.summary(report) == said


def test_advice_is_given_where_something_was_found() -> None:
    advice = "\n".join(text.advice(Report(findings=FOUND)))
    assert about.SETTINGS in advice
    assert "pragma: allowlist secret" in advice


@pytest.mark.parametrize("report", [Report(), Report(allowed=ALLOWED), Report(unreadable=UNREADABLE)])
def test_no_advice_is_given_where_nothing_was_found(report: Report) -> None:
    assert list(text.advice(report)) == []
