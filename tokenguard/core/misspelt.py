"""Variables in which people put a token, and where Hugging Face's libraries do not look for it."""

from __future__ import annotations

from tokenguard.core.name import HF_TOKEN, OLD_HF_TOKEN

LANGCHAIN = "HUGGINGFACEHUB_API_TOKEN"

_SEEN = (
    *("HUGGINGFACE_TOKEN", "HUGGINGFACE_HUB_TOKEN", LANGCHAIN, "HF_API_TOKEN", "HF_ACCESS_TOKEN"),
    *(
        "HUGGINGFACE_API_KEY",
        "HUGGINGFACE_API_TOKEN",
        "HUGGING_FACE_TOKEN",
        "HF_API_KEY",
        "HF_HUB_TOKEN",
        "HF_KEY",
    ),
)
_MEANT = (HF_TOKEN, OLD_HF_TOKEN)


def is_misspelt(name: str) -> bool:
    """Whether a token in the variable `name` was meant for huggingface_hub, and does not reach it."""
    if name in _MEANT:
        return False
    if name.upper() in (*_SEEN, *_MEANT):
        return True
    if any(char.isdigit() for char in name):
        return False  # HF_TOKEN_2 is somebody's second
    plain = _letters(name)
    return any(plain == _letters(meant) or _is_near(plain, _letters(meant)) for meant in _MEANT)


def _letters(name: str) -> str:
    return "".join(char for char in name.upper() if char.isalnum())


def _is_near(one: str, other: str) -> bool:
    """Whether one letter added, left out or mistaken, or two beside each other swapped, makes them the same."""
    if len(one) > len(other):
        one, other = other, one
    start = 0
    while start < len(one) and one[start] == other[start]:
        start += 1
    if len(one) < len(other):
        return len(other) - len(one) == 1 and one[start:] == other[start + 1 :]
    swapped = one[start : start + 2] == other[start : start + 2][::-1]
    return one[start + 1 :] == other[start + 1 :] or (swapped and one[start + 2 :] == other[start + 2 :])
