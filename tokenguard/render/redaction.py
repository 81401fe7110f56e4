"""What was taken out of files, for people."""

from __future__ import annotations

from tokenguard.core.name import HF_TOKEN
from tokenguard.core.rewrite.stretches import NOT_OF_THE_VAULT
from tokenguard.render.place import place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenguard.core.finding import Finding


def place_line(finding: Finding, put: str, *, is_secret: bool) -> str:
    """`path:line:column: kind masked -> what stands there now`."""
    what = f"secret of {finding.kind}" if is_secret else finding.kind
    return f"{place(finding)}: {what} {finding.masked} -> {put}"


def summary(places: int, files: int, *, allowed: int, refused: int, is_preview: bool) -> str:
    """The outcome in one sentence."""
    if not files and not refused:
        outcome = "nothing to take out: no leaked credentials"
    else:
        verb = "would take" if is_preview else "took"
        outcome = f"{verb} {_count(places, 'secret')} out of {_count(files, 'file')}"
    if allowed:
        outcome += f"; {allowed} allowed, and left alone"
    if refused:
        outcome += f"; not all is done, see above: {_count(refused, 'file')}"
    return outcome


def advice(variables: Sequence[str], name: str | None = None) -> Iterator[str]:
    """What to do when secrets are out of files.

    `variables` are what they are looked up in now, `name` is that of the one token in the vault.
    """
    yield "It has leaked all the same if it was ever pushed or shared: `tokenguard revoke` ends it."
    yield "Commits from before have it still: `tokenguard expunge` takes it out of all history."
    if len(variables) > 1:
        yield f"It takes {', '.join(variables)} to run now."
    tokens = [variable for variable in variables if variable not in NOT_OF_THE_VAULT]
    if tokens:
        option = "" if tokens[0] == HF_TOKEN else f" --var {tokens[0]}"
        yield f"`tokenguard run {name or 'NAME'}{option} -- COMMAND` sets {tokens[0]} for a program."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
