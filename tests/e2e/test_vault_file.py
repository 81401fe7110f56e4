"""The vault file: what is in it, who may read it, and what becomes of it where much goes wrong."""

from __future__ import annotations

import base64
import json
import os
import shutil
import stat
import sys
from typing import TYPE_CHECKING

from tests.e2e.server import ADD, by_variable, expect_refusal
from tokenguard.vault.keyring import ENCRYPTED_FILE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.server import Server

SAID = "no OS keyring answers here: tokens are kept in an encrypted file"


# Which vault it is.


def test_auto_says_aloud_that_it_takes_the_file(server: Server) -> None:
    del server.environment["TOKENGUARD_VAULT"]
    server.use_key()
    result = server.tokenguard("add", "work", *ADD, stdin=server.token())
    assert result.status == 0
    assert result.talk.count(SAID) == 1
    assert server.kept() == {"work": server.token()}
    # It is in use from then on, which needs no more words.
    assert SAID not in server.tokenguard("add", "b", *ADD, stdin=server.token(1)).talk
    assert server.status()["kind"] == "file"


def test_auto_that_could_keep_nothing_has_not_chosen(server: Server) -> None:
    del server.environment["TOKENGUARD_VAULT"]
    for _ in range(2):
        result = server.run("setsid", "tokenguard", "add", "work", *ADD, stdin=server.token().encode())
        expect_refusal(result, SAID)


def test_the_keyring_that_is_asked_for_is_not_replaced_by_the_file(server: Server) -> None:
    server.environment["TOKENGUARD_VAULT"] = "keyring"
    server.use_key()
    result = server.tokenguard("add", "work", *ADD, stdin=server.token())
    expect_refusal(result, "no keyring here", "TOKENGUARD_VAULT=file")
    assert not server.vault.exists()


def test_tokens_in_the_file_are_not_looked_for_in_the_keyring(server: Server) -> None:
    server.use_key()
    token = server.add("work")
    environment = {"TOKENGUARD_VAULT": "keyring"}
    for command in [("token", "work"), ("remove", "work"), ("vault", "status")]:
        result = server.tokenguard(*command, environment=environment)
        expect_refusal(result, "your tokens are in the encrypted file", "`tokenguard vault move --to keyring`")
    environment["TOKENGUARD_VAULT"] = "auto"
    assert server.tokenguard("rename", "work", "b", environment=environment).status == 0
    assert server.kept() == {"b": token}


# How it is seen from outside.


def test_nothing_that_is_secret_can_be_read_in_any_file(server: Server) -> None:
    server.use_key()
    tokens = [server.add("work", 1), server.add("other", 2), server.add("work", 3, "--replace")]
    server.tokenguard("rename", "other", "acme")
    server.tokenguard("vault", "status")
    data_key = server.opened().data_key
    by_variable(server, server.passphrase)
    server.environment["TOKENGUARD_HOME"] = str(server.home / "second")
    del server.environment["TOKENGUARD_KEY_FILE"]
    server.add("work", 4)
    server.vault = server.home / "second" / "vault.json"  # which is forgotten in the end
    secrets = [*tokens, server.token(4), server.passphrase, server.key]
    plain = [secret.encode() for secret in secrets] + [data_key, data_key.hex().encode()]
    searched = [*plain, *(base64.b64encode(secret)[:24] for secret in plain)]
    paths = [path for path in server.home.rglob("*") if path.is_file()]
    assert len([path for path in paths if path.name == "vault.json"]) == 2
    for path in paths:
        content = path.read_bytes()
        assert not any(secret in content for secret in searched), path
    for path in (server.home / "tokenguard").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE((server.home / "tokenguard").stat().st_mode) == 0o700


def test_status(server: Server, kernel_keeps: bool) -> None:
    nothing_yet = {"schema": 1, "kind": "file", "path": str(server.vault), "locked": False, "tokens": 0}
    assert server.status() == {**nothing_yet, "backend": ENCRYPTED_FILE, "problem": None}
    server.use_key()
    server.add("work")
    assert (server.status()["locked"], server.status()["tokens"]) == (False, 1)
    if kernel_keeps:
        assert server.tokenguard("vault", "unlock").status == 0
    del server.environment["TOKENGUARD_KEY_FILE"]
    assert server.status()["locked"] is not kernel_keeps
    server.forget()
    assert (server.status()["locked"], server.status()["problem"]) == (True, None)
    text = server.tokenguard("vault", "status")
    assert text.talk == ""
    rows = dict(line.split(maxsplit=1) for line in text.out.splitlines())
    assert rows == {
        "kind": "file",
        "backend": ENCRYPTED_FILE,
        "file": str(server.vault),
        "locked": "yes",
        "tokens": "1",
    }


