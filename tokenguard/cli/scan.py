"""`tokenguard scan`."""

from __future__ import annotations

import contextlib
import os
from typing import NamedTuple

import click

from tokenguard.cli import _answer, _shared
from tokenguard.cli._answer import Answer
from tokenguard.cli._scan_options import Options, expect_sensible, with_places
from tokenguard.config import work_tree_top

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tokenguard.account import Search
    from tokenguard.baselining import BaselineFile
    from tokenguard.bridge.detectors import Detectors
    from tokenguard.core.finding import Held
    from tokenguard.core.report import Report
    from tokenguard.hub import Hub


class _Scan(NamedTuple):
    """A Report, and what those who go on with it need: `seen` are the files that were searched."""

    report: Report
    held: Held
    seen: set[str]
    detectors: Detectors | None


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
@click.option("--fresh", is_flag=True, help="With --history and hf://, read what was read before, too.")
@click.option("--recurse-submodules", "submodules", is_flag=True, help="With --history, read theirs, too.")
@click.option(
    "--token",
    metavar="NAME",
    shell_complete=_shared.names,
    help="Read hf:// with this token of the vault, instead of the one in HF_TOKEN.",
)
@click.option("--stdin", "from_stdin", is_flag=True, help="Read standard input.")
@click.option(
    "--stdin-name", default="<stdin>", show_default=True, metavar="NAME", help="What to call it in reports."
)
@click.option("--ignored", is_flag=True, help="Read the files that git ignores, too.")
@click.option("--shallow", is_flag=True, help="Look into nothing that is encoded, split or packed.")
@click.option("--no-config", is_flag=True, help="Read no [tool.tokenguard] and no .tokenguard.toml.")
@click.option(
    "--max-size", type=click.IntRange(min=1), metavar="BYTES", help="Leave larger files unread (exit 3)."
)
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="How many processes to read with.")
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Allow what this baseline of detect-secrets has.",
)
@click.option("--update-baseline", is_flag=True, help="Write what is found to the baseline.")
@click.option("--all-secrets", is_flag=True, help="Run the detectors of detect-secrets, too.")
@_answer.options
def scan(**said: Any) -> int:
    """Find leaked Hugging Face credentials in files and folders.

    PATH is "." where none is given. In a git work tree the files that git tracks, and those that it does not
    ignore, are read; elsewhere every file. A file named outright is always read.

    A PATH may be on the Hub: hf://acme/model (hf://datasets/acme/x, hf://spaces/…, hf://buckets/…) is every
    revision of a repository, with its discussions; hf://acme is all that the account has. Or it is something that
    fsspec opens: s3://bucket/notebooks. What was clean on the Hub is not read again. Files of more than 64 MiB are
    left unread there (exit 3), but for the headers of safetensors and GGUF; --max-size says otherwise.

    Exits 0 where all was read and nothing found, 1 where something was found, 3 where something could not be
    read. With --only, 5 where none of those was found, but the Hub did not say of all what they are.

    \b
    Examples:
      tokenguard scan
      tokenguard scan --staged
      tokenguard scan --history
      tokenguard scan --range origin/main..HEAD
      tokenguard scan --history --only live
      tokenguard scan hf://acme/model hf://datasets/acme/x --token work
      tokenguard scan s3://bucket/notebooks
      tokenguard scan --baseline .secrets.baseline
      tokenguard scan --baseline .secrets.baseline --update-baseline
      tokenguard scan --all-secrets
      tokenguard scan --format json src notebooks/train.ipynb
      tokenguard scan --history --format html --output report.html
      kubectl logs job/train | tokenguard scan --stdin
    """
    answer = Answer(**{name: said.pop(name) for name in Answer._fields})
    options = with_places(Options(**said, answer=answer))
    expect_sensible(options)
    answer.files()  # what is wrong with them is said before anything is read
    hub = _shared.open_hub() if answer.asks_hub else None
    known = _read_baseline(options)
    scanned = _read(options, hub)
    report = _without_known(options, scanned, known)
    if hub is not None and report.findings:
        from tokenguard import verification

        report = verification.verify(report, scanned.held, _shared.open_vault(), hub)
    return answer.give(report)


