"""Handing a token to what reads variables from a shell, a file or a CI service."""

from __future__ import annotations

import os

from tokenguard.core.name import HF_TOKEN, OLD_HF_TOKEN
from tokenguard.errors import IncompleteError, UsageError
from tokenguard.exporters import exporter
from tokenguard.process import write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO

    from tokenguard.core.token import Token

# In these, a line more changes the environment that the old name was found in; the others are files of their own.
_SHELLS = ("sh", "fish", "powershell", "cmd", "nu", "csh")


def export(form: str, variables: Sequence[str], token: Token | None, environment: Mapping[str, str]) -> None:
    """Writes `token` in the form `form` to standard output, or what takes it away where it is None.

    For `github` that goes to the file that `GITHUB_ENV` names, after the runner was told to mask the token. Raises
    UsageError where the form cannot say it, IncompleteError where it does not arrive.
    """
    module = exporter(form)
    text = module.unset(variables) if token is None else module.export(variables, token.reveal())
    if form in _SHELLS and HF_TOKEN in variables and OLD_HF_TOKEN not in variables and OLD_HF_TOKEN in environment:
        text += module.unset([OLD_HF_TOKEN])
    if form != "github":
        write(text)
        return
    path = environment.get("GITHUB_ENV")
    if not path:
        raise UsageError("GITHUB_ENV is not set", "--format github is for a step of a GitHub workflow")
    if token is not None:
        from tokenguard.exporters.github import mask

        write(mask(token.reveal()))
    try:
        with open(path, "a+b") as file:
            file.write(_newline_before(file) + text.encode())
    except OSError as error:
        raise IncompleteError(f"{path} cannot be written: {error.strerror or error}") from None


def _newline_before(file: BinaryIO) -> bytes:
    # Somebody may have written a line to it without an end.
    if not file.seek(0, os.SEEK_END):
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"
