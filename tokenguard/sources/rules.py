"""What tells the rules of detection from any others: they are code, and this is its digest."""

from __future__ import annotations

import hashlib
import os
from typing import cast

import tokenguard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.abc import FileLoader


def digest(modules: Iterable[str]) -> str:
    """The SHA-256, in hexadecimal, of the sources of `modules`, which are named as seen from `tokenguard`.

    Those may lie in an archive (importlib.abc.ResourceLoader). Raises OSError where one is not there.
    """
    found = hashlib.sha256()
    read = cast("FileLoader", tokenguard.__loader__).get_data
    for name in modules:
        path = os.path.join(tokenguard.__path__[0], *name.split("."))
        found.update(read(f"{path}.py"))
    return found.hexdigest()
