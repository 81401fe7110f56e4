"""`tokenguard completion`: click's protocol, and one for PowerShell, which not every version of click has."""

from __future__ import annotations

import os

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class, get_completion_class

VARIABLE = "_TOKENGUARD_COMPLETE"
"""What a shell asks in, as click has it."""

SHELLS = ("bash", "zsh", "fish", "powershell")


class PowerShell(ShellComplete):
    """Answers a line for each completion: the word, a tab, and what it means.

    Where there is none, PowerShell itself goes on to complete paths.
    """

    name = "powershell"
    source_template = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($word, $line, $cursor)
    $before = @($Env:%(complete_var)s, $Env:COMP_WORDS, $Env:COMP_CWORD)
    $Env:%(complete_var)s = 'powershell_complete'
    $elements = $line.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursor }
    $Env:COMP_WORDS = ($elements | ForEach-Object { $_.Extent.Text }) -join "`n"
    $Env:COMP_CWORD = $word
    try {
        & %(prog_name)s 2>$null | ForEach-Object {
            $value, $help = $_ -split "`t", 2
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
        }
    } finally {
        $Env:%(complete_var)s, $Env:COMP_WORDS, $Env:COMP_CWORD = $before
    }
}
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one at the cursor, and that."""
        words = os.environ.get("COMP_WORDS", "").split("\n")[1:]
        word = os.environ.get("COMP_CWORD", "")
        if word and words[-1:] == [word]:
            words.pop()
        return words, word

    def format_completion(self, item: CompletionItem) -> str:
        """A line of the answer."""
        if item.type != "plain":
            return ""
        return f"{item.value}\t{' '.join((item.help or item.value).split())}"

    def complete(self) -> str:
        """All lines of the answer that say something."""
        return "\n".join(filter(None, super().complete().split("\n")))


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Write what has a shell complete commands, options and the names of tokens.

    \b
    Examples:
      tokenguard completion fish | source             in ~/.config/fish/config.fish
      eval "$(tokenguard completion bash)"            in ~/.bashrc
      eval "$(tokenguard completion zsh)"             in ~/.zshrc, behind compinit
      tokenguard completion powershell | Out-String | Invoke-Expression     in $PROFILE
    """
    learn_powershell()
    from tokenguard.cli import tokenguard
    from tokenguard.process import write

    answers = get_completion_class(shell)
    if answers is None:
        raise click.UsageError(f"this version of click has no completion for {shell}")
    write(answers(tokenguard, {}, "tokenguard", VARIABLE).source())


def learn_powershell() -> None:
    """Has click know PowerShell."""
    add_completion_class(PowerShell)
