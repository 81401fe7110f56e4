"""What opens the vault file: files and variables in a fixed order, and a person at a terminal last."""

from __future__ import annotations

import base64
import binascii
import os
import sys
from typing import NamedTuple

from tokenguard import files
from tokenguard.errors import UsageError, VaultError
from tokenguard.vault.sealed import KEY, PASSPHRASE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

KEY_FILE = "TOKENGUARD_KEY_FILE"
PASSPHRASE_FILE = "TOKENGUARD_PASSPHRASE_FILE"  # noqa: S105 -- the name of a variable
PASSPHRASE_VARIABLE = "TOKENGUARD_PASSPHRASE"  # noqa: S105 -- the same

# https://docs.docker.com/engine/swarm/secrets/, and where Kubernetes is told to put one.
_CONTAINER_SECRET = "/run/secrets/tokenguard"  # noqa: S105 -- a path
# systemd.exec(5): LoadCredentialEncrypted=tokenguard:…
_CREDENTIAL = "tokenguard"
_LARGEST = 64 * 1024
_KEY_BYTES = 32
# Characters of a line that a terminal passes on, and drops the rest: termios(3), and macOS' <sys/syslimits.h>.
_LONGEST_LINE = 1023 if sys.platform == "darwin" else 4095


class Way(NamedTuple):
    """What may open the file without anybody being asked.

    Its kind (of `sealed`), where it lies, and `take`, which gives it, or raises VaultError where there is none.
    """

    kind: str
    source: str
    take: Callable[[], bytes]


def ways(environment: Mapping[str, str]) -> Iterator[Way]:
    """Those that are there, in the order in which they are tried. None is read."""
    if path := environment.get(KEY_FILE):
        yield Way(KEY, KEY_FILE, lambda: _key_in(path, f"the file in {KEY_FILE}"))
    for place in _usual_places(environment):
        # Nobody said that it is there, or for us.
        if os.path.isfile(place) and os.access(place, os.R_OK):
            yield Way(PASSPHRASE, place, lambda place=place: _read(place, place))  # type: ignore[misc]  # the loop's
    if named := environment.get(PASSPHRASE_FILE):
        yield Way(PASSPHRASE, PASSPHRASE_FILE, lambda: _read(named, f"the file in {PASSPHRASE_FILE}"))
    if text := environment.get(PASSPHRASE_VARIABLE):
        yield Way(PASSPHRASE, PASSPHRASE_VARIABLE, lambda: text.encode("utf-8", "surrogateescape"))


def key_at(path: str) -> bytes:
    """The key in the file at `path`, which is made for its owner alone if there is none. Raises VaultError."""
    if os.path.lexists(path):
        return _key_in(path, path)
    value = base64.b64encode(os.urandom(_KEY_BYTES))
    try:
        files.replace(os.path.abspath(path), value + b"\n")
    except OSError as error:
        raise VaultError(f"{path} cannot be written: {error.strerror or error}") from None
    return value


def _usual_places(environment: Mapping[str, str]) -> Iterator[str]:
    if folder := environment.get("CREDENTIALS_DIRECTORY"):
        yield os.path.join(folder, _CREDENTIAL)
    yield _CONTAINER_SECRET


def _key_in(path: str, called: str) -> bytes:
    value = _read(path, called)
    if not _is_key(value):
        raise VaultError(f"there is no key in {called}", "`openssl rand -base64 32` makes one")
    return value


def _read(path: str, called: str) -> bytes:
    """What is in a file; it is `called` so, since in a variable for a path there may be the secret itself."""
    try:
        with open(path, "rb") as file:
            value = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "that is no path"
        raise VaultError(f"{called} should open the vault file, and cannot be read: {reason}") from None
    if len(value) > _LARGEST:
        raise VaultError(f"{called} should open the vault file, and is larger than {_LARGEST} bytes")
    value = value.rstrip(b"\r\n")
    if not value:
        raise VaultError(f"{called} should open the vault file, and is empty")
    return value


def _is_key(value: bytes) -> bool:
    """Whether it is base64 of 32 random bytes or more, as `openssl rand -base64 32` writes: nothing to stretch."""
    try:
        return len(base64.b64decode(value, validate=True)) >= _KEY_BYTES
    except binascii.Error:
        return False


def ask(prompt: str) -> bytes:
    """The passphrase that somebody types on the terminal.

    Raises VaultError where there is no terminal, UsageError where nothing is typed, or no text.
    """
    if not _has_terminal():
        raise VaultError(
            "the vault file is locked: there is no terminal to ask for its passphrase",
            "`tokenguard vault unlock` in a terminal opens it for some hours; or name a file with the passphrase "
            f"in {PASSPHRASE_FILE}; or one with a key in {KEY_FILE} (`tokenguard vault add-key` makes it)",
        )
    return _typed(prompt)


def ask_for_new() -> bytes:
    """A new passphrase, typed twice. Raises as `ask` does, and UsageError where the two differ."""
    if not _has_terminal():
        raise VaultError(
            "there is no terminal to choose a passphrase for the vault file at",
            f"do it in a terminal; or name a file with a passphrase in {PASSPHRASE_FILE}; or one with a key in "
            f"{KEY_FILE} (`openssl rand -base64 32` makes it)",
        )
    first = _typed("New passphrase for the vault file (not shown): ")
    if _typed("Again: ") != first:
        raise UsageError("the two passphrases differ", "nothing was changed; try again")
    return first


def _has_terminal() -> bool:
    try:
        os.close(os.open("CON" if sys.platform == "win32" else "/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True


def _typed(prompt: str) -> bytes:
    import getpass

    try:
        typed = getpass.getpass(prompt)
    except EOFError:
        typed = ""
    except UnicodeDecodeError:
        raise UsageError("what was typed is no text in the encoding of this terminal") from None
    if not typed:
        raise UsageError("no passphrase was given")
    value = typed.encode("utf-8", "surrogateescape")
    if len(value) >= _LONGEST_LINE:
        raise UsageError("a terminal does not pass on so long a line as a whole", f"use {PASSPHRASE_FILE}")
    return value
