"""Very many places for people: each credential once, the worst first, and nothing that a terminal would obey."""

import json
import re

from tokenguard.core.blob import Origin
from tokenguard.core.finding import Claims, Finding, Verification
from tokenguard.core.identity import Identity
from tokenguard.core.lineage import Lineage
from tokenguard.core.report import Report
from tokenguard.render import html, sarif
from tokenguard.render import json as render_json
from tokenguard.render.credentials import advice, credential_lines, credentials


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


def swept() -> Report:
    lineage = Lineage("5" * 40, "A <a@example.com>", "2021-01-01")
    return Report(
        (
            finding(1, "a/x", origin=Origin("a/x", lineage)),
            finding(1, "b/x"),
            finding(2, "c/y", verification=LIVE),
            finding(3, "d", verification=Verification("dead")),
            finding(4, "e", kind="jwt-access-token", claims=Claims(subject="carol")),
            finding(5, "f"),
        )
    )


ORDER = ["hf_…0002", "hf_…0001", "hf_…0004", "hf_…0005", "hf_…0003"]
OWNERS = ["of alice", "ask A <a@example.com>, who brought it in", "of carol, as it says itself", None, None]


def test_whose_each_is_and_what_to_do() -> None:
    found = credentials(swept())
    assert [one.first.masked for one in found] == ORDER
    assert [one.owner for one in found] == OWNERS
    assert (found[1].places, len(found[1].files)) == (2, 2)
    settings = "https://huggingface.co/settings/tokens"
    command = "tokenguard revoke --fingerprint sha256:0000000000000000"
    assert [one.to_do for one in found] == [
        f"revoke it: `{command} c/y`, or have alice revoke it at {settings}",
        (
            f"revoke it: `{command} --history` in the repository, or a clone of it, or have A <a@example.com> "
            f"(who brought it in) revoke it at {settings}"
        ),
        f"revoke it: `{command} e`, or have carol revoke it at {settings}",
        f"revoke it: `{command} f`, or have its owner revoke it at {settings}",
        "take it out; it is revoked already",
    ]


def test_what_cannot_be_pasted_is_not_in_a_command() -> None:
    expired = Claims(subject="carol", expired=True)
    for one, said in (
        (finding(1, "$(x)`;"), "0` in its folder, or have its owner"),
        (finding(1, "hf://acme/x/run.py"), "`tokenguard revoke --stdin`"),
        (finding(1, "x", known_as="work"), "`tokenguard revoke work`"),
        (finding(1, "x", claims=expired), "take it out; it has expired already"),
    ):
        (told,) = credentials(Report((one,)))
        assert said in told.to_do
        assert "$(x)" not in told.to_do


def test_every_form_says_so() -> None:
    told = json.loads(render_json.document(swept(), "1", by_credential=True))["credentials"]
    assert [(one["masked"], one["owner"]) for one in told] == list(zip(ORDER, OWNERS, strict=True))
    assert (told[1]["files"], told[1]["since"], told[0]["account"]) == (["a/x", "b/x"], "2021-01-01", "alice")
    assert (told[1]["account"], told[4]["to_do"]) == (None, "take it out; it is revoked already")
    *_, summary = lines = [json.loads(line) for line in render_json.lines(swept(), "1", by_credential=True)]
    assert [line["masked"] for line in lines if line["type"] == "credential"] == ORDER
    assert summary["type"] == "summary"
    (run,) = json.loads(sarif.document(swept(), "1", by_credential=True))["runs"]
    assert [one["rank"] for one in run["results"]] == [50, 50, 100, 0, 50, 50]
    assert run["results"][1]["properties"]["owner"] == OWNERS[1]
    page = "".join(html.document(swept(), "1", "2024-01-01T00:00:00Z", by_credential=True))
    steps = re.findall("<li>([^ ]+) hf_…(\\d+)", page)
    assert steps == [("user-access-token", "0002"), ("user-access-token", "0001"), ("jwt-access-token", "0004"),
                     ("user-access-token", "0005")]  # fmt: skip
    assert "A &lt;a@example.com&gt; (who brought it in)" in page


def test_where_nothing_is_found_nothing_is_said() -> None:
    assert [*credential_lines(Report(), color=True), *advice(Report())] == []
