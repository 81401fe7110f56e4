"""Times the search of archives beside zlib alone, which inflates the same members and looks at nothing.

    python -m benchmarks.unpacking [--runs 15] FOLDER...

Of the archives in the folders (zip, gzip, and what is in them), in time of the processor: medians, and ratios of
them. Where Kingfisher (`pip install kingfisher-bin`) is on PATH, whole processes follow, over a folder of the
archives alone.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import struct
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
import zlib
from contextlib import suppress
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.decoding import names, read
from benchmarks.speed import KINGFISHER, LIKE_FOR_LIKE, clock
from tokenguard.core.clean import Clean
from tokenguard.core.hidden import is_packed_in
from tokenguard.core.unpack import Limits, unpack
from tokenguard.core.unpack.walk import Cut
from tokenguard.sources.prefilter import by_hyperscan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tokenguard.sources.prefilter import MayHold

TOKENGUARD = str(Path(sysconfig.get_path("scripts")) / "tokenguard")
GZIP, ZIP = b"\x1f\x8b", b"PK\3\4"
ARCHIVES = (GZIP, ZIP)
MANY = 10_000  # objects, for which the library is always worth while


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    files = [read(os.path.join(folder, name)) for root in options.folders for folder, name in names(root)]
    archives = [data for data in files if data.startswith(ARCHIVES)]
    if not archives:
        sys.exit("no archives there")
    inside_one(archives, options.runs)
    if shutil.which("kingfisher"):
        whole(archives, options.runs)


def inside_one(archives: list[bytes], runs: int) -> None:
    streams = [stream for data in archives for stream in deflated(data)]
    inflated = sum(len(zlib.decompress(*stream)) for stream in streams)
    megabytes = f"{sum(map(len, archives)) / 1e6:.1f} MB, {inflated / 1e6:.1f} MB inflated"
    print(f"{len(archives)} archives, {len(streams)} streams, {megabytes}; Python {sys.version.split()[0]}\n")
    ways: dict[str, Callable[[], object]] = {
        "zlib alone": lambda: [len(zlib.decompress(*stream)) for stream in streams],
        "unpacking": lambda: [unpacked(data) for data in archives],
        "the search": lambda: searched(archives, Clean()),
        "the search, of each by itself": lambda: searched(archives, None),
    }
    may_hold = by_hyperscan(MANY, deep=True)
    if may_hold is not None:
        ways["the search, with hyperscan"] = lambda: searched(archives, Clean(), may_hold)
    compare("in one process", ways, runs)


def whole(archives: list[bytes], runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(archives):
            Path(folder, f"{number}{'.gz' if data.startswith(GZIP) else '.zip'}").write_bytes(data)
        commands = {
            "`tokenguard scan`": [TOKENGUARD, "scan", "--no-config", folder],
            "`tokenguard scan --shallow`": [TOKENGUARD, "scan", "--no-config", "--shallow", folder],
            "Kingfisher, Hugging Face rules": [*KINGFISHER, "--git-history", "none", folder],
            "the same, not into them": [*KINGFISHER, *LIKE_FOR_LIKE, "--git-history", "none", folder],
        }
        ways = {name: partial(clock, command, None) for name, command in commands.items()}
        compare("the archives alone, whole processes", ways, runs)


def compare(title: str, ways: Mapping[str, Callable[[], object]], runs: int) -> None:
    """Does each once, and then all in turn, and tells what of the processor they took, children included."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(runs):
        for name, way in ways.items():
            began = spent()
            way()
            times[name].append(spent() - began)
    medians = {name: statistics.median(values) for name, values in times.items()}
    base = next(iter(medians.values()))
    print(f"| {title} | processor, ms | times the first |\n|---|---|---|")
    for name, median in medians.items():
        print(f"| {name} | {median * 1e3:.0f} | {median / base:.1f} |")
    print()


def spent() -> float:
    """What this process and all that it has waited for have taken, in seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def searched(archives: list[bytes], clean: Clean | None, may_hold: MayHold | None = None) -> int:
    """How many hold something; what they have in common is known again by `clean`."""
    return sum(is_packed_in(BytesIO(data), may_hold, clean) for data in archives)


def unpacked(data: bytes) -> int:
    pieces = unpack(BytesIO(data), "", Limits())
    return sum(len(window.data) for piece in pieces if not isinstance(piece, Cut) for window in piece.windows)


def deflated(data: bytes) -> Iterator[tuple[bytes, int]]:
    """The streams in an archive, and in the archives in it, each with how zlib is to take it."""
    if data.startswith(GZIP):
        yield data, 31
        content = zlib.decompress(data, 31)
        with suppress(tarfile.TarError), tarfile.open(fileobj=BytesIO(content)) as archive:
            for member in filter(tarfile.TarInfo.isfile, archive):
                file = archive.extractfile(member)
                yield from deflated(file.read() if file else b"")
    elif data.startswith(ZIP):
        with suppress(zipfile.BadZipFile):
            for entry in zipfile.ZipFile(BytesIO(data)).infolist():
                named, extended = struct.unpack_from("<2H", data, entry.header_offset + 26)
                start = entry.header_offset + 30 + named + extended
                stream = data[start : start + entry.compress_size]
                if entry.compress_type == zipfile.ZIP_DEFLATED and stream:
                    yield stream, -15
                    yield from deflated(zlib.decompress(stream, -15))
                else:
                    yield from deflated(stream)


if __name__ == "__main__":
    main()
