"""What opens the vault file, and for how long."""

from __future__ import annotations

import base64
import json
import os
import stat
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.e2e.server import (
    ADD,
    ASKED,
    VARIABLE,
    by_credential,
    by_key_file,
    by_passphrase_file,
    by_variable,
    expect_refusal,
)
from tests.e2e.terminal import at_terminal
from tests.support.credentials import fingerprint
from tokenguard.vault import kernel

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.server import Server

FILES = ("TOKENGUARD_KEY_FILE", "TOKENGUARD_PASSPHRASE_FILE")


# Without anybody who types.


class Way(NamedTuple):
    """How a secret is handed over, and whether it is a key."""

    hand_over: Callable[[Server, str], None]
    is_key: bool

    def secret(self, server: Server) -> str:
        return server.key if self.is_key else server.passphrase


WAYS = {
    "variable": Way(by_variable, False),
    "passphrase file": Way(by_passphrase_file, False),
    "key file": Way(by_key_file, True),
    "credential": Way(by_credential, False),
}


@pytest.mark.parametrize("name", WAYS)
def test_all_commands_work_with_what_opens_the_file(server: Server, name: str) -> None:
    way, before = WAYS[name], dict(server.environment)
    if not way.is_key:  # which takes no time, so that the command makes that one itself
        server.have_vault()
    way.hand_over(server, way.secret(server))
    tokens = {"work": server.add("work", 1), "other": server.add("other", 2)}
    assert server.listed() == {name: fingerprint(token) for name, token in tokens.items()}
    server.forget()
    assert server.value("tokenguard", "token", "work") == tokens["work"]
    printing = ("sh", "-c", 'printf %s "$HF_TOKEN"')
    assert server.value("tokenguard", "run", "other", "--", *printing) == tokens["other"]
    assert server.tokenguard("rename", "other", "acme").status == 0
    assert server.tokenguard("add", "work", "--replace", *ADD, stdin=server.token(3)).status == 0
    assert server.tokenguard("remove", "acme").status == 0
    assert server.listed() == {"work": fingerprint(server.token(3))}
    assert server.value("tokenguard", "token", "work") == server.token(3)
    # With another one, and with none.
    server.forget()
    content = server.vault.read_bytes()
    wrong = base64.b64encode(os.urandom(32)).decode() if way.is_key else "wrong"
    way.hand_over(server, wrong)
    for command in [("token", "work"), ("remove", "work")]:
        kind = "key" if way.is_key else "passphrase"
        expect_refusal(server.tokenguard(*command), f"the vault file is not opened by the {kind} from ")
    server.environment = before
    said = "a key opens the vault file" if way.is_key else "the vault file is locked"
    expect_refusal(server.run("setsid", "tokenguard", "token", "work"), said)
    assert server.vault.read_bytes() == content


def test_without_anything_that_opens_it_the_three_ways_out_are_named(server: Server) -> None:
    adding = server.run("setsid", "tokenguard", "add", "work", *ADD, stdin=server.token().encode())
    expect_refusal(adding, "no terminal to choose a passphrase", "do it in a terminal", *FILES)
    assert server.listed() == {}
    assert not server.vault.exists()
    server.environment[VARIABLE] = server.passphrase
    server.add("work")
    del server.environment[VARIABLE]
    server.forget()
    for command in [("token", "work"), ("run", "work", "--", "true"), ("vault", "unlock")]:
        expect_refusal(server.run("setsid", "tokenguard", *command), "`tokenguard vault unlock`", *FILES)


@pytest.mark.parametrize("variable", FILES)
def test_a_named_file_that_is_no_use_is_said(server: Server, variable: str) -> None:
    path = server.folder / "named"
    server.environment |= {variable: str(path), VARIABLE: server.passphrase}

    def expect_refused(said: str) -> None:
        result = server.tokenguard("add", "work", *ADD, stdin=server.token())
        expect_refusal(result, f"the file in {variable} ", said)
        assert str(path) not in result.talk

    expect_refused("cannot be read")
    path.write_text("\n")
    expect_refused("is empty")
    path.unlink()
    path.mkdir()
    expect_refused("cannot be read")
    # What opens the file itself may be in the variable by mistake; `run` looks for it in what is shown.
    server.environment[variable] = server.key if variable == "TOKENGUARD_KEY_FILE" else server.passphrase
    expect_refused("cannot be read")
    assert not server.vault.exists()


def test_a_passphrase_of_base64_opens_the_file_however_it_is_handed_over(server: Server) -> None:
    by_variable(server, server.key)
    token = server.add("work")
    server.forget()
    del server.environment[VARIABLE]
    by_passphrase_file(server, server.key)
    assert server.value("tokenguard", "token", "work") == token


