"""Python source whose secrets are looked up: the same value arrives, and nothing beside them changes."""

from __future__ import annotations

import ast

import pytest

from tests.support.credentials import s3_access_key, user_token
from tokenguard.core.detect import detect
from tokenguard.core.rewrite import rewrite
from tokenguard.core.rewrite.stretches import stretches_of

ONE, TWO = user_token(1), user_token(2)
KEY, SECRET = s3_access_key(3)
VALUES = {"@1": ONE, "@2": TWO, "@K": KEY, "@S": SECRET}
ENVIRONMENT = {"HF_TOKEN": ONE, "HF_TOKEN_2": TWO, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}


def planted(text: str) -> str:
    for name, value in VALUES.items():
        text = text.replace(name, value)
    return text


def redacted(data: bytes, name: str = "a.py") -> bytes:
    after = rewrite(name, data, stretches_of(data, detect(data))).data
    assert not [value for value in VALUES.values() if value.encode() in after]
    assert detect(after) == []
    return after


# With `import os` above them; each defines `x`.
EXPRESSIONS = {
    'x = "@1"': 'x = os.environ["HF_TOKEN"]',
    "x = r'@1'": 'x = os.environ["HF_TOKEN"]',
    "x = u'@1'": 'x = os.environ["HF_TOKEN"]',
    'x = """@1"""': 'x = os.environ["HF_TOKEN"]',
    'x = b"@1"': 'x = os.environ["HF_TOKEN"].encode()',
    "x = b'a @1\\x00'": "x = (b'a ' + os.environ[\"HF_TOKEN\"].encode() + b'\\x00')",
    'x = "Bearer @1"': "x = f\"Bearer {os.environ['HF_TOKEN']}\"",
    "x = 'Bearer @1\\n'": "x = f'Bearer {os.environ[\"HF_TOKEN\"]}\\n'",
    "x = u'é\t@1'": "x = f'é\t{os.environ[\"HF_TOKEN\"]}'",
    "x = R'a\\b @1'": "x = fR'a\\b {os.environ[\"HF_TOKEN\"]}'",
    "x = f'{1 + 1} @1 {{'": "x = f'{1 + 1} {os.environ[\"HF_TOKEN\"]} {{'",
    "x = f\"{'@1'.upper()} {'a':>{4}} @2\"": (
        "x = f\"{os.environ['HF_TOKEN'].upper()} {'a':>{4}} {os.environ['HF_TOKEN_2']}\""
    ),
    'x = \'{"a": "@1"}\'': 'x = (\'{"a": "\' + os.environ["HF_TOKEN"] + \'"}\')',
    'x = """{"a": "@1"}"""': 'x = ("""{"a": \\"""" + os.environ["HF_TOKEN"] + """"}""")',
    "x = ('a{}'  # b\n '@1'  # c\n '@2{}')": (
        "x = (('a{}'  # b\n f'{os.environ[\"HF_TOKEN\"]}'  # c\n + os.environ[\"HF_TOKEN_2\"] + '{}'))"
    ),
    "x = b'@1' b'@2@1'": (
        'x = (os.environ["HF_TOKEN"].encode() + os.environ["HF_TOKEN_2"].encode()'
        ' + os.environ["HF_TOKEN"].encode())'
    ),
    'x = {"@1": ["@1", ("@2",)]}': (
        'x = {os.environ["HF_TOKEN"]: [os.environ["HF_TOKEN"], (os.environ["HF_TOKEN_2"],)]}'
    ),
    "x = (lambda a='@1': a)()": 'x = (lambda a=os.environ["HF_TOKEN"]: a)()',
    "x = 'a'if'@1'else'@2'": 'x = \'a\'if os.environ["HF_TOKEN"]else os.environ["HF_TOKEN_2"]',
    "x = (y := '@1')": 'x = (y := os.environ["HF_TOKEN"])',
    "x: 'str' = '@1'; z = 1": "x: 'str' = os.environ[\"HF_TOKEN\"]; z = 1",
    "x = ['@K', '@S', 'c0ffee' * 7]": (
        'x = [os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], \'c0ffee\' * 7]'
    ),
    "def f():\n\tdef g(a='@1'):\n\t\treturn a\n\treturn g()\nx = f()": (
        'def f():\n\tdef g(a=os.environ["HF_TOKEN"]):\n\t\treturn a\n\treturn g()\nx = f()'
    ),
    "match 1:\n case 1: x = '@1'": 'match 1:\n case 1: x = os.environ["HF_TOKEN"]',
}


@pytest.mark.parametrize(("before", "after"), EXPRESSIONS.items(), ids=repr)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_expression_is_looked_up_and_has_the_same_value(
    monkeypatch: pytest.MonkeyPatch, before: str, after: str, newline: str
) -> None:
    source = ("import os\n" + planted(before)).replace("\n", newline).encode()
    result = redacted(source)
    assert result.decode() == ("import os\n" + after).replace("\n", newline)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    old: dict[str, object] = {}
    new: dict[str, object] = {}
    exec(source, old)
    exec(result, new)
    assert new["x"] == old["x"]


