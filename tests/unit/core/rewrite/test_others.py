"""Notebooks, scripts of shells, and all else."""

from __future__ import annotations

import json

import pytest

from tests.support.credentials import every_kind, user_token
from tokenguard.core.detect import detect
from tokenguard.core.rewrite import rewrite
from tokenguard.core.rewrite.edit import NotRewritableError
from tokenguard.core.rewrite.stretches import stretches_of

ONE = user_token(1)


def redacted(name: str, text: str | bytes) -> bytes:
    data = (text if isinstance(text, bytes) else text.encode()).replace(b"@1", ONE.encode())
    after = rewrite(name, data, stretches_of(data, detect(data))).data
    assert ONE.encode() not in after
    assert detect(after) == []
    return after


SCRIPTS = {
    "f @1\n": 'f "${HF_TOKEN:?}"\n',
    'f "a @1"\n': 'f "a ${HF_TOKEN:?}"\n',
    "f 'a @1 b'\n": "f 'a '\"${HF_TOKEN:?}\"' b'\n",
    "f '@1'\n": 'f "${HF_TOKEN:?}"\n',
    "export HF_TOKEN=@1\n": 'export HF_TOKEN="${HF_TOKEN:?}"\n',
    'f "${X:-@1}" "$(g \'@1\')"\n': 'f "${X:-${HF_TOKEN:?}}" "$(g "${HF_TOKEN:?}")"\n',
    "f <<E\na @1\nE\n": "f <<E\na ${HF_TOKEN:?}\nE\n",
    "f <<'E'\na @1\nE\n": "f <<'E'\na hf_REDACTED\nE\n",
    "f <<-E\n\t@1 $(g)\n\tE\n": "f <<-E\n\thf_REDACTED $(g)\n\tE\n",
    "# it's @1\nf '@1'\n": '# it\'s hf_REDACTED\nf "${HF_TOKEN:?}"\n',
    "f $'@1' `g @1` $((1 + 2)) \\@1\n": "f $'hf_REDACTED' `g hf_REDACTED` $((1 + 2)) \\hf_REDACTED\n",
    "case $x in @1) f @1;; esac\n": 'case $x in "${HF_TOKEN:?}") f "${HF_TOKEN:?}";; esac\n',
    'f "$(case x in a) g "@1";; esac)"\n': 'f "$(case x in a) g "hf_REDACTED";; esac)"\n',
    "f 'open @1\n": "f 'open hf_REDACTED\n",
    "@1=1; @1() { f; }\n": "hf_REDACTED=1; hf_REDACTED() { f; }\n",
}


@pytest.mark.parametrize(("before", "after"), SCRIPTS.items(), ids=repr)
def test_a_shell_looks_it_up_as_its_quotes_allow(before: str, after: str) -> None:
    assert redacted("a.sh", before).decode() == after
    assert redacted("a", "#!/bin/sh\n" + before).decode() == "#!/bin/sh\n" + after


def test_what_a_shell_starts_with_must_not_fail() -> None:
    assert redacted(".bashrc", "export HF_TOKEN=@1\n") == b'export HF_TOKEN="${HF_TOKEN-}"\n'


def notebook(*sources: object, language: str = "python", **cell: object) -> dict[str, object]:
    cells = [{"cell_type": "code", "source": source, **cell} for source in sources]
    return {"cells": cells, "metadata": {"kernelspec": {"language": language}}, "nbformat": 4, "nbformat_minor": 5}


def sources(document: bytes) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(document)["cells"]]


@pytest.mark.parametrize("indent", [None, 1, "\t"])
@pytest.mark.parametrize("escaped", [True, False])
def test_the_cells_of_a_notebook_are_python(indent: int | str | None, escaped: bool) -> None:
    before = notebook(
        ["%%time\n", "!f @1\n", 'x = "é 𝄞 @1"\n', "y = '@1'"], "z = '@1'", "!f @1", outputs=[{"text": ["@1"]}]
    )
    text = json.dumps(before, indent=indent, ensure_ascii=escaped)
    after = redacted("a.ipynb", text)
    assert sources(after) == [
        '%%time\nimport os\n\n!f hf_REDACTED\nx = f"é 𝄞 {os.environ[\'HF_TOKEN\']}"\ny = os.environ["HF_TOKEN"]',
        'z = os.environ["HF_TOKEN"]',
        "!f hf_REDACTED",
    ]
    assert json.loads(after)["cells"][0]["outputs"] == [{"text": ["hf_REDACTED"]}]
    assert after == json.dumps(json.loads(after), indent=indent, ensure_ascii=escaped).encode()


