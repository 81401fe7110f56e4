"""What is loaded before a token is listed or handed over: told by the modules, as in `test_startup`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e.desk import Desk
from tests.e2e.test_startup import HEAVY, interpreter
from tests.support.hub import Hub
from tests.support.secret_service import SecretService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.machine import Machine
    from tests.e2e.server import Server

pytestmark = pytest.mark.unmeasured

# What takes longer to load than click does; the HTTP libraries are those of huggingface_hub.
OUTSIDE = {"keyring", "secretstorage", "jeepney", "cryptography", "huggingface_hub", "filelock", "httpx", "httpx2"}
# What a shell runs before each prompt, or a program before each start, does without these, too.
SLOW = {"asyncio", "concurrent.futures", "multiprocessing", "ssl", "http.client", "urllib.request", "sqlite3"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One for all tests: none of them changes it."""
    with Hub() as hub, SecretService() as service:
        desk = Desk(tmp_path_factory.mktemp("desk"), hub, service)
        desk.add("work", None, None, "--default")
        yield desk


def imported(machine: Machine, *command: str) -> set[str]:
    """The modules that a command imports, as the interpreter itself lists them."""
    result = machine.run("sh", "-c", 'exec "$@" >/dev/null', "sh", *command, environment={"PYTHONVERBOSE": "1"})
    assert result.status == 0, result.talk
    return set(re.findall(r"^import '([^']+)' # ", result.talk, re.MULTILINE))


def loaded(machine: Machine, *command: str) -> set[str]:
    """The same without those that any Python starts with."""
    return imported(machine, *command) - imported(machine, interpreter(), "-c", "pass")


@pytest.mark.parametrize(
    "command", [["list"], ["list", "--json"], ["show"], ["show", "work", "--json"]], ids=" ".join
)
def test_what_is_known_is_told_without_asking_anybody(desk: Desk, command: list[str]) -> None:
    modules = loaded(desk, "tokenguard", *command)
    assert "tokenguard.vault.index" in modules
    assert modules & (OUTSIDE | SLOW) == set()
    assert "tokenguard.hub" not in modules


@pytest.mark.parametrize(
    "command", [["run", "--", "true"], ["run", "--via", "file", "--", "true"], ["token"], ["export"]], ids=" ".join
)
def test_a_token_is_handed_over_without_the_hub(desk: Desk, command: list[str]) -> None:
    modules = loaded(desk, "tokenguard", *command)
    assert {"keyring", "tokenguard.vault.keyring"} <= modules
    assert modules & {"huggingface_hub", "filelock", "httpx", "httpx2"} == set()
    assert "tokenguard.hub" not in modules


def test_a_token_in_the_vault_file_is_handed_over_without_the_keyring_library(server: Server) -> None:
    server.use_key()
    server.add("work", 0, "--default")
    for is_open in (False, True):
        if not is_open:
            server.forget()
        modules = loaded(server, "tokenguard", "token")
        assert {"tokenguard.vault.file", "cryptography"} <= modules
        assert modules & {"keyring", "secretstorage", "huggingface_hub", "filelock", "httpx"} == set()


@pytest.mark.parametrize("command", [[], ["run"], ["add"], ["validate"], ["export"], ["token"]], ids=" ".join)
def test_help_loads_nothing_that_is_only_done(desk: Desk, command: list[str]) -> None:
    modules = loaded(desk, "tokenguard", *command, "--help")
    assert "click" in modules
    assert modules & (OUTSIDE | SLOW) == set()
    assert not modules & {"tokenguard.hub", "tokenguard.tokens", "tokenguard.launch", "tokenguard.handing"}


def test_what_takes_a_token_away_asks_nobody(desk: Desk) -> None:
    modules = loaded(desk, "tokenguard", "export", "--unset")
    assert "tokenguard.exporters.sh" in modules
    assert modules & (OUTSIDE | SLOW) == set()


def test_a_refused_command_line_loads_no_command(desk: Desk) -> None:
    result = desk.run("tokenguard", "add", desk.token(9), environment={"PYTHONVERBOSE": "1"})
    assert result.status == 2
    modules = set(re.findall(r"^import '([^']+)' # ", result.talk, re.MULTILINE))
    assert "tokenguard.process" in modules
    assert modules & ({"click"} | OUTSIDE) == set()


@pytest.mark.parametrize("name", ["get_token", "auth"])
def test_a_name_of_the_package_loads_what_it_needs(desk: Desk, name: str) -> None:
    modules = loaded(desk, interpreter(), "-c", f"import tokenguard; tokenguard.{name}")
    assert "tokenguard.access" in modules
    assert modules & ({"click"} | OUTSIDE) == set()


def test_the_package_loads_nothing(desk: Desk) -> None:
    modules = loaded(desk, interpreter(), "-c", "import tokenguard")
    assert {name for name in modules if name.startswith("tokenguard")} == {"tokenguard"}
    assert modules & (HEAVY | OUTSIDE | SLOW) == set()
