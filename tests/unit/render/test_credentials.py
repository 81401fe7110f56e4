"""Very many places for people: each credential once, the worst first, and nothing that a terminal would obey."""

from tokenguard.core.blob import Origin
from tokenguard.core.finding import Finding, Verification
from tokenguard.core.identity import Identity
from tokenguard.core.lineage import Lineage
from tokenguard.core.report import Report
from tokenguard.render.credentials import advice, credential_lines


def finding(seed: int, path: str, **more: object) -> Finding:
    plain = Finding("user-access-token", Origin(path), 1, 1, 38, f"sha256:{seed:064}", f"hf_…{seed:04}")
    return plain._replace(**more)  # type: ignore[arg-type]


LIVE = Verification("live", None, Identity("alice", "user", "write"))


def test_each_credential_stands_once_and_the_worst_first() -> None:
    findings = (
        finding(1, "a/x"),
        finding(2, "a/y"),
        finding(1, "b/x"),
        finding(3, "c/z", verification=LIVE, known_as="work"),
        finding(4, "d", verification=Verification("dead")),
    )
    lines = list(credential_lines(Report(findings), color=False))
    heads = [line for line in lines if not line.startswith(" ")]
    assert [head.split()[1] for head in heads] == ["hf_…0003", "hf_…0001", "hf_…0002", "hf_…0004"]
    assert heads[1].endswith("in 2 files, possibly live")
    assert "  in your vault as work" in lines
    told = list(advice(Report(findings)))
    assert "`tokenguard revoke work`" in told[1]
    assert len(told) == 4
    assert not any("0004" in line for line in told)


def test_the_versions_of_a_file_are_one_line_of_the_oldest() -> None:
    findings = tuple(
        finding(1, "a/x", origin=Origin("a/x", Lineage(str(year) * 10, "A", f"{year}-01-01")))
        for year in (2022, 2021)
    )
    (_, _, line) = credential_lines(Report(findings), color=False)
    assert line.endswith("by A; on 2021-01-01; in 2 versions")


def test_not_all_of_very_many_are_named() -> None:
    lines = list(credential_lines(Report(tuple(finding(1, f"{number}") for number in range(25))), color=False))
    assert len(lines) == 13
    assert "15 more" in lines[-1]
    told = list(advice(Report(tuple(finding(number, "x") for number in range(8)))))
    assert told[-1] == "  and 3 more"


def test_nothing_that_others_wrote_is_obeyed() -> None:
    lineage = Lineage("5" * 40, "\x1b[2J", "2024-01-01")
    report = Report((finding(1, "x", origin=Origin("\x1b[2J\n", lineage)),))
    assert all(line.isprintable() for line in [*credential_lines(report, color=False), *advice(report)])


def test_where_nothing_is_found_nothing_is_said() -> None:
    assert [*credential_lines(Report(), color=True), *advice(Report())] == []
