"""No test sees, or touches, the configuration of whoever runs it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

_NOT_CONFIGURATION = "A test ran git without tests.support.repository.environment()\n"

_HOMES = ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "TOKENGUARD_HOME")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A desk has a keyring on it, which is a program of the system's; and programs are for tests of commands."""
    for item in items:
        if "desk" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.programs)
        if item.get_closest_marker("programs") and "e2e" not in item.path.parts:
            raise pytest.UsageError(f"{item.nodeid}: `.ci/run` runs tests that need programs in tests/e2e alone")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Has `.ci/measure.py` leave a test alone, and its processes, those of its modules' fixtures as well."""
    if not item.get_closest_marker("unmeasured"):
        return (yield)
    tracing = sys.gettrace()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MEASURE_INTO", raising=False)
        sys.settrace(None)
        try:
            return (yield)
        finally:
            sys.settrace(tracing)


@pytest.fixture(scope="session", autouse=True)
def _no_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Points this process at an empty home, where git fails: processes are given an environment of their own."""
    home = tmp_path_factory.mktemp("nobody")
    trap = home / ".gitconfig"
    trap.write_text(_NOT_CONFIGURATION)
    with pytest.MonkeyPatch.context() as patch:
        for name in _HOMES:
            patch.setenv(name, str(home))
        patch.setenv("GIT_CONFIG_GLOBAL", str(trap))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield
