"""Whatever a file is like, its secrets are out and all else is as it was."""

from __future__ import annotations

import ast
import json

from hypothesis import given
from hypothesis import strategies as st

from tests.support.credentials import user_token
from tokenguard.core.detect import detect
from tokenguard.core.rewrite import rewrite
from tokenguard.core.rewrite.stretches import stretches_of

TOKEN = user_token(1)
parts = st.lists(
    st.sampled_from([TOKEN, " ", "é", "{", "}", "{{", "'", '"', "\\", "\n", "a", "𝄞", "\t"]), max_size=8
)
texts = parts.map(" ".join)


def redacted(name: str, data: bytes) -> bytes:
    return rewrite(name, data, stretches_of(data, detect(data))).data


@given(st.lists(texts.map(repr), min_size=1, max_size=3).map(" ".join))
def test_a_literal_of_python_keeps_its_value(literals: str) -> None:
    source = f"import os\nx = {literals}\n".encode()
    after = redacted("a.py", source)
    assert TOKEN.encode() not in after
    os_like = type("os", (), {"environ": {"HF_TOKEN": TOKEN}})
    code = compile(ast.parse(after.replace(b"import os\n", b"")), "a.py", "exec")
    found: dict[str, object] = {"os": os_like}
    exec(code, found)
    value = found["x"]
    assert isinstance(value, str)
    assert value.replace(TOKEN, "hf_REDACTED") == ast.literal_eval(literals).replace(TOKEN, "hf_REDACTED")


@given(st.recursive(texts, lambda some: st.lists(some) | st.dictionaries(texts, some), max_leaves=8))
def test_json_keeps_its_structure(value: object) -> None:
    before = json.dumps(value, ensure_ascii=False)
    after = redacted("a.json", before.encode())
    assert json.loads(after) == json.loads(before.replace(TOKEN, "hf_REDACTED"))


@given(st.sampled_from(["a.py", "a.sh", "a.md", ".envrc"]), st.lists(texts, max_size=4).map("\n".join))
def test_any_text_loses_its_secrets_and_no_more(name: str, text: str) -> None:
    after = redacted(name, text.encode())
    assert detect(after) == []
    if not detect(text.encode()):
        assert after == text.encode()
