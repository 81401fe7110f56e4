"""`tokenguard hook`."""

from __future__ import annotations

import os

import click

from tokenguard.core.printable import printable
from tokenguard.home import home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokenguard.core.standing import HookState

_everywhere = click.option("--global", "everywhere", is_flag=True, help="For all repositories of this user.")


@click.group()
def hook() -> None:
    """Install git hooks that refuse commits with credentials.

    \b
    Examples:
      tokenguard hook install              in this repository
      tokenguard hook install --global     in all of them, keeping the hooks they have
    """


@hook.command()
@_everywhere
def install(*, everywhere: bool) -> None:
    """Put the hooks where git looks for them.

    A hook that is there already is kept, and called first.

    \b
    Example:
      tokenguard hook install
    """
    from tokenguard import githooks

    for path in githooks.install(_global_folder() if everywhere else None):
        click.echo(f"installed {printable(path)}")


@hook.command()
@_everywhere
def uninstall(*, everywhere: bool) -> None:
    """Take the hooks out, and put back what was there before.

    \b
    Example:
      tokenguard hook uninstall
    """
    from tokenguard import githooks

    paths = githooks.uninstall(_global_folder() if everywhere else None)
    for path in paths:
        click.echo(f"removed {printable(path)}")
    if not paths:
        click.echo("no hooks of tokenguard are installed there", err=True)


@hook.command()
def status() -> None:
    """Say which hooks git would call here.

    \b
    Example:
      tokenguard hook status
    """
    from tokenguard import githooks

    state = githooks.status(_global_folder())
    if state.folder is None:
        click.echo("here: no git repository")
    else:
        click.echo(f"here: {printable(state.folder)}")
        _show(state.here)
        click.echo(f"  pre-commit framework: {'has' if state.framework else 'does not have'} tokenguard")
    click.echo("for all repositories:" if state.everywhere else "for all repositories: not installed")
    _show(state.everywhere)


def _show(states: Iterable[HookState]) -> None:
    for state in states:
        click.echo(f"  {state.stage}: {state.state}")


def _global_folder() -> str:
    return os.path.join(home(), "hooks")
