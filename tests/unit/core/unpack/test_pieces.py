"""What is read in large pieces, is what comes out step by step."""

from __future__ import annotations

import io

import pytest

from tests.support.archives import tar
from tokenguard.core.unpack import unpack
from tokenguard.core.unpack.source import CutError, Source


def test_what_is_in_memory_is_read_like_a_file() -> None:
    source = Source.of(b"0123456789")
    assert source.peek(3) == b"012"
    source.skip(2)
    assert (source.read(3), source.exactly(2)) == (b"234", b"56")
    with pytest.raises(CutError):
        source.exactly(9)
    beyond = Source.of(b"0123456789")
    with pytest.raises(CutError):
        beyond.skip(1 << 20)
    assert beyond.file is not None
    beyond.file.seek(0)
    assert beyond.file.read() == b"0123456789"


def test_the_headers_before_damage_are_given() -> None:
    data = tar({"name": b"x" * 100, "other": b"y"})
    given = list(unpack(io.BytesIO(data[:1024] + b"no header" * 60 + data[1024:]), "a.tar"))
    assert [item.inside for item in given] == [("name",), ("headers",), ()]
