"""Times scans of all history beside git alone, ripgrep and Kingfisher, whole processes in turn.

    python -m benchmarks.history [--runs 7] REPOSITORY...     each a work tree, or what git calls a git directory

The repositories are copied first: nothing is written to them. ripgrep, git and Kingfisher (`pip install
kingfisher-bin`) must be on PATH. Every object is in the page cache; "first" is a scan that remembers nothing from
before. The memory is that of all processes together, without the pages of files (Linux).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.speed import KINGFISHER, LIKE_FOR_LIKE, REGEX, SCRIPTS, arguments, table

TOKENGUARD = [str(SCRIPTS / "tokenguard"), "scan", "--history"]
OBJECTS = "git cat-file --batch-all-objects --batch --unordered --buffer"


def main() -> None:
    options = arguments(__doc__ or "", "repositories", runs=7)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["TOKENGUARD_HOME"] = str(Path(scratch) / "home")
        for number, repository in enumerate(map(Path, options.repositories)):
            folder = Path(scratch) / str(number)
            source = repository / ".git"
            shutil.copytree(source if source.is_dir() else repository, folder)
            measure(f"{repository}, {extent(folder)}", folder, options.runs)


def measure(title: str, folder: Path, runs: int) -> None:
    commands = {
        "git cat-file, all objects, alone": ["sh", "-c", f"{OBJECTS} >/dev/null"],
        "tokenguard scan --history, the first": [*TOKENGUARD, "--fresh"],
        "the same in one process": [*TOKENGUARD, "--fresh", "--jobs", "1"],
        "tokenguard scan --history, the second": TOKENGUARD,
        "git cat-file, piped to ripgrep, one regex": ["sh", "-c", f"{OBJECTS} | rg -a --count '{REGEX}'"],
        "git log -p -U0 --all, alone": ["sh", "-c", "git log -p -U0 --all >/dev/null"],
        "Kingfisher, Hugging Face rules": [*KINGFISHER, "--git-history", "full", "."],
        "the same, not into archives and base64": [*KINGFISHER, *LIKE_FOR_LIKE, "--git-history", "full", "."],
    }
    table(title, commands, runs, folder)
    print(f"Memory at its peak: {peak([*TOKENGUARD, '--fresh'], folder) / 1e6:.0f} MB\n")


def extent(folder: Path) -> str:
    report = subprocess.run([*TOKENGUARD, "--fresh"], cwd=folder, capture_output=True, text=True, check=False)
    return report.stderr.strip().splitlines()[-1].partition("(scanned ")[2].rstrip(")")


def peak(command: list[str], folder: Path) -> int:
    """The most memory, in bytes, that the command and all that it starts have had at once."""
    most = 0
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            most = max(most, sum(map(memory_of, descendants(process.pid))))
            time.sleep(0.01)
    return most


def descendants(process: int) -> list[int]:
    found = [process]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += descendants(int(child))
    return found


def memory_of(process: int) -> int:
    with contextlib.suppress(OSError, IndexError):
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
        return sum(int(rollup.split(kind)[1].split()[0]) for kind in ("Pss_Anon:", "Pss_Shmem:")) * 1024
    return 0


if __name__ == "__main__":
    main()
