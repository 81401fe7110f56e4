"""Containers for tests, each made by the program or library that people make it with, around one text."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import pickle
import sqlite3
import struct
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow
import pyarrow.feather
import pyarrow.parquet

from tokenguard.core.unpack.compressed import zstd_module

if TYPE_CHECKING:
    from collections.abc import Mapping


def tar(files: Mapping[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def zstd(content: bytes) -> bytes:
    packed: bytes = zstd_module().compress(content)
    return packed


def database(path: str, token: str) -> bytes:
    """With a value beside another, one over many pages, a packed one, and a table without row numbers."""
    connection = sqlite3.connect(path)
    connection.execute("create table users(name text, token text, more blob)")
    connection.execute("insert into users values('alice', ?, ?)", (token, gzip.compress(b"x" * 99)))
    connection.execute("insert into users values('long', ?, null)", ("x " * 9000 + token + " y" * 9000,))
    connection.executemany("insert into users values('q', ?, null)", [("r" * 50,)] * 500)
    connection.execute("create table plain(name text primary key, value text) without rowid")
    connection.execute("insert into plain values('key', ?)", (token,))
    connection.commit()
    connection.close()
    with open(path, "rb") as file:
        return file.read()


def png(token: str) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    secret = token.encode()
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            chunk(b"IHDR", bytes(13)),
            chunk(b"tEXt", b"Comment\0" + secret),
            chunk(b"zTXt", b"prompt\0\0" + zlib.compress(secret)),
            chunk(b"iTXt", b"workflow\0\1\0en\0w\0" + zlib.compress(secret)),
            chunk(b"IDAT", bytes(99)),
            chunk(b"IEND", b""),
        ]
    )


def pdf(token: str) -> bytes:
    """One page whose text is moved letter by letter, packed as most programs do it, and as reportlab does."""
    page = zlib.compress(f"BT [({token[:5]}) -20 ({token[5:]})] TJ ET".encode())
    coded = base64.a85encode(page) + b"~>"
    return (
        b"%PDF-1.4\n1 0 obj\n<</Filter /FlateDecode>>\nstream\n" + page + b"\nendstream endobj\n"
        b"2 0 obj << /Filter [ /ASCII85Decode /FlateDecode ] >> stream\r\n" + coded + b"\nendstream\nendobj\n%%EOF"
    )


def safetensors(token: str) -> bytes:
    header = json.dumps({"__metadata__": {"note": token}}).encode()
    return struct.pack("<Q", len(header)) + header


def gguf(token: str) -> bytes:
    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    return (
        b"GGUF"
        + struct.pack("<IQQ", 3, 0, 4)
        + (text("count") + struct.pack("<II", 4, 5))
        + (text("numbers") + struct.pack("<IIQ", 9, 5, 2) + bytes(8))
        + (text("note") + struct.pack("<I", 8) + text(token))
        + (text("words") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text(token))
    )


def table(token: str) -> pyarrow.Table:
    return pyarrow.table({"user": ["alice", None, "bob"], "token": [token] * 3, "n": [1, 2, 3]})


def parquet(token: str, compression: str = "snappy") -> bytes:
    stream = io.BytesIO()
    pyarrow.parquet.write_table(table(token), stream, compression=compression)
    return stream.getvalue()


def feather(token: str) -> bytes:
    stream = io.BytesIO()
    pyarrow.feather.write_feather(table(token), stream)
    return stream.getvalue()


def npz(token: str) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, names=np.array(["alice", token]))
    return stream.getvalue()


def every_container(token: str) -> dict[str, bytes]:
    """A container of each format that needs no disk, by a file name, with `token` in it."""
    text = f"a\nTOKEN={token}\n".encode()
    return {
        "a.txt.gz": gzip.compress(text),
        "a.bz2": bz2.compress(text),
        "a.xz": lzma.compress(text),
        "a.lzma": lzma.compress(text, lzma.FORMAT_ALONE),
        "a.zst": zstd(text),
        "a.tar": tar({"d/.env": text}),
        "gnu.tar": tar({"x" * 300: text}, tarfile.GNU_FORMAT),
        "a.tgz": gzip.compress(tar({"d/.env": text, "x" * 300: text})),
        "stored.zip": zipped({"in.tar.gz": gzip.compress(tar({"d/.env": text}))}, zipfile.ZIP_STORED),
        "a.zip": zipped({"in.tar.gz": gzip.compress(tar({"d/.env": text}))}),
        "bzip2.zip": zipped({"a": text}, zipfile.ZIP_BZIP2),
        "lzma.zip": zipped({"a": text}, zipfile.ZIP_LZMA),
        "a.pyz": b"#!/usr/bin/env python3\n" + zipped({"a": text}),
        "a.exe": b"MZ" + bytes(2000) + zipped({"a": text}),
        "a.pkl": pickle.dumps({"t": token, "packed": gzip.compress(text)}, 4),
        "a.npz": npz(token),
        "a.safetensors": safetensors(token),
        "a.gguf": gguf(token),
        "a.png": png(token),
        "a.pdf": pdf(token),
        "a.parquet": parquet(token),
        "zstd.parquet": parquet(token, "zstd"),
        "plain.parquet": parquet(token, "none"),
        "a.feather": feather(token),
    }
