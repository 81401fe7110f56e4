"""What may stand to the left of a credential, as it looks in files."""

import pytest

from tests.support.credentials import user_token
from tokenguard.core.boundary import begins_word, is_word
from tokenguard.core.detect import Span, detect
from tokenguard.core.kinds import USER_ACCESS_TOKEN

BEGINNINGS = {
    "nothing": b"",
    "space": b"TOKEN ",
    "newline": b"a\n",
    "pickle, protocol 0": b"(dp0\nV",
    "carriage return": b"a\r",
    "double quote": b'"',
    "single quote": b"'",
    "backtick": b"`",
    "equals": b"HF_TOKEN=",
    "colon": b"token:",
    "user of a URL": b"https://hf_user:",
    "slash": b"/",
    "comma": b"x,",
    "semicolon": b"x;",
    "parenthesis": b"f(",
    "bracket": b"[",
    "brace": b"${",
    "less than": b"<",
    "greater than": b"<b>",
    "pipe": b"|",
    "ampersand": b"a=b&",
    "at": b"@",
    "hash": b"#",
    "plus": b"a+",
    "dash": b"--token-",
    "NUL": b"a\0",
    "DEL": b"a\x7f",
    "markdown _": b"_",
    "markdown **": b"**",
    "UTF-8": "clé".encode(),
    "UTF-8 full width": "\uff1a".encode(),
    "UTF-8 byte order mark": b"\xef\xbb\xbf",
    "latin-1": b"cl\xe9",
    "JSON \\n": rb'["a\n',
    "JSON \\t": rb"\t",
    "JSON \\r": rb"\r\n",
    "JSON \\b": rb"\b",
    "JSON \\f": rb"\f",
    "JSON in JSON": rb"\\n",
    "JSON in JSON in JSON": rb"\\\\n",
    "\\v": rb"\v",
    "\\a": rb"\a",
    "\\0": rb"\0",
    "\\e": rb"\e",
    "\\u0020": rb"\u0020",
    "\\u003d": rb"\u003d",
    "\\u2028": rb"\u2028",
    "surrogate pair": rb"\ud83d\ude00",
    "\\x20": rb"\x20",
    "\\xe9": rb"\xc3\xa9",
    "\\U00000020": rb"\U00000020",
    "\\U0001f600": rb"\U0001f600",
    "\\u{20}": rb"\u{20}",
    "octal": rb"\040",
    "octal of two digits": rb"\12",
    "octal of a UTF-8 byte": rb"\303\251",
    "%20": b"q=a%20",
    "%3D": b"token%3D",
    "%3d": b"token%3d",
    "%22": b"%22",
    "%0A": b"%0A",
    "percent-encoded UTF-8": b"%C3%A9",
    "percent-encoded twice": b"%2520",
    "percent-encoded three times": b"%25252C",
    "quoted-printable =": b"token=3D",
    "quoted-printable space": b"a=20",
    "quoted-printable UTF-8": b"=C3=A9",
    "HTML &quot;": b"&quot;",
    "HTML &#39;": b"&#39;",
    "HTML &#x27;": b"&#x27;",
    "HTML &nbsp;": b"&nbsp;",
}

COLOURS = {
    "reset": b"\x1b[0m",
    "no parameter": b"\x1b[m",
    "colour": b"\x1b[31m",
    "bold colour": b"\x1b[1;31m",
    "256 colours": b"\x1b[38;5;196m",
    "true colour": b"\x1b[38;2;255;100;0m",
    "true colours, bold": b"\x1b[1;38;2;255;255;255;48;2;100;100;100m",
    "true colours, textual": rb"\u001b[1;38;2;255;255;255;48;2;100;100;100m",
    "colon parameters": b"\x1b[38:2::255:100:0m",
    "erase line": b"\x1b[K",
    "erase display": b"\x1b[2J",
    "grep's": b"\x1b[01;31m\x1b[K",
    "private mode": b"\x1b[?25h",
    "cursor": b"\x1b[12;40H",
    "character set": b"\x1b(B",
    "tput sgr0": b"\x1b(B\x1b[m",
    "two-byte": b"\x1bM",
    "8-bit CSI": b"\x9b31m",
    "hyperlink": b"\x1b]8;;https://huggingface.co\x1b\\",
    "\\033": rb"\033[31m",
    "\\e": rb"\e[0m",
    "\\E": rb"\E[0m",
    "\\x1b": rb"\x1b[0m",
    "\\x1B": rb"\x1B[0m",
    "\\u001b": rb"\u001b[0m",
    "\\u001B": rb"\u001B[31;1m",
    "\\u001b in JSON in JSON": rb"\\u001b[0m",
    "\\e and erase line": rb"\e[K",
    "cat -v": b"^[[31m",
    "HTML": b"&#x1b;[31m",
    "ESC dropped": b"[31m",
    "ESC dropped, bold": b"[1;31m",
    "ESC shown as a picture": "␛[31m".encode(),
}

WORDS = {
    "letter": b"x",
    "capital": b"X",
    "digit": b"7",
    "identifier": b"call",
    "percent-encoded letter": b"%41",
    "percent-encoded digit": b"%37",
    "percent-encoded letter, twice": b"%2541",
    "quoted-printable letter": b"=41",
    "\\x of a letter": rb"\x41",
    "\\u of a letter": rb"\u0041",
    "\\U of a letter": rb"\U00000041",
    "octal of a letter": rb"\101",
    "word after an escape": rb"\next",
    "word after a colour": b"\x1b[31mx",
    "index": b"a[3]b",
    "bracket without a colour": b"[m",
    "percent without digits": b"%zz",
    "base64": b"aGVsbG8gd29ybGQ",
}


@pytest.mark.parametrize("left", BEGINNINGS.values(), ids=BEGINNINGS)
def test_a_credential_is_found_after(left: bytes) -> None:
    token = user_token().encode()
    assert detect(left + token) == [Span(len(left), len(left) + len(token), USER_ACCESS_TOKEN)]


@pytest.mark.parametrize("left", COLOURS.values(), ids=COLOURS)
def test_a_credential_is_found_after_the_escape_sequence(left: bytes) -> None:
    token = user_token().encode()
    data = b"token: " + left + token + b"\x1b[0m"
    assert [data[span.start : span.end] for span in detect(data)] == [token]


@pytest.mark.parametrize("left", WORDS.values(), ids=WORDS)
def test_no_credential_is_found_within_a_word(left: bytes) -> None:
    assert detect(left + user_token().encode()) == []


@pytest.mark.parametrize("left", [b"\x1b[K", b"%20", b"=20", rb"\n", rb"\u0020", rb"\x20", rb"\040"])
def test_an_escape_sequence_without_its_first_character_is_no_separator(left: bytes) -> None:
    assert begins_word(left, len(left))
    assert not begins_word(left[1:], len(left) - 1)


def test_only_what_stands_before_the_start_counts() -> None:
    assert begins_word(b"a b", 2)
    assert not begins_word(b"ab ", 1)
    assert not begins_word(rb"\next", 3)


def test_words_are_made_of_ascii_letters_and_digits() -> None:
    words = {byte for byte in range(256) if is_word(byte)}
    assert words == set(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