def test_the_status_of_a_file_that_cannot_be_read_is_not_that_it_is_open(server: Server) -> None:
    server.use_key()
    server.add("work")
    server.vault.write_bytes(b"garbage")
    state = server.status()
    assert (state["locked"], state["problem"]) == (None, "the vault file is damaged")
    text = server.tokenguard("vault", "status")
    assert (text.status, text.talk) == (0, "tokenguard: the vault file is damaged\n")
    assert "locked   not known\n" in text.out


def test_a_file_that_is_gone_is_not_made_anew_before_its_tokens_are_removed(server: Server) -> None:
    server.use_key()
    server.add("work", 1)
    server.add("other", 2)
    server.vault.unlink()
    said = "the vault file is gone"
    assert said in server.status()["problem"]
    text = server.tokenguard("vault", "status")
    assert (text.status, "locked   not known\n" in text.out, said in text.talk) == (0, True, True)
    adding = server.tokenguard("add", "new", *ADD, stdin=server.token(3))
    expect_refusal(adding, said, "`tokenguard remove` them all")
    assert not server.vault.exists()
    assert server.tokenguard("remove", "work", "other").status == 0
    new = server.add("new", 3)
    assert (server.kept(), server.status()["problem"]) == ({"new": new}, None)


def test_a_home_that_cannot_be_looked_at_is_said(server: Server) -> None:
    server.use_key()
    server.add("work")
    (server.folder / "file").touch()
    server.environment["TOKENGUARD_HOME"] = str(server.folder / "file" / "home")
    server.expect_refusals("Not a directory")


# What is damaged.


def flipped(data: bytes) -> bytes:
    """One letter of a sealed secret is another one."""
    at = data.index(b'"sealed": "') + 20
    return data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :]


def without_the_entry(data: bytes) -> bytes:
    return json.dumps(json.loads(data) | {"entries": {}}).encode()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "one byte": flipped,
    "a missing entry": without_the_entry,
    "truncated": lambda data: data[:-40],
    "empty": lambda data: b"",
    "garbage": lambda data: b"\xff\x00garbage",
    "another shape": lambda data: json.dumps(json.loads(data) | {"entries": []}).encode(),
    "newer": lambda data: json.dumps(json.loads(data) | {"version": 2}).encode(),
    "a KDF for ever": lambda data: data.replace(b'"time": 3', b'"time": 3000000'),
    "a KDF for nothing": lambda data: data.replace(b'"memory_kib": 131072', b'"memory_kib": 8'),
}


def test_a_damaged_file_is_said_and_left_as_it_is(server: Server) -> None:
    server.use_key()
    token = server.add("work")
    whole, index = server.vault.read_bytes(), server.index.read_bytes()
    for what, damage in DAMAGES.items():
        damaged = damage(whole)
        assert damaged != whole, what
        server.vault.write_bytes(damaged)
        server.expect_refusals("the vault file")
        assert server.vault.read_bytes() == damaged, what
    server.vault.write_bytes(whole)
    assert json.loads(server.index.read_bytes())["tokens"] == json.loads(index)["tokens"]
    assert server.value("tokenguard", "token", "work") == token
    assert list(server.listed()) == ["work"]


# Commands in one process, each with a field in the vault file that is deeper.
DEEP = """
import json, os, sys
from tokenguard import process
from tokenguard.cli import run
path, whole = sys.argv[1], open(sys.argv[1]).read().rstrip()
def write(text):
    with open(path, "w") as file:
        file.write(text)
statuses = set()
for depth in range(940, 1000):
    write(whole[:-1] + ', "more": ' + "[" * depth + "]" * depth + "}")
    statuses.add(int(process.run(lambda: run(["token", "work"]))))
write(whole)
print(*statuses)
"""


