r"""What the prefix of a credential looks like in encoded form, as expressions that need no decoding.

`decode` accepts only what one of them matches where it stands, so that a fast search for them all tells where
decoding is worth while, and misses nothing. Looked for are

* the prefix in base64, hexadecimal and UTF-16, as `_CHAINS` has them, with the beginning of what may be a body
  behind it; a line end may split it;
* the prefix in base64 with escapes in it, as `_spelled` has them;
* a text in UTF-16, which may have anything in it;
* the prefix with its first escape anywhere, in the text itself; a prefix that is not, with an escape after it;
* the prefix in literals that are put together, again in the text itself; one that is not, with a literal after it.

An escaped prefix within base64 twice over, a split one within base64, and base64 with its letters escaped, are
written by nobody and not found.
Hyperscan compiles a thousand literals in the time of some ten expressions with classes, and so looks for `needles`
alone, one of which is in whatever an expression matches. All are of bytes.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from math import log2
from typing import NamedTuple

from tokenguard.core.decode.runs import ALPHABET, LINE_OF_NOTEBOOK
from tokenguard.core.detect import ANCHORS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokenguard.core.decode import Encoded

    Form = tuple[frozenset[int], ...]
    """For each place the bytes that may stand there."""

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
# What may split the prefix: a line end, the one of JSON, a soft one; the next line may be indented.
_LINE_END = rb"(?:=?\r?\n[ \t]{0,40}|(?:\\r)?\\n)"
_WRAPPED = (("base64",), ("hex",), ("base64", "base64"), ("base64", "utf-16"))
_SPELLED = (("base64", "percent"), ("base64", "unicode-escape"))
_ZEROS = (rb"\x00", rb"\u0000", rb"\0", b"%00")
# What the beginning of a body is written in, whatever it is encoded in, and what may part it.
_BODY = rb"(?:[A-Za-z0-9_\x00\s\\\"'.&%%=,:]|\+[\s\"'+]){%d}"
_ESCAPED_BODY = rb"[A-Za-z0-9_%%\\&#;={}\s\"'+.]{%d}"
_NEEDLE = 6  # bytes
_RARE = 36  # bits: as many characters of base64
_RATHER_RARE = 28
_ALMOST_RARE = 16  # with a line end beside it
_MOST_TEXTS = 2  # in bits
_BEFORE = 64  # bytes around what is found that may have a part in its form
_AFTER = 256


class Image(NamedTuple):
    """An `expression`, and `needles` of which one is in all that it matches; none if they are everywhere."""

    expression: bytes
    needles: frozenset[bytes] = frozenset()


def images() -> list[Image]:
    """All of them."""
    found = {Image(WIDE)}
    for anchor in ANCHORS:
        found.update(_written(anchor))
        for chain in (*_CHAINS, *_SPELLED):
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
    looked_for = (chain[outer:inner], chain[outer : inner + 1])
    if any((pattern := _pattern(anchor, some)) and pattern.search(around) for some in looked_for):
        return True
    return chain[0] == "utf-16" and is_wide(data)


@cache
def _pattern(anchor: bytes, chain: tuple[str, ...]) -> re.Pattern[bytes] | None:
    if chain and chain not in _CHAINS and chain not in _SPELLED:
        return None
    parts = _images(anchor, chain) if chain else _written(anchor)
    return re.compile(b"|".join(b"(?:%s)" % part.expression for part in sorted(parts)), re.DOTALL)


def _images(anchor: bytes, chain: tuple[str, ...]) -> Iterator[Image]:
    """What `anchor` looks like encoded by `chain`, the outermost first."""
    body = _BODY % _length(anchor)
    forms = list(_forms(anchor, chain))
    if chain == ("utf-16",):  # its zeros are escaped in a text
        forms += [_form(zero.join(anchor[at : at + 1] for at in range(len(anchor)))) for zero in _ZEROS]
    if chain in (("hex",), ("hex", "utf-16")):
        row = (b",00," if len(chain) > 1 else b",").join(b"%02x" % byte for byte in anchor[-3:])
        yield Image(row + body, frozenset((row,)))
    for form in forms:
        window = _rarest(form)
        yield Image(_expression(window) + body, _all_of(_core(window)))
        for at in range(1, len(window)) if chain in _WRAPPED else ():
            left, right = window[:at], window[at:]
            split = _expression(left) + _LINE_END + _expression(right) + body
            yield Image(split, _split_needles(left, right))


@cache
def _forms(anchor: bytes, chain: tuple[str, ...]) -> list[Form]:
    if not chain:
        return [_form(anchor)]
    if chain[0] in _USUAL:
        return list(_spelled(anchor, chain[0]))
    return [image for form in _forms(anchor, chain[1:]) for image in _image(form, chain[0])]


def _length(anchor: bytes) -> int:
    """How much of a body is looked for: 32 letters in base64, less what belongs to the image of the prefix."""
    return 12 if anchor == b"HFAK" else 24


def _split_needles(left: Form, right: Form) -> frozenset[bytes]:
    """Needles for `left` and `right` with a line end between them."""
    whole = max(_core(left), _core(right), key=_rarity)
    if _rarity(whole) >= _RATHER_RARE:
        return _all_of(whole)
    left, right = _core(left, ends=True), _core(right, begins=True)
    if _rarity(left) >= max(_ALMOST_RARE, _rarity(right)):
        return _joined(left, (b"\n", b"\r", b"\\", b"="), ())
    if _rarity(right) >= _ALMOST_RARE:
        return _joined((), (b"\n", rb"\n", b"\n ", b"  ", b"\t"), right)
    indented = (b"\n ", b"\n\t", b"\r\n ", b"\r\n\t")
    return _joined(left, (b"\n", b"\r\n", rb"\n", rb"\r\n", b"=\n", b"=\r\n"), right) | _joined(left, indented, ())


def _joined(left: Form, between: Iterable[bytes], right: Form) -> frozenset[bytes]:
    return frozenset(
        one + middle + other for one in _all_of(left) for middle in between for other in _all_of(right)
    )


def _core(form: Form, *, begins: bool = False, ends: bool = False) -> Form:
    """The stretch of `form` that makes the best needles: rare, and of few texts. May have to begin or end it."""
    if ends:
        return _core(form[::-1], begins=True)[::-1]
    enough = _ALMOST_RARE if begins else _RARE
    sizes = [_size(unit) for unit in form]
    best, worth = form[:0], (0.0, 0.0)
    for first in range(1 if begins else len(form)):
        texts = 0.0
        for last in range(first + 1, min(len(form), first + _NEEDLE) + 1):
            texts += sizes[last - 1]
            if texts > _MOST_TEXTS:
                break
            if (here := (min(6 * (last - first) - texts, enough), -texts)) > worth:
                best, worth = form[first:last], here
    return best


def _rarity(form: Form) -> float:
    """In bits, in base64."""
    return sum(6 - _size(unit) for unit in form)


@cache
def _size(unit: frozenset[int]) -> float:
    return log2(len(unit))


def _all_of(form: Form) -> frozenset[bytes]:
    """Every text of `form`."""
    return frozenset(bytes(text) for text in product(*form))


def _form(text: bytes) -> Form:
    return tuple(frozenset((byte,)) for byte in text)


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
    return min(stretches, key=lambda stretch: sum(map(_size, stretch)))


def _expression(form: Form) -> bytes:
    return b"".join(map(_one_of, form))


@cache
def _one_of(unit: frozenset[int]) -> bytes:
    one = b"".join(b"\\x%02x" % byte for byte in sorted(unit))
    return b"[%s]" % one if len(unit) > 1 else one


def _written(anchor: bytes) -> Iterator[Image]:
    """What `anchor` looks like where it, or what follows, is escaped or split."""
    length = _length(anchor)
    for form in _escaped_somewhere(anchor):
        yield Image(_expression(form) + _ESCAPED_BODY % length, _all_of(form))
    if anchor.endswith(b"_"):
        for quote in (b'"', b"'", b"`", rb"\"", rb"\'"):
            yield Image(re.escape(anchor[:-1] + quote) + _ANOTHER, frozenset((anchor[:-1] + quote,)))
        for at in range(1, len(anchor) - 1):
            needles = frozenset(quote + anchor[at:] for quote in (b'"', b"'", b"`"))
            yield Image(b"[\"'`]" + anchor[at:] + _PIECE, needles)
    yield Image(anchor + rb"[A-Za-z0-9_.=/+-]*" + _ESCAPED)
    yield Image(anchor + rb"[A-Za-z0-9_.=/+-]*" + _CONTINUED)
    yield Image(rb"join\s*\(\s*[\[(]\s*[rRbBuU]?\\*[\"'`]" + anchor)
    yield Image(rb"[\"'`]" + anchor + rb"[A-Za-z0-9_.=/+-]*\\*[\"'`][^\]]*\]\s*\.\s*join")


def _escaped_somewhere(anchor: bytes) -> Iterator[Form]:
    for sign, base, behind in _ESCAPES:
        first = _escaped(anchor[0], sign, base)
        for end in behind:
            yield first + _form(end + anchor[1:2])
            yield first + _form(end) + _escaped(anchor[1], sign, base)
        for at in range(1, len(anchor)):
            yield _form(anchor[max(0, at - 4) : at]) + _escaped(anchor[at], sign, base)
    if anchor.endswith(b"_"):
        yield from (_form(anchor[:-1] + name) for name in (b"&lowbar;", b"&UnderBar;", b"&amp;lowbar;"))
    for at, ending in product(range(1, len(anchor)), (b"=\n", b"=\r\n")):
        yield _form(anchor[max(0, at - 4) : at] + ending + anchor[at : at + 2])


def _spelled(anchor: bytes, name: str) -> Iterator[Form]:
    """The usual ways to escape the last character of `anchor`, or all."""
    for sign in _USUAL[name]:
        yield _form(anchor[:-1]) + _escaped(anchor[-1], sign, 16)
        yield tuple(unit for byte in anchor for unit in _escaped(byte, sign, 16))


def _escaped(byte: int, sign: bytes, base: int) -> Form:
    unit = frozenset((byte,))
    if base == 16:
        return (*_form(sign), _digits(unit, 4), _digits(unit, 0))
    return _form(sign + (b"%03o" if base == 8 else b"%d") % byte)


# What stands before the number of a character, in which base it is written, and what stands behind.
_ESCAPES = (
    *((sign, 16, (b"",)) for sign in (b"%", b"%25", b"%2525", b"%u00", b"%5cu00", b"%5Cu00", b"=")),
    *((b"\\" * slashes + sign, 16, (b"",)) for slashes in (1, 2) for sign in (b"x", b"u00", b"u{", b"U000000")),
    *((b"&%s#%s" % pair, 16, (b"", b";")) for pair in product((b"", b"amp;"), (b"x", b"X", b"x00"))),
    *((sign, 10, (b"", b";")) for sign in (b"&#", b"&#0", b"&#00", b"&amp;#")),
    (b"\\", 8, (b"",)),
)
_USUAL = {"percent": (b"%",), "unicode-escape": (rb"\x", rb"\u00")}

_ESCAPED = (
    rb"(?:%[0-9A-Fa-fu]{2}|\\+(?:[xuU]|[01][0-7]{2})|&(?:#|[A-Za-z]{3,9};)|=(?:[2-7][0-9A-Fa-f]|[ \t]*\r?\n))"
)
_BETWEEN = rb"(?:[ \t\r\n\\_]*|" + LINE_OF_NOTEBOOK + rb")"
_ANOTHER = _BETWEEN + rb"(?:[+.&~|<>]{1,2}" + _BETWEEN + rb")?[rRbBuUfF]{0,2}\\*[\"'`]"
_CONTINUED = rb"(?:\\+\r?\n|\\{2,6}n|[\"'][A-Za-z0-9]|\\*[\"'`]" + _ANOTHER + b")"
_PIECE = rb"(?:[A-Za-z0-9_]{24}|[A-Za-z0-9_]{0,23}(?:\\+\r?\n|\\*[\"'`]" + _ANOTHER + b"))"
