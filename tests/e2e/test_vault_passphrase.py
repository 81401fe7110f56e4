"""The passphrase of the vault file, typed at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.server import (
    ASKED,
    VARIABLE,
    by_variable,
    expect_refusal,
)
from tests.e2e.terminal import at_terminal

if TYPE_CHECKING:
    from tests.e2e.server import Server


TOKEN = "Token (not shown): "
NEW, AGAIN = "New passphrase for the vault file (not shown): ", "Again: "


def test_a_new_passphrase_is_typed_twice_and_not_shown(server: Server, kernel_keeps: bool) -> None:
    server.environment["SOME"] = server.token()
    add = ("tokenguard", "add", "work", "--from-env", "SOME", "--no-validate")
    line = server.passphrase + "\n"
    differing = at_terminal(server, *add, typed=[(NEW, line), (AGAIN, "other\n")])
    assert differing.status == 2
    assert "the two passphrases differ" in differing.out
    assert not server.vault.exists()
    assert server.listed() == {}
    result = at_terminal(server, *add, typed=[(NEW, line), (AGAIN, line)])
    assert result.status == 0, result.out
    server.forget()
    assert at_terminal(server, "tokenguard", "vault", "unlock", typed=[(ASKED, "wrong\n")]).status == 4
    if kernel_keeps:
        result = at_terminal(server, "tokenguard", "vault", "unlock", "--ttl", "60", typed=[(ASKED, line)])
        assert result.status == 0, result.out
        assert server.value("tokenguard", "token", "work") == server.token()
    result = at_terminal(server, "tokenguard", "vault", "lock")
    assert result.status == 0
    reading = ("sh", "-c", 'test "$(tokenguard token work)" = "$SOME"')
    assert at_terminal(server, *reading, typed=[(ASKED, line)]).status == 0


@pytest.mark.parametrize(("typed", "status"), [("\x03", 130), ("\x04", 2), ("\n", 2)], ids=["C", "D", "empty"])
def test_whoever_gives_no_passphrase_has_changed_nothing(server: Server, typed: str, status: int) -> None:
    server.environment["SOME"] = server.token()
    add = ("tokenguard", "add", "work", "--from-env", "SOME", "--no-validate")
    result = at_terminal(server, *add, typed=[(NEW, typed)])
    assert "Traceback" not in result.out
    assert result.status == status, result.out
    assert not server.vault.exists()
    assert server.listed() == {}


def add_and_leave(server: Server, *, unlocked: bool) -> str:
    """Adds a token with the passphrase in a variable, which is gone then; the kernel may keep the file open."""
    server.have_vault()
    by_variable(server, server.passphrase)
    token = server.add("work")
    if unlocked:
        assert server.tokenguard("vault", "unlock").status == 0
    del server.environment[VARIABLE]
    if unlocked:
        assert server.value("tokenguard", "token", "work") == token
    return token


def test_a_passphrase_is_changed(server: Server, kernel_keeps: bool) -> None:
    """By whoever knows the old one: that the file is open is not enough."""
    token = add_and_leave(server, unlocked=kernel_keeps)
    before = server.vault.read_bytes()
    new = server.secret("new " + server.passphrase[::-1])
    change = ("tokenguard", "vault", "change-passphrase")
    refused = at_terminal(server, *change, typed=[(ASKED, "wrong\n")])
    assert refused.status == 4, refused.out
    assert "does not open the vault file" in refused.out
    typed = [(ASKED, server.passphrase + "\n"), (NEW, new + "\n")]
    assert at_terminal(server, *change, typed=[*typed, (AGAIN, "other\n")]).status == 2
    assert server.vault.read_bytes() == before
    assert at_terminal(server, *change, typed=[*typed, (AGAIN, new + "\n")]).status == 0
    server.forget()
    by_variable(server, server.passphrase)
    expect_refusal(server.tokenguard("token", "work"), f"not opened by the passphrase from {VARIABLE}")
    by_variable(server, new)
    assert server.value("tokenguard", "token", "work") == token


def test_a_key_is_added_by_whoever_knows_the_passphrase(server: Server, kernel_keeps: bool) -> None:
    token = add_and_leave(server, unlocked=kernel_keeps)
    before = server.vault.read_bytes()
    path = server.folder / "new.key"
    adding = ("tokenguard", "vault", "add-key", str(path))
    refused = at_terminal(server, *adding, typed=[(ASKED, "wrong\n")])
    assert refused.status == 4, refused.out
    assert (server.vault.read_bytes(), path.exists()) == (before, False)
    result = at_terminal(server, *adding, typed=[(ASKED, server.passphrase + "\n")])
    assert result.status == 0, result.out
    server.forget()
    server.environment["TOKENGUARD_KEY_FILE"] = str(path)
    assert server.value("tokenguard", "token", "work") == token


NO_TEXT = "pass \udcff\n"


def test_what_is_typed_and_is_no_text_or_too_much_is_refused(server: Server) -> None:
    server.environment["SOME"] = server.token()
    add = ("tokenguard", "add", "work", "--from-env", "SOME", "--no-validate")
    unlock = ("tokenguard", "vault", "unlock")
    line = server.passphrase + "\n"

    def expect_refused(*command: str, typed: list[tuple[str, str]]) -> None:
        result = at_terminal(server, *command, typed=typed)
        assert result.status == 2, result.out
        assert "no text in" in result.out
        assert "Traceback" not in result.out

    cut = at_terminal(server, *add, typed=[(NEW, "x" * 4095 + "\n")])
    assert cut.status == 2, cut.out
    assert "so long a line as a whole" in cut.out
    assert "xx" not in cut.out
    expect_refused(*add, typed=[(NEW, NO_TEXT)])
    expect_refused(*add, typed=[(NEW, line), (AGAIN, NO_TEXT)])
    assert not server.vault.exists()
    server.use_key()
    server.add("other", 1)
    whole = server.vault.read_bytes()
    expect_refused("tokenguard", "add", "work", "--no-validate", typed=[(TOKEN, "hf_\udcff\n")])
    assert server.vault.read_bytes() == whole
    assert list(server.listed()) == ["other"]
    # One that a passphrase opens.
    server.vault.unlink()
    server.index.unlink()
    del server.environment["TOKENGUARD_KEY_FILE"]
    server.add("work", 0, environment={VARIABLE: server.passphrase})
    server.forget()
    expect_refused(*unlock, typed=[(ASKED, NO_TEXT)])


def test_another_can_make_the_file_while_somebody_types(server: Server) -> None:
    """With the same passphrase: it is not asked for once more."""
    server.environment["SOME"] = server.token(1)
    line = server.passphrase + "\n"

    def meanwhile() -> str:
        server.add("other", 2, environment={VARIABLE: server.passphrase})
        assert list(server.listed()) == ["other"]
        return line

    add = ("tokenguard", "add", "work", "--from-env", "SOME", "--no-validate")
    result = at_terminal(server, *add, typed=[(NEW, line), (AGAIN, meanwhile)])
    assert result.status == 0, result.out
    assert ASKED not in result.out
    by_variable(server, server.passphrase)
    for name, seed in (("work", 1), ("other", 2)):
        assert server.value("tokenguard", "token", name) == server.token(seed)


def test_the_vault_is_of_use_while_somebody_types_another_passphrase(server: Server) -> None:
    server.have_vault()
    by_variable(server, server.passphrase)
    token = server.add("work", 1)
    new = server.secret("new " + server.passphrase[::-1]) + "\n"

    def meanwhile() -> str:
        server.add("other", 2)
        assert server.value("tokenguard", "token", "work") == token
        return new

    change = ("tokenguard", "vault", "change-passphrase")
    result = at_terminal(server, *change, typed=[(NEW, meanwhile), (AGAIN, new)])
    assert result.status == 0, result.out
    server.forget()
    by_variable(server, new.rstrip())
    for name, seed in (("work", 1), ("other", 2)):
        assert server.value("tokenguard", "token", name) == server.token(seed)
