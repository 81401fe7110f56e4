"""Text of others, made fit to be shown."""

from __future__ import annotations

from tokenguard.core.redact import redact


def printable(text: str) -> str:
    """`text` with everything escaped that a terminal would obey or a reader could not see.

    That is control characters, bidirectional overrides and bytes that are not UTF-8: file names are chosen by
    whoever wrote the repository. A credential in it is masked.
    """
    return "".join(char if char.isprintable() else _escaped(char) for char in redact(text))


def _escaped(char: str) -> str:
    point = ord(char)
    if 0xDC80 <= point <= 0xDCFF:  # a byte that is not UTF-8 (PEP 383)
        point -= 0xDC00
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
