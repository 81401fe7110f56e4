"""What the command line of `tokenguard scan` says, and which of it goes together."""

from __future__ import annotations

from typing import NamedTuple

import click

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.cli._answer import Answer


class Options(NamedTuple):
    """What the command line says; each field is what was said of the option of its name."""

    paths: tuple[str, ...]
    staged: bool
    history: bool
    commits: str | None
    since: str | None
    fresh: bool
    submodules: bool
    token: str | None
    from_stdin: bool
    stdin_name: str
    ignored: bool
    shallow: bool
    no_config: bool
    max_size: int | None
    jobs: int | None
    baseline: str | None
    update_baseline: bool
    all_secrets: bool
    answer: Answer
    elsewhere: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """The folder of the repository, or the first PATH."""
        return self.paths[0] if self.paths else "."

    @property
    def of_objects(self) -> bool:
        """Whether objects of a repository are read."""
        return self.history or self.commits is not None or self.since is not None


def with_places(options: Options) -> Options:
    """`options` with what is elsewhere apart from what is here."""
    if not any("://" in path for path in options.paths):
        return options
    from tokenguard.cli import _elsewhere

    here, elsewhere = _elsewhere.part(options.paths)
    return options._replace(paths=tuple(here), elsewhere=tuple(elsewhere))


def expect_sensible(options: Options) -> None:
    """Raises UsageError where options were given that do not go together."""
    of_objects = options.of_objects
    _expect_fit(options)
    sources = [options.staged, options.from_stdin, options.history, options.commits is not None]
    for is_wrong, why in (
        (
            [*sources, options.since is not None].count(True) > 1,
            "of --staged, --history, --range, --since and --stdin, only one",
        ),
        (options.from_stdin and options.paths, "--stdin goes without PATH"),
        (
            options.submodules and not options.history,
            "--recurse-submodules goes with --history alone",
        ),
        (
            options.fresh and not options.history and not options.elsewhere,
            "--fresh goes with --history and hf:// alone",
        ),
        (of_objects and len(options.paths) > 1, "one PATH at most, the folder of the repository"),
        (of_objects and options.max_size, "--max-size goes with files and --staged"),
        (
            options.ignored and (options.from_stdin or options.staged or of_objects),
            "--ignored goes with PATH alone",
        ),
        (
            options.max_size and options.from_stdin,
            "--max-size does not go with --stdin, whose size is not known",
        ),
        (
            options.staged and len(options.paths) > 1,
            "--staged takes one PATH at most, the folder of the repository",
        ),
        (
            options.update_baseline and (options.baseline is None or options.from_stdin or of_objects),
            "--update-baseline goes with --baseline, for files as they are: PATH or --staged",
        ),
    ):
        if is_wrong:
            raise click.UsageError(why)


def _expect_fit(options: Options) -> None:
    """Raises UsageError where what is elsewhere cannot be read as it is said."""
    if not options.elsewhere:
        if options.token is not None:
            raise click.UsageError("--token goes with hf:// alone")
        return
    from tokenguard.cli import _elsewhere

    def said(**given: object) -> list[str]:
        return [f"--{name.replace('_', '-')}" for name, value in given.items() if value]

    _elsewhere.expect_sensible(
        options.elsewhere,
        options.paths,
        unfit=said(
            staged=options.staged,
            history=options.history,
            range=options.commits is not None,
            since=options.since is not None,
            recurse_submodules=options.submodules,
            stdin=options.from_stdin,
            baseline=options.baseline is not None,
            update_baseline=options.update_baseline,
        ),
        of_files=said(ignored=options.ignored, jobs=options.jobs),
        of_hub=said(token=options.token is not None, fresh=options.fresh),
    )
