"""`tokenguard import`."""

from __future__ import annotations

import os
import sys

import click

from tokenguard.cli import _shared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.places.plaintext import Candidate
    from tokenguard.importing import Outcome, Plan


@click.command("import")
@click.option("--delete", is_flag=True, help="Take each out of where it lies, once the vault has it.")
@click.option("--dead", is_flag=True, help="With --delete, take out what the Hub rejects, too; it is lost then.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--no-validate", is_flag=True, help="Do not ask the Hub whose they are.")
def import_(*, delete: bool, dead: bool, dry_run: bool, yes: bool, no_validate: bool) -> int:
    """Bring tokens that lie in the clear into the vault.

    Looks where tokens are known to be left behind: the Hugging Face libraries' own files, .netrc, git's
    credentials and remotes, start files and histories of shells, docker, editors; .env files and notebooks of the
    repository that you are in. Each is named after its account and display name, stored and read back. With
    --delete it is then taken out of its places, and every other byte of these files stays.

    Exits 0 where all is done, 1 where the Hub rejects one, 3 where something could not be read or rewritten, 4
    where the vault did not take one, 5 where the Hub did not answer for one, which stays where it is.

    \b
    Examples:
      tokenguard import --dry-run
      tokenguard import --delete
      tokenguard import --delete --dead --yes
    """
    from tokenguard import importing, tokens
    from tokenguard.core.places.plaintext import DEAD, HELD, NEW
    from tokenguard.errors import ExitCode
    from tokenguard.plaintext import plaintext

    if dead and not delete:
        raise click.UsageError("--dead goes with --delete")
    if dead and no_validate:
        raise click.UsageError("--dead does not go with --no-validate: nobody says then what is dead")
    vault = _shared.open_vault()
    hub = None if no_validate else _shared.open_hub()
    plan = importing.plan(vault, hub, plaintext(os.environ, tokens.here() or os.path.expanduser("~")))
    _show(plan, delete=delete, dead=dead)
    status = plan.exit_code(dead=dead)
    new, going = len(plan.of(NEW)), [*plan.of(NEW, HELD), *(plan.of(DEAD) if dead else ())]
    if not plan.candidates:
        _shared.warn("no tokens lie in the clear, where they are known to be left behind")
    if dry_run or not (going if delete else new):
        return status
    files = {place.real_path for candidate in going for place in candidate.places} if delete else ()
    if not yes and not _confirmed(new, len(files)):
        _shared.warn("nothing was changed")
        return ExitCode.INTERRUPTED
    if plan.of(NEW, HELD):
        vault.expect_open()
    outcome = importing.carry_out(plan, vault, delete=delete, dead=dead, tell=_tell_kept, warn=_shared.warn)
    _talk(outcome, has_default=bool(vault.index().default))
    return max(status, outcome.exit_code)


def _show(plan: Plan, *, delete: bool, dead: bool) -> None:
    from tokenguard.core.printable import printable
    from tokenguard.process import say, write
    from tokenguard.render.places import candidate_lines

    for candidate in plan.candidates:
        write("".join(f"{line}\n" for line in candidate_lines(candidate, delete=delete, dead=dead)))
    for origin, reason in plan.unreadable:
        say(f"not read: {printable(origin.location)}: {printable(reason)}")


def _confirmed(new: int, files: int) -> bool:
    from tokenguard.errors import UsageError

    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask whether that is meant", "--yes says that it is")
    steps = [f"keep {new} in the vault"] if new else []
    steps += [f"take what the vault has out of {files} {'file' if files == 1 else 'files'}"] if files else []
    return click.confirm(f"{' and '.join(steps).capitalize()}?", err=True)


def _tell_kept(candidate: Candidate) -> None:
    _shared.warn(f"kept as {candidate.name}")


def _talk(outcome: Outcome, *, has_default: bool) -> None:
    from tokenguard import importing
    from tokenguard.core.printable import printable
    from tokenguard.process import say
    from tokenguard.render.places import place_of

    for candidate, error in outcome.refused:
        _shared.warn(f"{candidate.entry.masked} stays where it is: {error.message}")
        if error.hint:
            say(f"  {printable(error.hint)}")
    for place, reason in outcome.left:
        _shared.warn(f"not taken out of {place_of(place)}: {reason}")
    files = {place.real_path for place in outcome.taken}
    if files:
        _shared.warn(f"took {_count(len(outcome.taken), 'token')} out of {_count(len(files), 'file')}")
    for note in importing.notes(outcome):
        _shared.warn(note)
    if outcome.kept and not has_default:
        _shared.warn(f"`tokenguard use {outcome.kept[0].name}` makes it the default")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
