"""A machine without a keyring, whose tokens are in the vault file."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import string
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.machine import Machine
from tests.support.credentials import fingerprint
from tests.support.kdf import CHEAP
from tokenguard.vault import kernel, sealed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.e2e.machine import Result

VARIABLE = "TOKENGUARD_PASSPHRASE"
ADD = ("--stdin", "--no-validate")
ASKED = "Passphrase of the vault file (not shown): "

# Commands in one process, each with how it has ended; none may ask at a terminal.
COMMANDS = """
import json, os, sys
from tokenguard import process
from tokenguard.cli import run
for arguments in json.loads(os.environ["COMMANDS"]):
    print(int(process.run(lambda: run(arguments))), flush=True)
"""


class Server(Machine):
    """A machine without a keyring; `key` and `passphrase` open a vault file that was made with them."""

    def __init__(self, top: Path) -> None:
        super().__init__(top)
        self.environment["TOKENGUARD_VAULT"] = "file"
        # On no system the keyring of whoever runs the tests.
        self.environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.SecretService.Keyring"
        drawn = random.Random(os.urandom(16))
        self.key = self.secret(base64.b64encode(drawn.randbytes(32)).decode())
        self.passphrase = self.secret("pass " + "".join(drawn.choices(string.ascii_letters, k=20)))
        self.key_file = self.write("key", self.key + "\n")
        self.vault = self.home / "tokenguard" / "vault.json"
        self.index = self.vault.with_name("index.json")

    def use_key(self) -> None:
        """From now on the key file opens the vault file, which takes no time."""
        self.environment["TOKENGUARD_KEY_FILE"] = str(self.key_file)

    def have_vault(self) -> None:
        """Makes the vault file, which the passphrase opens from now on at the least cost that is accepted."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sealed, "KDF", CHEAP)
            made = sealed.create(sealed.PASSPHRASE, self.passphrase.encode())
        self.vault.parent.mkdir(mode=0o700)
        self.vault.write_bytes(sealed.written(made))
        self.vault.chmod(0o600)

    def tokenguard(
        self, *arguments: str | Path, stdin: str | None = None, environment: Mapping[str, str] | None = None
    ) -> Result:
        given = None if stdin is None else stdin.encode()
        return self.run("tokenguard", *arguments, stdin=given, environment=environment)

    def add(self, name: str, seed: int = 0, *options: str, environment: Mapping[str, str] | None = None) -> str:
        """Adds a token that the Hub is not asked about; gives it back."""
        token = self.token(seed)
        self.prepare("add", name, *ADD, *options, stdin=token, environment=environment)
        return token

    def expect_refusals(self, *said: str) -> None:
        """Fails unless every command that needs the vault file is refused, with words of it."""
        commands = [
            ["token", "work"],
            ["add", "b", "--from-env", "SOME", "--no-validate"],
            ["remove", "work"],
            ["rename", "work", "b"],
            ["vault", "unlock"],
        ]
        environment = {"COMMANDS": json.dumps(commands), "SOME": self.token(99)}
        result = self.run("setsid", sys.executable, "-c", COMMANDS, environment=environment)
        assert result.out.split() == ["4"] * len(commands), result.talk
        assert "Traceback" not in result.talk
        for text in said:
            assert result.talk.count(text) >= len(commands), result.talk

    def value(self, *command: str | Path) -> str:
        """What a command hands over, a token among it."""
        handed = self.folder.parent / "handed over"
        result = self.run("sh", "-c", 'exec "$@" >"$0"', handed, *command)
        assert result.status == 0, result.talk
        return handed.read_text().removesuffix("\n")

    def listed(self) -> dict[str, str]:
        """The fingerprints in the index, by name."""
        result = self.prepare("list", "--json")
        return {row["name"]: row["fingerprint"] for row in json.loads(result.stdout)["tokens"]}

    def status(self) -> dict[str, Any]:
        result = self.prepare("vault", "status", "--json")
        document: dict[str, Any] = json.loads(result.stdout.decode("ascii"))
        return document

    def refusals(self) -> dict[str, str]:
        """When git found that the Hub refuses a token, by fingerprint."""
        return dict(json.loads(self.index.read_bytes())["refusals"])

    def opened(self) -> sealed.Sealed:
        """The vault file, opened by the key without tokenguard's commands."""
        return sealed.unlock(sealed.read(self.vault.read_bytes()), sealed.KEY, self.key.encode())

    def kept(self) -> dict[str, str | None]:
        """The secrets in the vault file, by the names of the tokens."""
        opened = self.opened()
        return {json.loads(name)[1]: sealed.get(opened, name) for name in opened.document["entries"]}

    def forget(self) -> None:
        """Takes the file's key out of the kernel's keyring, where there is one."""
        with contextlib.suppress(OSError, ValueError):
            if self.vault.is_file():
                kernel.drop(f"tokenguard:{json.loads(self.vault.read_bytes())['id']}")

    def expect_agreement(self) -> dict[str, str | None]:
        """Fails unless the index and the file have the same tokens; gives them by name."""
        listed = self.listed()
        kept = self.kept()
        assert listed == {name: fingerprint(token or "") for name, token in kept.items()}
        assert json.loads(self.index.read_bytes())["intents"] == {}
        return kept


def expect_refusal(result: Result, *said: str) -> None:
    assert (result.status, result.stdout) == (4, b""), result.talk
    assert "Traceback" not in result.talk
    for text in said:
        assert text in result.talk


# What opens it.


def by_variable(server: Server, secret: str) -> None:
    server.environment[VARIABLE] = secret


def by_passphrase_file(server: Server, secret: str) -> None:
    server.environment["TOKENGUARD_PASSPHRASE_FILE"] = str(server.write("secrets/passphrase", secret + "\n"))


def by_key_file(server: Server, secret: str) -> None:
    server.environment["TOKENGUARD_KEY_FILE"] = str(server.write("secrets/key", secret + "\n"))


def by_credential(server: Server, secret: str) -> None:
    server.write("secrets/tokenguard", secret)
    server.environment["CREDENTIALS_DIRECTORY"] = str(server.folder / "secrets")