def test_a_field_that_is_as_deep_as_can_be_is_damage(server: Server) -> None:
    """Read by a parser whose end is nearer than that of what the MAC is made of, or farther."""
    server.use_key()
    server.add("work")
    result = server.run(sys.executable, "-c", DEEP, server.vault)
    assert (result.status, result.out) == (0, "4\n"), result.talk
    assert "Traceback" not in result.talk


def test_a_file_that_others_can_read_is_refused(server: Server) -> None:
    server.use_key()
    server.add("work")
    whole = server.vault.read_bytes()
    for mode in (0o640, 0o602):
        server.vault.chmod(mode)
        server.expect_refusals("can be read or written by others", f"chmod 600 {server.vault}")
        assert stat.S_IMODE(server.vault.stat().st_mode) == mode
    assert server.vault.read_bytes() == whole


def test_what_is_no_file_of_ours_is_neither_followed_nor_waited_for(server: Server) -> None:
    server.use_key()
    server.add("work")
    elsewhere = server.folder / "elsewhere.json"
    server.vault.rename(elsewhere)
    whole = elsewhere.read_bytes()
    stand_ins: dict[int, Callable[[], object]] = {
        stat.S_IFLNK: lambda: server.vault.symlink_to(elsewhere),
        stat.S_IFIFO: lambda: os.mkfifo(server.vault, 0o600),
        stat.S_IFDIR: server.vault.mkdir,
    }
    for kind, stand_in in stand_ins.items():
        server.vault.unlink(missing_ok=True)
        stand_in()
        server.expect_refusals(str(server.vault))
        assert stat.S_IFMT(server.vault.lstat().st_mode) == kind
        assert elsewhere.read_bytes() == whole


# Where nothing can be written.

LIMITED = """
import os, resource, sys
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
os.execvp(sys.argv[2], sys.argv[2:])
"""


def test_where_the_disk_is_full_what_was_kept_stays(server: Server) -> None:
    server.use_key()
    kept: dict[str, str | None] = {f"t{number}": server.add(f"t{number}", number) for number in range(3)}
    files = [server.vault.stat().st_size, server.index.stat().st_size]
    statuses = set()
    for number, limit in enumerate([0, *(size + more for size in files for more in (-1, 900))], 10):
        token = server.token(number)
        adding = ("tokenguard", "add", "t0", "--replace", *ADD)
        result = server.run(sys.executable, "-c", LIMITED, str(limit), *adding, stdin=token.encode())
        assert "Traceback" not in result.talk
        statuses.add(result.status)
        if result.status == 0:
            kept["t0"] = token
        else:
            assert result.status == 4, result.talk
            assert "cannot be written" in result.talk
            kept["t0"] = server.kept()["t0"]
            assert kept["t0"] is not None
        assert server.expect_agreement() == kept
        # Whoever was told that it failed has the old one.
        assert (kept["t0"] == token) == (result.status == 0), limit
    assert statuses == {0, 4}


def test_where_home_cannot_be_written_tokens_are_still_handed_over(server: Server) -> None:
    server.use_key()
    token = server.add("work")
    content = {path.name: path.read_bytes() for path in server.vault.parent.iterdir()}
    # The owner of all things may write everywhere.
    through = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    server.vault.parent.chmod(0o500)
    for path in server.vault.parent.iterdir():
        path.chmod(0o400)
    try:
        server.forget()
        assert server.value(*through, "tokenguard", "token", "work") == token
        for command in [("add", "b", *ADD), ("remove", "work"), ("rename", "work", "b"), ("use", "work")]:
            result = server.run(*through, "tokenguard", *command, stdin=server.token(1).encode())
            expect_refusal(result, "cannot be written")
    finally:
        server.vault.parent.chmod(0o700)
    assert {path.name: path.read_bytes() for path in server.vault.parent.iterdir()} == content


def test_a_copy_elsewhere_opens_with_the_same_key(server: Server) -> None:
    """A backup is the two files."""
    server.use_key()
    token = server.add("work")
    shutil.copytree(server.vault.parent, server.folder / "backup")
    server.tokenguard("remove", "work")
    server.forget()
    server.environment["TOKENGUARD_HOME"] = str(server.folder / "backup")
    assert server.value("tokenguard", "token", "work") == token
