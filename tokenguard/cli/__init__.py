"""The command line: click alone. A command parses, calls one use case, and shows what `render` gives."""

from __future__ import annotations

import importlib
import keyword
import os

import click

from tokenguard import __version__
from tokenguard.cli._errors import status_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


COMMANDS = (
    *("add", "list", "show", "validate", "use", "export", "run", "token"),
    *("rename", "remove", "rotate", "revoke", "new"),
    *("setup", "status", "doctor", "completion", "shell-hook"),
    *("vault", "import", "git-credential", "scan", "sweep", "redact", "expunge", "hook"),
)


class LazyGroup(click.Group):
    """Imports the module of a command when the command is asked for. It is called as its module, with hyphens."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- the same
        """The command called `cmd_name`, loaded now."""
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        name = f"{name}_" if keyword.iskeyword(name) else name
        command = getattr(importlib.import_module(f"tokenguard.cli.{name}"), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{cmd_name} is no command")
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tokenguard")
def tokenguard() -> None:
    """Keeps Hugging Face tokens out of files, and finds those that are in them.

    \b
    Examples:
      tokenguard setup                 put this machine in order, step by step
      tokenguard add work              keep a token in the keyring
      tokenguard run work -- COMMAND   hand it to a program, as HF_TOKEN
      tokenguard validate --all        ask the Hub about all of them
      tokenguard status                which token the libraries use here, and what it hides
      tokenguard doctor                what is wrong on this machine, and what mends it
      tokenguard scan                  find credentials in what git tracks here, or does not ignore
      tokenguard scan --verify         and say which are live, whose, and what they can do
      tokenguard sweep --from FILE     the same for all that an organization has, as one report
      tokenguard hook install          refuse commits that contain one
    """


def run(arguments: Sequence[str]) -> int:
    """The exit status of the command that `arguments` name."""
    if os.environ.get("_TOKENGUARD_COMPLETE", "").startswith("powershell"):
        from tokenguard.cli.completion import learn_powershell

        learn_powershell()
    return status_of(lambda: tokenguard.main([*arguments], prog_name="tokenguard", standalone_mode=False))
