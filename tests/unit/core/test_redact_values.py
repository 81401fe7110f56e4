"""Decoded JSON has no credential in any of its strings, and is otherwise as it was."""

import json

import pytest

from tests.support.credentials import every_kind, user_token
from tokenguard.core.redact import redact_suspects, redact_values

SECRET, OTHER = user_token(), user_token(1)
MASKED = f"hf_…{OTHER[-4:]}"


@pytest.mark.parametrize("kind", every_kind())
def test_every_kind_is_masked_at_every_depth(kind: str) -> None:
    text = every_kind()[kind]
    secret = text.split()[0]
    redacted = redact_values({"a": [{"b": f"my {text}", f"k {text}": [[text]]}], text: 1})
    assert secret not in json.dumps(redacted)
    assert json.dumps(redacted, ensure_ascii=False).count(f"…{secret[-4:]}") == 4


def test_the_secret_itself_leaves_nothing_wherever_it_stands() -> None:
    glued = {f"x{SECRET}x": [f"{SECRET}{SECRET}", f"a_{SECRET}_b", {SECRET: SECRET}], "other": OTHER}
    expected = {"x…x": ["……", "a_…_b", {"…": "…"}], "other": MASKED}
    assert redact_values(glued, SECRET) == expected


def test_the_secret_need_not_look_like_one() -> None:
    assert redact_values(["pass word", {"word": "a word"}], "word") == ["pass …", {"…": "a …"}]


@pytest.mark.parametrize("secret", ["", "absent"])
@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        -1.5,
        float("inf"),
        "",
        "text",
        [],
        {},
        [None, [1]],
        {"": None, "a": {"b": [True, "é"]}},
    ],
    ids=str,
)
def test_all_else_is_left_alone(value: object, secret: str) -> None:
    redacted = redact_values(value, secret)
    assert redacted == value
    assert type(redacted) is type(value)


def test_what_was_given_is_not_changed() -> None:
    given = {"a": [OTHER]}
    assert redact_values(given) == {"a": [MASKED]}
    assert given == {"a": [OTHER]}


def test_text_that_is_no_text_is_kept() -> None:
    assert redact_values(["\ud83d", f"\udcff {OTHER}"]) == ["\ud83d", f"\udcff {MASKED}"]


@pytest.mark.parametrize("around", ["{}", "x{}", "{}x", "{}-{}", "%68f_{}", "'{}"])
def test_a_suspect_leaves_no_part_of_it(around: str) -> None:
    said = redact_suspects(around.format(OTHER[3:], OTHER) if "%" in around else around.format(OTHER, OTHER))
    assert not any(OTHER[at : at + 8] in said for at in range(3, len(OTHER) - 7))
