"""What the commands about tokens have in common: the vault, the Hub, and how a secret comes and goes."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from datetime import datetime, timezone

import click

from tokenguard.core.printable import printable
from tokenguard.core.token import Token, read_token
from tokenguard.errors import UsageError
from tokenguard.home import home
from tokenguard.process import forbid_dumps, say, standard_input
from tokenguard.vault.vault import Vault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeVar

    from click.shell_completion import CompletionItem

    from tokenguard.core.permissions import Permission
    from tokenguard.hub import Hub

    F = TypeVar("F", bound=Callable[..., Any])

# More than any token has; a pipe that never ends is not read to its end.
_LARGEST = 64 * 1024
# Characters of a line that a terminal passes on, and drops the rest: termios(3), and macOS' <sys/syslimits.h>.
_LONGEST_LINE = 1023 if sys.platform == "darwin" else 4095


def open_vault() -> Vault:
    """The vault of whoever runs this. From now on there may be a secret in memory."""
    forbid_dumps()
    return Vault(home(), os.environ)


def open_hub() -> Hub:
    """The Hub that `HF_ENDPOINT` names. Raises UsageError where no token can be sent there."""
    from tokenguard.core.endpoint import read_endpoint
    from tokenguard.hub import Hub

    return Hub(read_endpoint(os.environ.get("HF_ENDPOINT", "")))


def names(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of tokens that a shell may complete `incomplete` to, from the index alone."""
    from click.shell_completion import CompletionItem

    from tokenguard.errors import TokenguardError
    from tokenguard.vault.index import Store

    try:
        tokens = Store(home()).read().tokens
    except TokenguardError:  # nobody has asked to hear of it
        return []
    given = {value for values in context.params.values() if isinstance(values, tuple) for value in values}
    return [
        CompletionItem(name, help=entry.identity.account or entry.masked)
        for name, entry in sorted(tokens.items())
        if name.startswith(incomplete) and name not in given
    ]


def takes_token(command: F) -> F:
    """Options for where a token comes from, if not from a prompt; for `take_token`."""
    for option in (
        click.option("--from-env", metavar="VAR", help="Take the token from this environment variable."),
        click.option("--stdin", "from_stdin", is_flag=True, help="Take the token from standard input."),
    ):
        command = option(command)
    return command


def expect_one_source(*, from_stdin: bool, from_env: str | None) -> None:
    """Raises UsageError where a token is to come from two places, before anything is done."""
    if from_stdin and from_env:
        raise click.UsageError("--stdin does not go with --from-env")


def take_token(*, from_stdin: bool, from_env: str | None, prompt: str = "Token (not shown)") -> Token:
    """The Token that the user gives. Raises UsageError where it is none, or there is nobody to ask."""
    if from_env:
        return token_in_variable(from_env)
    if from_stdin:
        return token_on_stdin()
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask for the token", "use --stdin or --from-env VAR")
    try:
        typed = click.prompt(prompt, hide_input=True, err=True)
    except UnicodeDecodeError:
        raise UsageError("what was given is no Hugging Face token: it is no text in this terminal") from None
    if len(typed) >= _LONGEST_LINE:
        raise UsageError("a terminal does not pass on so long a line as a whole", "use --stdin or --from-env VAR")
    return read_token(typed)


def token_in_variable(variable: str) -> Token:
    """The Token in an environment variable."""
    value = os.environ.get(variable)
    if value is None:
        raise UsageError(f"there is no environment variable {variable}")
    return read_token(value)


def token_on_stdin() -> Token:
    """The Token on standard input."""
    data = standard_input().read(_LARGEST)
    try:
        return read_token(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UsageError("what is on standard input is no Hugging Face token: it is not UTF-8") from None


def expect_pipe(*, reveal: bool) -> None:
    """Raises UsageError where standard output is a terminal and `reveal` is not said."""
    if sys.stdout is not None and sys.stdout.isatty() and not reveal:
        raise UsageError(
            "this would show the token on your screen",
            "pipe it to the program that needs it, or say --reveal; `tokenguard run -- COMMAND` needs neither",
        )


def permissions(texts: Iterable[str], vault: Vault) -> list[Permission]:
    """What `--can` asks for. Raises UsageError where one is not known, nor had by a token in the vault."""
    from tokenguard import tokens
    from tokenguard.core.permissions import parse

    names = tokens.permission_names(vault)
    return [parse(text, names) for text in texts]


def warn(message: str) -> None:
    """Says something that the user should know."""
    say(f"tokenguard: {printable(message)}")


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now(timezone.utc)


def chosen_token(name: str | None) -> Token:
    """The Token called `name`, or the one that is chosen here."""
    from tokenguard import tokens

    return tokens.secret(open_vault(), name, os.environ, tokens.here())


def open_page(url: str) -> None:
    """Shows a page in the browser, where there is a screen and somebody in front of it."""
    on_screen = (
        sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    if on_screen and sys.stderr is not None and sys.stderr.isatty():
        click.launch(url)


@contextlib.contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[Callable[[int, int, int], None] | None]:
    """A bar of `what` with rate and time left, on a terminal: to be told how many, of how many, and bytes read."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(
        length=1, label=what, file=sys.stderr, show_pos=True, item_show_func=lambda rate: rate
    ) as bar:
        began = time.monotonic()

        def tell(done: int, total: int, read: int) -> None:
            bar.length = total
            seconds = max(time.monotonic() - began, 0.001)
            bar.update(done - bar.pos, f"{read / seconds / 1e6:.0f} MB/s a process")

        yield tell
