"""What unpacks without end is cut off, in a process that may take 500 MB."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

_CHILD = """
import io, json, resource, sys
limit = 500_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
from tokenguard.core.unpack import unpack
from tokenguard.core.unpack.walk import Cut
cuts = []
for item in unpack(io.BytesIO(sys.stdin.buffer.read()), "bomb"):
    if isinstance(item, Cut):
        cuts.append(item.reason)
    else:
        for window in item.windows:
            pass
print(json.dumps(cuts))
"""


def cuts_of(data: bytes) -> list[str]:
    done = subprocess.run([sys.executable, "-c", _CHILD], input=data, capture_output=True, check=True, timeout=60)
    cuts: list[str] = json.loads(done.stdout)
    return cuts


def zeros(kind: str) -> bytes:
    """Hundreds of megabytes of zeros, packed: one stream after the other."""
    import bz2
    import gzip
    import lzma

    from tests.support.archives import zstd

    makers: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress,
        "bzip2": bz2.compress,
        "xz": lambda data: lzma.compress(data, preset=1),
        "zstd": zstd,
    }
    return makers[kind](bytes(16 << 20)) * 18


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its address space")
@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "zstd"])
def test_a_bomb_by_ratio_is_cut_off(kind: str) -> None:
    (reason,) = cuts_of(zeros(kind))
    assert reason.startswith("unpacks to more than ")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its address space")
def test_a_bomb_by_depth_and_number_is_cut_off() -> None:
    from tests.support.archives import zipped

    data = zipped({"0.dll": bytes(20_000_000)})
    for _ in range(5):
        data = zipped({f"lib {number}.zip": data for number in range(16)})
    (reason,) = cuts_of(data)
    assert reason.startswith("unpacks to more than ")
