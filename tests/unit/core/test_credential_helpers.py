"""Which settings hold for a host; tests/e2e/test_status.py compares some with git itself."""

import pytest

from tokenguard.core.credential_helpers import helpers

HUB = "huggingface.co"


def settings(*pairs: tuple[str, str]) -> bytes:
    return b"".join(f"{key}\n{value}\0".encode() for key, value in pairs)


@pytest.mark.parametrize(
    ("context", "holds"),
    [
        ("https://huggingface.co", True),
        ("https://huggingface.co/", True),
        ("https://huggingface.co:443", True),
        ("https://HuggingFace.co", True),
        ("https://*.co", True),
        ("huggingface.co", True),
        ("https://", True),
        ("http://huggingface.co", False),
        ("https://huggingface.co:8443", False),
        ("https://huggingface.co/acme", False),
        ("https://somebody@huggingface.co", False),
        ("https://*", False),
        ("https://hugging*.co", False),
        ("https://github.com", False),
        ("https://a.huggingface.co", False),
    ],
)
def test_a_context_is_compared_as_git_does(context: str, holds: bool) -> None:
    assert helpers(settings((f"credential.{context}.helper", "store")), HUB) == (["store"] if holds else [])


def test_all_that_hold_are_asked_in_their_order_after_the_last_empty_one() -> None:
    found = helpers(
        settings(
            ("credential.helper", "cache"),
            ("credential.https://huggingface.co.helper", ""),
            ("credential.https://huggingface.co.helper", "tokenguard"),
            ("credential.https://github.com.helper", ""),
            ("credential.helper", "store --file a\nb"),
        ),
        HUB,
    )
    assert found == ["tokenguard", "store --file a\nb"]


def test_other_settings_are_none() -> None:
    assert helpers(b"", HUB) == []
    assert helpers(settings(("credential.usehttppath", "true")), HUB) == []
