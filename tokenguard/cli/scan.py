"""`tokenguard scan`."""

from __future__ import annotations

import contextlib
import os
import sys
import time

import click

from tokenguard.cli import _shared
from tokenguard.core.finding import STATUSES
from tokenguard.errors import ExitCode
from tokenguard.reporting import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.core.finding import Held
    from tokenguard.core.report import Report
    from tokenguard.history import Progress


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATH]...")
@click.option("--staged", is_flag=True, help="Read what the next commit would contain, from the index.")
@click.option("--history", is_flag=True, help="Read every object of the repository, reachable or not.")
@click.option(
    "--range",
    "commits",
    metavar="A..B",
    help="Read what these commits bring in; `auto` is what this CI job is about.",
)
@click.option("--since", metavar="REV", help="Read what has come in since this commit: --range REV..HEAD.")
@click.option("--fresh", is_flag=True, help="With --history, read what was read before, too.")
@click.option("--recurse-submodules", "submodules", is_flag=True, help="With --history, read theirs, too.")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read standard input.")
@click.option(
    "--stdin-name", default="<stdin>", show_default=True, metavar="NAME", help="What to call it in reports."
)
@click.option("--ignored", is_flag=True, help="Read the files that git ignores, too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How to report: to people, programs, CI services, a browser or a spreadsheet.",
)
@click.option("--output", type=click.Path(dir_okay=False), metavar="FILE", help="Write the report there.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT=FILE",
    help="Write the report to FILE in another format, too; can be given again.",
)
@click.option("--no-config", is_flag=True, help="Read no [tool.tokenguard] and no .tokenguard.toml.")
@click.option(
    "--max-size", type=click.IntRange(min=1), metavar="BYTES", help="Leave larger files unread (exit 3)."
)
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="How many processes to read with.")
@click.option("--verify", is_flag=True, help="Ask the Hub which are live, whose, and what they can do.")
@click.option(
    "--only",
    type=click.Choice(STATUSES),
    multiple=True,
    help="Show those alone of which the Hub says so; implies --verify. Repeatable.",
)
@click.option("--exit-zero", is_flag=True, help="Exit 0 in spite of findings.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but the findings.")
@click.option("-v", "--verbose", is_flag=True, help="Say what was allowed, and why.")
def scan(
    paths: tuple[str, ...],
    *,
    staged: bool,
    history: bool,
    commits: str | None,
    since: str | None,
    fresh: bool,
    submodules: bool,
    from_stdin: bool,
    stdin_name: str,
    ignored: bool,
    form: str,
    output: str | None,
    reports: tuple[str, ...],
    no_config: bool,
    max_size: int | None,
    jobs: int | None,
    verify: bool,
    only: tuple[str, ...],
    exit_zero: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Find leaked Hugging Face credentials in files and folders.

    PATH is "." where none is given. In a git work tree the files that git tracks, and those that it does not
    ignore, are read; elsewhere every file. A file named outright is always read.

    Exits 0 where all was read and nothing found, 1 where something was found, 3 where something could not be
    read. With --only, 5 where none of those was found, but the Hub did not say of all what they are.

    \b
    Examples:
      tokenguard scan
      tokenguard scan --staged
      tokenguard scan --history
      tokenguard scan --range origin/main..HEAD
      tokenguard scan --history --only live
      tokenguard scan --format json src notebooks/train.ipynb
      tokenguard scan --history --format html --output report.html
      kubectl logs job/train | tokenguard scan --stdin
    """
    from tokenguard import reporting, scanning, verification

    written = [_form_and_file(report) for report in reports]
    of_objects = history or commits is not None or since is not None
    if [staged, from_stdin, history, commits is not None, since is not None].count(True) > 1:
        raise click.UsageError("of --staged, --history, --range, --since and --stdin, only one")
    if from_stdin and paths:
        raise click.UsageError("--stdin goes without PATH")
    if (fresh or submodules) and not history:
        raise click.UsageError("--fresh and --recurse-submodules go with --history alone")
    if of_objects and len(paths) > 1:
        raise click.UsageError("one PATH at most, the folder of the repository")
    if of_objects and max_size:
        raise click.UsageError("--max-size goes with files and --staged")
    if ignored and (from_stdin or staged or of_objects):
        raise click.UsageError("--ignored goes with PATH alone")
    if max_size and from_stdin:
        raise click.UsageError("--max-size does not go with --stdin, whose size is not known")
    if staged and len(paths) > 1:
        raise click.UsageError("--staged takes one PATH at most, the folder of the repository")
    hub = _shared.open_hub() if verify or only else None
    held: Held | None = {} if hub else None
    if from_stdin:
        report = scanning.scan_stdin(stdin_name, use_config=not no_config, held=held)
    elif staged:
        folder = paths[0] if paths else None
        report = scanning.scan_staged(folder, use_config=not no_config, max_size=max_size, held=held)
    elif of_objects:
        with _progress(quiet=quiet) as progress:
            report = _scan_objects(
                paths[0] if paths else ".",
                commits=f"{since}..HEAD" if since is not None else commits,
                use_config=not no_config,
                jobs=jobs,
                fresh=fresh,
                submodules=submodules,
                progress=progress,
                held=held,
            )
    else:
        report = scanning.scan_paths(
            paths or (".",), use_config=not no_config, ignored=ignored, max_size=max_size, jobs=jobs, held=held
        )
    if held is not None and hub is not None and report.findings:
        report = verification.verify(report, held, _shared.open_vault(), hub)
    is_known = all(finding.verification.status in ("live", "dead") for finding in report.findings)
    if only:
        report = verification.triage(report, only)
    reporting.show(report, form, output)
    for other, file in written:
        reporting.show(report, other, file)
    reporting.talk(report, quiet=quiet, verbose=verbose)
    if exit_zero and report.exit_code == ExitCode.FOUND:
        return ExitCode.CLEAN
    if only and report.exit_code == ExitCode.CLEAN and not is_known:
        _shared.warn("of some it is not known whether they are live, so the answer is not known")
        return ExitCode.HUB
    return report.exit_code


def _form_and_file(report: str) -> tuple[str, str]:
    form, _, file = report.partition("=")
    if form not in FORMATS or not file:
        raise click.UsageError(f"--report takes FORMAT=FILE, the format one of {', '.join(FORMATS)}")
    return form, file


def _scan_objects(
    folder: str,
    *,
    commits: str | None,
    use_config: bool,
    jobs: int | None,
    fresh: bool,
    submodules: bool,
    progress: Progress | None,
    held: Held | None,
) -> Report:
    from tokenguard import history

    if commits is None:
        return history.scan_history(
            folder,
            use_config=use_config,
            jobs=jobs,
            afresh=fresh,
            submodules=submodules,
            progress=progress,
            held=held,
        )
    if commits == "auto":
        return history.scan_job(os.environ, folder, use_config=use_config, jobs=jobs, progress=progress, held=held)
    base, dots, head = commits.partition("..")
    if not dots or not base:
        raise click.UsageError("--range takes two commits, A..B, or auto")
    head = head.removeprefix(".") or "HEAD"
    return history.scan_between(base, head, folder, use_config=use_config, jobs=jobs, progress=progress, held=held)


@contextlib.contextmanager
def _progress(*, quiet: bool) -> Iterator[Progress | None]:
    """A bar with rate and time left, on a terminal."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(
        length=1, label="objects", file=sys.stderr, show_pos=True, item_show_func=lambda rate: rate
    ) as bar:
        began = time.monotonic()

        def tell(done: int, total: int, read: int) -> None:
            bar.length = total
            seconds = max(time.monotonic() - began, 0.001)
            bar.update(done - bar.pos, f"{read / seconds / 1e6:.0f} MB/s a process")

        yield tell
