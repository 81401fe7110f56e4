"""`tokenguard revoke`."""

from __future__ import annotations

import os
import sys

import click

from tokenguard.cli import _shared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.finding import Held
    from tokenguard.core.token import Token
    from tokenguard.revocation import Candidate

_QUESTION = "It will be worthless everywhere, at once and for good, and its owner gets a mail. Revoke it?"


@click.command()
@click.argument("targets", nargs=-1, metavar="[NAME | PATH...]", shell_complete=_shared.names)
@click.option("--stdin", "from_stdin", is_flag=True, help="The token on standard input.")
@click.option(
    "--fingerprint",
    metavar="FINGERPRINT",
    help="The credential that a scan of PATH reports so; its first digits do.",
)
@click.option("--history", is_flag=True, help="With --fingerprint, look for it in all history of the repository.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def revoke(
    targets: tuple[str, ...], *, from_stdin: bool, fingerprint: str | None, history: bool, yes: bool
) -> int | None:
    """Make a leaked token worthless, everywhere, at once and for good.

    It need not be yours: whoever finds a token may revoke it, and its owner gets a mail. Says whose it is and what
    uses it here, asks, has the Hub revoke it, and checks that it is dead.

    Exits 0 where it is dead now, 5 where the Hub did not say so.

    \b
    Examples:
      tokenguard revoke work
      tokenguard revoke --fingerprint sha256:1f2e3d4c notebooks/
      tokenguard revoke --fingerprint 1f2e3d4c --history --yes
      wl-paste | tokenguard revoke --stdin --yes
    """
    from tokenguard import revocation
    from tokenguard.errors import ExitCode, RejectedError, UsageError

    if history and fingerprint is None:
        raise click.UsageError("--history goes with --fingerprint")
    if from_stdin and (targets or fingerprint):
        raise click.UsageError("--stdin goes alone")
    if not from_stdin and fingerprint is None and len(targets) != 1:
        raise click.UsageError("name one token, or say --stdin, or --fingerprint and where it is")
    vault, hub = _shared.open_vault(), _shared.open_hub()
    if from_stdin:
        token = _shared.token_on_stdin()
    elif fingerprint is None:
        token = vault.get(targets[0])
    else:
        token = _found(fingerprint, targets, history=history)
    candidate = revocation.examine(token, vault, hub, os.environ)
    _tell(candidate)
    if isinstance(candidate.error, RejectedError):
        _shared.warn("the Hub does not know it: there is nothing to revoke")
        return None
    if not yes:
        if sys.stdin is None or not sys.stdin.isatty():
            raise UsageError("there is no terminal to ask whether you are sure", "--yes says that you are")
        if not click.confirm(_QUESTION, err=True):
            _shared.warn("nothing was revoked")
            return ExitCode.INTERRUPTED
    revocation.revoke(candidate, vault, hub)
    _shared.warn(f"{candidate.entry.masked} is revoked, and the Hub does not know it any more")
    if candidate.name:
        _shared.warn(
            f"`tokenguard rotate {candidate.name}` puts a new one in its place, or `tokenguard remove` it"
        )
    return None


def _found(fingerprint: str, paths: tuple[str, ...], *, history: bool) -> Token:
    from tokenguard.account import Search
    from tokenguard.core.fingerprint import named_by
    from tokenguard.errors import IncompleteError, UsageError
    from tokenguard.history import scan_history
    from tokenguard.scanning import scan_paths

    held: Held = {}
    search = Search(held)
    places = paths or (".",)
    if history:
        reports = [scan_history(path, search=search) for path in places]
    else:
        reports = [scan_paths(places, search=search)]
    try:
        return named_by(fingerprint, held)
    except UsageError as error:
        if unread := sum(len(report.unreadable) for report in reports):
            raise IncompleteError(
                f"{error.message} in what could be read; {unread} not read", error.hint
            ) from None
        raise


def _tell(candidate: Candidate) -> None:
    from tokenguard.core.abilities import abilities

    identity = candidate.entry.identity
    whose = f" belongs to {identity.account}" if identity.account else ""
    role = f", role {identity.role}" if identity.role else ""
    _shared.warn(f"{candidate.entry.masked} ({candidate.entry.kind}){whose}{role}")
    for ability in abilities(identity) if candidate.error is None else ():
        _shared.warn(f"  {ability}")
    for use in candidate.uses:
        _shared.warn(f"  it is {use}")
    if candidate.error is not None:
        _shared.warn(f"  {candidate.error.message}")
