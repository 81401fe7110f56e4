"""For IPython and Jupyter: `%load_ext tokenguard`, and then `%tokenguard NAME`."""

from __future__ import annotations

import os

from tokenguard.access import login, logout
from tokenguard.core.name import HF_TOKEN
from tokenguard.core.printable import printable
from tokenguard.core.token import Token
from tokenguard.errors import TokenguardError
from tokenguard.home import home
from tokenguard.vault.vault import Vault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MAGIC = "tokenguard"


def load_ipython_extension(ipython: Any) -> None:
    """What `%load_ext tokenguard` calls."""
    ipython.register_magic_function(_magic, "line", _MAGIC)


def unload_ipython_extension(ipython: Any) -> None:
    """What `%unload_ext tokenguard` calls. The environment is left as it is."""
    ipython.magics_manager.magics["line"].pop(_MAGIC, None)


def _magic(line: str) -> None:
    """Have this process, and no other, use a token that is in the vault.

    %tokenguard NAME      HF_TOKEN is set for this process and what it starts; nothing is shown or written
    %tokenguard           says which token is set
    %tokenguard --unset   takes it away
    """
    from IPython.core.error import UsageError

    words = line.split()
    try:
        if len(words) > 1:
            raise UsageError("usage: %tokenguard [NAME | --unset]")
        if words == ["--unset"]:
            logout()
        elif words:
            login(words[0])
        else:
            print(_state())  # noqa: T201 -- what was asked for
    except TokenguardError as error:
        # Without a traceback, which would be saved with the notebook.
        raise UsageError("; ".join(filter(None, (error.message, error.hint)))) from None


def _state() -> str:
    value = os.environ.get(HF_TOKEN)
    if not value:
        return "HF_TOKEN is not set"
    token = Token(value)
    name = Vault(home(), os.environ).index().name_of(token.fingerprint)
    masked = token.masked(token.kind.prefix if token.kind else "")
    return f"HF_TOKEN is {printable(masked)}, {f'{name} in the vault' if name else 'which is not in the vault'}"