def test_the_program_that_is_run_does_not_get_the_passphrase(server: Server) -> None:
    server.have_vault()
    by_variable(server, server.passphrase)
    server.add("work")
    for via in ("env", "file"):
        result = server.value("tokenguard", "run", "work", "--via", via, "--", "env")
        assert "HF_TOKEN" in result
        assert VARIABLE + "=" not in result
        assert server.passphrase not in result


# A key file beside the passphrase.


def test_a_key_file_is_made_for_a_vault_with_a_passphrase(server: Server) -> None:
    server.have_vault()
    by_variable(server, server.passphrase)
    token = server.add("work")
    paths = [server.folder / "first.key", server.folder / "second.key"]
    for path in paths:
        result = server.tokenguard("vault", "add-key", path)
        assert (result.status, result.stdout) == (0, b""), result.talk
        assert f"{path} opens the vault file" in result.talk
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert server.secret(path.read_text().strip()) not in server.vault.read_text()
    server.forget()
    assert server.value("tokenguard", "token", "work") == token
    # The second has taken the place of the first.
    server.environment["TOKENGUARD_KEY_FILE"] = str(paths[0])
    assert server.value("tokenguard", "token", "work") == token
    server.forget()
    by_variable(server, "wrong")
    # Nobody is asked, though somebody is there.
    refused = at_terminal(server, "tokenguard", "token", "work", "--reveal")
    assert refused.status == 4
    assert f"not opened by the key from TOKENGUARD_KEY_FILE, nor by the passphrase from {VARIABLE}" in refused.out
    assert ASKED not in refused.out
    server.environment["TOKENGUARD_KEY_FILE"] = str(paths[1])
    assert server.value("tokenguard", "token", "work") == token
    server.forget()
    del server.environment[VARIABLE]
    # The one that is there is used again.
    before = paths[1].read_bytes()
    assert server.tokenguard("vault", "add-key", paths[1]).status == 0
    server.forget()
    assert server.value("tokenguard", "token", "work") == token
    assert paths[1].read_bytes() == before


def test_what_can_be_no_key_file_changes_nothing(server: Server) -> None:
    server.use_key()
    server.add("work")
    whole = server.vault.read_bytes()
    (server.folder / "locked").mkdir(mode=0o500)
    (server.folder / "folder").mkdir()
    server.write("note", "no key at all\n")
    # The owner of all things may write everywhere.
    through = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    unfit = {
        "locked/new.key": "cannot be written",
        "gone/new.key": "cannot be written",
        "folder": "cannot be read",
        "note": "there is no key in",
    }
    for name, said in unfit.items():
        result = server.run(*through, "tokenguard", "vault", "add-key", name)
        expect_refusal(result, said, name)
    assert server.vault.read_bytes() == whole
    assert (server.folder / "note").read_text() == "no key at all\n"
    assert list((server.folder / "locked").iterdir()) == []


# Once all that opening the file takes is loaded, there are 48 MiB left, of which a passphrase needs 64.
LIMITED = """
import re, resource, sys
from cryptography.hazmat.primitives.kdf import argon2, hkdf
from cryptography.hazmat.primitives.ciphers import aead
from tokenguard import process
from tokenguard.cli import run
from tokenguard.vault import sealed
wrapping_key = sealed._wrapping_key
def limited(*arguments):
    used = int(re.search(r"VmSize:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (used + (48 << 20),) * 2)
    return wrapping_key(*arguments)
sealed._wrapping_key = limited
process.end(process.run(lambda: run(sys.argv[1:])))
"""


@pytest.mark.unmeasured
def test_without_the_memory_for_a_passphrase_it_is_said_and_a_key_will_do(server: Server) -> None:
    limited = (sys.executable, "-c", LIMITED)
    said = ("takes 128 MiB of memory", "tokenguard vault add-key")
    by_variable(server, server.passphrase)
    adding = server.run(*limited, "add", "work", *ADD, stdin=server.token().encode())
    expect_refusal(adding, *said)
    assert not server.vault.exists()
    server.add("work")
    assert server.tokenguard("vault", "add-key", server.key_file).status == 0
    server.forget()
    reading = ("sh", "-c", 'test "$("$@")" = "$SOME"', "sh", *limited, "token", "work")
    expect_refusal(server.run(*limited, "token", "work"), *said)
    server.use_key()
    assert server.run(*reading, environment={"SOME": server.token()}).status == 0


# For how long.


def test_without_a_file_there_is_nothing_to_open(server: Server) -> None:
    server.use_key()
    for command in (["unlock"], ["lock"], ["change-passphrase"], ["add-key", "new.key"]):
        expect_refusal(server.tokenguard("vault", *command), "there is no vault file yet")
    assert not server.vault.exists()
    assert not (server.folder / "new.key").exists()


