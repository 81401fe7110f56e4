"""The installed command over folders of what is encoded, packed, in notebooks, hostile and harmless.

Each file says what has to be found in it, where, by which way, and whether some of it cannot be read.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.corpus.deep.hostile import RAN
from tests.corpus.deep.tree import FAMILIES, plant
from tests.e2e.machine import Machine, Scan
from tests.support.credentials import every_kind

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet

    from tests.corpus.deep.cases import File

STATUS = {"encoded": 1, "packed": 1, "notebooks": 1, "hostile": 3, "harmless": 0}
DECODED = {"base64", "hex", "utf-16", "percent", "unicode-escape", "html", "quoted-printable", "concatenation"}


def _case(*names: str) -> ParameterSet:
    """`names` are those of a folder and, but for the folder itself, of a file in it."""
    name = "/".join(names)
    return pytest.param(*names, id=name)


CASES = [_case(family, path) for family, recipes in FAMILIES.items() for path in recipes]


class Result:
    """The files of a folder, and what a scan says of it and of each of them."""

    def __init__(self, family: str, files: dict[str, File], scan: Scan) -> None:
        self.files = files
        self.scan = scan
        self.unreadable = {path.removeprefix(f"{family}/") for path in scan.unreadable}
        self.findings: dict[str, list[tuple[object, ...]]] = {path: [] for path in files}
        for finding in scan.findings:
            self.findings[finding["path"].removeprefix(f"{family}/")].append(_said(finding))


def _said(finding: dict[str, Any]) -> tuple[object, ...]:
    inside, decoded = tuple(finding["inside"]), tuple(finding["decoded"])
    where = (finding["line"], inside, decoded, finding["cell"], finding["output"])
    return (finding["kind"], finding["fingerprint"], *where)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("deep"))


@pytest.fixture(scope="module")
def results(machine: Machine) -> dict[str, Result]:
    results = {}
    for family in FAMILIES:
        files = plant(family, machine.folder)
        for file in files.values():
            for expected in file.expected:
                machine.secret(expected.secret)
        results[family] = Result(family, files, machine.scan("--no-config", family))
    return results


@pytest.mark.parametrize(("family", "path"), CASES)
def test_what_is_in_a_file_is_found_where_it_is(results: dict[str, Result], family: str, path: str) -> None:
    result = results[family]
    expected = [
        (item.kind, item.fingerprint, item.line, item.inside, item.decoded, item.cell, item.output)
        for item in result.files[path].expected
    ]
    assert sorted(result.findings[path], key=str) == sorted(expected, key=str)
    assert (path in result.unreadable) == result.files[path].unreadable


@pytest.mark.parametrize("family", [_case(family) for family in FAMILIES])
def test_a_folder_has_its_exit_status(results: dict[str, Result], family: str) -> None:
    assert results[family].scan.status == STATUS[family]
    assert results[family].scan.files == len(FAMILIES[family])


def test_nothing_hostile_is_obeyed(machine: Machine, results: dict[str, Result]) -> None:
    assert results
    planted = {f"hostile/{path}" for path in FAMILIES["hostile"]}
    there = {path.relative_to(machine.folder).as_posix() for path in machine.folder.rglob("*") if path.is_file()}
    assert {path for path in there if path.startswith("hostile/")} == planted
    assert not [path for path in there if path.endswith(RAN)]


def test_names_of_members_reach_no_terminal_as_they_are(machine: Machine, results: dict[str, Result]) -> None:
    assert results
    names = ("escapes.zip", "lines.zip", "unicode.zip", "markup.zip", "encrypted-escapes.zip")
    shown = machine.run("tokenguard", "scan", "--no-config", *(f"hostile/{name}" for name in names))
    assert shown.status == 3
    output = (shown.stdout + shown.stderr).decode()
    assert not {"\x1b", "\r", "\x07", "\u202e"} & set(output)
    assert all(name in output for name in names)


def test_the_corpus_has_every_encoding_and_kind() -> None:
    files = [recipe(path) for path, recipe in FAMILIES["encoded"].items()]
    assert {name for file in files for item in file.expected for name in item.decoded} == DECODED
    assert {item.kind for file in files for item in file.expected} == set(every_kind())


def test_the_corpus_is_the_same_each_time() -> None:
    # Databases, bundles and zips have times in them; secrets and texts have none.
    digests = [
        hashlib.sha256(b"".join(recipe(path).content for path, recipe in FAMILIES["encoded"].items())).digest()
        for _ in range(2)
    ]
    assert digests[0] == digests[1]
