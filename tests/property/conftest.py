"""How Hypothesis runs here: as many examples as fit a suite that is run often, and none judged by the clock."""

from pathlib import Path

import pytest
from hypothesis import settings

HERE = Path(__file__).parent

settings.register_profile("tokenguard", deadline=None, max_examples=100, print_blob=True)
settings.load_profile("tokenguard")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The unit tests measure the same; here it would take as long again."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.unmeasured)
