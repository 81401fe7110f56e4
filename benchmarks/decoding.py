"""Times the search for encoded credentials beside the plain search, on one core.

    python -m benchmarks.decoding FOLDER...

The folders are work trees; the large files of base64 and the hostile ones are made here. The least of several
runs, in time of the processor.
"""

from __future__ import annotations

import base64
import json
import os
import random
import sys
import time
from typing import TYPE_CHECKING

from tokenguard.core.decode import decode
from tokenguard.core.detect import ANCHORS, detect

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = 7
SIZE = 6 << 20
IMAGE = 40_000


def main() -> None:
    files = [read(os.path.join(folder, name)) for root in sys.argv[1:] for folder, name in names(root)]
    known = [(data, anchors(data)) for data in files]
    print(f"{len(files)} files, {sum(map(len, files)) / 1e6:.1f} MB")
    plain = least(lambda: sum(len(detect(data)) for data, _ in known))
    more = least(lambda: sum(len(decode(data, found).found) for data, found in known))
    print(f"plain {plain * 1e3:.1f} ms, encoded {more * 1e3:.1f} ms more")
    print("| text | MB | plain, ns/byte | encoded, ns/byte more |\n|---|---|---|---|")
    for name, data in texts().items():
        found = anchors(data)
        plain = least(lambda data=data: detect(data)) / len(data) * 1e9  # type: ignore[misc]
        more = least(lambda data=data, found=found: decode(data, found)) / len(data) * 1e9  # type: ignore[misc]
        print(f"| {name} | {len(data) / 1e6:.1f} | {plain:.2f} | {more:.2f} |")


def texts() -> dict[str, bytes]:
    raw = random.Random(3).randbytes(SIZE)
    lines = base64.encodebytes(raw)
    return {
        "base64 in one line": base64.b64encode(raw),
        "base64 in lines": lines,
        "base64, URL-safe": base64.urlsafe_b64encode(raw),
        "notebook with images": notebook(raw, base64.b64encode),
        "notebook with images in lines": notebook(raw, base64.encodebytes),
        "base64, indented": b"data: |\n    " + lines.replace(b"\n", b"\n    "),
        "hexadecimal": raw.hex().encode(),
        "random bytes": raw,
        "zeros": bytes(SIZE),
        "hostile: images of the prefix": b"aGZf" * (SIZE // 4),
        "hostile: percent": b"hf%5F" * (SIZE // 5),
        "hostile: percent of percent": b"%25" * (SIZE // 3),
        "hostile: concatenations": b'"hf_" + ' * (SIZE // 8),
        "hostile: rows of numbers": b"REGEDIT4\n" + (b"5f," * 33 + b"\n") * (SIZE // 100),
        "hostile: UTF-16": b"h\0f\0_\0" * (SIZE // 6),
    }


def notebook(raw: bytes, encode: Callable[[bytes], bytes]) -> bytes:
    images = [encode(raw[at : at + IMAGE]).decode() for at in range(0, len(raw), IMAGE)]
    cells = [{"source": ["plot()\n"], "outputs": [{"data": {"image/png": image}}]} for image in images]
    return json.dumps({"cells": cells}, indent=1).encode()


def least(work: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
        if sum(times) > 4:
            break
    return min(times)


def anchors(data: bytes) -> list[bytes]:
    return [anchor for anchor in ANCHORS if anchor in data]


def names(root: str) -> list[tuple[str, str]]:
    return [(folder, name) for folder, _, files in os.walk(root) if "/.git" not in folder for name in files]


def read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:  # a link that leads nowhere
        return b""


if __name__ == "__main__":
    main()
