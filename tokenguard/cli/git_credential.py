"""`tokenguard git-credential`."""

from __future__ import annotations

import os

import click

from tokenguard.cli import _shared

_everywhere = click.option("--global", "everywhere", is_flag=True, help="For all repositories (the default).")
_here = click.option("--local", "here", is_flag=True, help="For the repository in this folder alone.")


@click.group("git-credential")
def git_credential() -> None:
    """Hand git the right token, by being its credential helper.

    git calls get, store and erase; you need install. A repository gets the token of its owner: an account, or an
    organization that an account of yours is in; else the one that is chosen in this folder. Other hosts than the
    Hub's get none.

    \b
    Examples:
      tokenguard git-credential install           for all repositories of yours
      tokenguard git-credential install --local   for this one
    """


@git_credential.command()
@_everywhere
@_here
def install(*, everywhere: bool, here: bool) -> None:
    """Have git ask tokenguard, and nobody else, for what is on the Hub.

    Other helpers stay as they are, for other hosts: git would tell them the token, and some write it into a file.

    \b
    Example:
      tokenguard git-credential install
    """
    from tokenguard import githelper
    from tokenguard.core.endpoint import origins, read_endpoint

    urls = origins(read_endpoint(os.environ.get("HF_ENDPOINT", "")))
    for url, program, _, others, silenced in githelper.install(urls, _scope(everywhere=everywhere, here=here)):
        if program is None:
            _shared.warn(
                f"another setting has git not ask tokenguard for {url}; see `git config --show-origin -l`"
            )
            continue
        click.echo(f"git asks tokenguard for {url}")
        for helper in silenced:
            _shared.warn(f"the helper {helper!r} is kept, and no longer asked for {url}")
        for helper in others:
            _shared.warn(
                f"the helper {helper!r} stands behind ours in git's configuration: it is told tokens for {url} too"
            )


@git_credential.command()
@_everywhere
@_here
def uninstall(*, everywhere: bool, here: bool) -> None:
    """Take out what install put into git's configuration, and nothing else.

    \b
    Example:
      tokenguard git-credential uninstall
    """
    from tokenguard import githelper

    urls = githelper.uninstall(_scope(everywhere=everywhere, here=here))
    for url in urls:
        click.echo(f"git no longer asks tokenguard for {url}")
    if not urls:
        _shared.warn("git was not told to ask tokenguard there")


def _operation(name: str, purpose: str) -> click.Command:
    def perform() -> int:
        from tokenguard import gitcredential

        return gitcredential.perform(name)

    return click.Command(name, callback=perform, help=purpose, short_help=purpose.partition("\n")[0])


git_credential.add_command(
    _operation(
        "get",
        """Answer git, with a token or with nothing.

        \b
        Example:
          printf 'protocol=https\\nhost=huggingface.co\\n\\n' | tokenguard git-credential get | wc -l
        """,
    )
)
git_credential.add_command(
    _operation(
        "store",
        """Ignored: what git has, it has from here.

        \b
        Example:
          tokenguard git-credential store </dev/null
        """,
    )
)
git_credential.add_command(
    _operation(
        "erase",
        """Remember that the Hub refused a token; nothing is deleted.

        \b
        Example:
          tokenguard git-credential erase </dev/null
        """,
    )
)


def _scope(*, everywhere: bool, here: bool) -> str:
    from tokenguard import githelper

    if everywhere and here:
        raise click.UsageError("--global does not go with --local")
    return githelper.LOCAL if here else githelper.GLOBAL
