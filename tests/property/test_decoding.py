"""No chain of encodings hides a credential; nothing else is taken for one, however hostile."""

import base64
import random
from collections.abc import Callable

from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.support.credentials import every_kind, user_token
from tokenguard.core import decode as module
from tokenguard.core.decode import decode, may_hide
from tokenguard.core.detect import detect

Encoding = Callable[[bytes], bytes]


def _each(form: str) -> Encoding:
    return lambda text: "".join(form % byte for byte in text).encode()


ENCODINGS: dict[str, Encoding] = {
    "base64": base64.b64encode,
    "hex": lambda text: text.hex().encode(),
    "utf-16": lambda text: text.decode("latin-1").encode("utf-16-le"),
    "percent": _each("%%%02X"),
    "unicode-escape": _each("\\x%02x"),
    "html": _each("&#%d;"),
    "quoted-printable": _each("=%02X"),
}
credentials = st.builds(
    lambda kind, seed: every_kind(seed)[kind], st.sampled_from(sorted(every_kind())), st.integers(0, 2**32)
)
words = st.lists(st.sampled_from(["key", "=", " ", "\n", '"', "a: ", "é", "(", "0x"]), max_size=8).map("".join)
edges = st.sampled_from([" ", '"', "'", "\n", "(", ":"])


chains = st.one_of(
    st.tuples(st.sampled_from(["base64", "hex"]), st.sampled_from(["base64", "hex", "utf-16"])).map(list),
    st.sampled_from(["base64", "hex", "utf-16"]).map(lambda name: ["base64", "base64", name]),
    st.sampled_from(sorted(ENCODINGS)).map(lambda name: [name]),
)


@given(credentials, chains, words, words, edges)
def test_no_chain_of_encodings_hides_a_credential(
    credential: str, chain: list[str], before: str, after: str, edge: str
) -> None:
    data = (before + edge + credential + edge + after).encode()
    for name in reversed(chain):
        data = edge.encode() + ENCODINGS[name](data) + edge.encode()
    assume(not detect(data))
    assert credential.split()[0].encode() in [item.value for item in decode(data).found]


@given(st.binary(max_size=2000))
def test_random_bytes_hold_nothing(data: bytes) -> None:
    for text in (
        data,
        base64.b64encode(data),
        data.hex().encode(),
        b"\0".join(data[i : i + 1] for i in range(len(data))),
    ):
        assert decode(text).found == []


pieces = [
    *(b"hf_", b"aGZf", b"hmX", b"68665f", b"h\0f\0_\0", b"%5F", b"%25", b"\\u", b"\\x68", b"&#", b"&#95;", b"=\n"),
    *(b"\\\n", b'" + "', b"'", b"\\", b"\\n", b"\n", b"a" * 40, b"A" * 64, b"=", b"\xff", b"hf_abc", b'".join(["'),
]


@example(1, 12, "lines", False)  # split by a line end, with a sign of base64 just before
@given(
    st.integers(0, 2**32),
    st.integers(0, 80),
    st.sampled_from(["base64", "lines", "JSON"]),
    st.booleans(),
)
def test_a_large_stretch_of_base64_hides_no_credential(seed: int, pad: int, form: str, is_wide: bool) -> None:
    draw = random.Random(seed)
    token = user_token(seed).encode()
    secret = b"\0".join(bytes((byte,)) for byte in token) + b"\0" if is_wide else token
    raw = draw.randbytes(30_000 + pad) + b"\n\0" + secret + b'"' + b"\0" + draw.randbytes(20_000)
    encoded = base64.b64encode(raw) if form == "base64" else base64.encodebytes(raw)
    if form == "JSON":
        assume(not is_wide)  # a line end of JSON in the prefix of UTF-16 hides it
        encoded = encoded.replace(b"\n", rb"\n")
    chain = ("base64", "utf-16") if is_wide else ("base64",)
    assert [(item.value, item.chain) for item in decode(b'{"data": "' + encoded + b'"}').found] == [(token, chain)]


hostile = st.lists(st.sampled_from(pieces), max_size=60).map(b"".join)


@given(hostile)
def test_anything_is_decoded_without_an_error(data: bytes) -> None:
    assert [item for item in decode(data).found if not 0 <= item.start < item.end <= len(data)] == []
    assert may_hide(data) or decode(data).found == []


@given(hostile.filter(bool), st.integers(1, 400))
def test_the_work_grows_with_the_length_only(data: bytes, times: int) -> None:
    looked_at = 0
    layers = module._layers

    def counted(text: bytes, signs: object, *, is_joined: bool) -> object:
        nonlocal looked_at
        looked_at += len(text)
        return layers(text, signs, is_joined=is_joined)  # type: ignore[arg-type]

    data *= times
    module._layers = counted  # type: ignore[assignment]
    try:
        decode(data)
    finally:
        module._layers = layers
    assert looked_at <= 256 * 1024 + 5 * len(data)
