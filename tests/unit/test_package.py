"""The public names, loaded on first use."""

import pytest

import tokenguard
import tokenguard.core.finding
import tokenguard.core.scan


def test_the_public_names_are_there() -> None:
    assert tokenguard.scan_bytes is tokenguard.core.scan.scan_bytes
    assert tokenguard.Finding is tokenguard.core.finding.Finding
    assert set(dir(tokenguard)) == set(tokenguard.__all__)
    assert [name for name in tokenguard.__all__ if not hasattr(tokenguard, name)] == []


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'tokenguard' has no attribute 'scan_everything'"):
        tokenguard.scan_everything  # noqa: B018 -- looking it up is what fails
