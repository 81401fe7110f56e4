"""`tokenguard scan`."""

from __future__ import annotations

import click

from tokenguard.errors import ExitCode
from tokenguard.reporting import FORMATS


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATH]...")
@click.option("--staged", is_flag=True, help="Read what the next commit would contain, from the index.")
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
    help="How to report.",
)
@click.option("--output", type=click.Path(dir_okay=False), metavar="FILE", help="Write the report there.")
@click.option("--no-config", is_flag=True, help="Read no [tool.tokenguard] and no .tokenguard.toml.")
@click.option(
    "--max-size", type=click.IntRange(min=1), metavar="BYTES", help="Leave larger files unread (exit 3)."
)
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="How many processes to read with.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 in spite of findings.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but the findings.")
@click.option("-v", "--verbose", is_flag=True, help="Say what was allowed, and why.")
def scan(
    paths: tuple[str, ...],
    *,
    staged: bool,
    from_stdin: bool,
    stdin_name: str,
    ignored: bool,
    form: str,
    output: str | None,
    no_config: bool,
    max_size: int | None,
    jobs: int | None,
    exit_zero: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Find leaked Hugging Face credentials in files and folders.

    PATH is "." where none is given. In a git work tree the files that git tracks, and those that it does not
    ignore, are read; elsewhere every file. A file named outright is always read.

    Exits 0 where all was read and nothing found, 1 where something was found, 3 where something could not be
    read.

    \b
    Examples:
      tokenguard scan
      tokenguard scan --staged
      tokenguard scan --format json src notebooks/train.ipynb
      kubectl logs job/train | tokenguard scan --stdin
    """
    from tokenguard import reporting, scanning

    if from_stdin and (staged or paths):
        raise click.UsageError("--stdin goes with neither PATH nor --staged")
    if ignored and (from_stdin or staged):
        raise click.UsageError("--ignored goes with PATH alone")
    if max_size and from_stdin:
        raise click.UsageError("--max-size does not go with --stdin, whose size is not known")
    if staged and len(paths) > 1:
        raise click.UsageError("--staged takes one PATH at most, the folder of the repository")
    if from_stdin:
        report = scanning.scan_stdin(stdin_name, use_config=not no_config)
    elif staged:
        folder = paths[0] if paths else None
        report = scanning.scan_staged(folder, use_config=not no_config, max_size=max_size)
    else:
        report = scanning.scan_paths(
            paths or (".",), use_config=not no_config, ignored=ignored, max_size=max_size, jobs=jobs
        )
    reporting.show(report, form, output)
    reporting.talk(report, quiet=quiet, verbose=verbose)
    if exit_zero and report.exit_code == ExitCode.FOUND:
        return ExitCode.CLEAN
    return report.exit_code
