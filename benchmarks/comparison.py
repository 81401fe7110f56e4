"""Counts what tokenguard and its peers find of the credentials in the corpus that the tests make.

    python -m benchmarks.comparison [FOLDER]

FOLDER, which is new, keeps the corpus. Kingfisher (`pip install kingfisher-bin`) and detect-secrets must be on
PATH, or the run ends there. A credential is found by a scanner that names it, by its value or a hash of it, or
names the line of the file in which it, or its encoded text, begins. What a scanner flags in harmless/ is a false
alarm. Seconds are those of the processor, for one run over each folder, after one that fills its caches.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.corpus.deep.tree import FAMILIES, plant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.corpus.deep.cases import Expected

TOKENGUARD = [str(Path(sysconfig.get_path("scripts")) / "tokenguard"), "scan", "--no-config", "--format", "json"]
KINGFISHER = [
    *("kingfisher", "scan", "--no-update-check", "--no-validate", "--no-dedup", "--git-history", "none"),
    *("--format", "json", "--quiet"),
]
HARMLESS = "harmless"


class Alarm(NamedTuple):
    """What a scanner says: that in the file at `path`, or in a member of it, a secret is in a line.

    `value` is what it shows of it: the secret, or a hash.
    """

    path: str
    line: int | None
    value: str


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?")
    chosen = parser.parse_args().folder
    for program in ("kingfisher", "detect-secrets", "git"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not on PATH")
    with tempfile.TemporaryDirectory() as scratch:
        compare(Path(chosen or scratch))


def compare(top: Path) -> None:
    wanted = {
        family: [item for file in plant(family, top).values() for item in file.expected] for family in FAMILIES
    }
    families = [family for family in FAMILIES if wanted[family]]
    columns = [f"{family}, of {len(_distinct(wanted[family]))}" for family in families]
    print(f"| scanner | {' | '.join(columns)} | false alarms | processor, s |\n|---|{'---|' * (len(columns) + 2)}")
    for name, scan in SCANNERS.items():
        cells = []
        seconds = 0.0
        alarms: list[Alarm] = []
        list(scan(top, next(iter(FAMILIES))))
        for family in FAMILIES:
            begun = _spent()
            alarms = list(scan(top, family))
            seconds += _spent() - begun
            if family == HARMLESS:
                cells.append(
                    f"{len(alarms):,} in {len({alarm.path for alarm in alarms})} files" if alarms else "0"
                )
            else:
                cells.append(str(len(set(_found(wanted[family], alarms)))))
        print(f"| {name} | {' | '.join(cells)} | {seconds:.1f} |")


def _spent() -> float:
    """What all processes that have ended have taken, in seconds of the processor."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _distinct(wanted: list[Expected]) -> set[tuple[str, str]]:
    return {(item.path, item.secret) for item in wanted}


def _found(wanted: list[Expected], alarms: list[Alarm]) -> Iterator[tuple[str, str]]:
    """The credentials that some alarm is about."""
    for item in wanted:
        shown = (item.secret, item.fingerprint, hashlib.sha1(item.secret.encode()).hexdigest())
        for alarm in alarms:
            is_there = alarm.path == item.path and alarm.line == item.line and not item.inside
            is_member = alarm.path.startswith(item.path)
            if is_there or (is_member and any(value in alarm.value for value in shown)):
                yield item.path, item.secret
                break


def tokenguard(*options: str) -> Callable[[Path, str], Iterator[Alarm]]:
    def scan(top: Path, family: str) -> Iterator[Alarm]:
        for finding in output([*TOKENGUARD, *options, family], top)["findings"]:
            yield Alarm(finding["path"].removeprefix(f"{family}/"), finding["line"], finding["fingerprint"])

    return scan


def kingfisher(*options: str) -> Callable[[Path, str], Iterator[Alarm]]:
    def scan(top: Path, family: str) -> Iterator[Alarm]:
        for item in output([*KINGFISHER, *options, family], top)["findings"]:
            finding = item["finding"]
            yield Alarm(finding["path"].removeprefix(f"{family}/"), finding["line"], finding["snippet"])

    return scan


def detect_secrets(top: Path, family: str) -> Iterator[Alarm]:
    document = output(["detect-secrets", "-C", str(top / family), "scan", "--all-files", "--no-verify"], top)
    for path, secrets in document["results"].items():
        for secret in secrets:
            yield Alarm(path, secret["line_number"], secret["hashed_secret"])


def output(command: list[str], top: Path) -> dict[str, Any]:
    done = subprocess.run(command, cwd=top, capture_output=True, text=True, check=False)
    document: dict[str, Any] = json.loads(done.stdout or '{"findings": []}')
    return document


SCANNERS: dict[str, Callable[[Path, str], Iterator[Alarm]]] = {
    "tokenguard": tokenguard(),
    "tokenguard --shallow": tokenguard("--shallow"),
    "Kingfisher, Hugging Face rules alone": kingfisher("--rule", "betterleaks.huggingface"),
    "Kingfisher, all rules": kingfisher(),
    "detect-secrets, all plugins": detect_secrets,
}


if __name__ == "__main__":
    main()
