"""Credentials that are written with escapes, or put together out of pieces."""

from __future__ import annotations

import base64
import quopri
from functools import partial
from typing import TYPE_CHECKING

from tests.corpus.deep.cases import Place, leaking, once
from tests.corpus.deep.encoded import b64, dotenv

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.corpus.deep.cases import Recipes


def each(form: str, text: str) -> str:
    return "".join(form % ord(sign) for sign in text)


def joint(escape: str, token: str) -> str:
    """`token` with an escape for what joins its prefix to the rest."""
    return token.replace("_", escape)


def put(template: str, escape: Callable[[str], str]) -> Callable[[str], str]:
    """What puts an escaped token where `template` has an @."""
    return lambda token: template.replace("@", escape(token))


def halves(token: str) -> tuple[str, str]:
    return token[:18], token[18:]


def quoted_mail(text: str) -> bytes:
    """A mail of quoted-printable text, with its six lines of headers."""
    headers = (
        "Subject: token\r\nFrom: a@example.com\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return headers.encode() + quopri.encodestring(text.encode()).replace(b"\n", b"\r\n")


PERCENT: Recipes = {
    "url/query.txt": once(1, put("https://example.com/?token=@&page=2\n", partial(joint, "%5F")), "percent"),
    "url/lower-case.txt": once(1, put("a=1&token=@\n", partial(joint, "%5f")), "percent"),
    "url/all.txt": once(1, put("https://example.com/?t=@&b\n", partial(each, "%%%02X")), "percent"),
    "url/first-letter.txt": once(1, lambda token: f"next=%2Fa%3Ft%3D%68{token[1:]}\n", "percent"),
    "url/access.log": once(
        2,
        put(
            '10.0.0.1 - "GET / HTTP/1.1" 200\n10.0.0.1 - "GET /?next=%2Fa%3Ft%3D@ HTTP/1.1" 302\n',
            partial(joint, "%255F"),
        ),
        "percent",
        "percent",
    ),
    "url/base64-of-it.txt": once(
        1, lambda token: b64("t=" + joint("%5F", token) + "&u=1") + "\n", "base64", "percent"
    ),
}

UNICODE: Recipes = {
    "literals/escaped.json": once(
        2, put('{"user": "alice",\n "token": "@"}\n', partial(each, "\\u%04x")), "unicode-escape"
    ),
    "literals/joint.json": once(1, put('{"token": "@"}\n', partial(joint, "\\u005f")), "unicode-escape"),
    "literals/hidden.js": once(1, put("var t='@';\n", partial(each, "\\x%02x")), "unicode-escape"),
    "literals/braces.rs": once(1, put('let t = "@";\n', partial(joint, "\\u{5f}")), "unicode-escape"),
    "literals/messages.properties": once(
        2, lambda token: f"# hub\nhub.token=\\u0068\\u0066\\u005F{token[3:]}\n", "unicode-escape"
    ),
    "literals/bytes.py": once(1, put('T = b"@"\n', partial(each, "\\x%02X")), "unicode-escape"),
    "literals/long.py": once(1, put('T = "@"\n', partial(joint, "\\U0000005f")), "unicode-escape"),
    "literals/octal.sh": once(1, put("printf '@' > token\n", partial(joint, "\\137")), "unicode-escape"),
    "literals/json-in-json.json": once(
        1, put('{"log": "{\\"t\\": \\"@\\"}"}\n', partial(joint, "\\\\u005f")), "unicode-escape"
    ),
    "literals/repr.log": once(
        1, lambda token: f"read {token.encode('utf-16-le')!r} from the pipe\n", "unicode-escape", "utf-16"
    ),
    "literals/base64-of-it.txt": once(
        1, lambda token: b64(each("\\x%02x", token)) + "\n", "base64", "unicode-escape"
    ),
}

HTML: Recipes = {
    "markup/decimal.html": once(2, put("<p>\n<code>@</code>\n", partial(joint, "&#95;")), "html"),
    "markup/hexadecimal.xml": once(2, put("<a>\n<t v='@'/>\n</a>\n", partial(joint, "&#x5F;")), "html"),
    "markup/named.html": once(1, put("<td>@</td>\n", partial(joint, "&lowbar;")), "html"),
    "markup/all.html": once(1, put("<a href='mailto:@'>\n", partial(each, "&#%d;")), "html"),
    "markup/all-hexadecimal.html": once(1, put("<b>@</b>\n", partial(each, "&#x%x;")), "html"),
    "markup/twice.html": once(1, put("<pre>@</pre>\n", partial(joint, "&amp;#95;")), "html", "html"),
}

QUOTED: Recipes = {
    # 60 characters before it, so that a soft line break falls into it.
    "mail/soft-break.eml": once(
        8, lambda token: quoted_mail("Hi,\n" + "x" * 59 + " " + token + "\n"), "quoted-printable"
    ),
    "mail/joint.eml": once(
        6, lambda token: f"Subject: a\n\n--=-=\n\n\nt =3D hf=5F{token[3:]}\n", "quoted-printable"
    ),
    "mail/all.eml": once(1, lambda token: each("=%02X", token) + "\n", "quoted-printable"),
    "mail/base64-in-it.eml": once(7, lambda token: quoted_mail(b64(dotenv(token))), "quoted-printable", "base64"),
}

CONCATENATION: Recipes = {
    "code/plus.py": once(2, lambda token: f'import os\nT = "{token[:3]}" + "{token[3:]}"\n', "concatenation"),
    "code/adjacent.py": once(
        2, lambda token: f'T = (\n    "{halves(token)[0]}"\n    "{halves(token)[1]}"\n)\n', "concatenation"
    ),
    "code/continued.py": once(
        1, lambda token: f'T = "{halves(token)[0]}\\\n{halves(token)[1]}"\n', "concatenation"
    ),
    "code/joined.py": once(1, lambda token: f'T = "".join(["{token[:3]}", "{token[3:]}"])\n', "concatenation"),
    "code/first-letter.py": once(1, lambda token: f'T = "h" + "{token[1:]}"\n', "concatenation"),
    "code/three.py": once(
        1, lambda token: f"T = '{token[:3]}' + \\\n    '{token[3:20]}' + \\\n    '{token[20:]}'\n", "concatenation"
    ),
    "code/plus.js": once(
        2, lambda token: f"// key\nconst t = '{token[:3]}' +\n  '{token[3:]}';\n", "concatenation"
    ),
    "code/backticks.ts": once(1, lambda token: f"const t = `{token[:3]}` + `{token[3:]}`;\n", "concatenation"),
    "code/joined.js": once(
        1, lambda token: f'var t = ["{token[:3]}", "{token[3:]}"].join("");\n', "concatenation"
    ),
    "code/Plus.java": once(
        2,
        lambda token: f'class A {{\n  String t = "{halves(token)[0]}"\n      + "{halves(token)[1]}";\n}}\n',
        "concatenation",
    ),
    "code/plus.go": once(1, lambda token: f'const t = "{token[:3]}" +\n\t"{token[3:]}"\n', "concatenation"),
    "code/Plus.cs": once(1, lambda token: f'var t = "{token[:3]}" + "{token[3:]}";\n', "concatenation"),
    "code/dot.php": once(2, lambda token: f"<?php\n$t = '{token[:3]}' . '{token[3:]}';\n", "concatenation"),
    "code/dot.pl": once(1, lambda token: f'my $t = "{token[:3]}"."{token[3:]}";\n', "concatenation"),
    "code/dots.lua": once(1, lambda token: f'local t = "{token[:3]}" .. "{token[3:]}"\n', "concatenation"),
    "code/adjacent.c": once(
        1, lambda token: f'const char *t = "{halves(token)[0]}"\n    "{halves(token)[1]}";\n', "concatenation"
    ),
    "code/adjacent.rb": once(1, lambda token: f"t = '{token[:3]}' \\\n  '{token[3:]}'\n", "concatenation"),
    "code/pipes.sql": once(1, lambda token: f"SELECT '{token[:3]}' || '{token[3:]}';\n", "concatenation"),
    "code/module.vb": once(1, lambda token: f'T = "{token[:3]}" & _\r\n    "{token[3:]}"\r\n', "concatenation"),
    "code/words.sh": once(1, lambda token: f'export T="{token[:3]}""{token[3:]}"\n', "concatenation"),
    "code/quoted-in-part.sh": once(1, lambda token: f"T={token[:3]}'{token[3:]}'\n", "concatenation"),
    "code/continued.sh": once(
        2, lambda token: f"curl \\\n  -u alice:{halves(token)[0]}\\\n{halves(token)[1]} url\n", "concatenation"
    ),
    "code/Dockerfile": once(
        2, lambda token: f'FROM a\nENV T="{halves(token)[0]}\\\n{halves(token)[1]}"\n', "concatenation"
    ),
    "code/folded.yaml": once(
        2, lambda token: f'env:\n  t: "{halves(token)[0]}\\\n    {halves(token)[1]}"\n', "concatenation"
    ),
    "code/long.py": once(
        1,
        lambda token: f'T = b64decode("{b64(dotenv(token))[:80]}"\n    "{b64(dotenv(token))[80:]}")\n',
        "concatenation",
        "base64",
    ),
    "code/two.py": leaking(
        lambda first, second: (
            f'A = "{first[:3]}" + "{first[3:]}"\nB = "{base64.b64encode(second.encode()).decode()}"\n'
        ),
        Place(1, ("concatenation",)),
        Place(2, ("base64",)),
    ),
}

RECIPES: Recipes = {**PERCENT, **UNICODE, **HTML, **QUOTED, **CONCATENATION}
