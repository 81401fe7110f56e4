"""Every form in which a credential may stand in a text: that it is found, where, and by which way."""

import base64
import json
import quopri
import random
import textwrap

import pytest

from tests.support.credentials import every_kind, s3_access_key, user_token
from tokenguard.core.decode import DEPTH, decode, may_hide
from tokenguard.core.detect import detect

TOKEN = user_token(1)
BODY = TOKEN[3:]
TEXT = f"apiVersion: v1\nexport HUGGING_FACE_HUB_TOKEN={TOKEN}\nmore: 1\n"


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def each(form: str, text: str = TOKEN) -> str:
    return "".join(form % ord(sign) for sign in text)


def wrapped(width: int, ending: str, text: str | None = None) -> str:
    return ending.join(textwrap.wrap(b64(TEXT) if text is None else text, width))


BASE64 = {
    "alone": b64(TOKEN),
    "unpadded": b64(TOKEN).rstrip("="),
    "second alignment": b64(" " + TOKEN + " ."),
    "third alignment": b64("= " + TOKEN + ";"),
    "after a word": "token " + b64(TOKEN),
    "after an escape": "a\\n" + b64(TOKEN) + "\\n",
    "in JSON": json.dumps({"data": b64(TEXT)}),
    "URL-safe": base64.urlsafe_b64encode(("ÿþ>?~~" + TOKEN + ">>>~~~?").encode()).decode(),
    "MIME": base64.encodebytes(TEXT.encode()).decode(),
    "CRLF": wrapped(64, "\r\n"),
    "narrow": wrapped(60, "\n"),
    "YAML": "data: |\n    " + wrapped(64, "\n    ") + "\nkind: Secret\n",
    "lines in JSON": json.dumps(wrapped(76, "\n")),
    "CRLF in JSON": json.dumps(wrapped(76, "\r\n")),
    "PEM": "-----BEGIN X-----\n" + wrapped(64, "\n") + "\n-----END X-----\n",
    "line after a word": "TOKEN\n" + b64(TOKEN) + "\nfoo\n",
}
HEX = {
    "lower": TOKEN.encode().hex(),
    "upper": TOKEN.encode().hex().upper(),
    "0x": "0x" + TOKEN.encode().hex(),
    "wrapped": wrapped(60, "\n", TEXT.encode().hex()),
}
UTF16 = {
    "BOM": TEXT.encode("utf-16"),
    "little": TEXT.encode("utf-16-le"),
    "big": TEXT.encode("utf-16-be"),
    "odd offset": b"x" * 999 + TOKEN.encode("utf-16-le"),
    "alone, little": TOKEN.encode("utf-16-le"),
    "alone, big": TOKEN.encode("utf-16-be"),
    "among Chinese, little": ("令牌" * 40 + TOKEN + "令").encode("utf-16-le"),
    "among Chinese, big": ("令牌" * 40 + TOKEN + "令").encode("utf-16-be"),
    "in a binary file": bytes(range(256)) * 8 + b"\0\0" + TOKEN.encode("utf-16-le") + b"\0\0\1\2",
}
REGISTRY = {
    "registry": "REGEDIT4\n@=hex:" + ",".join(f"{ord(sign):02x}" for sign in TOKEN),
    "registry, in lines": "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_A]\r\n@=hex:"
    + ",\\\r\n  ".join(",".join(f"{ord(sign):02x}" for sign in half) for half in (TOKEN[:20], TOKEN[20:])),
}
PERCENT = {
    "joint": TOKEN.replace("_", "%5F"),
    "lower case": TOKEN.replace("_", "%5f"),
    "first": "%68" + TOKEN[1:],
    "second": "h%66" + TOKEN[2:],
    "body": TOKEN[:8] + each("%%%02X", TOKEN[8]) + TOKEN[9:],
    "whole": each("%%%02x"),
}
UNICODE = {
    "joint": TOKEN.replace("_", "\\u005f"),
    "first": "\\u0068" + TOKEN[1:],
    "whole": each("\\u%04x"),
    "hexadecimal": each("\\x%02x"),
    "one hexadecimal": "\\x68" + TOKEN[1:],
    "eight digits": TOKEN.replace("_", "\\U0000005F"),
    "braces": TOKEN.replace("_", "\\u{5f}"),
    "octal": TOKEN.replace("_", "\\137"),
    "in JSON": TOKEN.replace("_", "\\\\u005f"),
}
HTML = {
    "decimal": TOKEN.replace("_", "&#95;"),
    "hexadecimal": TOKEN.replace("_", "&#x5f;"),
    "named": TOKEN.replace("_", "&lowbar;"),
    "first": "&#104;" + TOKEN[1:],
    "whole": each("&#%d;"),
    "whole, hexadecimal": each("&#x%X;"),
}
QUOTED = {
    "joint": TOKEN.replace("_", "=5F"),
    "soft break": TOKEN[:20] + "=\r\n" + TOKEN[20:],
    "soft break, LF": TOKEN[:20] + "=\n" + TOKEN[20:],
    "soft break in the prefix": "hf=\r\n_" + BODY,
    "soft break behind the prefix": TOKEN[:3] + "=\n" + BODY,
    "whole": each("=%02X"),
}
CONCATENATION = {
    "plus": f'"{TOKEN[:3]}" + "{BODY}"',
    "adjacent": f"('{TOKEN[:3]}'\n   '{BODY}')",
    "PHP": f"'{TOKEN[:3]}' . '{BODY}'",
    "Visual Basic": f'"{TOKEN[:3]}" & _\r\n  "{BODY}"',
    "shell": f'"{TOKEN[:3]}""{BODY}"',
    "quoted in part": f'{TOKEN[:3]}"{BODY}"',
    "continued line": TOKEN[:12] + "\\\n" + TOKEN[12:],
    "folded in YAML": f'a: "{TOKEN[:12]}\\\n   {TOKEN[12:]}"',
    "join of Python": f'"".join(["{TOKEN[:3]}", "{BODY}"])',
    "join of JavaScript": f'["{TOKEN[:3]}", "{BODY}"].join("")',
    "first letter": f'"h" + "{TOKEN[1:]}"',
    "letters of the prefix": f'"hf" + "{TOKEN[2:]}"',
    "three": f'"{TOKEN[:10]}" + \\\n "{TOKEN[10:20]}" + "{TOKEN[20:]}"',
    "in JSON": f'\\"{TOKEN[:3]}\\" + \\"{BODY}\\"',
    "after another": f'"Bearer " + "{TOKEN[:3]}" + "{BODY}"',
}
NESTED = {
    ("base64", "base64"): b64(b64(TOKEN)),
    ("base64", "base64", "base64"): b64(b64(b64(TEXT))),
    ("base64", "utf-16"): b64(f'$token = "{TOKEN}"'.encode("utf-16-le")),
    ("base64", "hex"): b64(TOKEN.encode().hex()),
    ("hex", "base64"): b64(TOKEN).encode().hex(),
    ("hex", "utf-16"): TOKEN.encode("utf-16-be").hex(),
    ("base64", "percent"): b64("token=" + TOKEN.replace("_", "%5F")),
    ("base64", "unicode-escape"): b64(each("\\x%02x")),
    ("percent", "percent"): TOKEN.replace("_", "%255F"),
    ("percent", "unicode-escape"): TOKEN.replace("_", "%5Cu005f"),
    ("html", "html"): TOKEN.replace("_", "&amp;#95;"),
    ("quoted-printable", "base64"): quopri.encodestring(b64(TEXT).encode()).decode(),
    ("concatenation", "base64"): f'"{b64(TEXT)[:90]}" +\n  "{b64(TEXT)[90:]}"',
    ("unicode-escape", "utf-16"): repr(TOKEN.encode("utf-16-le"))[2:-1],
}
ONE: dict[str, dict[str, str] | dict[str, bytes]] = {
    "base64": BASE64,
    "hex": {**HEX, **REGISTRY},
    "utf-16": UTF16,
    "percent": PERCENT,
    "unicode-escape": UNICODE,
    "html": HTML,
    "quoted-printable": QUOTED,
    "concatenation": CONCATENATION,
}
CASES = [
    *(
        (form if isinstance(form, bytes) else form.encode(), (name,))
        for name, forms in ONE.items()
        for form in forms.values()
    ),
    *((form.encode(), chain) for chain, form in NESTED.items()),
]
IDS = [
    *(f"{name}: {form}" for name, forms in ONE.items() for form in forms),
    *(" ".join(chain) for chain in NESTED),
]


