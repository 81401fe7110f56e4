"""git's bundles: a list of refs, and a pack (gitformat-bundle(5), gitformat-pack(5))."""

from __future__ import annotations

from typing import NamedTuple

from tokenguard.core.unpack.compressed import reason
from tokenguard.core.unpack.deflate import DeflateError, Inflate
from tokenguard.core.unpack.source import PIECE, CutError, Flaw, Part, Pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.core.unpack.source import Budget, Source

SIGNATURES = (b"# v2 git bundle\n", b"# v3 git bundle\n")

_LONGEST_LINE = 64 * 1024
# Of an object, and of those that are kept because others are made from them.
_LONGEST_OBJECT = 16 * 1024 * 1024
_KEPT = 96 * 1024 * 1024

_KINDS = {1: b"commit", 2: b"tree", 3: b"blob", 4: b"tag"}
_OFFSET_DELTA, _NAMED_DELTA = 6, 7


class _Object(NamedTuple):
    kind: int
    data: bytes


def open_bundle(source: Source, _name: str, budget: Budget) -> Iterator[Part | Flaw]:
    """Each commit, tag and file of the pack by its name; trees hold nothing but names."""
    with budget.hold(_KEPT + 2 * _LONGEST_OBJECT):
        is_sha256 = _skip_refs(source)
        pack = _Pack(source, budget, is_sha256=is_sha256)
        for number in range(pack.count):
            name, read = pack.next()
            if read is None:
                yield Flaw(name or f"object {number + 1}", pack.flaw)
            elif read.kind != 2:
                yield Part(name, Pieces([read.data]).read)


def _skip_refs(source: Source) -> bool:
    """Goes to the pack. Returns whether names are of SHA-256."""
    is_sha256 = False
    while True:
        line = source.peek(_LONGEST_LINE).partition(b"\n")
        if not line[1]:
            raise CutError("damaged: ends too early")
        source.skip(len(line[0]) + 1)
        is_sha256 |= line[0] == b"@object-format=sha256"
        if not line[0]:
            return is_sha256


class _Pack:
    def __init__(self, source: Source, budget: Budget, *, is_sha256: bool) -> None:
        header = source.exactly(12)
        if header[:4] != b"PACK" or header[4:8] not in (b"\0\0\0\2", b"\0\0\0\3"):
            raise CutError("damaged: no pack where one should be")
        self.count = int.from_bytes(header[8:], "big")
        self.flaw = ""
        self._source = source
        self._budget = budget
        self._is_sha256 = is_sha256
        self._at = 12
        self._data = b""
        self._objects: dict[int, _Object] = {}
        self._names: dict[bytes, int] = {}
        self._room = _KEPT

    def next(self) -> tuple[str, _Object | None]:
        """The next object and its name; None where it cannot be had, and `flaw` says why. Raises CutError."""
        start = self._at
        byte = self._byte()
        kind, size, shift = byte >> 4 & 7, byte & 15, 4
        while byte & 0x80:
            byte = self._byte()
            size |= (byte & 0x7F) << shift
            shift += 7
            if shift > 63:
                raise CutError("damaged: an object of an impossible size")
        base = None
        if kind == _OFFSET_DELTA:
            byte = self._byte()
            distance = byte & 0x7F
            while byte & 0x80:
                byte = self._byte()
                distance = (distance + 1 << 7 | byte & 0x7F) & (1 << 63) - 1
            base = self._objects.get(start - distance)
        elif kind == _NAMED_DELTA:
            base = self._objects.get(self._names.get(self._take(32 if self._is_sha256 else 20), -1))
        elif kind not in _KINDS:
            raise CutError("damaged: an object of no known type")
        data = self._inflate(size)
        if data is None:
            self.flaw = f"larger than {_LONGEST_OBJECT} bytes"
            return "", None
        if kind in (_OFFSET_DELTA, _NAMED_DELTA):
            if base is None:
                self.flaw = "its base is not in the bundle, or was too large to keep"
                return "", None
            kind, data = base.kind, _patched(base.data, data, self._budget)
        made = _Object(kind, data)
        name = self._named(made)
        self._room -= len(data)
        if self._room >= 0:
            self._objects[start] = made
            self._names[name] = start
        return f"{_KINDS[kind].decode()} {name.hex()}", made

    def _named(self, made: _Object) -> bytes:
        import hashlib

        algorithm = "sha256" if self._is_sha256 else "sha1"
        named = hashlib.new(algorithm, b"%s %d\0" % (_KINDS[made.kind], len(made.data)), usedforsecurity=False)
        named.update(made.data)
        return named.digest()

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, count: int) -> bytes:
        if len(self._data) < count:
            self._data += self._source.exactly(count - len(self._data))
        taken, self._data = self._data[:count], self._data[count:]
        self._at += count
        return taken

    def _inflate(self, size: int) -> bytes | None:
        """The next stream of zlib, None where it is too large."""
        inner = Inflate(15)
        parts = []
        total = 0
        while not inner.eof:
            if not self._data and inner.needs_input:
                self._data = self._source.read(PIECE // 8)
                if not self._data:
                    raise CutError("damaged: ends too early")
            given, self._data = self._data, b""
            self._at += len(given)
            try:
                part = inner.decompress(given, 4 * PIECE)
            except DeflateError as error:
                raise CutError(f"damaged: {reason(error)}") from None
            self._budget.spend(len(part))
            total += len(part)
            if total <= _LONGEST_OBJECT:
                parts.append(part)
        self._data = inner.unused_data
        self._at -= len(self._data)
        if total != size:
            raise CutError("damaged: an object of another size than it says")
        return b"".join(parts) if total <= _LONGEST_OBJECT else None


def _patched(base: bytes, delta: bytes, budget: Budget) -> bytes:
    """What a delta makes of its base. Raises CutError where it is none."""
    try:
        length, at = _length(delta, 0)
        result, at = _length(delta, at)
        if length != len(base):
            raise CutError("damaged: a delta of something else")
        if result > _LONGEST_OBJECT:
            raise CutError(f"an object larger than {_LONGEST_OBJECT} bytes")
        budget.spend(result)
        parts = []
        total = 0
        while at < len(delta):
            command = delta[at]
            at += 1
            if not command & 0x80:
                parts.append(delta[at : at + command])
                total += command
                at += command
                continue
            offset = count = 0
            for index in range(4):
                if command >> index & 1:
                    offset |= delta[at] << 8 * index
                    at += 1
            for index in range(3):
                if command >> 4 + index & 1:
                    count |= delta[at] << 8 * index
                    at += 1
            parts.append(base[offset : offset + (count or 0x10000)])
            total += count or 0x10000
            if total > result:
                break
    except IndexError:
        raise CutError("damaged: a delta that ends too early") from None
    if total != result:
        raise CutError("damaged: a delta of another size than it says")
    return b"".join(parts)


def _length(delta: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = delta[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 or shift > 63:
            return value, at
