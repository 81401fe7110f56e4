"""A stream of bytes comes out of a Masker without credentials, in whatever pieces it comes, and else as it was."""

from __future__ import annotations

import base64

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.credentials import every_kind, signed_token, user_token
from tokenguard.core.detect import LONGEST
from tokenguard.core.mask import Masker
from tokenguard.core.token import Token

KNOWN = (user_token(7), signed_token("hf_oauth" + "_", 7))
SINGLE = [text for kind, text in every_kind(3).items() if kind != "s3-access-key"]
# What may stand around a credential, and what only looks like one.
PLAIN = st.sampled_from(
    [
        *(
            "",
            "\n",
            " ",
            "what? ",
            "hf",
            "hf_",
            "hf_hub_download",
            "hf_oau",
            "hf_jwt_",
            "hf_oauth_eyJ",
            "hf_jwt_eyJ.a",
        ),
        *(
            "api_org",
            "api_org_",
            "oauth_app_secret_",
            "HFAK",
            "HFAK1",
            "aGZf",
            "hf%5F",
            "%",
            "\x1b[31m",
            "é",
            "with",
        ),
        *("hf_" + "x" * 34, "hf_" + "A" * 40, "a.b-c", "Bearer ", '"', "\0", "\udcff"),
    ]
)
# One byte before, none or two: the alignments of base64.
WRITTEN = st.sampled_from(
    [
        *(f"{before}{{}}{after}" for before in ("", " ", "token=") for after in ("\n", " ", '"')),
        *("b64", "xb64", "xyb64", "percent"),
    ]
)


def written(form: str, token: str) -> str:
    if form.endswith("b64"):
        return base64.b64encode((form.removesuffix("b64") + token).encode()).decode() + "\n"
    if form == "percent":
        return "?" + token.replace("_", "%5F") + "&"
    return form.format(token)


def masked(token: str, pieces: list[bytes]) -> bytes:
    masker = Masker(Token(token))
    return b"".join([*map(masker.feed, pieces), masker.end()])


def cut(data: bytes, lengths: list[int]) -> list[bytes]:
    pieces = []
    for length in lengths:
        pieces.append(data[:length])
        data = data[length:]
    return [*pieces, data]


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def expect_hidden(shown: bytes, token: str) -> None:
    body = token.partition("eyJ")[2] if "eyJ" in token else token.rpartition("_")[2]
    for secret in (body, *(base64.b64encode(b"0" * at + token.encode()).decode()[12:-4] for at in range(3))):
        for at in range(len(secret) - 11):
            assert secret[at : at + 12].encode() not in shown


@settings(max_examples=50)
@given(
    st.sampled_from(KNOWN),
    st.lists(st.tuples(PLAIN, st.sampled_from([None, *SINGLE]), WRITTEN, PLAIN), max_size=3),
    st.lists(st.integers(0, 60), max_size=20),
)
@example(KNOWN[0], [("", None, "xb64", "")], [1] * 60)
def test_no_credential_comes_out_and_the_pieces_do_not_matter(
    known: str, parts: list[tuple[str, str | None, str, str]], lengths: list[int]
) -> None:
    text = "".join(
        before + " " + written(form if other is None or "{" in form else " {} ", other or known) + after
        for before, other, form, after in parts
    )
    data = encoded(text)
    whole = masked(known, [data])
    assert masked(known, cut(data, lengths)) == whole
    assert masked(known, [bytes([byte]) for byte in data]) == whole
    for token in (known, *SINGLE):
        expect_hidden(whole, token)


@given(st.lists(st.one_of(PLAIN.map(encoded), st.binary(max_size=60))), st.lists(st.integers(0, 60), max_size=40))
def test_what_is_no_credential_comes_out_as_it_was(parts: list[bytes], lengths: list[int]) -> None:
    data = b"".join(parts)
    assert masked(KNOWN[0], cut(data, lengths)) == data


@given(st.text(max_size=80), PLAIN)
def test_no_more_is_held_back_than_may_be_a_secret(text: str, last: str) -> None:
    """A question is seen to its end, unless it ends in what may become a credential."""
    data = encoded(text.encode("utf-8", "replace").decode() + last)
    shown = Masker(Token(KNOWN[0])).feed(data)
    assert data.startswith(shown)
    for prefix in (b"hf_", b"api_org_", b"oauth_app_secret_", b"HFAK", b"aGZf", b"hf%5F", b"hf%5f"):
        if prefix in data[-40:]:
            return
    if b"eyJ" not in data:
        held = data[len(shown) :]
        assert len(held) <= 1, held


@given(st.sampled_from(["hf_jwt_eyJ", "hf_oauth_eyJ", "hf_", "HFAK"]), st.integers(1, 5))
def test_memory_is_bounded(head: str, times: int) -> None:
    masker = Masker(Token(KNOWN[0]))
    data = head.encode() + b"a" * (times * LONGEST)
    shown = masker.feed(data)
    assert len(data) - len(shown) <= LONGEST
    assert len(shown + masker.end()) == len(data)
