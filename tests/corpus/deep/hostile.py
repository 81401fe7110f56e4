"""Archives that are damaged, or made to hurt: an answer for each, and what can be read of them is read."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import random
import struct
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

from tests.corpus.deep.cases import Place, leaking, silent, within
from tests.corpus.deep.encoded import dotenv
from tests.corpus.deep.packed import config, database, log, pdf, png
from tests.corpus.deep.quine import zip_of_itself
from tests.support import archives

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.corpus.deep.cases import Recipe, Recipes

RAN = "ran-by-a-pickle"
"""The file that a pickle of this folder writes where it is run."""

ESCAPES = "\x1b[2J\x1b]0;owned\x07.env"
MARKUP = "<script>alert(1)</script>::set-output.env"


def noise(size: int, seed: int = 0) -> bytes:
    """What no packing makes any smaller."""
    return random.Random(seed).randbytes(size)


def env(token: str) -> bytes:
    return dotenv(token).encode()


def cut(pack: Callable[[bytes], bytes]) -> Callable[[str], bytes]:
    """What packs a tar of which the second member is cut off."""
    return lambda token: pack(archives.tar({".env": env(token), "data.bin": noise(400_000)}))[:-150_000]


def corrupt_member(token: str) -> bytes:
    data = bytearray(archives.zipped({"bad.bin": noise(3000), ".env": env(token)}, zipfile.ZIP_DEFLATED))
    data[200:230] = bytes(30)
    return bytes(data)


def encrypted_member(token: str, name: str = "secret") -> bytes:
    """The flag that says so is all that tells."""
    data = bytearray(archives.zipped({name: noise(100), ".env": env(token)}))
    data[data.index(b"PK\3\4") + 6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


def lying_directory(token: str) -> bytes:
    """The directory gives the member of the header `.env` another name and no length."""
    data = bytearray(archives.zipped({".env": env(token)}))
    central = data.index(b"PK\1\2")
    data[central + 20 : central + 28] = bytes(8)
    data[central + 46 : central + 50] = b"evil"
    return bytes(data)


def no_directory(token: str) -> bytes:
    data = archives.zipped({".env": env(token), "b.txt": b"b\n" * 99})
    return data[: data.index(b"PK\1\2")]


def overlapping(token: str) -> bytes:
    """A second entry for bytes in the middle of the first, as in the zip bombs that need no nesting."""
    data = archives.zipped({".env": env(token)})
    central, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    second = bytearray(data[central:end])
    second[42:46] = struct.pack("<L", 10)
    record = bytearray(data[end:])
    record[8:16] = struct.pack("<HHL", 2, 2, 2 * (end - central))
    return data[:end] + bytes(second) + bytes(record)


def duplicates(first: str, second: str) -> bytes:
    """Two members of one name, of which most programs show the last."""
    with zipfile.ZipFile(stream := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("a.env"), env(first))
        archive.writestr(zipfile.ZipInfo("b.env"), env(second))
    return stream.getvalue().replace(b"b.env", b"a.env")


def lying_tar(token: str) -> bytes:
    """Its second header promises eight gigabytes."""
    data = archives.tar({".env": env(token)}, tarfile.USTAR_FORMAT)
    member = tarfile.TarInfo("huge")
    member.size = 8**11 - 1
    return data[:1024] + member.tobuf(tarfile.USTAR_FORMAT) + b"x" * 512


def linked_tar(token: str) -> bytes:
    """A link to a place outside, and a file that would be written through it."""
    with tarfile.open(fileobj=(stream := io.BytesIO()), mode="w") as archive:
        link = tarfile.TarInfo("d")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(link)
        member = tarfile.TarInfo("d/../../passwd")
        member.size = len(env(token))
        archive.addfile(member, io.BytesIO(env(token)))
    return stream.getvalue()


def swelling(token: str) -> bytes:
    """A token and then more zeros than anybody wants, in streams one after the other."""
    return gzip.compress(env(token)) + gzip.compress(bytes(1 << 22)) * 70


def nested(token: str) -> bytes:
    data = archives.zipped({".env": env(token)})
    for level in range(12):
        data = archives.zipped({f"{level}.zip": data, "note": b"deeper\n"})
    return archives.zipped({"a.zip": data, ".env": env(token)})


def running(token: str) -> bytes:
    """A pickle that runs a command where it is loaded."""

    class Runs:
        def __reduce__(self) -> tuple[Any, ...]:
            return eval, (f"open({RAN!r}, 'w').close()",)

    return pickle.dumps([token, Runs()])


def deep_notebook(token: str) -> str:
    return f'{{"cells": [{{"source": "{token}", "outputs": {"[" * 200_000}'


def truncated_notebook(token: str) -> str:
    text = json.dumps({"cells": [{"cell_type": "code", "source": [f"t = '{token}'"], "outputs": []}]}, indent=1)
    return text[: text.index("outputs")]


def gguf(token: str) -> bytes:
    """It says that it has more values than it has."""
    data = bytearray(archives.gguf(token))
    data[16:24] = struct.pack("<Q", 1 << 40)
    return bytes(data)


def safetensors(token: str) -> bytes:
    """Its header is a kilobyte longer than it is, and the file ends before."""
    header = json.dumps({"__metadata__": {"note": token, "more": "x" * 1000}}).encode()
    return struct.pack("<Q", len(header) + 1000) + header


def named(name: str) -> Recipe:
    """A zip with one member of this name."""
    return leaking(lambda token: archives.zipped({name: env(token)}), within(name, line=3))


def damaged(make: Callable[[str], str | bytes], *places: Place) -> Recipe:
    """Some of it is read."""
    return leaking(make, *places, unreadable=True)


DAMAGED: Recipes = {
    "truncated.tar.gz": damaged(cut(gzip.compress), within(".env", line=3)),
    "truncated.tar.xz": damaged(cut(lzma.compress), within(".env", line=3)),
    "truncated.tar.zst": damaged(cut(archives.zstd), within(".env", line=3)),
    "truncated.tar": damaged(cut(bytes), within(".env", line=3)),
    "truncated.log.bz2": damaged(
        lambda token: bz2.compress(log(token)) + bz2.compress(noise(90_000))[:-9],
        within("truncated.log", line=2),
    ),
    "truncated.zip": damaged(no_directory, within(".env", line=3)),
    "truncated.png": damaged(
        lambda token: png((b"tEXt", b"Comment\0" + token.encode()))[:-20], within("Comment", line=1)
    ),
    "truncated.sqlite": damaged(lambda token: database("none", token)[:-100], within("cookies")),
    "truncated.parquet": silent(lambda: archives.parquet("none")[:-9], unreadable=True),
    "corrupt.zip": damaged(corrupt_member, within(".env", line=3)),
    "corrupt.gz": silent(lambda: gzip.compress(noise(1000))[:-8] + bytes(8), unreadable=True),
    "encrypted.zip": damaged(encrypted_member, within(".env", line=3)),
    "encrypted-escapes.zip": damaged(lambda token: encrypted_member(token, ESCAPES), within(".env", line=3)),
    "encrypted.pdf": silent(
        lambda: pdf("none").replace(b"/Root 1 0 R", b"/Root 1 0 R /Encrypt 9 0 R"), unreadable=True
    ),
    "directory.zip": damaged(lying_directory, within(".env", line=3)),
    "overlapping.zip": damaged(overlapping, within(".env", line=3)),
    "sizes.tar": damaged(lying_tar, within(".env", line=3)),
    "sizes.gguf": damaged(gguf, within("note", line=1), Place(None, inside=("words",), secret=0)),
    "sizes.safetensors": damaged(safetensors, Place(1)),
}

BOMBS: Recipes = {
    "swelling.gz": damaged(swelling, within("swelling", line=3)),
    "itself.zip": silent(zip_of_itself, unreadable=True),
    "nested.zip": damaged(nested, within(".env", line=3)),
}

# All of these can be read.
TRICKS: Recipes = {
    "parent.zip": named("../../../etc/cron.d/x"),
    "absolute.zip": named("/etc/passwd"),
    "drive.zip": named("C:/Windows/x.env"),
    "escapes.zip": named(ESCAPES),
    "lines.zip": named("a\nb\r.env"),
    "markup.zip": named(MARKUP),
    "unicode.zip": named("\u202egnp.令牌"),
    "linked.tar": leaking(linked_tar, within("d/../../passwd", line=3)),
    "duplicates.zip": leaking(duplicates, within("a.env", line=3), within("a.env", line=3)),
    "trailing.gz": leaking(lambda token: gzip.compress(env(token)) + b"not packed", within("trailing", line=3)),
    "running.pkl": leaking(running, within("strings")),
    "picture-and-archive.png": leaking(
        lambda token: png() + archives.zipped({".env": env(token)}), within(".env", line=3)
    ),
    "picture-and-archive.gif": leaking(
        lambda token: b"GIF89a\1\0\1\0\0\0\0;" + archives.zipped({".env": env(token)}), within(".env", line=3)
    ),
    # Text as any other, up to where it ends.
    "deep.ipynb": leaking(deep_notebook, Place(1, cell=1)),
    "truncated.ipynb": leaking(truncated_notebook, Place(6, cell=1)),
    "escapes.log": leaking(lambda token: f"\x1b]0;owned\x07{config(token).decode()}", Place(3)),
}

RECIPES: Recipes = {**DAMAGED, **BOMBS, **TRICKS}
