"""`tokenguard setup`."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

import click

from tokenguard.cli import _shared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.workstation import Proposal, Step

_STEPS = ("vault", "import", "default", "commits", "git", "shell")


class _Done(NamedTuple):
    """How a step ended, in a word and in a sentence, and with which exit code."""

    step: Step
    word: str
    said: str
    exit_code: int = 0


@click.command()
@click.option("--yes", is_flag=True, help="Do all of it without asking.")
@click.option("--skip", type=click.Choice(_STEPS), multiple=True, help="Leave this step out; can be given again.")
def setup(*, yes: bool, skip: tuple[str, ...]) -> int:
    """Put this machine in order, one step after the other.

    Opens the vault, brings in the tokens that lie in the clear, chooses a default, guards the commits in all
    repositories, has git ask tokenguard, and your shell follow the folders that have a token of their own. Each
    step says what it has found and what it would do, and asks; nothing is done twice, so that it can be run again
    at any time.

    Exits 0 where every step is done or was left out; otherwise as the step does that failed.

    \b
    Examples:
      tokenguard setup
      tokenguard setup --yes --skip import
    """
    from tokenguard import workstation
    from tokenguard.core.endpoint import origins, read_endpoint
    from tokenguard.errors import UsageError

    if not yes and (sys.stdin is None or not sys.stdin.isatty()):
        raise UsageError("there is no terminal to ask what is to be done", "--yes does all of it")
    urls = origins(read_endpoint(os.environ.get("HF_ENDPOINT", "")))
    steps = workstation.steps(_shared.open_vault(), _shared.open_hub(), os.environ, urls, _shared.warn)
    done = []
    for number, step in enumerate(steps, 1):
        click.echo(f"\n{click.style(f'[{number}/{len(steps)}] {step.title}', bold=True)}", err=True)
        done.append(_Done(step, "left out", "as you said") if step.name in skip else _take(step, yes=yes))
    click.echo(f"\n{click.style('In short', bold=True)}", err=True)
    for item in done:
        click.echo(f"{item.step.name:8} {_colored(item.word)}  {item.said}")
    _shared.warn(
        "`tokenguard status` says which token is used where you are, `tokenguard doctor` what is not in order"
    )
    return max(item.exit_code for item in done)


def _take(step: Step, *, yes: bool) -> _Done:
    from tokenguard.core.printable import printable
    from tokenguard.errors import ExitCode, TokenguardError

    click.echo(f"  {step.why}\n", err=True)
    try:
        proposal = step.look()
        for line in proposal.lines:
            click.echo(f"  {printable(line)}", err=True)
        if proposal.act is None and proposal.exit_code:
            return _Done(step, "failed", "see above for what stays as it is", proposal.exit_code)
        if proposal.act is None:
            return _Done(step, "in order", proposal.lines[0] if len(proposal.lines) == 1 else "nothing to do")
        answer = _answer(proposal, yes=yes)
        if answer is None:
            return _Done(step, "left out", f"`tokenguard setup` asks again: {proposal.question}")
        said = proposal.act(answer)
    except TokenguardError as error:
        click.echo(f"  {printable(error.message)}", err=True)
        if error.hint:
            click.echo(f"  {printable(error.hint)}", err=True)
        return _Done(step, "failed", printable(error.message), error.exit_code)
    except OSError as error:
        said = printable(f"{error.filename or ''}: {error.strerror or error}".removeprefix(": "))
        click.echo(f"  {said}", err=True)
        return _Done(step, "failed", said, ExitCode.INCOMPLETE)
    click.echo(f"  {click.style('done:', fg='green')} {printable(said)}", err=True)
    return _Done(step, "done", printable(said), proposal.exit_code)


def _answer(proposal: Proposal, *, yes: bool) -> str | None:
    """What to do with a proposal; None where it is to be left."""
    if not proposal.choices:
        return "yes" if yes or click.confirm(f"  {proposal.question}", default=True, err=True) else None
    if yes:  # which of several, a script has to say by `tokenguard use`
        return None
    none = "none"
    name = click.prompt(
        f"  {proposal.question}", type=click.Choice([*proposal.choices, none]), default=none, err=True
    )
    return None if name == none else name


def _colored(word: str) -> str:
    colors = {"done": "green", "in order": "green", "left out": "yellow", "failed": "red"}
    return click.style(f"{word:8}", fg=colors[word])
