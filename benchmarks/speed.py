"""Times tokenguard beside its peers, whole processes in turn, and prints medians and ratios of medians.

    python benchmarks/speed.py [--runs 15] FOLDER...     each a git work tree, or a folder of them

ripgrep, git and Kingfisher (`pip install kingfisher-bin`) must be on PATH, or the run ends there. The commands
timed are those of the interpreter that runs this.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

SCRIPTS = Path(sysconfig.get_path("scripts"))
PYTHON = [sys.executable, "-c", "pass"]
REGEX = "hf_[A-Za-z0-9]{34}"
KINGFISHER = [
    *("kingfisher", "scan", "--no-update-check", "--no-validate", "--quiet"),
    *("--rule", "betterleaks.huggingface"),
]

# What tokenguard does not open yet is not asked of others in a comparison.
LIKE_FOR_LIKE = ["--no-extract-archives", "--no-base64"]


def main() -> None:
    options = arguments(__doc__ or "", "folders", runs=15)
    work_tree(options.folders, options.runs)
    with tempfile.TemporaryDirectory() as folder:
        staged(Path(folder), options.folders[0], options.runs)
        growth(Path(folder), max(3, options.runs // 3))


def arguments(about: str, measured: str, runs: int) -> argparse.Namespace:
    """What the command line says is to be measured, where all that it is measured beside is there."""
    parser = argparse.ArgumentParser(description=about.partition("\n")[0])
    parser.add_argument(measured, nargs="+")
    parser.add_argument("--runs", type=int, default=runs)
    options = parser.parse_args()
    for program in ("rg", "git", "kingfisher"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not on PATH")
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, medians of {options.runs} runs in turn\n")
    return options


def work_tree(folders: list[str], runs: int) -> None:
    commands = {
        "ripgrep, one regex": ["rg", "--hidden", "--glob", "!.git", "--count", REGEX, *folders],
        "tokenguard scan": [str(SCRIPTS / "tokenguard"), "scan", *folders],
        "tokenguard scan --shallow": [str(SCRIPTS / "tokenguard"), "scan", "--shallow", *folders],
        "tokenguard scan --format json": [str(SCRIPTS / "tokenguard"), "scan", "--format", "json", *folders],
        "Kingfisher, Hugging Face rules": [*KINGFISHER, *LIKE_FOR_LIKE, "--git-history", "none", *folders],
        "the same, and into archives and base64": [*KINGFISHER, "--git-history", "none", *folders],
    }
    table(f"Work tree ({extent(folders)})", commands, runs)


def staged(scratch: Path, source: str, runs: int) -> None:
    repository = scratch / "repository"
    repository.mkdir()
    git(repository, "init", "--quiet")
    files = [path for path in sorted(Path(source).rglob("*.py")) if path.stat().st_size > 2000][:10]
    for number, path in enumerate(files):
        shutil.copy(path, repository / f"{number}.py")
    git(repository, "add", "--all")
    git(repository, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "-m", "x")
    for path in repository.glob("*.py"):
        path.write_text(path.read_text() + "# changed\n")
    git(repository, "add", "--all")
    commands = {
        "python -c pass": PYTHON,
        "tokenguard-hook pre-commit": [str(SCRIPTS / "tokenguard-hook"), "pre-commit"],
        "Kingfisher --staged, Hugging Face rules": [*KINGFISHER, "--staged", "."],
    }
    table(f"Hook ({len(files)} staged files)", commands, runs, repository)


def growth(scratch: Path, runs: int) -> None:
    line = b"The quick brown fox jumps over the lazy dog, _ and hf_ stands in some of the lines.\n"
    print("One large file\n\n| MB | one process, s | all cores, s | MB/s |\n|---|---|---|---|")
    for size in (32, 64, 128, 256, 512):
        path = scratch / "large.txt"
        with path.open("wb") as file:
            for _ in range(size):
                file.write(line * (1_000_000 // len(line)))
        command = [str(SCRIPTS / "tokenguard"), "scan", str(path)]
        one = statistics.median(clock([*command, "--jobs", "1"], None) for _ in range(runs))
        every = statistics.median(clock(command, None) for _ in range(runs))
        print(f"| {size} | {one:.2f} | {every:.2f} | {size / every:.0f} |")


def table(title: str, commands: dict[str, list[str]], runs: int, cwd: Path | None = None) -> None:
    for command in commands.values():
        clock(command, cwd)
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            times[name].append(clock(command, cwd))
    medians = {name: statistics.median(values) for name, values in times.items()}
    base = next(iter(medians.values()))
    print(f"{title}\n\n| command | median, ms | times the first |\n|---|---|---|")
    for name, median in medians.items():
        print(f"| {name} | {median * 1000:.0f} | {median / base:.1f} |")
    print()


def clock(command: list[str], cwd: Path | None) -> float:
    began = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    seconds = time.perf_counter() - began
    # 0 and 1 are clean and found; Kingfisher says 200 for found.
    if done.returncode not in {0, 1, 200}:
        sys.exit(f"{' '.join(command[:3])}: exit {done.returncode}")
    return seconds


def extent(folders: list[str]) -> str:
    report = subprocess.run(
        [SCRIPTS / "tokenguard", "scan", *folders], capture_output=True, text=True, check=False
    )
    return report.stderr.strip().splitlines()[-1].partition("(scanned ")[2].rstrip(")")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)


if __name__ == "__main__":
    main()
