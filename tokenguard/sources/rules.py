"""What tells the rules of detection from any others: they are code, and this is its digest."""

from __future__ import annotations

import os
from typing import cast

import tokenguard
from tokenguard.core.sha256 import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.abc import FileLoader


def digest(modules: Iterable[str]) -> str:
    """The SHA-256, in hexadecimal, of the sources of `modules`, which are named as seen from `tokenguard`.

    Those may lie in an archive (importlib.abc.ResourceLoader). Raises OSError where one is not there.
    """
    read = cast("FileLoader", tokenguard.__loader__).get_data
    paths = (os.path.join(tokenguard.__path__[0], *name.split(".")) for name in modules)
    return sha256(b"".join(read(f"{path}.py") for path in paths))
