"""Names that somebody has taken for HF_TOKEN."""

import pytest

from tokenguard.core.misspelt import is_misspelt

SEEN = [
    "HUGGINGFACE_TOKEN",
    "HUGGINGFACE_HUB_TOKEN",
    "HUGGINGFACEHUB_API_TOKEN",
    "HF_API_TOKEN",
    "HF_ACCESS_TOKEN",
]
NEAR = [
    "HF_TOKENS",
    "HFTOKEN",
    "HF_TOKN",
    "HF_TOKEM",
    "HF_TOEKN",
    "FH_TOKEN",
    "hf_token",
    "_HF_TOKEN",
    "HUGGING_FACE_HUB_TOKE",
]
OTHER = [
    "HF_TOKEN",
    "HUGGING_FACE_HUB_TOKEN",
    "HF_TOKEN_PATH",
    "HF_TOKEN_2",
    "GH_TOKENS",
    "TOKEN",
    "HF_HOME",
    "",
    "HF",
]


@pytest.mark.parametrize("name", [*SEEN, *NEAR])
def test_what_was_meant_is_known(name: str) -> None:
    assert is_misspelt(name)


@pytest.mark.parametrize("name", OTHER)
def test_other_variables_are_left_alone(name: str) -> None:
    assert not is_misspelt(name)
