"""`tokenguard sweep`."""

from __future__ import annotations

import contextlib
import os
import sys
import time

import click

from tokenguard.cli import _answer, _shared
from tokenguard.cli._answer import Answer
from tokenguard.errors import UsageError
from tokenguard.process import standard_input

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from tokenguard.core.target import Target
    from tokenguard.sweep import Progress

_LARGEST_LIST = 64 * 1024 * 1024
# What a bar has room for.
_LONGEST_NAME = 48
# Seconds between two lines where there is no terminal: enough to see that an hour's sweep is alive.
_EVERY = 60.0


@click.command()
@click.argument("names", nargs=-1, metavar="[TARGET]...")
@click.option(
    "--from",
    "listed",
    type=click.Path(dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Sweep what FILE names, too: a target a line; - is standard input.",
)
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="How many targets at a time.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=3600,
    show_default=True,
    metavar="SECONDS",
    help="Give up a target after so long.",
)
@click.option(
    "--max-size",
    type=click.IntRange(min=1),
    metavar="BYTES",
    help="Give up what git fetches a larger file for (64 GiB); leave larger files of the Hub unread (64 MiB).",
)
@click.option(
    "--cache",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    help="Keep clones there, so that the next sweep fetches what is new.",
)
@click.option("--fresh", is_flag=True, help="Read what was read before, too.")
@click.option(
    "--token",
    metavar="NAME",
    shell_complete=_shared.names,
    help="Read the Hub with this token of the vault; without, with HF_TOKEN where there is one.",
)
@click.option("--dask", "scheduler", metavar="ADDRESS", help="Have the workers of this Dask scheduler read.")
@_answer.options
def sweep(
    names: tuple[str, ...],
    listed: str | None,
    jobs: int | None,
    timeout: float,
    max_size: int | None,
    cache: str | None,
    fresh: bool,
    token: str | None,
    scheduler: str | None,
    **said: Any,
) -> int:
    """Find leaked credentials in the histories of many repositories, as one report.

    A TARGET is the folder of a repository, an https:// or ssh:// address, git@host:path, an s3://, gs://, gcs://,
    abfs:// or az:// name, or an hf:// name: a repository on the Hub, or an account with all that it has. git
    fetches with the credentials that it has by itself, and asks nobody. Every target is read by a process of its
    own, and one that cannot be read, or not in time, makes the answer unknown (exit 3), whatever the others say.

    A sweep that was ended goes on where it was when it is started again. What a server has as it was is not
    fetched again, and with --cache only what is new. Configurations in the repositories are not asked.
    With --only, exits 5 where none of those was found, but the Hub did not say of all what they are.

    \b
    Examples:
      tokenguard sweep ~/src/*
      tokenguard sweep https://git.example.com/acme/model.git git@git.example.com:acme/data.git
      tokenguard sweep --from repositories.txt --jobs 8 --timeout 600 --cache /var/cache/clones
      tokenguard sweep --from repositories.txt --format json --report html=leaks.html
      tokenguard sweep hf://acme --token audit --only live
      tokenguard sweep --from repositories.txt --dask tcp://scheduler:8786
    """
    from tokenguard import executors, workers
    from tokenguard.core.name import check_name
    from tokenguard.core.target import HUB
    from tokenguard.sweep import Limits
    from tokenguard.sweep import sweep as read

    answer = Answer(**said)
    answer.files()  # what is wrong with them is said before anything is read
    if token is not None:
        check_name(token)
    if answer.asks_hub:
        _shared.open_hub()  # which says so where there is none to ask
    targets = _targets(names, listed)
    if not targets and listed:
        raise click.UsageError(f"{'standard input' if listed == '-' else listed} names no target")
    if not targets:
        raise click.UsageError("name a TARGET, or a file that does: --from FILE")
    if token is not None and not any(target.kind == HUB for target in targets):
        raise click.UsageError("--token goes with hf:// alone")
    if scheduler is not None:
        executors.check_scheduler(scheduler)
    elif token is not None:
        _shared.chosen_token(token)  # what opens no vault here reads nothing
    cores = workers.available_cores()
    with (
        executors.opened(scheduler, jobs or min(len(targets), cores)) as (executor, at_once, trouble, notes),
        _progress(quiet=answer.quiet) as progress,
    ):
        report = read(
            targets,
            executor,
            at_once=at_once,
            # Where there are fewer targets than cores, each has several.
            jobs=1 if scheduler is not None else max(1, cores // at_once),
            limits=Limits(timeout, max_size or 0),
            cache=cache or "",
            afresh=fresh,
            token=token or "",
            verify=answer.asks_hub,
            progress=progress,
            trouble=trouble,
        )
    return answer.give(report._replace(notes=(*report.notes, *notes)), by_credential=True)


def _targets(names: Sequence[str], listed: str | None) -> list[Target]:
    """What is to be read. Raises UsageError where one is no target: then nothing is."""
    from tokenguard.core.target import read_target

    targets = [read_target(os.path.expanduser(name) if name.startswith("~") else name) for name in names]
    for number, line in enumerate(_lines(listed) if listed else (), 1):
        text = line.strip(" \t\r")
        if not text or text.startswith("#"):
            continue
        try:
            targets.append(read_target(text))
        except UsageError as error:
            raise UsageError(f"{listed}, line {number}: {error.message}", error.hint) from None
    return targets


def _lines(listed: str) -> list[str]:
    from tokenguard.files import read_linked

    try:
        data = standard_input().read(_LARGEST_LIST) if listed == "-" else read_linked(listed, _LARGEST_LIST)
    except OSError as error:
        raise UsageError(f"{listed} cannot be read: {error.strerror or error}") from None
    try:
        return data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise UsageError(f"{listed} is not UTF-8") from None


@contextlib.contextmanager
def _progress(*, quiet: bool) -> Iterator[Progress | None]:
    """A bar of targets, and the one that takes longest, on a terminal; a line now and then elsewhere."""
    if quiet or sys.stderr is None:
        yield None
        return
    if not sys.stderr.isatty():
        yield _lines_of_progress(_EVERY)
        return
    with click.progressbar(
        length=1, label="targets", file=sys.stderr, show_pos=True, item_show_func=lambda slow: slow
    ) as bar:

        def tell(done: int, total: int, running: Sequence[tuple[str, float]]) -> None:
            bar.length = total
            bar.update(done - bar.pos, _slowest(running))
            bar.render_progress()

        yield tell


def _lines_of_progress(every: float) -> Progress:
    """Says how far it is whenever so many seconds have gone by."""
    due = time.monotonic() + every

    def tell(done: int, total: int, running: Sequence[tuple[str, float]]) -> None:
        nonlocal due
        if running and time.monotonic() >= due:
            due = time.monotonic() + every
            _shared.warn(f"{done} of {total} targets are done; slowest now: {_slowest(running)}")

    return tell


def _slowest(running: Sequence[tuple[str, float]]) -> str:
    from tokenguard.core.printable import printable

    if not running:
        return ""
    name, seconds = running[0]
    shown = name if len(name) <= _LONGEST_NAME else f"…{name[1 - _LONGEST_NAME :]}"
    return f"{printable(shown)} {seconds:.0f} s"
