"""Credentials in archives, documents, databases, checkpoints and tables, made by what people make them with."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import pickle
import sqlite3
import tempfile
import zipapp
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow
import pyarrow.feather

from tests.corpus.deep.cases import USER, Expected, File, Place, leaking, secret_of, within
from tests.corpus.deep.encoded import b64, dotenv, manifest, session
from tests.support import archives
from tests.support.repository import Repository

if TYPE_CHECKING:
    from tests.corpus.deep.cases import Recipes

LOG = "INFO starting\nDEBUG Authorization: Bearer {}\nINFO done\n"


def log(token: str) -> bytes:
    return LOG.format(token).encode()


def config(token: str) -> bytes:
    return f'"""Settings."""\n\nTOKEN = "{token}"\n'.encode()


def tarred(name: str, content: bytes) -> bytes:
    return archives.tar({"project/README": b"# Project\n" * 20, name: content})


def wheel(token: str) -> bytes:
    return archives.zipped(
        {
            "pkg/__init__.py": b"",
            "pkg/config.py": config(token),
            "pkg-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\n",
            "pkg-1.0.dist-info/RECORD": b"pkg/config.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n",
        }
    )


def office(part: str, xml: str, kind: str = "document") -> bytes:
    """A document of Office Open XML with `xml` in one of its parts."""
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    types = f'{head}<Types><Override PartName="/{part}" ContentType="application/vnd.{kind}+xml"/></Types>'
    return archives.zipped({"[Content_Types].xml": types.encode(), part: (head + xml).encode()})


def open_document(token: str) -> bytes:
    """Its first member is stored, and says what it is."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", f"<office>\n<text:p>{token}</text:p></office>", zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def epub(token: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(
            "OEBPS/ch1.xhtml", f"<html><body>\n\n<pre>{token}</pre></body></html>", zipfile.ZIP_DEFLATED
        )
    return stream.getvalue()


class _Storage:
    """What stands for a tensor's numbers, which lie beside the pickle."""


def checkpoint(values: dict[str, object]) -> bytes:
    """What torch.save writes: a stored zip with a pickle of protocol 2, and the numbers as members beside it."""

    class Pickler(pickle.Pickler):
        def persistent_id(self, value: object) -> Any:
            return ("storage", "FloatStorage", "0", "cpu", 4) if isinstance(value, _Storage) else None

    stream = io.BytesIO()
    Pickler(stream, 2).dump({**values, "weight": _Storage()})
    return archives.zipped(
        {"model/data.pkl": stream.getvalue(), "model/data/0": bytes(16), "model/version": b"3\n"},
        zipfile.ZIP_STORED,
    )


def database(token: str, first: str = "a=1") -> bytes:
    """With a value over several pages, the token somewhere in it; `first` is a short one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.sqlite"
        connection = sqlite3.connect(path)
        connection.execute("create table cookies(host text, value text)")
        connection.execute("insert into cookies values('example.com', ?)", (first,))
        connection.execute(
            "insert into cookies values('huggingface.co', ?)",
            ("x" * 4050 + " y" * 2000 + " " + token + " z" * 3000,),
        )
        connection.commit()
        connection.close()
        return path.read_bytes()


def pdf(token: str) -> bytes:
    page = zlib.compress(f"BT\n/F1 12 Tf\n72 720 Td\n(export HF_TOKEN={token}) Tj\nET\n".encode())
    return (
        b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
        b"4 0 obj\n<< /Length " + str(len(page)).encode() + b" /Filter /FlateDecode >>\nstream\n" + page + b"\n"
        b"endstream\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
    )


def moved_pdf(token: str) -> bytes:
    """Its letters are moved closer to each other, so that the string is shown in pieces."""
    page = zlib.compress(f"BT [(Token: ) 3 ({token[:5]}) -20 ({token[5:20]}) 7 ({token[20:]})] TJ ET".encode())
    return b"%PDF-1.4\n7 0 obj <</Filter/FlateDecode>> stream\n" + page + b"\nendstream endobj\n%%EOF\n"


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\x08\0\0\0\0")
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunk(*pair) for pair in chunks) + pixels + chunk(b"IEND", b"")


def bundle(token: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        repository = Repository(Path(folder) / "work", Path(folder) / "home")
        repository.stage("settings.py", config(token))
        repository.commit("add settings")
        repository.git("rm", "--quiet", "settings.py")
        repository.commit("remove them")
        repository.git("bundle", "create", "--quiet", str(Path(folder) / "x.bundle"), "--all")
        return (Path(folder) / "x.bundle").read_bytes()


def bundled(path: str) -> File:
    """Objects have no names but those of their content."""
    token = secret_of(USER, path)
    content = config(token)
    name = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    expected = Expected(path, USER, token, 3, (f"blob {name}",), (), None, None)
    return File(path, bundle(token), (expected,))


def application(token: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "__main__.py").write_bytes(config(token))
        stream = io.BytesIO()
        zipapp.create_archive(folder, stream, "/usr/bin/env python3", compressed=True)
        return stream.getvalue()


def arrays(token: str) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, names=np.array(["alice", token]), numbers=np.arange(9))
    return stream.getvalue()


def objects(token: str) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array([{"token": token}], dtype=object), allow_pickle=True)
    return stream.getvalue()


def feather(token: str) -> bytes:
    """As the library datasets keeps what it has downloaded."""
    stream = io.BytesIO()
    pyarrow.feather.write_feather(pyarrow.table({"user": ["alice", None], "token": ["none", token]}), stream)
    return stream.getvalue()


STREAMS: Recipes = {
    "logs/app.log.gz": leaking(lambda token: gzip.compress(log(token)), within("app.log", line=2)),
    "logs/app.log.bz2": leaking(lambda token: bz2.compress(log(token)), within("app.log", line=2)),
    "logs/app.log.xz": leaking(lambda token: lzma.compress(log(token)), within("app.log", line=2)),
    "logs/app.log.lzma": leaking(
        lambda token: lzma.compress(log(token), lzma.FORMAT_ALONE), within("app.log", line=2)
    ),
    "logs/app.log.zst": leaking(lambda token: archives.zstd(log(token)), within("app.log", line=2)),
    # As logrotate appends, and with a name that says nothing.
    "logs/appended.gz": leaking(
        lambda token: gzip.compress(b"INFO before\n" * 9) + gzip.compress(log(token)), within("appended", line=11)
    ),
    "logs/upload": leaking(lambda token: gzip.compress(log(token)), within("content", line=2)),
}

TARS: Recipes = {
    f"tar/project.{suffix}": leaking(
        lambda token, pack=pack: pack(tarred("project/.env", dotenv(token).encode())),
        within("project/.env", line=3),
    )
    for suffix, pack in {
        "tar": bytes,
        "tar.gz": gzip.compress,
        "tgz": gzip.compress,
        "tar.bz2": bz2.compress,
        "tar.xz": lzma.compress,
        "tar.zst": archives.zstd,
    }.items()
}

ARCHIVES: Recipes = {
    **TARS,
    "tar/release.tar.gz": leaking(
        lambda token: gzip.compress(tarred("dist/pkg-1.0-py3-none-any.whl", wheel(token))),
        within("dist/pkg-1.0-py3-none-any.whl", "pkg/config.py", line=3),
    ),
    "tar/backup.tar.xz": leaking(
        lambda first, second: lzma.compress(
            archives.tar(
                {
                    "old.tar.gz": gzip.compress(archives.tar({"d/.env": dotenv(first).encode()})),
                    "logs/app.log.gz": gzip.compress(log(second)),
                }
            )
        ),
        within("old.tar.gz", "d/.env", line=3),
        within("logs/app.log.gz", "app.log", line=2),
    ),
    # Where it is part of a name that is too long for a header.
    "tar/names.tar": leaking(
        lambda token: archives.tar({f"cache/{'x' * 150}/{token}": b"content\n"}), within("headers")
    ),
    "zip/stored.zip": leaking(
        lambda token: archives.zipped({"d/.env": dotenv(token).encode()}, zipfile.ZIP_STORED),
        within("d/.env", line=3),
    ),
    "zip/nested.zip": leaking(
        lambda token: archives.zipped(
            {"a.zip": archives.zipped({"b.zip": archives.zipped({"c.py": config(token)})})}
        ),
        within("a.zip", "b.zip", "c.py", line=3),
    ),
    "zip/bzip2.zip": leaking(
        lambda token: archives.zipped({"c.py": config(token)}, zipfile.ZIP_BZIP2), within("c.py", line=3)
    ),
    "zip/lzma.zip": leaking(
        lambda token: archives.zipped({"c.py": config(token)}, zipfile.ZIP_LZMA), within("c.py", line=3)
    ),
    "zip/two.zip": leaking(
        lambda first, second: archives.zipped(
            {"a/.env": dotenv(first).encode(), "b/.env": dotenv(second).encode()}
        ),
        within("a/.env", line=3),
        within("b/.env", line=3),
    ),
    "zip/secret.zip": leaking(
        lambda token: archives.zipped({"k8s/secret.yaml": manifest("token", b64(token)).encode()}),
        Place(7, ("base64",), ("k8s/secret.yaml",)),
    ),
    "zip/redirect.zip": leaking(
        lambda token: archives.zipped({"out.txt": session(token).encode("utf-16")}),
        Place(3, ("utf-16",), ("out.txt",)),
    ),
    "zip/app.jar": leaking(
        lambda token: archives.zipped(
            {
                "META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\r\n",
                "application.properties": b"a=1\nt=" + token.encode(),
            }
        ),
        within("application.properties", line=2),
    ),
    # A string of Android's resources: its length, the text and a zero.
    "zip/app.apk": leaking(
        lambda token: archives.zipped(
            {"resources.arsc": b"\2\0\x0c\0" + bytes([37, 37]) + token.encode() + b"\0"}
        ),
        within("resources.arsc", line=1),
    ),
    "zip/pkg-1.0-py3-none-any.whl": leaking(wheel, within("pkg/config.py", line=3)),
    "zip/app.pyz": leaking(application, within("__main__.py", line=3)),
    "zip/setup.exe": leaking(
        lambda token: b"MZ\x90\0" + bytes(3000) + archives.zipped({"config.py": config(token)}),
        within("config.py", line=3),
    ),
}

DOCUMENTS: Recipes = {
    "documents/notes.docx": leaking(
        lambda token: office("word/document.xml", f"<w:p><w:t>{token}</w:t></w:p>"),
        within("word/document.xml", line=2),
    ),
    "documents/table.xlsx": leaking(
        lambda token: office("xl/sharedStrings.xml", f"<sst><si><t>{token}</t></si></sst>"),
        within("xl/sharedStrings.xml", line=2),
    ),
    "documents/slides.pptx": leaking(
        lambda token: office("ppt/slides/slide1.xml", f"<p:sld><a:t>{token}</a:t></p:sld>"),
        within("ppt/slides/slide1.xml", line=2),
    ),
    "documents/notes.odt": leaking(open_document, within("content.xml", line=2)),
    "documents/book.epub": leaking(epub, within("OEBPS/ch1.xhtml", line=3)),
    "documents/letter.pdf": leaking(pdf, within("object 4", line=4)),
    "documents/moved.pdf": leaking(moved_pdf, within("object 7, strings")),
    "documents/mail.zip": leaking(
        lambda token: archives.zipped({"notes.docx": office("word/document.xml", f"<w:t>{token}</w:t>")}),
        within("notes.docx", "word/document.xml", line=2),
    ),
    "images/texts.png": leaking(
        lambda first, second, third: png(
            (b"tEXt", b"Comment\0" + first.encode()),
            (b"zTXt", b"prompt\0\0" + zlib.compress(f"a cat\n{second}".encode())),
            (b"iTXt", b"workflow\0\1\0en\0w\0" + zlib.compress(third.encode())),
        ),
        within("Comment", line=1),
        within("prompt", line=2),
        within("workflow", line=1),
    ),
}

DATA: Recipes = {
    "data/cookies.sqlite": leaking(database, within("cookies")),
    **{
        f"data/protocol-{protocol}.pkl": leaking(
            lambda token, protocol=protocol: pickle.dumps({"user": "alice", "args": [1, (token, 2.5)]}, protocol),
            within("strings"),
        )
        for protocol in range(2, 6)
    },
    "data/packed.pkl": leaking(
        lambda token: pickle.dumps(
            {"note": "packed by the nightly job", "env": gzip.compress(dotenv(token).encode())}
        ),
        within("packed 1", "content", line=3),
    ),
    "data/names.npz": leaking(arrays, within("names.npy", "texts")),
    "data/objects.npy": leaking(objects, within("objects", "strings")),
    "data/users.parquet": leaking(archives.parquet, within("token")),
    "data/zstd.parquet": leaking(lambda token: archives.parquet(token, "zstd"), within("token")),
    "data/cache.arrow": leaking(feather, within("columns")),
    "data/project.bundle": bundled,
}

MODELS: Recipes = {
    "models/training_args.bin": leaking(
        lambda token: checkpoint({"push_to_hub": True, "hub_token": token}), within("model/data.pkl", "strings")
    ),
    "models/model.pt": leaking(
        lambda token: checkpoint({"config": {"command": f"HF_TOKEN={token} accelerate launch"}}),
        within("model/data.pkl", "strings"),
    ),
    "models/model.safetensors": leaking(archives.safetensors, within("note", line=1)),
    "models/model.gguf": leaking(archives.gguf, within("note", line=1), Place(None, inside=("words",), secret=0)),
}

RECIPES: Recipes = {**STREAMS, **ARCHIVES, **DOCUMENTS, **DATA, **MODELS}