def _read(options: Options, hub: Hub | None) -> _Scan:
    from tokenguard import scanning
    from tokenguard.account import Search

    held: Held = {}
    seen: set[str] = set()
    use_config = not options.no_config
    with _detectors(options) as detectors:
        search = Search(held, detectors, deep=not options.shallow)
        if options.from_stdin:
            report = scanning.scan_stdin(options.stdin_name, use_config=use_config, search=search)
        elif options.staged:
            from tokenguard.sources.staged import Index

            report = scanning.scan_staged(
                Index(options.paths[0] if options.paths else None),
                use_config=use_config,
                max_size=options.max_size,
                search=search,
                seen=seen,
            )
        elif options.of_objects:
            report = _read_objects(options, search)
        elif options.elsewhere:
            report = _read_elsewhere(options, hub, search)
        else:
            report = scanning.scan_paths(
                options.paths or (".",),
                use_config=use_config,
                ignored=options.ignored,
                max_size=options.max_size,
                jobs=options.jobs,
                search=search,
                seen=seen,
            )
    return _Scan(report, held, seen, detectors)


def _read_elsewhere(options: Options, hub: Hub | None, search: Search) -> Report:
    """What is elsewhere, and what is here beside it."""
    from tokenguard import scanning
    from tokenguard.cli import _elsewhere
    from tokenguard.core.report import merged

    reports = []
    if options.paths:
        reports.append(
            scanning.scan_paths(
                options.paths,
                use_config=not options.no_config,
                ignored=options.ignored,
                max_size=options.max_size,
                jobs=options.jobs,
                search=search,
            )
        )
    reports += _elsewhere.scan(
        options.elsewhere,
        hub=hub,
        token=options.token,
        max_size=options.max_size,
        afresh=options.fresh,
        quiet=options.answer.quiet,
        search=search,
    )
    return merged(reports)


def _read_objects(options: Options, search: Search) -> Report:
    from tokenguard import history

    commits = f"{options.since}..HEAD" if options.since is not None else options.commits
    with _shared.progress("objects", quiet=options.answer.quiet) as progress:
        how: dict[str, Any] = {
            "use_config": not options.no_config,
            "jobs": options.jobs,
            "progress": progress,
            "search": search,
        }
        if commits is None:
            return history.scan_history(options.place, afresh=options.fresh, submodules=options.submodules, **how)
        if commits == "auto":
            wanted = history.of_job(os.environ, options.place)
        else:
            base, dots, head = commits.partition("..")
            if not dots or not base:
                raise click.UsageError("--range takes two commits, A..B, or auto")
            wanted = history.between(base, head.removeprefix(".") or "HEAD", options.place)
        return history.scan_range(*wanted, options.place, **how)


def _detectors(options: Options) -> contextlib.AbstractContextManager[Detectors | None]:
    if not options.all_secrets:
        return contextlib.nullcontext()
    from tokenguard.bridge.detectors import Detectors

    return Detectors(options.baseline)


def _read_baseline(options: Options) -> BaselineFile | None:
    if options.baseline is None:
        return None
    from tokenguard.baselining import BaselineFile

    return BaselineFile(options.baseline, may_be_missing=options.update_baseline)


def _without_known(options: Options, scanned: _Scan, known: BaselineFile | None) -> Report:
    """The Report without what a baseline allows; with --update-baseline it allows all, and is written."""
    report, held, seen, detectors = scanned
    base = work_tree_top(os.path.abspath(options.place)) if options.staged or options.of_objects else "."
    if known is not None and options.update_baseline:
        return known.update(
            report,
            held,
            seen,
            base=base or ".",
            below=() if options.staged else options.paths or (".",),
            types=detectors.types if detectors else {},
            plugins=detectors.plugins if detectors else {},
        )
    if known is not None:
        return known.allow(report, held, base)
    if not report.findings or options.no_config or (options.elsewhere and not options.paths):
        return report
    from tokenguard import baselining

    return baselining.configured(options.place, report, held, base)
