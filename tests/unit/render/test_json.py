"""A Report for programs, as the contract has it."""

import json

import pytest

from tests.support.credentials import user_token
from tokenguard.core.blob import Blob, Origin, Unreadable, whole
from tokenguard.core.finding import Allowance, Allowed, Finding
from tokenguard.core.lineage import Lineage
from tokenguard.core.report import Report, Tally
from tokenguard.core.scan import scan_blob
from tokenguard.core.token import Token
from tokenguard.render.json import document, lines

TOKEN = user_token()
PATHS = ["a.py", "é/鍵/🔑", "caf\udce9", "\udcff\udc80", "a\nb\t\x1b", 'a"b\\c', "a\u2028b"]
FINDING_KEYS = {
    "kind",
    "fingerprint",
    "masked",
    "path",
    "line",
    "column",
    "end_column",
    "inside",
    "decoded",
    "claims",
    "cell",
    "output",
    "commit",
    "author",
    "date",
    "paths",
    "reachable",
    "pushed",
    "known_as",
    "verification",
}


def report(path: str = "a.py", lineage: Lineage | None = None) -> Report:
    (finding,) = scan_blob(Blob(Origin(path, lineage), whole(f"x\n  {TOKEN}".encode())), {})
    assert isinstance(finding, Finding)
    return Report(
        findings=(finding,),
        allowed=(Allowed(finding, Allowance("allowed fingerprint", path)),),
        unreadable=(Unreadable(Origin(path), "is gone: é"),),
        tally=Tally(files=3, blobs=4, bytes=120, excluded=2, remembered=7),
        seconds=1.23456,
    )


def test_the_document_has_the_keys_of_the_contract() -> None:
    parsed = json.loads(document(report(), "1.2.3"))
    assert set(parsed) == {"schema", "tool", "summary", "findings", "allowed", "unreadable"}
    assert parsed["schema"] == 1
    assert parsed["tool"] == {"name": "tokenguard", "version": "1.2.3"}
    assert set(parsed["findings"][0]) == FINDING_KEYS
    assert set(parsed["allowed"][0]) == FINDING_KEYS | {"allowance"}
    assert set(parsed["unreadable"][0]) == {"path", "inside", "reason"}


def test_the_summary_counts() -> None:
    assert json.loads(document(report(), "1"))["summary"] == {
        "files": 3,
        "blobs": 4,
        "bytes": 120,
        "findings": 1,
        "allowed": 1,
        "unreadable": 1,
        "excluded": 2,  # beyond the contract, as are the next two, and the notes
        "remembered": 7,
        "hidden": 0,
        "seconds": 1.235,
        "notes": [],
    }


def test_a_finding_is_told_in_full() -> None:
    assert json.loads(document(report(), "1"))["findings"] == [
        {
            "kind": "user-access-token",
            "fingerprint": Token(TOKEN).fingerprint,
            "masked": "hf_…" + TOKEN[-4:],
            "path": "a.py",
            "line": 2,
            "column": 3,
            "end_column": 40,
            "inside": [],
            "decoded": [],
            "claims": None,
            "cell": None,
            "output": None,
            "commit": None,
            "author": None,
            "date": None,
            "paths": [],
            "reachable": None,
            "pushed": None,
            "known_as": None,
            "verification": {"status": "unchecked"},
        }
    ]


def test_a_finding_of_a_history_has_its_lineage() -> None:
    lineage = Lineage("1" * 40, "A <a@b>", "2020-01-01T12:00:00+02:00", ("a.py", "b.py"), True, False)
    parsed = json.loads(document(report("a.py", lineage), "1"))
    for row in (parsed["findings"][0], parsed["allowed"][0]):
        assert {key: row[key] for key in Lineage._fields} == {
            "commit": "1" * 40,
            "author": "A <a@b>",
            "date": "2020-01-01T12:00:00+02:00",
            "paths": ["a.py", "b.py"],
            "reachable": True,
            "pushed": False,
        }
    assert set(parsed["findings"][0]) == FINDING_KEYS


def test_what_is_not_known_of_a_lineage_is_null() -> None:
    rows = json.loads(document(report("a.py", Lineage()), "1"))["findings"]
    assert {key: rows[0][key] for key in Lineage._fields} == {
        **dict.fromkeys(Lineage._fields),
        "paths": [],
    }


@pytest.mark.parametrize("path", PATHS)
def test_who_and_where_are_ascii_and_keep_their_bytes(path: str) -> None:
    found = report("a.py", Lineage(author=path, paths=(path, "b")))
    for rendered in (document(found, "1"), *lines(found, "1")):
        assert rendered.isascii()
        assert "\x1b" not in rendered
    row = json.loads(document(found, "1"))["findings"][0]
    assert (row["author"], row["paths"]) == (path, [path, "b"])


def test_a_token_in_a_name_or_a_path_is_masked() -> None:
    found = report(f"dir/{TOKEN}", Lineage(author=f"{TOKEN} <a@b>", paths=(f"dir/{TOKEN}", f"{TOKEN}.py")))
    for rendered in (document(found, "1"), *lines(found, "1")):
        assert TOKEN[3:11] not in rendered
    row = json.loads(document(found, "1"))["findings"][0]
    masked = f"hf_…{TOKEN[-4:]}"
    assert (row["author"], row["paths"]) == (f"{masked} <a@b>", [f"dir/{masked}", f"{masked}.py"])


def test_an_allowance_and_a_failure_are_told_with_their_reasons() -> None:
    parsed = json.loads(document(report(), "1"))
    assert parsed["allowed"][0]["allowance"] == {"reason": "allowed fingerprint", "where": "a.py"}
    assert parsed["unreadable"] == [{"path": "a.py", "inside": [], "reason": "is gone: é"}]


def test_an_empty_report_is_a_document_too() -> None:
    parsed = json.loads(document(Report(), "1"))
    assert (parsed["findings"], parsed["allowed"], parsed["unreadable"]) == ([], [], [])
    assert parsed["summary"]["files"] == 0


@pytest.mark.parametrize("path", PATHS)
def test_json_is_ascii_and_paths_keep_their_bytes(path: str) -> None:
    whole_document = document(report(path), "1")
    objects = list(lines(report(path), "1"))
    for rendered in (whole_document, *objects):
        assert rendered.isascii()
        assert "\x1b" not in rendered
    parsed = json.loads(whole_document)
    for rows in (parsed["findings"], parsed["allowed"], parsed["unreadable"]):
        assert rows[0]["path"] == path
        assert rows[0]["path"].encode("utf-8", "surrogateescape") == path.encode("utf-8", "surrogateescape")


def test_jsonl_is_one_object_a_line_and_the_summary_last() -> None:
    objects = [json.loads(line) for line in lines(report(), "1.2.3")]
    assert [item["type"] for item in objects] == ["finding", "allowed", "unreadable", "summary"]
    assert all(next(iter(item)) == "type" for item in objects)
    parsed = json.loads(document(report(), "1.2.3"))
    without_type = [{key: item[key] for key in item if key != "type"} for item in objects]
    assert without_type[:3] == [parsed["findings"][0], parsed["allowed"][0], parsed["unreadable"][0]]
    assert without_type[3] == {"schema": 1, "tool": parsed["tool"], **parsed["summary"]}


@pytest.mark.parametrize("path", PATHS)
def test_jsonl_has_no_line_break_within_an_object(path: str) -> None:
    assert [line for line in lines(report(path), "1") if len(line.splitlines()) != 1] == []


def test_jsonl_of_nothing_is_the_summary() -> None:
    (summary,) = lines(Report(), "1")
    assert json.loads(summary)["findings"] == 0
