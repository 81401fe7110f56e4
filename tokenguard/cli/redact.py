"""`tokenguard redact`."""

from __future__ import annotations

import click

from tokenguard.cli import _shared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.redaction import Outcome, Redaction


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(), metavar="PATH...")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--add", "name", metavar="NAME", help="Put the token into the vault first, under this name.")
@click.option("--no-validate", is_flag=True, help="With --add, do not ask the Hub whose token it is.")
@click.option("--fingerprint", metavar="FINGERPRINT", help="Take out this credential alone (8 digits will do).")
@click.option("--var", "variable", metavar="VAR", help="The variable to read it from.  [default: HF_TOKEN]")
@click.option("--no-config", is_flag=True, help="Read no [tool.tokenguard] and no .tokenguard.toml.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but what changes, and what fails.")
def redact(
    paths: tuple[str, ...],
    *,
    dry_run: bool,
    name: str | None,
    no_validate: bool,
    fingerprint: str | None,
    variable: str | None,
    no_config: bool,
    quiet: bool,
) -> int:
    """Take leaked credentials out of files and folders.

    Python, notebooks and shell scripts read the environment instead; elsewhere a placeholder takes the place.
    What is allowed is left alone. Each file is replaced at once, or stays as it was.

    Exits 0 where nothing is left to take out, 3 where a file could not be rewritten.

    \b
    Examples:
      tokenguard redact --dry-run .
      tokenguard redact --add work train.py
      tokenguard redact --fingerprint sha256:0123abcd --var ACME_TOKEN src notebooks/train.ipynb
    """
    from tokenguard import redaction
    from tokenguard.core.name import check_name, check_variables
    from tokenguard.process import forbid_dumps

    if no_validate and name is None:
        raise click.UsageError("--no-validate goes with --add")
    forbid_dumps()
    if variable is not None:
        check_variables([variable])
    if name is not None:
        check_name(name)
    plan = redaction.plan(
        paths,
        use_config=not no_config,
        fingerprint=fingerprint,
        variable=variable,
        alone=name is not None,
    )
    if dry_run:
        for item in plan.redactions:
            _show_diff(item)
        outcome = redaction.preview(plan)
    else:
        if name is not None and plan.redactions:
            hub = None if no_validate else _shared.open_hub()
            redaction.keep(_shared.open_vault(), hub, name, plan, warn=_shared.warn)
        outcome = redaction.carry_out(plan, tell=_show_places)
    _talk(outcome, name, allowed=plan.allowed, is_preview=dry_run, quiet=quiet)
    return 0 if dry_run and not plan.refused else outcome.exit_code


def _show_diff(redaction: Redaction) -> None:
    from tokenguard.process import write
    from tokenguard.render.diff import diff_lines

    before, after = redaction.masked(redaction.before), redaction.masked(redaction.after)
    marks = [
        *(mask for mask in redaction.masks.values() if len(mask) > 1),
        *(place.put for place in redaction.places),
    ]
    write("".join(f"{line}\n" for line in diff_lines(redaction.path, before, after, marks)))


def _show_places(redaction: Redaction) -> None:
    from tokenguard.process import write
    from tokenguard.render.redaction import place_line

    lines = (place_line(place.finding, place.put, is_secret=place.is_secret) for place in redaction.places)
    write("".join(f"{line}\n" for line in lines))


def _talk(outcome: Outcome, name: str | None, *, allowed: int, is_preview: bool, quiet: bool) -> None:
    from tokenguard.core.printable import printable
    from tokenguard.process import say
    from tokenguard.render.redaction import advice, summary

    for origin, reason in outcome.refused:
        say(f"not rewritten: {printable(origin.location)}: {printable(reason)}")
    for note in outcome.notes:
        say(printable(note))
    if quiet:
        return
    if outcome.done and not is_preview:
        known = {place.finding.known_as for item in outcome.done for place in item.places}
        variables = sorted({variable for item in outcome.done for variable in item.variables})
        for line in advice(variables, known.pop() or name if len(known) == 1 else name):
            say(line)
    places = sum(len(item.places) for item in outcome.done)
    refused = len({origin.path for origin, _ in outcome.refused})
    _shared.warn(summary(places, len(outcome.done), allowed=allowed, refused=refused, is_preview=is_preview))
