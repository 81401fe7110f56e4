"""base64 in which what stands beside a credential makes a sign, which no credential has."""

from __future__ import annotations

import base64
import importlib

import pytest

from tests.support.credentials import user_token
from tokenguard.core.decode import decode
from tokenguard.sources.prefilter import by_expressions, by_hyperscan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN = user_token()
ENDS = [TOKEN[:-1] + last for last in "oOKkz"]


def is_found(data: bytes, token: str) -> bool:
    """Whether `token` is decoded, and every search says before that it may be."""
    searches = [by_expressions(deep=True), by_hyperscan(10_000, deep=True) or by_expressions(deep=True)]
    assert all(may_hold(data, 0, len(data)) for may_hold in searches)
    return [item.value for item in decode(data).found] == [token.encode()]


@pytest.mark.parametrize("token", ENDS)
@pytest.mark.parametrize("shift", range(3))
@pytest.mark.parametrize("behind", ["”", "。", "🤗", "ÿ", ""])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_what_is_no_ascii_may_follow(
    token: str, shift: int, behind: str, encode: Callable[[bytes], bytes]
) -> None:
    text = "令牌“".encode() + b"x" * shift + b" " + token.encode() + behind.encode()
    assert is_found(encode(text), token)


@pytest.mark.parametrize("before", [b"\xff" * 4, b"ab:\xfc", b"a\xff\xff", b"\xfb\xff"])
def test_what_is_no_ascii_may_stand_before(before: bytes) -> None:
    assert is_found(base64.b64encode(before + TOKEN.encode()), TOKEN)


@pytest.mark.parametrize("width", [64, 76])
@pytest.mark.parametrize("sign", ["?t=", "<token>", "=> ", "~ "])
def test_a_sign_may_stand_before_it_anywhere_in_a_line(width: int, sign: str) -> None:
    missed = []
    for length in range(60):
        text = (
            f"{'curl the model from a path of any length, at last '[:length]:x<{length}}{sign}{TOKEN}\nand more\n"
        )
        encoded = base64.b64encode(text.encode() * 2)
        lines = b"\n".join(encoded[at : at + width] for at in range(0, len(encoded), width))
        if TOKEN.encode() not in {item.value for item in decode(lines).found}:
            missed.append(length)
    assert not missed


def test_a_long_run_is_gone_around_once(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = []
    module = importlib.import_module("tokenguard.core.decode.runs")
    around: Callable[..., tuple[int, int]] = module._around

    def counted(data: bytes, at: int, *table: bytes) -> tuple[int, int]:
        gone.append(at)
        return around(data, at, *table)

    monkeypatch.setattr(module, "_around", counted)
    assert not decode(base64.b64encode(b"abcdefghijklmnopqrstuvwx" * 20_000)).found
    assert 0 < len(gone) < 9
