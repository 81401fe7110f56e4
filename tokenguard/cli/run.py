"""`tokenguard run`."""

from __future__ import annotations

import os

import click

from tokenguard.cli import _shared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


_DASHES = "tokenguard.dashes"


def _names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    if context.meta.get(_DASHES):  # the command and its arguments, which the shell knows more about
        return [CompletionItem(incomplete, type="file")]
    return _shared.names(context, parameter, incomplete)


class _Run(click.Command):
    """Takes what stands behind `--` as it is: click would mix it up with NAME."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parses what stands before `--`."""
        at = args.index("--") if "--" in args else len(args)
        ctx.obj = args[at + 1 :]
        ctx.meta[_DASHES] = at < len(args)
        return super().parse_args(ctx, args[:at])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """What may stand where no argument of ours is left."""
        return (
            _names(ctx, self.params[0], incomplete)
            if ctx.meta.get(_DASHES)
            else super().shell_complete(ctx, incomplete)
        )

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """What `--help` says of the arguments."""
        return [*super().collect_usage_pieces(ctx), "-- COMMAND..."]


@click.command(cls=_Run)
@click.argument("name", required=False, shell_complete=_names)
@click.option(
    "--var", "variables", multiple=True, metavar="VAR", help="The variable; repeatable.  [default: HF_TOKEN]"
)
@click.option(
    "--via",
    type=click.Choice(["env", "file"]),
    default="env",
    show_default=True,
    help="file: HF_TOKEN_PATH names memory that holds it (Linux); the environment has no token.",
)
@click.option("--mask", is_flag=True, help="Mask tokens in what it writes to standard output and standard error.")
@click.pass_obj
def run(command: list[str], name: str | None, *, variables: tuple[str, ...], via: str, mask: bool) -> int:
    """Run a program with a token in its environment, and nowhere else.

    The program takes the place of tokenguard: signals, terminal and exit status are its own. With --mask,
    tokenguard stays in between; where there is a terminal, the program still has one.

    \b
    Examples:
      tokenguard run -- python train.py
      tokenguard run work -- hf upload acme/model .
      tokenguard run --var HF_TOKEN --var HUGGINGFACEHUB_API_TOKEN -- python chain.py
      tokenguard run --via file -- python serve.py
      tokenguard run --mask -- python train.py 2>&1 | tee train.log
    """
    from tokenguard import launch
    from tokenguard.core.name import HF_TOKEN, check_variables

    if not command:
        raise click.UsageError("put -- and the command behind the options: tokenguard run [NAME] -- COMMAND...")
    if via == "file" and variables:
        raise click.UsageError("--var goes with --via env alone")
    names = check_variables(variables or (HF_TOKEN,))
    for warning in launch.warnings(os.environ):
        _shared.warn(warning)
    token = _shared.chosen_token(name)
    if via == "file":
        environment = launch.in_memory(os.environ, token)
    else:
        environment = launch.in_environment(os.environ, names, token)
    if not mask:
        return launch.launch(command, environment)
    from tokenguard.core.mask import Masker

    return launch.launch(command, environment, lambda: Masker(token))
