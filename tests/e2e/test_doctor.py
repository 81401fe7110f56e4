"""`tokenguard doctor` on real files, repositories and vaults."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.e2e.machine import write_script
from tests.support.hub import unauthorized, whoami_user

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.desk import Desk
    from tests.e2e.machine import Machine
    from tests.e2e.server import Server

CHECKS = {"checks": ["plaintext", "mode", "variable", "vault", "orphan", "hook", "git", "token"]}


class Told(NamedTuple):
    """What `doctor --json` answered."""

    status: int
    document: dict[str, Any]

    def of(self, check: str) -> list[dict[str, Any]]:
        return [ailment for ailment in self.document["ailments"] if ailment["check"] == check]

    @property
    def whats(self) -> str:
        return "\n".join(ailment["what"] for ailment in self.document["ailments"])


def doctor(machine: Machine, *options: str, cwd: Path | None = None, **environment: str) -> Told:
    result = machine.run("tokenguard", "doctor", "--json", *options, cwd=cwd, environment=environment)
    assert result.status in (0, 1, 3), result.talk
    told = Told(result.status, json.loads(result.stdout.decode("ascii")))
    wrong = [ailment for ailment in told.document["ailments"] if ailment["severity"] == "wrong"]
    assert result.status == (3 if told.document["unreadable"] else 1 if wrong else 0)
    return told


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def in_home(machine: Machine, path: str, text: str, bits: int = 0o600) -> Path:
    target = machine.home / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    target.chmod(bits)
    return target


def test_a_new_machine_is_well(machine: Machine) -> None:
    assert doctor(machine) == (0, {"schema": 1, "ailments": [], "unreadable": [], "mended": []} | CHECKS)
    result = machine.run("tokenguard", "doctor")
    assert (result.status, result.out) == (0, "nothing is wrong\n")


def test_what_lies_in_the_clear_is_told_with_its_way_out(server: Server) -> None:
    server.use_key()
    work = server.add("work")
    in_home(server, ".cache/huggingface/token", work)
    in_home(server, ".bash_history", f"export HF_TOKEN={work}\n" * 3)
    told = doctor(server)
    assert told.status == 1
    assert [(row["known_as"], row["command"], row["line"]) for row in told.of("plaintext")] == [
        ("work", "tokenguard import --delete", 1)
    ] * 2
    assert ", 3 times" in told.whats
    text = server.run("tokenguard", "doctor").out
    assert "Tokens in the clear\n  ! hf_" in text
    assert "      $ tokenguard import --delete\n" in text


def test_loose_modes_are_mended_and_mending_can_be_repeated(server: Server) -> None:
    server.use_key()
    server.add("work")
    token = in_home(server, ".cache/huggingface/token", server.token(5), 0o644)
    for path, bits in ((server.vault.parent, 0o755), (server.vault, 0o644), (server.index, 0o664)):
        path.chmod(bits)
    told = doctor(server)
    assert {row["path"] for row in told.of("mode")} == {
        str(path.resolve()) for path in (token, server.vault.parent, server.vault, server.index)
    }
    assert all(row["safe_to_fix"] for row in told.of("mode"))
    assert told.of("vault") == []  # which is refused for just that
    mended = doctor(server, "--fix")
    assert [mode(path) for path in (token, server.vault.parent, server.vault, server.index)] == [
        *(0o600, 0o700, 0o600, 0o600)
    ]
    assert [row["problem"] for row in mended.document["mended"]] == [None] * 4
    assert mended.of("mode") == []
    assert doctor(server, "--fix").document["mended"] == []
    assert server.value("tokenguard", "token", "work")


def test_only_the_rights_of_others_are_taken_and_links_are_not_followed(machine: Machine) -> None:
    kept = in_home(machine, "dotfiles/netrc", f"machine huggingface.co password {machine.token()}\n", 0o444)
    (machine.home / ".netrc").symlink_to(kept)
    assert doctor(machine, "--fix").of("mode") == []
    assert mode(kept) == 0o400
    assert (machine.home / ".netrc").is_symlink()


def test_the_mode_of_a_projects_file_is_its_own_matter(machine: Machine) -> None:
    repository = machine.repository()
    path = repository.write(".env", f"HF_TOKEN={machine.token()}\n")
    path.chmod(0o640)
    (row,) = doctor(machine, "--fix", cwd=repository.top).of("mode")
    assert (row["safe_to_fix"], row["command"], mode(path)) == (False, f"chmod 600 {path}", 0o640)


def test_the_folder_of_the_global_hooks_is_nobody_elses(machine: Machine) -> None:
    machine.prepare("hook", "install", "--global")
    assert doctor(machine).status == 0


def test_what_cannot_be_read_is_told_and_is_not_well(machine: Machine) -> None:
    os.mkfifo(machine.home / ".netrc")
    told = doctor(machine)
    assert told.status == 3
    assert [row["path"] for row in told.document["unreadable"]] == [str(machine.home / ".netrc")]
    result = machine.run("tokenguard", "doctor")
    assert "so that is not all" in result.out


def test_variables_are_told(machine: Machine) -> None:
    told = doctor(machine, HF_TOKEN=machine.token(), HF_TOKENS=machine.token(1), HF_OIDC_RESOURCE="acme/model")
    assert [row["severity"] for row in told.of("variable")] == ["wrong"] * 3
    assert "HF_OIDC_RESOURCE in your environment hides HF_TOKEN in your environment" in told.whats
    assert "HF_TOKENS has a token" in told.whats


def test_a_secret_without_a_name_is_taken_in_and_a_name_without_a_secret_forgotten(server: Server) -> None:
    server.use_key()
    kept, lost = server.add("kept"), server.add("lost", 1, "--default")
    index = json.loads(server.index.read_text())
    index["tokens"]["gone"] = index["tokens"].pop("lost") | {"fingerprint": "sha256:" + "0" * 64}
    server.index.write_text(json.dumps(index | {"default": "gone"}))
    told = doctor(server)
    assert sorted((row["known_as"], row["safe_to_fix"]) for row in told.of("orphan")) == [
        ("gone", True),
        ("lost", True),
    ]
    mended = doctor(server, "--fix")
    assert [row["what"] for row in mended.document["mended"]] == ["forgot gone", "took in lost"]
    assert mended.of("orphan") == []
    assert set(server.listed()) == {"kept", "lost"}
    assert server.value("tokenguard", "token", "lost") == lost
    assert server.value("tokenguard", "token", "kept") == kept
    assert doctor(server, "--fix").document["mended"] == []


def test_another_token_under_a_name_is_told_and_left(server: Server) -> None:
    server.use_key()
    server.add("work")
    index = json.loads(server.index.read_text())
    index["tokens"]["work"]["fingerprint"] = "sha256:" + "0" * 64
    server.index.write_text(json.dumps(index))
    before = server.index.read_bytes()
    (row,) = doctor(server, "--fix").of("orphan")
    assert (row["safe_to_fix"], row["command"]) == (False, "tokenguard add work --replace")
    assert server.index.read_bytes() == before


def test_a_locked_vault_file_is_examined_without_asking(server: Server) -> None:
    server.use_key()
    server.add("work")
    del server.environment["TOKENGUARD_KEY_FILE"]
    server.forget()
    index = json.loads(server.index.read_text())
    index["intents"] = {"work": None}
    server.index.write_text(json.dumps(index))
    (row,) = doctor(server).of("orphan")
    assert "begun and not finished" in row["what"]
    told = doctor(server, "--fix")
    assert [done["what"] for done in told.document["mended"]] == ["the index agrees with the vault"]
    assert "TOKENGUARD_KEY_FILE" in told.document["mended"][0]["problem"]
    server.use_key()
    told = doctor(server, "--fix")
    assert told.of("orphan") == []
    assert server.listed() == {}


def test_a_vault_file_that_is_gone_is_told(server: Server) -> None:
    server.use_key()
    server.add("work")
    server.vault.unlink()
    told = doctor(server, "--fix")
    assert [row["what"] for row in told.of("vault")] == [
        "the vault file is gone, and with it the tokens that were in it"
    ]
    assert set(server.listed()) == {"work"}


def test_a_damaged_index_is_not_well(machine: Machine) -> None:
    in_home(machine, "tokenguard/index.json", "{").parent.chmod(0o700)
    told = doctor(machine, "--fix")
    assert told.status == 3
    assert "damaged" in told.document["unreadable"][0]["reason"]


@pytest.mark.parametrize("scope", [(), ("--global",)])
def test_dead_hooks_are_revived_and_check_again(machine: Machine, scope: tuple[str, ...]) -> None:
    repository = machine.repository()
    machine.prepare("hook", "install", *scope, cwd=repository.top)
    folder = machine.home / "tokenguard" / "hooks" if scope else repository.top / ".git" / "hooks"
    for stage in ("pre-commit", "pre-push"):
        script = (folder / stage).read_text()
        program = next(line for line in script.splitlines() if line.startswith("program="))
        (folder / stage).write_text(script.replace(program, "program=/gone/tokenguard-hook"))
    (folder / "commit-msg").chmod(0o644)
    told = doctor(machine, cwd=repository.top)
    assert {row["path"] for row in told.of("hook")} == {
        str(folder / stage) for stage in ("pre-commit", "pre-push", "commit-msg")
    }
    repository.stage("leak.py", machine.token())
    mended = doctor(machine, "--fix", cwd=repository.top)
    assert (mended.of("hook"), len(mended.document["mended"])) == ([], 3)
    result = machine.run("git", "commit", "-m", "a message", cwd=repository.top)
    assert result.status != 0
    assert "refused" in result.talk
    assert doctor(machine, "--fix", cwd=repository.top).document["mended"] == []


def test_a_hook_that_somebody_has_changed_is_not_touched(machine: Machine) -> None:
    repository = machine.repository()
    machine.prepare("hook", "install", cwd=repository.top)
    path = repository.top / ".git" / "hooks" / "pre-commit"
    changed = "".join(line for line in path.read_text().splitlines(keepends=True) if "program=" not in line)
    path.write_text(changed)
    told = doctor(machine, "--fix", cwd=repository.top)
    assert "was changed by somebody" in told.document["mended"][0]["problem"]
    assert path.read_text() == changed
    assert told.status == 1


def test_hooks_that_git_passes_over_are_told(machine: Machine) -> None:
    repository = machine.repository()
    machine.prepare("hook", "install", cwd=repository.top)
    repository.git("config", "core.hooksPath", ".husky")
    told = doctor(machine, cwd=repository.top)
    (row,) = told.of("hook")
    assert row["path"] == str(repository.top / ".git" / "hooks")
    assert str(repository.top / ".husky") in row["what"]
    machine.prepare("hook", "install", cwd=repository.top)
    assert doctor(machine, cwd=repository.top).of("hook") == []


def test_global_hooks_that_are_no_longer_asked_for_are_told(machine: Machine) -> None:
    machine.prepare("hook", "install", "--global")
    repository = machine.repository()
    repository.git("config", "core.hooksPath", "hooks")
    (row,) = doctor(machine, cwd=repository.top).of("hook")
    assert row["command"] == "tokenguard hook install"
    repository.git("config", "--unset", "core.hooksPath")
    assert doctor(machine, cwd=repository.top).of("hook") == []
    machine.run("git", "config", "--global", "--unset", "core.hooksPath")
    (row,) = doctor(machine, cwd=repository.top).of("hook")
    assert row["command"] == "tokenguard hook install --global"


def test_what_git_tracks_and_shows_is_told(machine: Machine) -> None:
    repository = machine.repository()
    for name in (".env", "deploy/.env.production", ".env.example"):
        repository.stage(name, "A=b\n")
    assert [row["severity"] for row in doctor(machine, cwd=repository.top).of("git")] == ["advice"] * 2
    repository.stage("deploy/.env.production", f"HF_TOKEN={machine.token()}\n")
    repository.git("remote", "add", "origin", f"https://user:{machine.token(1)}@huggingface.co/acme/model")
    told = doctor(machine, cwd=repository.top / "deploy")
    wrong = [row["path"] for row in told.of("git") if row["severity"] == "wrong"]
    assert wrong == [str(repository.top / "deploy" / ".env.production")]
    assert {row["path"] for row in told.of("plaintext")} == {*wrong, str(repository.top / ".git" / "config")}


def test_credential_helpers_that_leak_or_are_gone_are_told(machine: Machine) -> None:
    helper = write_script(machine.folder / "tokenguard", "exit 0")
    for value in ("cache", "store --file /tmp/x", f"!'{helper}' git-credential"):
        machine.run("git", "config", "--global", "--add", "credential.helper", value)
    assert [row["what"] for row in doctor(machine).of("git")] == [
        "git has the credential helper store --file /tmp/x"
    ]
    helper.unlink()
    rows = doctor(machine).of("git")
    assert [row["command"] for row in rows] == ["tokenguard git-credential install"] * 2
    assert "is dead" in rows[0]["what"]


def test_names_of_others_cannot_speak_to_the_terminal(machine: Machine) -> None:
    repository = machine.repository("\x1b[31mred")
    repository.stage("\x1b[2J/.env", f"HF_TOKEN={machine.token()}\n")
    result = machine.run("tokenguard", "doctor", cwd=repository.top)
    assert result.status == 1
    assert b"\x1b" not in result.stdout
    assert json.loads(machine.run("tokenguard", "doctor", "--json", cwd=repository.top).stdout)["ailments"]


def test_a_folder_that_is_gone_is_no_bug(machine: Machine) -> None:
    folder = machine.folder / "gone"
    folder.mkdir()
    result = machine.run("sh", "-c", 'rmdir "$PWD" && exec tokenguard doctor', cwd=folder)
    assert result.status in (0, 3), result.talk
    assert "Traceback" not in result.talk


def test_tokens_that_are_dead_old_or_powerful(desk: Desk) -> None:
    desk.add("fine", None, whoami_user("read", created="2199-01-01T00:00:00.000Z"))
    desk.add("old", None, whoami_user("write", created="2020-01-01T00:00:00.000Z"))
    dead = desk.add("dead", None, whoami_user("read"))
    asked = len(desk.hub.requests)
    told = doctor(desk)
    assert (told.status, desk.hub.requests[asked:]) == (0, [])
    assert {row["known_as"] for row in told.of("token")} == {"old", "dead"}
    assert {row["severity"] for row in told.of("token")} == {"advice"}
    desk.hub.answer(dead, unauthorized())
    desk.tokenguard("validate", "dead", "--fresh")
    in_home(desk, ".cache/huggingface/token", dead)
    told = doctor(desk)
    assert [row["known_as"] for row in told.of("token") if row["severity"] == "wrong"] == ["dead"]
    assert [row["command"] for row in told.of("plaintext")] == ["tokenguard import --delete --dead"]
    assert "the Hub has rejected the token in the token file" in told.whats


def test_a_keyring_that_lost_a_token_and_one_that_is_locked(desk: Desk) -> None:
    desk.add("work", None, whoami_user("read", created="2199-01-01T00:00:00.000Z"))
    index = json.loads(desk.index.read_text())
    index["tokens"]["lost"] = index["tokens"]["work"] | {"fingerprint": "sha256:" + "0" * 64}
    desk.index.write_text(json.dumps(index))
    (row,) = doctor(desk, "--fix").of("orphan")
    assert (row["known_as"], row["safe_to_fix"], row["command"]) == ("lost", False, "tokenguard remove lost")
    desk.service.lock()
    told = doctor(desk)
    assert told.status == 3
    assert "locked" in told.document["unreadable"][0]["reason"]
