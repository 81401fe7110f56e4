"""How far a hostile archive is followed."""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """What unpacking one file may cost. Counted, never timed: the same file gives the same answer everywhere.

    `depth` containers within each other: a wheel in a tar in a tar has three, and an archive that contains
    itself has no end. `bytes` unpacked in all, what they were unpacked from included, and `ratio` times the
    file's size on top: deflate cannot exceed 1032, bzip2 and zstd can by far; source code has 4 to 5, logs up
    to 15. 256 MiB take a second. `members` in all, or one for each KiB of a large file; each stream of a
    compressed file and each header that leads nowhere counts as one. 100,000 take two to four seconds. `flaws`
    are what could not be read: after so many the rest is left, and that is said. `held` bytes in memory at a
    time, for archives within archives and for the windows of xz (65 MiB at its highest setting) and zstd (128
    MiB at its highest).
    """

    depth: int = 8
    members: int = 100_000
    flaws: int = 1000
    bytes: int = 256 * 1024 * 1024
    ratio: int = 20
    held: int = 288 * 1024 * 1024
