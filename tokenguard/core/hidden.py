"""Whether anything is hidden in bytes, encoded or packed: asked of very many, of which almost none have it.

A yes means that `scan.scan_deep` has to look; it may say of what is there that it cannot be read.
"""

from __future__ import annotations

from tokenguard.core.detect import anchors_in, detect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO

    from tokenguard.core.clean import Clean


def is_encoded_in(data: bytes, anchors: Sequence[bytes]) -> bool:
    """Whether a credential stands in `data` in encoded form; `anchors` are those of `detect.ANCHORS` in it."""
    from tokenguard.core.decode import decode

    decoded = decode(data, anchors)
    return bool(decoded.found) or not decoded.is_complete


def is_packed_in(
    file: BinaryIO, may_hold: Callable[[bytes, int, int], bool] | None = None, clean: Clean | None = None
) -> bool:
    """Whether a credential is packed in `file`, which is a container perhaps, or something that cannot be read.

    `may_hold` tells quickly of a stretch of bytes whether anything may be found in it, plain or encoded.
    `clean` knows what was packed in the files before, and learns what is in this one.
    """
    from tokenguard.core.clean import Clean
    from tokenguard.core.unpack import Limits, unpack
    from tokenguard.core.unpack.walk import Cut

    known = Clean() if clean is None else clean
    return any(
        isinstance(piece, Cut) or any(_is_in(window.data, may_hold, known) for window in piece.windows)
        for piece in unpack(file, "", Limits())
    )


def _is_in(data: bytes, may_hold: Callable[[bytes, int, int], bool] | None, clean: Clean) -> bool:
    # Where there is a `may_hold`, to ask it takes as long as to ask what is known.
    if (may_hold is not None and not may_hold(data, 0, len(data))) or data in clean:
        return False
    anchors = anchors_in(data)
    if detect(data, anchors) or is_encoded_in(data, anchors):
        return True
    clean.add(data)
    return False
