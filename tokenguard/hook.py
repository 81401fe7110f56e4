"""`tokenguard-hook STAGE`: what git's hooks and the pre-commit framework call.

Every commit waits for it, so it loads nothing that it does not need: no click, no keyring, no huggingface_hub.
"""

from __future__ import annotations

import os
import sys

from tokenguard import process
from tokenguard.errors import ExitCode, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from tokenguard.core.finding import Held
    from tokenguard.core.report import Report

STAGES = ("pre-commit", "pre-merge-commit", "commit-msg", "pre-push", "pre-receive")

# Set by the framework for this stage alone; PRE_COMMIT itself is inherited by a push that some other hook makes.
_FROM_THE_FRAMEWORK = ("PRE_COMMIT_REMOTE_NAME", "PRE_COMMIT_TO_REF", "PRE_COMMIT_LOCAL_BRANCH")

USAGE = f"""\
Usage: tokenguard-hook STAGE [ARGUMENT ...]

Refuses a commit or a push that would hand out a Hugging Face credential. STAGE is one of
{", ".join(STAGES)}; the arguments are those that git gives the hook.

Example: tokenguard-hook pre-commit
"""


def main() -> NoReturn:
    """Runs the stage that the command line names, and ends the process with its exit status."""
    process.end(process.run(lambda: _run(sys.argv[1:])))


def _run(arguments: list[str]) -> int:
    match arguments:
        case ["--help" | "-h"]:
            process.write(USAGE)
            return ExitCode.CLEAN
        case ["pre-commit" | "pre-merge-commit", *_]:
            held: Held = {}
            return _verdict(_without_known(_scan_index(held), held), "this commit")
        case ["commit-msg", path, *_]:
            from tokenguard.scanning import scan_message

            return _verdict(scan_message(path), "this commit message")
        case ["commit-msg"]:
            raise UsageError(
                "commit-msg needs the file of the message", "git gives it to the hook as its argument"
            )
        case ["pre-push", *rest]:
            held = {}
            return _verdict(_without_known(_scan_push(rest, held), held), "this push")
        case ["pre-receive", *_]:
            return _verdict(_scan_received(), "this push")
        case _:
            raise UsageError("which stage?", f"tokenguard-hook STAGE, where STAGE is one of {', '.join(STAGES)}")


def _without_known(report: Report, held: Held) -> Report:
    """`report` with what the baseline has allowed that the configuration names."""
    if not report.findings:
        return report
    from tokenguard.baselining import configured
    from tokenguard.config import work_tree_top

    return configured(".", report, held, work_tree_top(os.path.abspath(".")))


def _scan_index(held: Held) -> Report:
    from tokenguard.sources.staged import Index

    # git names the index to every hook of a commit. Where the framework was started by hand, perhaps with
    # --all-files, it does not, and nothing else tells what to read: all of it.
    by_hand = "PRE_COMMIT" in os.environ and "GIT_INDEX_FILE" not in os.environ
    index = Index(unchanged=by_hand)

    from tokenguard.account import Search  # git is at work by now
    from tokenguard.scanning import scan_staged

    return scan_staged(index, search=Search(held))


def _scan_push(arguments: list[str], held: Held) -> Report:
    from tokenguard.account import Search
    from tokenguard.history import known_of, scan_range

    # githooks(5): the name of the remote, or its address where it has none; nothing is known of what that has.
    remote = os.environ.get("PRE_COMMIT_REMOTE_NAME") or (arguments[0] if arguments else "*")
    known = [] if ":" in remote else known_of(remote)
    if any(name in os.environ for name in _FROM_THE_FRAMEWORK):
        # The framework reads git's lines itself and hands on two revisions, or none for a whole new history.
        pushed = [os.environ.get("PRE_COMMIT_TO_REF") or os.environ.get("PRE_COMMIT_LOCAL_BRANCH") or "HEAD"]
        there = [os.environ["PRE_COMMIT_FROM_REF"]] if os.environ.get("PRE_COMMIT_FROM_REF") else []
    else:
        # A line for each ref: its name here, its object here, its name there, its object there.
        lines = _lines("pre-push", fields=4)
        pushed = [line[1] for line in lines if line[1].strip("0")]
        there = [line[3] for line in lines if line[3].strip("0")]
    return scan_range(pushed, [*known, *there], search=Search(held))


def _scan_received() -> Report:
    from tokenguard.history import scan_range

    # githooks(5): a line for each ref, with the object it had, the one it is to have, and its name. What arrives
    # is in quarantine until all hooks have agreed, and no ref leads to it yet.
    return scan_range(
        [line[1] for line in _lines("pre-receive", fields=3) if line[1].strip("0")], ["--all"], receiving=True
    )


def _lines(stage: str, fields: int) -> list[list[str]]:
    lines = [os.fsdecode(line).split(" ") for line in process.standard_input().read().splitlines()]
    if not all(len(line) == fields for line in lines):
        raise UsageError(f"{stage} needs the lines that git gives the hook", "let git call it")
    return lines


def _verdict(report: Report, what: str) -> int:
    from tokenguard.core.printable import printable
    from tokenguard.render import text
    from tokenguard.reporting import has_color

    color = has_color(sys.stderr)
    for note in report.notes:
        process.say(f"tokenguard: {printable(note)}")
    if report.findings:
        process.say(f"tokenguard: refused, {what} would hand out a Hugging Face credential\n")
    for line in (*text.finding_lines(report, color=color), *text.unreadable_lines(report, color=color)):
        process.say(f"  {line}")
    if report.findings:
        process.say("")
        for line in text.advice(report):
            process.say(line)
    process.say(f"tokenguard: {text.summary(report)}")
    return report.exit_code
