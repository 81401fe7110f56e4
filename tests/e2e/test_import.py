"""`tokenguard import`: tokens that lie about go into the vault, and out of where they lay."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from tests.support.credentials import signed_token
from tests.support.hub import Hub, broken, limited, ok, whoami_oauth, whoami_user

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.machine import Result
    from tests.e2e.server import Server
    from tests.support.hub import Answer


@pytest.fixture
def hub(server: Server, hub: Hub) -> Hub:
    server.use_key()
    return hub


def lay(server: Server, path: str, content: str, mode: int = 0o600) -> Path:
    file = server.home / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode())
    file.chmod(mode)
    return file


def bring_in(server: Server, *options: str, status: int = 0) -> Result:
    result = server.tokenguard("import", *options)
    assert result.status == status, result.talk
    assert "Traceback" not in result.talk
    return result


def test_a_home_full_of_tokens_is_put_in_order(server: Server, hub: Hub) -> None:
    repository = server.repository()
    laptop, ci, oauth, colleague = (
        server.token(1),
        server.token(2),
        signed_token("hf_oauth" + "_"),
        server.token(3),
    )
    server.secret(oauth)
    hub.answer(laptop, ok(whoami_user(label="My Laptop")))
    hub.answer(ci, ok(whoami_user("read", label="my laptop", name="Alice")))
    hub.answer(oauth, ok(whoami_oauth()))
    hub.answer(colleague, ok(whoami_user(name="bob", label="ci")))
    files = {
        lay(server, ".cache/huggingface/token", laptop): None,
        lay(
            server, ".cache/huggingface/stored_tokens", f"[L]\nhf_token = {laptop}\n\n[c]\nhf_token = {ci}\n\n"
        ): "",
        lay(server, ".netrc", f"machine a login b password c\nmachine hf.co login x password {ci}\n"): (
            "machine a login b password c\n"
        ),
        lay(server, ".bashrc", f"a\r\nexport HF_TOKEN={oauth}\r\nb", 0o644): "a\r\nb",
        lay(server, ".bash_history", f"ls\nHF_TOKEN={colleague} hf download\nls\n"): "ls\nls\n",
    }
    with (repository.top / ".git" / "config").open("a") as config:
        config.write(f'[remote "o"]\n\turl = https://u:{laptop}@huggingface.co/acme/m\n')
    cell: dict[str, object] = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    source = {
        "cells": [cell | {"source": [f'login("{laptop}")']}],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    notebook = repository.top / "a.ipynb"
    notebook.write_text(json.dumps(source, indent=1) + "\n")
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in files}

    shown = server.run("tokenguard", "import", "--delete", "--dry-run", cwd=repository.top)
    assert shown.status == 0, shown.talk
    assert laptop in notebook.read_text()
    assert not server.vault.exists()

    result = server.run("tokenguard", "import", "--delete", "--yes", cwd=repository.top)
    assert result.status == 0, result.talk
    assert result.out == shown.out
    assert server.kept() == {
        "alice-My-Laptop": laptop,
        "Alice-my-laptop-2": ci,
        "alice": oauth,
        "bob-ci": colleague,
    }
    for path, after in files.items():
        assert (path.read_bytes().decode() if path.exists() else None) == after, path
        assert after is None or stat.S_IMODE(path.stat().st_mode) == modes[path]
    assert "url = https://huggingface.co/acme/m\n" in (repository.top / ".git" / "config").read_text()
    assert 'os.environ[\\"HF_TOKEN\\"]' in notebook.read_text()
    assert "write it again when they end" in result.talk
    asked = [request.token for request in hub.asked()]
    assert sorted(set(asked), key=str) == sorted([laptop, ci, oauth, colleague])
    assert len(asked) <= 8  # once for each command, and not again within a minute

    again = server.run("tokenguard", "import", "--delete", "--yes", cwd=repository.top)
    assert (again.status, again.out) == (0, "")
    assert "no tokens lie in the clear" in again.talk


def test_without_delete_a_place_is_left_and_the_second_time_known(server: Server, hub: Hub) -> None:
    token = server.token()
    hub.answer(token, ok(whoami_user()))
    file = lay(server, ".cache/huggingface/token", token + "\n")
    assert "to be kept as alice-laptop" in bring_in(server, "--yes").out
    assert file.read_text() == token + "\n"
    assert "in the vault already, as alice-laptop" in bring_in(server, "--yes", "--delete").out
    assert not file.exists()
    assert server.kept() == {"alice-laptop": token}
    assert len(hub.asked()) == 1


def test_a_token_that_the_hub_rejects_stays_until_that_is_asked_for(server: Server, hub: Hub) -> None:
    token = server.token()
    file = lay(server, ".git-credentials", f"https://u:{token}@huggingface.co\nhttps://a:b@c\n")
    result = bring_in(server, "--yes", "--delete", status=1)
    assert "the Hub does not know it" in result.out
    assert token in file.read_text()
    bring_in(server, "--yes", "--delete", "--dead")
    assert file.read_text() == "https://a:b@c\n"
    assert not server.vault.exists()


@pytest.mark.parametrize("answer", [broken(), limited(300)], ids=["500", "429"])
def test_what_the_hub_does_not_answer_for_stays(server: Server, hub: Hub, answer: Answer) -> None:
    unknown, known = server.token(1), server.token(2)
    hub.answer(unknown, answer)
    hub.answer(known, ok(whoami_user()))
    file = lay(server, ".env", f"A={unknown}\nB={known}\n")
    result = bring_in(server, "--yes", "--delete", "--dead", status=5)
    assert "stays where it is" in result.out
    assert unknown in file.read_text()
    if server.vault.exists():  # where the limit is spent, others are not answered for either
        assert list(server.kept().values()) == [known]


def test_nobody_is_asked_without_validation(server: Server, hub: Hub) -> None:
    token = server.token()
    lay(server, ".cache/huggingface/stored_tokens", f"[my ci]\nhf_token = {token}\n")
    bring_in(server, "--yes", "--no-validate")
    assert server.kept() == {"my-ci": token}
    assert hub.requests == []


def test_nothing_is_done_without_a_yes(server: Server, hub: Hub) -> None:
    token = server.token()
    hub.answer(token, ok(whoami_user()))
    file = lay(server, ".cache/huggingface/token", token)
    assert "--yes" in bring_in(server, "--delete", status=2).talk
    assert file.read_text() == token
    assert not server.vault.exists()


def test_a_vault_that_does_not_open_leaves_all(server: Server, hub: Hub) -> None:
    token = server.token()
    hub.answer(token, ok(whoami_user()))
    file = lay(server, ".cache/huggingface/token", token)
    server.environment["TOKENGUARD_KEY_FILE"] = str(server.home / "nowhere")
    bring_in(server, "--delete", "--yes", status=4)
    assert file.read_text() == token


@pytest.mark.parametrize("options", [("--dead",), ("--delete", "--dead", "--no-validate")])
def test_what_does_not_go_together(server: Server, options: tuple[str, ...]) -> None:
    bring_in(server, *options, status=2)


def test_a_place_that_cannot_be_read_is_told(server: Server, hub: Hub) -> None:
    (server.home / ".netrc").symlink_to(server.home / "folder")
    (server.home / "folder").symlink_to(".netrc")
    result = bring_in(server, "--yes", status=3)
    assert f"not read: {server.home / '.netrc'}" in result.talk
