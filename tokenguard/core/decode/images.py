r"""What the prefix of a credential looks like in encoded form, as expressions that need no decoding.

`decode` accepts only what one of them matches where it stands, so that a fast search for them all tells where
decoding is worth while, and misses nothing. Looked for are

* the prefix in base64, hexadecimal and UTF-16, as `_CHAINS` has them; a line end may split it;
* a text in UTF-16, which may have anything in it;
* the prefix with its first escape anywhere, in the text itself; a prefix that is not, with an escape after it;
* the prefix in literals that are put together, again in the text itself; one that is not, with a literal after it.

An escaped or split prefix within base64, and base64 with its letters escaped, are written by nobody and not found.
The expressions are for Python's `re` and for Hyperscan alike: they match bytes, and have no look around.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from math import log2

from tokenguard.core.detect import ANCHORS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.core.decode import Encoded

    Form = tuple[frozenset[int], ...]
    """For each place the bytes that may stand there."""

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

BINARY = ("base64", "hex", "utf-16")
"""The encodings that leave no character as it was."""

# Text in UTF-16 with something else in it is a text as a whole.
_CHAINS = [
    *product(BINARY),
    *product(BINARY[:2], BINARY),
    *product(BINARY[:1], BINARY[:1], BINARY),
]
_ANY = frozenset(range(256))
_WINDOW = 9  # characters; enough to be rare
# What may split the prefix; as literals, which are found much faster than repetitions.
_LINE_ENDS = (rb"\n", rb"\r\n", rb"\\n", rb"\\r\\n", rb"=\n", rb"=\r\n")
_WRAPPED = {
    ("base64",): _LINE_ENDS,
    ("hex",): _LINE_ENDS,
    ("base64", "base64"): _LINE_ENDS[:1],
    ("base64", "utf-16"): _LINE_ENDS[:1],
}
_ZEROS = (rb"\\x00", rb"\\u0000", rb"\\0", b"%00")
_BEFORE = 64  # bytes around what is found that may have a part in its form
_AFTER = 256


def expressions() -> list[bytes]:
    """All of them."""
    found = {WIDE}
    for anchor in ANCHORS:
        found.update(_written(anchor))
        for chain in _CHAINS:
            found.update(_images(anchor, chain))
    return sorted(found)


# A text in UTF-16 may have anything in it. Those without a mark begin with two characters of ASCII.
WIDE = rb"^(?:\xff\xfe|\xfe\xff|[\x01-\x7f]\x00[\x01-\x7f]\x00|\x00[\x01-\x7f]\x00[\x01-\x7f])"


def is_wide(data: bytes) -> bool:
    """Whether `data` as a whole looks like UTF-16."""
    return _wide().match(data) is not None


@cache
def _wide() -> re.Pattern[bytes]:
    return re.compile(WIDE)


def is_imaged(data: bytes, item: Encoded) -> bool:
    """Whether what was found in `data` stands there in a form that is looked for."""
    anchor = next(anchor for anchor in ANCHORS if item.value.startswith(anchor))
    chain = item.chain
    around = data[max(0, item.start - _BEFORE) : item.end + _AFTER]
    outer = next((at for at, name in enumerate(chain) if name in BINARY), len(chain))
    inner = next((at for at, name in enumerate(chain) if at > outer and name not in BINARY), len(chain))
    if (pattern := _pattern(anchor, chain[outer:inner])) and pattern.search(around):
        return True
    return chain[0] == "utf-16" and is_wide(data)


@cache
def _pattern(anchor: bytes, chain: tuple[str, ...]) -> re.Pattern[bytes] | None:
    if chain and chain not in _CHAINS:
        return None
    parts = _images(anchor, chain) if chain else _written(anchor)
    return re.compile(b"|".join(b"(?:%s)" % part for part in sorted(parts)), re.DOTALL)


def _images(anchor: bytes, chain: tuple[str, ...]) -> Iterator[bytes]:
    """What `anchor` looks like encoded by `chain`, the outermost first."""
    forms = [tuple(frozenset((byte,)) for byte in anchor)]
    for name in reversed(chain):
        forms = [image for form in forms for image in _image(form, name)]
    if chain == ("utf-16",):  # its zeros are escaped in a text
        yield from (zero.join(re.escape(anchor[at : at + 1]) for at in range(len(anchor))) for zero in _ZEROS)
    for form in forms:
        window = _rarest(form)
        yield _expression(window)
        if endings := _WRAPPED.get(chain):
            for at, ending in product(range(1, len(window)), endings):
                yield _expression(window[:at]) + ending + _expression(window[at:])


def _image(form: Form, name: str) -> Iterator[Form]:
    if name == "base64":
        yield from (_base64(form, before) for before in range(3))
    elif name == "hex":
        yield tuple(digits for byte in form for digits in (_digits(byte, 4), _digits(byte, 0)))
    else:
        yield tuple(unit for byte in form for unit in (byte, frozenset((0,))))[:-1]


def _base64(form: Form, before: int) -> Form:
    """`form` with `before` bytes before it in its group (RFC 4648 section 4), without what may be anything."""
    units = [_ANY] * before + list(form)
    units += [_ANY] * (-len(units) % 3)
    values: list[set[int]] = []
    for at in range(0, len(units), 3):
        one, two, three = units[at : at + 3]
        values += [
            {a >> 2 for a in one},
            {a << 4 | b for a in {a & 3 for a in one} for b in {b >> 4 for b in two}},
            {b << 2 | c for b in {b & 15 for b in two} for c in {c >> 6 for c in three}},
            {c & 63 for c in three},
        ]
    known = [at for at, some in enumerate(values) if len(some) < 64]
    return tuple(frozenset(ALPHABET[value] for value in some) for some in values[known[0] : known[-1] + 1])


def _digits(unit: frozenset[int], shift: int) -> frozenset[int]:
    values = {byte >> shift & 15 for byte in unit}
    return frozenset(digit for value in values for digit in b"%x%X" % (value, value))


def _rarest(form: Form) -> Form:
    """The stretch of `form` that the fewest texts have."""
    stretches = [form[at : at + _WINDOW] for at in range(max(1, len(form) - _WINDOW + 1))]
    return min(stretches, key=lambda stretch: sum(log2(len(unit)) for unit in stretch))


def _expression(form: Form) -> bytes:
    return b"".join(
        (b"[%s]" if len(unit) > 1 else b"%s") % b"".join(b"\\x%02x" % byte for byte in sorted(unit))
        for unit in form
    )


def _written(anchor: bytes) -> Iterator[bytes]:
    """What `anchor` looks like where it, or what follows, is escaped or split."""
    first, second = anchor[0], anchor[1]
    for escape in _ESCAPES:
        yield _escaped(first, escape) + anchor[1:2]
        yield _escaped(first, escape) + _escaped(second, escape)
        for at in range(1, len(anchor)):
            yield anchor[max(0, at - 4) : at] + _escaped(anchor[at], escape)
    if anchor.endswith(b"_"):
        yield from (anchor[:-1] + name for name in (b"&lowbar;", b"&UnderBar;", b"&amp;lowbar;"))
        # Three characters at least, which are found much faster than two.
        yield from (anchor[:-1] + quote + _ANOTHER for quote in (b'"', b"'", b"`", rb"\\\"", rb"\\'"))
        yield from (b"[\"'`]" + anchor[at:] + b"[A-Za-z0-9]{4}" for at in range(1, len(anchor) - 1))
    for at, ending in product(range(1, len(anchor)), (rb"=\n", rb"=\r\n")):
        yield anchor[max(0, at - 4) : at] + ending + anchor[at : at + 2]
    yield anchor + rb"[A-Za-z0-9_.=/+-]*" + _ESCAPED
    yield anchor + rb"[A-Za-z0-9_.=/+-]*" + _CONTINUED
    yield rb"join\s*\(\s*[\[(]\s*[rRbBuU]?\\*[\"'`]" + anchor
    yield rb"[\"'`]" + anchor + rb"[A-Za-z0-9_.=/+-]*\\*[\"'`][^\]]*\]\s*\.\s*join"


# What stands before the number of a character, in which base it is written, and what stands behind.
_ESCAPES = (
    *((sign, 16, b"") for sign in (b"%", b"%25", b"%2525", b"%u00", b"%5[Cc]u00", b"=")),
    *((slashes + sign, 16, b"") for slashes in (rb"\\", rb"\\\\") for sign in (b"x", b"u00", rb"u\{", b"U000000")),
    *((sign, 16, b";?") for sign in (b"&#[xX]", b"&amp;#[xX]")),
    *((sign, 10, b";?") for sign in (b"&#", b"&#0", b"&amp;#")),
    (rb"\\", 8, b""),
)


def _escaped(byte: int, escape: tuple[bytes, int, bytes]) -> bytes:
    before, base, after = escape
    unit = frozenset((byte,))
    if base == 16:
        return before + _expression((_digits(unit, 4), _digits(unit, 0))) + after
    return before + (b"%03o" if base == 8 else b"%d") % byte + after


_ESCAPED = (
    rb"(?:%[0-9A-Fa-fu]{2}|\\+(?:[xuU]|[01][0-7]{2})|&(?:#|[A-Za-z]{3,9};)|=(?:[2-7][0-9A-Fa-f]|[ \t]*\r?\n))"
)
_ANOTHER = rb"[ \t\r\n\\_]*(?:[+.&~|<]|[rRbBuUfF]{0,2}\\*[\"'`])"
_CONTINUED = rb"(?:\\+\r?\n|[\"'][A-Za-z0-9]|\\*[\"'`]" + _ANOTHER + b")"