@pytest.mark.parametrize(("data", "chain"), CASES, ids=IDS)
def test_a_credential_in_any_form_is_found(data: bytes, chain: tuple[str, ...]) -> None:
    assert detect(data) == []
    assert may_hide(data)
    assert [(item.value.decode(), item.chain) for item in decode(data).found] == [(TOKEN, chain)]


@pytest.mark.parametrize(("data", "chain"), CASES, ids=IDS)
def test_what_is_found_is_all_that_is_needed(data: bytes, chain: tuple[str, ...]) -> None:
    """What stands there says the same without its surroundings, and nothing without its second half."""
    (item,) = decode(data).found
    assert item.end - item.start >= len(TOKEN)
    if chain != ("concatenation",):  # a list is joined by what stands behind it
        assert [found.value for found in decode(data[: item.end]).found] == [item.value]
    assert decode(data[: item.start + len(TOKEN) // 2]).found == []


@pytest.mark.parametrize("kind", sorted(every_kind()))
@pytest.mark.parametrize("form", [b64, lambda text: text.encode().hex(), lambda text: each("\\u%04x", text)])
def test_every_kind_is_found(kind: str, form: object) -> None:
    text = every_kind(3)[kind]
    data = form(f"key = {text}\n").encode()  # type: ignore[operator]
    assert [(item.kind.name, item.value.decode()) for item in decode(data).found] == [(kind, text.split()[0])]


def test_half_a_character_at_the_end_of_an_export_of_the_registry_is_no_trouble() -> None:
    row = ",".join(f"{byte:02x}" for byte in TOKEN.encode("utf-16-le")[:-1])
    data = f'Windows Registry Editor Version 5.00\n\n"HF_TOKEN"=hex(2):{row}'
    (item,) = decode(data.encode()).found
    assert (item.value.decode(), item.chain) == (TOKEN, ("hex", "utf-16"))
    assert data[item.start : item.end] == row


def test_the_place_is_that_of_the_encoded_text() -> None:
    encoded = b64(TOKEN)
    for data, expected in (
        (f"a: {encoded}\n", encoded.rstrip("=")),
        (f"a: {TOKEN.encode().hex()} b", TOKEN.encode().hex()),
        (f"x %20 hf%5F{BODY} y", f"hf%5F{BODY}"),
        (f'x = "{TOKEN[:3]}" + "{BODY}"', f'{TOKEN[:3]}" + "{BODY}'),
    ):
        (item,) = decode(data.encode()).found
        assert data[item.start : item.end] == expected


def test_the_secret_of_an_access_key_may_be_encoded_with_it() -> None:
    key, secret = s3_access_key(5)
    data = b64(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n").encode()
    assert [item.value.decode() for item in decode(data).found] == [key]


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        json.dumps({"token": TOKEN + "\n"}),
        f"%20{TOKEN}%20",
        f"=3D{TOKEN}",
        f'["{TOKEN[:3]}", "{BODY}"]',
        f'"x{TOKEN[:3]}" + "{BODY}"',
        f'"{TOKEN[:3]}" + "{BODY}abc"',
        f'"{TOKEN[:3]}" # no\n"{BODY}"',
        b64("x" + TOKEN),
        b64("hf" + "_" + "x" * 34),
        b64("hf" + "_" + "your_token_goes_here" * 2),
        f'"{TOKEN[:3]}" + "{"yourTokenGoesHereyourTokenGoesHere"}"',
        "",
    ],
)
def test_what_is_plain_or_no_credential_is_not_found(text: str) -> None:
    assert decode(text.encode()).found == []


def test_anchors_that_are_known_need_not_be_looked_for() -> None:
    data = CONCATENATION["plus"].replace(BODY, f'{BODY[:20]}" + "{BODY[20:]}').encode()
    assert [item.value.decode() for item in decode(data, [b"hf" + b"_"]).found] == [TOKEN]
    assert not may_hide(b"nothing to see", [])


def test_more_than_is_decoded_at_most_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    data = base64.b64encode(TOKEN.encode())
    assert decode(data).is_complete
    monkeypatch.setattr("tokenguard.core.decode._LEAST", 0)
    monkeypatch.setattr("tokenguard.core.decode._TIMES", 0.1)
    assert not decode(data).is_complete


def test_what_is_in_ordinary_files_is_decoded_to_its_end() -> None:
    image = base64.b64encode(random.Random(1).randbytes(2_000_000))
    for ordinary in (image, b'{"image/png": "' + image + b'"}', b"\\u4e2d" * 200_000, b"%20" * 1000):
        assert decode(ordinary).is_complete


def test_two_that_stand_side_by_side_are_both_found() -> None:
    other = user_token(2)
    data = f"{b64(TOKEN)}\n{b64(other)}\n{other[:3]}%5F\nhf%5F{other[3:]} ".encode()
    assert [item.value.decode() for item in decode(data).found] == [TOKEN, other, other]


def test_the_depth_is_bounded() -> None:
    data = TOKEN
    for _ in range(DEPTH):
        data = b64(data)
    assert [item.chain for item in decode(data.encode()).found] == [("base64",) * DEPTH]
    assert decode(b64(data).encode()).found == []


@pytest.mark.parametrize("ending", ["", "\n", "\n    "])
def test_a_credential_within_a_large_image_is_found(ending: str) -> None:
    draw = random.Random(9)
    for pad in range(4):
        image = draw.randbytes(150_000 + pad) + f' "{TOKEN}" '.encode() + draw.randbytes(90_000)
        encoded = base64.b64encode(image).decode()
        if ending:
            encoded = wrapped(76, ending, encoded)
        found = decode(f'{{"image/png": "{encoded}"}}'.encode()).found
        assert [(item.value.decode(), item.chain) for item in found] == [(TOKEN, ("base64",))]


@pytest.mark.parametrize(
    "line", ['x = "hf_" + "%s"', 'hf_"%s"', 'f("hf_model_" + "%s")', '"".join(["hf_", "%s"]),']
)
def test_a_text_full_of_pieces_is_decoded_to_its_end(line: str) -> None:
    for body in ("not_what_one_would_take_for_a_token", TOKEN[3:]):
        data = "".join(line % body + "\n" for _ in range(1000)).encode()
        decoded = decode(data)
        assert decoded.is_complete
        assert len(decoded.found) in (0, 1000)