def test_the_kernel_keeps_it_open_until_it_is_locked(server: Server, kernel_keeps: bool) -> None:
    server.have_vault()
    by_variable(server, server.passphrase)
    token = server.add("work")
    del server.environment[VARIABLE]
    description = f"tokenguard:{json.loads(server.vault.read_bytes())['id']}"
    reading = ("sh", "-c", 'test "$(tokenguard token work)" = "$SOME"')
    server.environment["SOME"] = token
    assert at_terminal(server, *reading, typed=[(ASKED, server.passphrase + "\n")]).status == 0
    if kernel_keeps:
        assert server.value("tokenguard", "token", "work") == token
        assert server.add("more", 1) == server.value("tokenguard", "token", "more")
        assert kernel.fetch(description) is not None
    assert server.tokenguard("vault", "lock").status == 0
    expect_refusal(server.run("setsid", "tokenguard", "token", "work"), "locked")
    unlocked = server.tokenguard("vault", "unlock", "--ttl", "600", environment={VARIABLE: server.passphrase})
    if kernel_keeps:
        assert unlocked.status == 0
        assert "600 seconds" in unlocked.talk
        assert server.value("tokenguard", "token", "work") == token
        assert kernel.fetch(description) is not None
        for ttl in ("0", "31622401", "4294967296"):  # the second is a leap year and a second
            assert server.tokenguard("vault", "unlock", "--ttl", ttl).status == 2
    else:
        expect_refusal(unlocked, "the kernel's keyring cannot keep it")
    assert server.tokenguard("vault", "lock").status == 0
    expect_refusal(server.run("setsid", "tokenguard", "token", "work"), "locked")


# What `run` has started, and is to have one token: it looks for the others.
LOOKING = """
import os, subprocess
from tokenguard.vault import kernel
try:
    kept = kernel.fetch(os.environ["DESCRIPTION"])
except OSError:
    kept = None
print("a key" if kept else "no key", subprocess.run(("tokenguard", "token", "other")).returncode)
"""


def test_the_program_that_is_run_finds_no_key_to_the_other_tokens(server: Server) -> None:
    """Nor does whoever locks the vault find it open again, when a file has opened it."""
    server.use_key()
    server.add("work", 1)
    server.add("other", 2)
    assert server.tokenguard("vault", "lock").status == 0
    server.environment["DESCRIPTION"] = f"tokenguard:{json.loads(server.vault.read_bytes())['id']}"
    # What opens the vault is out of its reach, as for a program in a sandbox.
    without = ["env", *(f"--unset={variable}" for variable in (VARIABLE, *FILES))]
    looking = ("setsid", *without, sys.executable, "-c", LOOKING)
    result = server.run("tokenguard", "run", "work", "--", *looking)
    assert (result.status, result.out) == (0, "no key 4\n"), result.talk


def test_a_time_limit_ends(server: Server, kernel_keeps: bool) -> None:
    server.have_vault()
    by_variable(server, server.passphrase)
    server.add("work")
    server.forget()
    unlocked = server.tokenguard("vault", "unlock", "--ttl", "1")
    assert unlocked.status == (0 if kernel_keeps else 4)
    del server.environment[VARIABLE]
    time.sleep(1.2)
    expect_refusal(server.run("setsid", "tokenguard", "token", "work"), "locked")


# PR_GET_DUMPABLE, at the moment when what opens the file is in memory.
WATCHED = """
import ctypes, sys
from tokenguard import process
from tokenguard.cli import run
from tokenguard.vault import sealed
unlock = sealed.unlock
def watched(*arguments):
    print("dumpable", ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), file=sys.stderr)
    return unlock(*arguments)
sealed.unlock = watched
process.run(lambda: run(sys.argv[1:]))
"""
DUMPABLE = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"


def test_no_core_is_dumped_while_there_is_a_secret_in_memory(server: Server) -> None:
    server.use_key()
    server.add("work")
    server.environment["SOME"] = server.token(1)
    commands = [
        ["add", "other", "--from-env", "SOME", "--no-validate"],
        ["remove", "work"],
        ["vault", "unlock"],
        ["vault", "change-passphrase"],
        ["vault", "add-key", str(server.key_file)],
    ]
    for command in commands:
        server.forget()
        result = server.run("setsid", sys.executable, "-c", WATCHED, *command)
        assert "dumpable 0" in result.talk, command
        assert "dumpable 1" not in result.talk, command


def test_the_program_that_is_run_can_be_debugged_again(server: Server) -> None:
    server.use_key()
    token = server.add("work")
    for via in ("env", "file"):
        command = ("tokenguard", "run", "work", "--via", via, "--", sys.executable, "-c", DUMPABLE)
        assert server.value(*command) == "1"
    grandchild = ("sh", "-c", "sh -c 'cat \"$HF_TOKEN_PATH\"'; true")
    assert server.value("tokenguard", "run", "work", "--via", "file", "--", *grandchild) == token
