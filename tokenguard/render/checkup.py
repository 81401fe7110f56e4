"""What is wrong on a workstation, to people and to programs."""

from __future__ import annotations

from tokenguard.core.ailment import CHECKS, GIT, HOOK, MODE, ORPHAN, PLAINTEXT, TOKEN, VARIABLE, VAULT
from tokenguard.core.printable import printable
from tokenguard.core.redact import redact_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.core.ailment import Ailment, Checkup

SCHEMA = 1

_TITLES = {
    PLAINTEXT: "Tokens in the clear",
    MODE: "What others can read",
    VARIABLE: "Variables",
    VAULT: "The vault",
    ORPHAN: "What index and vault do not agree on",
    HOOK: "Hooks",
    GIT: "git",
    TOKEN: "Your tokens",
}


def lines(checkup: Checkup) -> Iterator[str]:
    """A group for each check that has found something; below each ailment why it matters and what mends it."""
    for done in checkup.mended:
        yield printable(f"not mended: {done.what}: {done.problem}" if done.problem else f"mended: {done.what}")
    if checkup.mended:
        yield ""
    for check in CHECKS:
        found = [ailment for ailment in checkup.ailments if ailment.check == check]
        if found:
            yield _TITLES[check]
            for ailment in found:
                yield from _ailment_lines(ailment)
            yield ""
    if checkup.unreadable:
        yield "Could not be looked at"
        for origin, reason in checkup.unreadable:
            yield f"  ? {printable(origin.location)}: {printable(reason)}"
        yield ""
    yield _summary(checkup)


def document(checkup: Checkup) -> str:
    """The same as one JSON document."""
    import json

    said = {
        "schema": SCHEMA,
        "ailments": [_object(ailment) for ailment in checkup.ailments],
        "unreadable": [{"path": origin.location, "reason": reason} for origin, reason in checkup.unreadable],
        "mended": [done._asdict() for done in checkup.mended],
        "checks": list(CHECKS),
    }
    return json.dumps(redact_values(said), indent=2)


def _ailment_lines(ailment: Ailment) -> Iterator[str]:
    yield f"  {'-' if ailment.is_advice else '!'} {printable(ailment.what)}"
    yield f"      {printable(ailment.why)}"
    yield f"      $ {printable(ailment.command)}"


def _object(ailment: Ailment) -> dict[str, object]:
    entry = ailment.entry
    return {
        "check": ailment.check,
        "severity": "advice" if ailment.is_advice else "wrong",
        "what": ailment.what,
        "why": ailment.why,
        "command": ailment.command,
        "safe_to_fix": ailment.cure is not None,
        "path": ailment.path,
        "line": ailment.line,
        "fingerprint": entry and entry.fingerprint,
        "masked": entry and entry.masked,
        "known_as": ailment.known_as,
    }


def _summary(checkup: Checkup) -> str:
    wrong, advice = len(checkup.wrong), len(checkup.ailments) - len(checkup.wrong)
    said = "nothing is wrong" if not wrong else "1 thing is wrong" if wrong == 1 else f"{wrong} things are wrong"
    safe = len([ailment for ailment in checkup.wrong if ailment.cure is not None])
    if safe:
        said += f", of which `tokenguard doctor --fix` mends {safe}"
    if advice:
        said += f"; {advice} more to think about (-)"
    if checkup.unreadable:
        said += f"; {len(checkup.unreadable)} could not be looked at, so that is not all"
    return said