PLACEHOLDERS = {
    "# @1\n": "# hf_REDACTED\n",
    '"""A @1."""\n': '"""A hf_REDACTED."""\n',
    "def f():\n  '@1'\n": "def f():\n  'hf_REDACTED'\n",
    "x: Literal['@1']\n": "x: Literal['hf_REDACTED']\n",
    "y = Literal['@1']\n": "y = Literal['hf_REDACTED']\n",
    "def f(a: '@1') -> '@2': pass\n": "def f(a: 'hf_REDACTED') -> 'hf_REDACTED': pass\n",
    "match x:\n  case '@1' | {'@2': 1}: pass\n": "match x:\n  case 'hf_REDACTED' | {'hf_REDACTED': 1}: pass\n",
    "print '@1'\n": "print 'hf_REDACTED'\n",
    "x = '@1\n": "x = 'hf_REDACTED\n",
    "x = '\\@1'\n": "x = '\\hf_REDACTED'\n",
    "@1 = 1\n": "hf_REDACTED = 1\n",
    "os = 1; x = '@1'\n": "os = 1; x = 'hf_REDACTED'\n",
    "def f(os): return '@1'\n": "def f(os): return 'hf_REDACTED'\n",
    "import a as os\nx = '@1'\n": "import a as os\nx = 'hf_REDACTED'\n",
    "def f():\n  x = '@1'\n  import os\n": "def f():\n  x = 'hf_REDACTED'\n  import os\n",
    "x = f'{1:@1}'\n": "x = f'{1:hf_REDACTED}'\n",
}


@pytest.mark.parametrize(("before", "after"), PLACEHOLDERS.items(), ids=repr)
def test_where_no_expression_can_stand_a_placeholder_does(before: str, after: str) -> None:
    assert redacted(planted(before).encode()).decode() == after


IMPORTS = {
    "x = '@1'": "import os\n\nx = @",
    "#!/usr/bin/env python\n# coding: utf-8\nimport re\nx = '@1'\n": (
        "#!/usr/bin/env python\n# coding: utf-8\nimport os\nimport re\nx = @\n"
    ),
    "# License\n\n# The token.\nx = '@1'\n": "# License\n\nimport os\n\n# The token.\nx = @\n",
    "'''Doc.'''\n\nfrom __future__ import annotations\n\n@a('@1')\ndef f(): pass\n": (
        "'''Doc.'''\n\nfrom __future__ import annotations\n\nimport os\n\n@a(@)\ndef f(): pass\n"
    ),
    "'''Doc.'''; x = '@1'\n": "'''Doc.'''; import os; x = @\n",
    "import os.path\r\nx = '@1'\r\n": "import os.path\r\nx = @\r\n",
    "x = '@1'\r\nimport os\r\n": "import os\r\n\r\nx = @\r\nimport os\r\n",
    "if x:\n  import os\nx = '@1'\n": "import os\n\nif x:\n  import os\nx = @\n",
    "\fx = '@1'\n": "import os\n\n\fx = @\n",
    "\ufeffx = '@1'\n": "\ufeffimport os\n\nx = @\n",
}


@pytest.mark.parametrize(("before", "after"), IMPORTS.items(), ids=repr)
def test_os_is_imported_where_it_is_not(before: str, after: str) -> None:
    result = redacted(planted(before).encode()).decode()
    assert result == after.replace("@a", "\0").replace("@", 'os.environ["HF_TOKEN"]').replace("\0", "@a")


def test_the_encoding_stays() -> None:
    source = planted("# coding: latin-1\nimport os\nx = 'é ü' + '@1'  # ß\n").encode("latin-1")
    expected = "# coding: latin-1\nimport os\nx = 'é ü' + os.environ[\"HF_TOKEN\"]  # ß\n".encode("latin-1")
    assert redacted(source) == expected


@pytest.mark.parametrize("cookie", ["no-such-encoding", "rot13", "utf-16"])
def test_an_encoding_that_is_none_has_placeholders(cookie: str) -> None:
    assert redacted(planted(f"# coding: {cookie}\nx = '@1'\n").encode()).endswith(b"x = 'hf_REDACTED'\n")


def test_what_is_nested_too_deeply_has_placeholders() -> None:
    assert b"hf_REDACTED" in redacted(planted("x = " + "(" * 5000 + "'@1'" + ")" * 5000).encode())


def test_a_script_is_told_by_its_first_line() -> None:
    result = redacted(planted("#!/usr/bin/env python3.11\nx = '@1'\n").encode(), "train")
    ast.parse(result)
    assert b"os.environ" in result
