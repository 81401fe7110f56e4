"""`tokenguard expunge`."""

from __future__ import annotations

import sys

import click

from tokenguard.cli import _shared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.expunging import Expunction

_QUESTION = "Every commit from the first of them on will be another. Rewrite the history?"


@click.command()
@click.argument("folder", default=".", type=click.Path(exists=True, file_okay=False), metavar="[FOLDER]")
@click.option("--fingerprint", metavar="DIGITS", help="This credential alone; the first 8 digits do.")
@click.option("--expressions", metavar="FILE", help="Write what git filter-repo needs there, tokens and all.")
@click.option("--run", "is_run", is_flag=True, help="Make a backup, and have git filter-repo do it.")
@click.option("--backup", metavar="FILE", help="With --run, the bundle for the backup.")
@click.option("--yes", is_flag=True, help="With --run, do not ask.")
@click.option("--no-config", is_flag=True, help="Read no [tool.tokenguard] and no .tokenguard.toml.")
def expunge(
    folder: str,
    *,
    fingerprint: str | None,
    expressions: str | None,
    is_run: bool,
    backup: str | None,
    yes: bool,
    no_config: bool,
) -> int:
    """Take leaked credentials out of all history, with git filter-repo.

    Says how it is done; with --run, does it, and then looks for what is left. Whoever has a clone has them still:
    revoke them first. What is allowed is left alone.

    Exits 0 where nothing is left, 1 where something is, 3 where not everything could be read.

    \b
    Examples:
      tokenguard expunge
      tokenguard expunge --expressions ../expressions.txt
      tokenguard expunge --run --fingerprint 1f2e3d4c
    """
    from tokenguard import expunging
    from tokenguard.errors import ExitCode
    from tokenguard.process import forbid_dumps

    if (backup or yes) and not is_run:
        raise click.UsageError("--backup and --yes go with --run")
    if is_run and expressions:
        raise click.UsageError("--run keeps the expressions in memory: leave --expressions out")
    forbid_dumps()
    if is_run:
        expunging.expect_ready(folder)
    plan = expunging.plan(folder, fingerprint=fingerprint, use_config=not no_config)
    if not plan.tokens:
        _tell_unread(plan)
        _shared.warn("there is nothing to take out" + (" of what could be read" if plan.report.unreadable else ""))
        return plan.report.exit_code
    _tell(plan)
    if is_run:
        return _run(plan, folder, backup, yes=yes, use_config=not no_config)
    _say_how(plan, expressions)
    return ExitCode.INCOMPLETE if plan.report.unreadable else ExitCode.CLEAN


def _tell(plan: Expunction) -> None:
    _shared.warn("to be taken out of all history:")
    for token in plan.tokens:
        kind = token.kind
        places = [finding for finding in plan.report.findings if finding.fingerprint == token.fingerprint]
        paths = ", ".join(dict.fromkeys(finding.origin.location for finding in places))
        _shared.warn(f"  {kind.name if kind else 'credential'} {places[0].masked} in {paths}")
    _tell_unread(plan)


def _tell_unread(plan: Expunction) -> None:
    for origin, reason in plan.report.unreadable:
        _shared.warn(f"not read: {origin.location}: {reason}")


def _say_how(plan: Expunction, expressions: str | None) -> None:
    from tokenguard import expunging
    from tokenguard.process import write

    if expressions:
        expunging.write_expressions(plan, expressions)
        _shared.warn(f"{expressions} has the tokens in the clear: keep it out of the repository, and not for long")
        _shared.warn("before you run this, make a backup, and commit your work, or it is thrown away")
    else:
        _shared.warn("--expressions FILE writes that file, tokens and all; --run does it without one")
    write(f"{expunging.command(expressions or 'FILE')}\n")


def _run(plan: Expunction, folder: str, backup: str | None, *, yes: bool, use_config: bool) -> int:
    from tokenguard import expunging
    from tokenguard.errors import ExitCode, UsageError
    from tokenguard.process import say
    from tokenguard.render import text

    if not yes:
        if sys.stdin is None or not sys.stdin.isatty():
            raise UsageError("there is no terminal to ask whether you are sure", "--yes says that you are")
        if not click.confirm(_QUESTION, err=True):
            _shared.warn("nothing was rewritten")
            return ExitCode.INTERRUPTED
    remote = expunging.remote_of(folder)
    backup = backup or expunging.backup_beside(folder)
    expunging.back_up(folder, backup)
    _shared.warn(f"the history as it was is in {backup}, which has the tokens: delete it when all is well")
    report = expunging.expunge(plan, folder, use_config=use_config)
    for line in (*text.finding_lines(report, color=False), *text.unreadable_lines(report, color=False)):
        say(f"  {line}")
    if report.findings:
        _shared.warn(
            "this is left, since git filter-repo changes no names, no binary files, and nothing that is encoded"
        )
    else:
        _shared.warn("they are gone from this repository: push with --force, and have all clone anew")
    if remote:
        _shared.warn(f"the remote is gone, so that nothing is pushed by habit: git remote add origin {remote}")
    return report.exit_code
