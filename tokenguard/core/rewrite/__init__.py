"""A file without the secrets that were in it: bytes in, bytes out, in the terms of the file's own language."""

from __future__ import annotations

from tokenguard.core.rewrite.edit import Edit, NotRewritableError, Rewritten, apply, with_placeholders
from tokenguard.core.rewrite.stretches import PLACEHOLDER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenguard.core.rewrite.edit import Stretch

_PYTHON = (".py", ".pyw")
_SHELL = (".sh", ".bash", ".zsh", ".ksh")
# What shells read when they start, and direnv when a folder is entered.
_START_UP = (
    *(".envrc", ".profile", ".bashrc", ".bash_profile", ".bash_login", ".bash_aliases"),
    *(".zshrc", ".zshenv", ".zprofile", ".zlogin", ".kshrc", "bashrc", "zshrc", "bash.bashrc", "profile"),
)
_SHELLS = ("sh", "bash", "dash", "zsh", "ksh", "ash")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# git's own measure of what is text (buffer_is_binary in xdiff-interface.c).
_LOOKED_AT_FOR_NUL = 8000


def rewrite(name: str, data: bytes, stretches: Sequence[Stretch]) -> Rewritten:
    """The content `data` of a file called `name` without `stretches`, which are in order.

    Python, notebooks and shell scripts look the secrets up in the environment; all else has placeholders, which
    fit into JSON, YAML, TOML and the like. Raises NotRewritableError.
    """
    if data.startswith(_UTF_16):
        raise NotRewritableError("it is UTF-16 with a secret in ASCII in it")
    if b"\0" in data[:_LOOKED_AT_FOR_NUL]:
        return _in_place(data, stretches)
    if name.endswith(".ipynb"):
        from tokenguard.core.rewrite import notebook

        return notebook.rewrite(data, stretches)
    program = _program(data)
    if name.endswith(_PYTHON) or program.rstrip("0123456789.") == "python":
        from tokenguard.core.rewrite import python

        return python.rewrite(data, stretches)
    if name in _START_UP or name.endswith(_SHELL) or program in _SHELLS:
        from tokenguard.core.rewrite import shell

        return shell.rewrite(data, stretches, may_be_unset=name in _START_UP)
    change = with_placeholders(stretches)
    return Rewritten(apply(data, change.edits), tuple(change.puts))


def _in_place(data: bytes, stretches: Sequence[Stretch]) -> Rewritten:
    """Placeholders as long as what they replace: in binary files lengths and offsets are written down."""
    edits = []
    for stretch in stretches:
        length = stretch.end - stretch.start
        text = stretch.placeholder.encode() + PLACEHOLDER.encode() * length
        edits.append(Edit(stretch.start, stretch.end, text[:length]))
    return Rewritten(apply(data, edits), tuple(stretch.placeholder for stretch in stretches))


def _program(data: bytes) -> str:
    """What a script says that it is run with, without its folder; empty where it says nothing."""
    line, _, _ = data[:256].partition(b"\n")
    words = line[2:].decode("ascii", "replace").split() if line.startswith(b"#!") else []
    programs = [word.rpartition("/")[2] for word in words if not word.startswith("-") and "=" not in word]
    return next((program for program in programs if program != "env"), "")
