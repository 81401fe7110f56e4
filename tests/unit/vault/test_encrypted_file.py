"""The vault file as the keyring library knows it."""

from __future__ import annotations

import base64
import contextlib
import errno
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import keyring.core
import pytest
from keyring.errors import KeyringError, PasswordDeleteError

from tests.support.repository import TIMEOUT
from tests.unit.vault.contract import SERVICE, Contract
from tokenguard.errors import UsageError
from tokenguard.vault import kernel, unlock
from tokenguard.vault.encrypted_file import EncryptedFile
from tokenguard.vault.keyring import ENCRYPTED_FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.vault.cache import Kernel


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """One in which a key opens the file, which takes no time."""
    (tmp_path / "key").write_bytes(base64.b64encode(bytes(32)))
    return {"TOKENGUARD_KEY_FILE": str(tmp_path / "key")}


class TestEncryptedFile(Contract):
    @pytest.fixture(params=["cached", "denied"])
    def opens(
        self, request: pytest.FixtureRequest, environment: dict[str, str], cache: Kernel, tmp_path: Path
    ) -> Callable[[], EncryptedFile]:
        cache.error = errno.EPERM if request.param == "denied" else None
        return lambda: EncryptedFile(str(tmp_path / "home"), environment)


@pytest.mark.usefixtures("cache")
def test_what_is_not_there_cannot_be_deleted(environment: dict[str, str], tmp_path: Path) -> None:
    file = EncryptedFile(str(tmp_path / "home"), environment)
    with pytest.raises(PasswordDeleteError):
        file.delete_password(SERVICE, "work")
    assert not file.exists
    file.set_password(SERVICE, "work", "umbrella")
    before = (tmp_path / "home" / "vault.json").read_bytes()
    for service, name in ((SERVICE, "home"), ("other", "work"), (SERVICE, "Work")):
        with pytest.raises(PasswordDeleteError):
            file.delete_password(service, name)
    assert (tmp_path / "home" / "vault.json").read_bytes() == before


@pytest.mark.usefixtures("cache")
def test_what_goes_wrong_is_told_in_the_terms_of_the_library(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that uses it knows of no errors of ours."""
    folder = tmp_path / "home"
    EncryptedFile(str(folder), environment).set_password(SERVICE, "work", "umbrella")
    monkeypatch.setattr(unlock, "_has_terminal", lambda: False)
    whole = (folder / "vault.json").read_bytes()

    def expect_error(said: str, environment: dict[str, str]) -> None:
        file = EncryptedFile(str(folder), environment)
        calls: list[Callable[[], object]] = [
            lambda: file.get_password(SERVICE, "work"),
            lambda: file.set_password(SERVICE, "work", "stand"),
            lambda: file.delete_password(SERVICE, "work"),
        ]
        for call in calls:
            with pytest.raises(KeyringError, match=said) as raised:
                call()
            assert not isinstance(raised.value, PasswordDeleteError)
            assert raised.value.__suppress_context__

    wrong = tmp_path / "wrong"
    wrong.write_bytes(base64.b64encode(bytes(range(32))))
    expect_error(
        "not opened by the key from TOKENGUARD_KEY_FILE: nothing was changed", {"TOKENGUARD_KEY_FILE": str(wrong)}
    )
    expect_error("a key opens the vault file: name the file", {})
    assert (folder / "vault.json").read_bytes() == whole
    (folder / "vault.json").write_bytes(whole[:-100])
    expect_error("the vault file is damaged: put a backup", environment)
    (folder / "vault.json").chmod(0o644)
    expect_error("can be read or written by others: chmod 600", environment)
    folder.chmod(0o777)
    expect_error("can be written to by others", environment)


@pytest.mark.usefixtures("cache")
def test_that_no_passphrase_is_typed_is_told_in_the_terms_of_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A way of using it wrongly is an error like all others there."""

    def typed(_: str) -> bytes:
        raise UsageError("no passphrase was given")

    monkeypatch.setattr(unlock, "_has_terminal", lambda: True)
    monkeypatch.setattr(unlock, "_typed", typed)
    with pytest.raises(KeyringError, match=r"^no passphrase was given$"):
        EncryptedFile(str(tmp_path / "home"), {}).set_password(SERVICE, "work", "umbrella")


def test_the_library_never_takes_it_by_itself() -> None:
    assert EncryptedFile.priority < 1
    assert not keyring.core.recommended(EncryptedFile("/nowhere", {}))


def test_the_file_is_opened_without_the_library() -> None:
    """Which takes longer to import than the file to open."""
    imports = "import sys, tokenguard.vault.file; print('keyring' in sys.modules)"
    assert subprocess.check_output((sys.executable, "-c", imports), timeout=TIMEOUT) == b"False\n"


def test_the_command_of_the_library_reads_what_is_kept(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def denied(*_: object) -> None:
        raise kernel.KernelError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(kernel, "store", denied)  # nothing stays behind in the keyring of who runs this
    environment |= {"TOKENGUARD_HOME": str(tmp_path / "home"), "PYTHON_KEYRING_BACKEND": ENCRYPTED_FILE}
    EncryptedFile(str(tmp_path / "home"), environment).set_password(SERVICE, "work", "umbrella")
    identifier = EncryptedFile(str(tmp_path / "home"), environment)._existing()["id"]

    def library(*arguments: str, stdin: str = "") -> tuple[int, str]:
        result = subprocess.run(
            (sys.executable, "-m", "keyring", *arguments),
            env=os.environ | environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        return result.returncode, result.stdout

    try:
        assert library("get", SERVICE, "work") == (0, "umbrella\n")
        assert library("get", SERVICE, "home") == (1, "")
        assert library("set", SERVICE, "home", stdin="teapot")[0] == 0
        assert library("del", SERVICE, "work")[0] == 0
        assert library("get", SERVICE, "work") == (1, "")
        assert library("get", SERVICE, "home") == (0, "teapot\n")
    finally:
        monkeypatch.undo()
        with contextlib.suppress(OSError):
            kernel.drop(f"tokenguard:{identifier}")
