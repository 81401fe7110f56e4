"""`tokenguard shell-hook`."""

from __future__ import annotations

import click

from tokenguard.following import SHELLS


@click.command("shell-hook")
@click.argument("shell", type=click.Choice(SHELLS))
@click.option("--change", is_flag=True, hidden=True)
def shell_hook(shell: str, *, change: bool) -> None:
    """Write what has a shell export the token that is bound to the folder it is in.

    `tokenguard use NAME --here` binds a token to a folder and those below it. On entering, HF_TOKEN is exported;
    on leaving, it is what it was before. Bindings are kept on your side: a repository cannot choose a token.

    \b
    Examples:
      tokenguard shell-hook fish | source       in ~/.config/fish/config.fish
      eval "$(tokenguard shell-hook bash)"      in ~/.bashrc
      eval "$(tokenguard shell-hook zsh)"       in ~/.zshrc
    """
    from tokenguard import following, tokens
    from tokenguard.process import write

    if change:
        following.say_and_write(shell, tokens.here())
    else:
        write(following.script(shell))
