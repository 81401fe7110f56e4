"""What has no credential in it and nothing wrong with it, however much it looks like that."""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import json
import lzma
import pickle
import quopri
import random
import string
from functools import partial
from typing import TYPE_CHECKING

from tests.corpus.deep.cases import silent
from tests.corpus.deep.encoded import b64, commas, registry_hive, session, wrapped
from tests.corpus.deep.notebooks import code, figures, image, notebook, pixels, written
from tests.corpus.deep.packed import bundle, checkpoint, database, office, pdf, png
from tests.support import archives

if TYPE_CHECKING:
    from tests.corpus.deep.cases import Recipes

HF = "hf" + "_"


def noise(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


def lock_file() -> str:
    """A kilobyte of base64 that is the digest of something, for each of two hundred packages."""
    packages = {
        f"node_modules/package-{number}": {
            "version": "1.0.0",
            "integrity": "sha512-" + b64(hashlib.sha512(b"%d" % number).digest()),
        }
        for number in range(200)
    }
    return json.dumps({"name": "app", "lockfileVersion": 3, "packages": packages}, indent=2)


def digests() -> str:
    names = (f"{hashlib.sha256(b'%d' % number).hexdigest()}  file-{number}.bin\n" for number in range(300))
    return "".join(names) + hashlib.sha1(b"x").hexdigest() * 50 + "\n"


def minified(seed: int = 4) -> str:
    """Short names, braces and no line ends; with the map of its sources at its end."""
    draw = random.Random(seed)
    words = ("function", "return", "var", "hf", "api_org", "\\u005f", "\\x68", "'hf_'+", "%20", "&&", "=>")
    signs = "abcdefghij(){}[];,.=+-!?:0123456789"
    pieces = [draw.choice(words) + "".join(draw.choices(signs, k=9)) for _ in range(20_000)]
    mapped = b64(json.dumps({"version": 3, "mappings": "".join(draw.choices(signs, k=90_000))}))
    return "".join(pieces) + f"\n//# sourceMappingURL=data:application/json;base64,{mapped}\n"


def identifiers() -> str:
    """What begins like a token, and is put together or escaped like one."""
    return (
        f'load("{HF}" + name)\n'
        f'"{HF}" "hub_download_from_repository_name"\n'
        f"x = '{HF}' + 'transformers_distributed_training'\n"
        f"{b64(HF + 'hub_download_and_cache_the_snapshot')}\n"
        f"{HF.replace('_', '%5F')}{'x' * 34}\n"
        f'{{"t": "{HF.replace("_", chr(92) + "u005f")}{"YOUR_TOKEN_HERE" * 2}"}}\n'
        f"{b64(HF + 'x' * 34)}\n{(HF + 'X' * 34).encode().hex()}\n"
    )


def certificate() -> str:
    return f"-----BEGIN CERTIFICATE-----\n{wrapped(noise(1500, 5), 64)}\n-----END CERTIFICATE-----\n"


def font() -> bytes:
    """The tables of a TrueType font, with its names in UTF-16."""
    names = "Copyright 2026 The Font Project Authors. Regular.".encode("utf-16-be")
    return b"\0\1\0\0\0\x0b\0\x80\0\3\0\x30" + b"name" + noise(12) + names + noise(60_000, 6)


def wheel() -> bytes:
    rows = [f"pkg/m{number}.py,sha256={b64(noise(32, number))[:43]},{number}\n" for number in range(300)]
    members = {
        f"pkg/m{number}.py": b"import os\n\n\ndef f(): return os.environ['HF_TOKEN']\n" for number in range(50)
    }
    return archives.zipped({**members, "pkg-1.0.dist-info/RECORD": "".join(rows).encode()})


def mail() -> bytes:
    text = "Grüße! Ein langer Satz, der über die Zeile hinausgeht, mit Zeichen = und _ darin. " * 20
    return b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + quopri.encodestring(text.encode())


def sequences() -> str:
    draw = random.Random(7)
    return "".join(f">seq{number}\n{''.join(draw.choices('ACGT', k=800))}\n" for number in range(100))


def words(seed: int = 8) -> str:
    draw = random.Random(seed)
    return "".join("".join(draw.choices(string.ascii_letters + string.digits, k=60)) + "\n" for _ in range(2000))


TEXTS: Recipes = {
    "text/package-lock.json": silent(lock_file),
    "text/SHA256SUMS": silent(digests),
    "text/app.min.js": silent(minified),
    "text/identifiers.py": silent(identifiers),
    "text/certificate.pem": silent(certificate),
    "text/mail.eml": silent(mail),
    "text/genome.fasta": silent(sequences),
    "text/random.txt": silent(words),
    "text/page.html": silent(lambda: f'<img src="data:image/png;base64,{pixels(1, 9)}">\n'),
    "text/style.css": silent(lambda: f"@font-face{{src:url(data:font/woff2;base64,{b64(noise(90_000, 10))})}}\n"),
    "text/wrapped.b64": silent(partial(wrapped, noise(200_000, 11), 76)),
    "text/hex.txt": silent(lambda: noise(100_000, 12).hex() + "\n"),
    "text/query.log": silent(lambda: "GET /?q=" + "%E4%BB%A4%E7%89%8C" * 2000 + "\n"),
    "text/windows.txt": silent(lambda: session("(not set)").encode("utf-16")),
    "text/export.reg": silent(lambda: registry_hive("hex:" + commas(noise(3000, 13), 25)).encode("utf-16")),
    "text/jwk.json": silent(
        lambda: json.dumps({"n": base64.urlsafe_b64encode(noise(512, 14)).decode(), "e": "AQAB"})
    ),
}

# Each of them only says what such a file begins with.
BEGINNINGS: Recipes = {
    f"begins/{name}.txt": silent(partial(str.__mul__, f"{text}\n", 3))
    for name, text in {
        "zip": "PK is what a zip begins with, and PK\\x03\\x04 how it goes on",
        "bzip2": "BZh91AY is how bzip2 begins",
        "bzip2-short": "BZ",
        "pdf": "%PDF-1.7 is in the first line of a PDF; stream and endstream are around its content",
        "quoted-pdf": "'%PDF-' in head",
        "gguf": "GGUF is a format of llama.cpp",
        "sqlite": "SQLite format 3 is well documented",
        "parquet": "PAR1 at both ends",
        "arrow": "ARROW1 and two zeros",
        "bundle": "# v2 git bundles begin with this comment",
        "script": "#!/bin/sh\nunzip PK.zip",
        "png": "\\x89PNG is no text, .PNG is",
    }.items()
}

BINARIES: Recipes = {
    "binary/noise.bin": silent(partial(noise, 300_000, 20)),
    "binary/zeros.bin": silent(partial(bytes, 100_000)),
    "binary/font.ttf": silent(font),
    "binary/program.exe": silent(lambda: b"MZ\x90\0" + noise(50_000, 21) + b"PK\3\4" + noise(50_000, 22)),
    # Two bytes are no stream, and four no archive.
    "binary/gzip-like.bin": silent(lambda: b"\x1f\x8b\xff\xff" + noise(2000, 23)),
    "binary/pickle-like.bin": silent(lambda: b"\x80\4" + noise(2000, 24)),
    "binary/lzma-like.bin": silent(lambda: b"]\0\1\2" + noise(2000, 25)),
    "binary/zstd-like.bin": silent(lambda: b"\x28\xb5\1\2" + noise(2000, 26)),
    "binary/photo.jpg": silent(lambda: b"\xff\xd8\xff\xe0\0\x10JFIF\0" + noise(200_000, 27)),
}

PACKED: Recipes = {
    "packed/empty.zip": silent(lambda: archives.zipped({})),
    "packed/empty.tar": silent(lambda: archives.tar({})),
    "packed/empty.gz": silent(lambda: gzip.compress(b"")),
    "packed/pkg-1.0-py3-none-any.whl": silent(wheel),
    "packed/logs.tar.gz": silent(lambda: gzip.compress(archives.tar({"a.log": b"INFO ok\n" * 9000}))),
    "packed/noise.tar.xz": silent(lambda: lzma.compress(archives.tar({"n": noise(90_000, 30)}), preset=1)),
    "packed/noise.bz2": silent(lambda: bz2.compress(noise(90_000, 31))),
    "packed/noise.zst": silent(lambda: archives.zstd(noise(90_000, 32))),
    "packed/notes.docx": silent(lambda: office("word/document.xml", "<w:t>hf</w:t><w:t>_</w:t>")),
    "packed/letter.pdf": silent(partial(pdf, "(none)")),
    "packed/picture.png": silent(lambda: png((b"tEXt", b"Software\0GIMP"), (b"eXIf", noise(500, 33)))),
    "packed/cookies.sqlite": silent(partial(database, "none")),
    "packed/table.parquet": silent(partial(archives.parquet, "none")),
    "packed/model.gguf": silent(partial(archives.gguf, "none")),
    "packed/model.safetensors": silent(partial(archives.safetensors, "none")),
    "packed/model.pt": silent(lambda: checkpoint({"noise": noise(90_000, 34)})),
    "packed/vocabulary.pkl": silent(lambda: pickle.dumps({word: at for at, word in enumerate(words().split())})),
    "packed/project.bundle": silent(partial(bundle, "none")),
    "packed/figures.ipynb": silent(figures),
    "packed/svg.ipynb": silent(
        lambda: written(notebook(code("plot()", outputs=(image(pixels(1, 35)), image(b64(noise(500, 36)))))))
    ),
}

RECIPES: Recipes = {**TEXTS, **BEGINNINGS, **BINARIES, **PACKED}