@pytest.mark.parametrize("quote", ["'", '"', "'''", '"""'])
@pytest.mark.parametrize(
    "source", ["x = @\nprint(x)", "login(token=@)", "%matplotlib inline\nx = [@]", "%%time\nx = @"]
)
@pytest.mark.parametrize("in_lines", [True, False])
def test_a_cell_may_quote_it_in_any_way(quote: str, source: str, in_lines: bool) -> None:
    cell = source.replace("@", f"{quote}@1{quote}")
    document = json.dumps(notebook(cell.splitlines(keepends=True) if in_lines else cell))
    (after,) = sources(redacted("a.ipynb", document))
    assert after.replace("import os\n\n", "") == source.replace("@", 'os.environ["HF_TOKEN"]')
    assert "import os\n" in after


def test_a_notebook_that_calls_something_else_os_has_placeholders() -> None:
    after = redacted("a.ipynb", json.dumps(notebook("x = '@1'", "os = 3", "y = '@1'")))
    assert sources(after) == ["x = 'hf_REDACTED'", "os = 3", "y = 'hf_REDACTED'"]


@pytest.mark.parametrize("source", ["%%bash\nf '@1'", "%env A=@1", "# @1", "x <- '@1"])
def test_what_is_no_python_in_a_notebook_has_a_placeholder(source: str) -> None:
    document = json.dumps(notebook(source)).replace("@1", ONE).encode()
    assert redacted("a.ipynb", document) == document.replace(ONE.encode(), b"hf_REDACTED")


def test_a_notebook_of_another_language_has_placeholders() -> None:
    assert sources(redacted("a.ipynb", json.dumps(notebook("x = '@1'", language="julia")))) == [
        "x = 'hf_REDACTED'"
    ]


def test_what_was_imported_above_is_not_imported_again() -> None:
    after = redacted("a.ipynb", json.dumps(notebook("%matplotlib inline\nimport os", "x = '@1'")))
    assert sources(after)[1] == 'x = os.environ["HF_TOKEN"]'


@pytest.mark.parametrize(("name", "data"), [("a.ipynb", b'{"cells": ["@1"'), ("a.txt", b"\xff\xfea\0 @1")])
def test_what_nobody_understands_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(NotRewritableError):
        redacted(name, data)


@pytest.mark.parametrize("kind", every_kind())
def test_every_kind_has_a_placeholder_that_is_no_credential(kind: str) -> None:
    text = every_kind(4)[kind]
    data = f"a: [{text}] # {text}\r\n".encode()
    after = rewrite("a.yaml", data, stretches_of(data, detect(data))).data
    assert detect(after) == []
    assert after.count(b"REDACTED") == 2 * len(text.split())
    assert after.endswith(b"\r\n")
    assert not [word for word in text.split() if word.encode() in after]


def test_in_a_binary_file_nothing_moves() -> None:
    after = redacted("a.bin", b"\0\1 @1 end")
    assert (len(after), after[-4:]) == (len(b"\0\1  end") + len(ONE), b" end")


def test_only_the_secret_of_an_s3_key_goes_with_it() -> None:
    keys = [every_kind(seed)["s3-access-key"].split() for seed in (1, 5)]
    other = "0123456789abcdef" * 2 + "c0ffee99"
    text = "".join(f"key={key}\ncommit={other}\nsecret={secret}\n" for key, secret in keys).encode()
    after = rewrite("a.ini", text, stretches_of(text, detect(text))).data
    assert after.decode() == f"key=HFAKREDACTED\ncommit={other}\nsecret=REDACTED\n" * 2
