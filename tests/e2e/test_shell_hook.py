"""`tokenguard shell-hook`: a shell has the token that is bound to its folder, and elsewhere what it had before."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.e2e.machine import write_script
from tests.e2e.screen import Screen
from tests.e2e.server import VARIABLE, Server, by_variable
from tests.support import credentials
from tests.support.repository import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

A, B, MINE = (credentials.user_token(seed) for seed in (1, 2, 3))
NAMES = {hashlib.sha256(token.encode()).hexdigest(): name for token, name in ((A, "A"), (B, "B"), (MINE, "mine"))}


class Shell(NamedTuple):
    """A shell that shows a prompt before each line that it reads, and how it takes the hook."""

    command: tuple[str, ...]
    load: str
    set: str = "export {}={}"


BASH = Shell(("bash", "--noprofile", "--norc", "-i"), 'eval "$(tokenguard shell-hook bash)"')
ZSH = Shell(("zsh", "-f", "-i"), 'eval "$(tokenguard shell-hook zsh)"')
FISH = Shell(("fish", "--no-config"), "tokenguard shell-hook fish | source", "set -gx {} {}")
SHELLS = [
    pytest.param(BASH, id="bash"),
    pytest.param(ZSH, id="zsh", marks=pytest.mark.programs),
    pytest.param(FISH, id="fish", marks=pytest.mark.programs),
]
# What shells, version managers, libraries or tokenguard itself might look for in a folder.
HOSTILE = (
    *(".envrc", ".env", ".tokenguard", ".tokenguard.toml", "tokenguard/index.json", "index.json", ".hf", ".token"),
    *(
        "pyproject.toml",
        "tokenguard.py",
        "sitecustomize.py",
        ".bashrc",
        ".zshrc",
        "config.fish",
        ".git/tokenguard",
    ),
)
every_shell = pytest.mark.parametrize("shell", SHELLS)


@pytest.fixture(scope="module")
def bound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """What `server` is a copy of: five commands make it."""
    server = Server(tmp_path_factory.mktemp("bound"))
    server.use_key()
    server.add("a", 1)
    server.add("b", 2, "--default")
    for folder, name in (("project/inner/deep", ""), ("project/inner", "b"), ("project", "a"), ("other", "")):
        (server.folder / folder).mkdir(parents=True, exist_ok=True)
        if name:
            assert server.run("tokenguard", "use", name, "--here", cwd=server.folder / folder).status == 0
    yield server
    server.forget()


@pytest.fixture
def server(bound: Server, tmp_path: Path) -> Iterator[Server]:
    """`project` is bound to the token `a`, `project/inner` to `b`, `other` to nothing; `a` is not the default."""
    server = Server(tmp_path)
    server.key = server.secret(bound.key)
    server.key_file.write_bytes(bound.key_file.read_bytes())
    server.use_key()
    for token in (A, B, MINE):
        server.secret(token)
    (server.folder / "project" / "inner" / "deep").mkdir(parents=True)
    (server.folder / "other").mkdir()
    shutil.copytree(bound.vault.parent, server.vault.parent)
    index = server.index.read_text()
    assert index.count(json.dumps(str(bound.folder))[:-1]) == 2
    server.index.write_text(index.replace(str(bound.folder), str(server.folder)))
    # Which token a child sees, by its name here.
    write_script(
        server.home / "bin" / "seen",
        'for one in "${HF_TOKEN-}" "${HUGGING_FACE_HUB_TOKEN-}"; do [ -z "$one" ] && echo none || '
        '{ printf %s "$one" | sha256sum | cut -d" " -f1; }; done | tr "\\n" " "; echo "$1"',
    )
    server.environment["PATH"] = f"{server.home / 'bin'}:{server.environment['PATH']}"
    yield server
    server.forget()


def typed(server: Server, shell: Shell, *lines: str, **environment: str) -> tuple[list[str], str]:
    """What children saw, a word for each `seen`, once the lines were typed; and all that was shown."""
    process = subprocess.run(
        shell.command,
        input="".join(f"{line}\n" for line in lines).encode(),
        cwd=server.folder,
        env=server.environment | {"TERM": "dumb", "HISTFILE": str(server.folder / "history")} | environment,
        capture_output=True,
        timeout=TIMEOUT,
        start_new_session=True,
    )
    server.expect_hidden(process.stdout + process.stderr)
    words = []
    for line in process.stdout.decode().splitlines():
        first, _, rest = line.rpartition("$ ")[2].partition(" ")
        if first in NAMES or first == "none":
            old = rest.split()[0]
            words.append(NAMES.get(first, "none") + (f"/{NAMES[old]}" if old in NAMES else ""))
    return words, (process.stdout + process.stderr).decode()


@every_shell
def test_the_token_comes_on_entering_and_goes_on_leaving(server: Server, shell: Shell) -> None:
    moves = ("other", "../project", "inner", "deep", "../..", "..")
    lines = [line for folder in moves for line in (f"cd {folder}", "seen")]
    seen, shown = typed(server, shell, shell.load, "seen", *lines)
    assert seen == ["none", "none", "A", "B", "B", "A", "none"], shown


@every_shell
def test_what_was_there_before_comes_back(server: Server, shell: Shell) -> None:
    mine = (shell.set.format("HF_TOKEN", "$MINE"), shell.set.format("HUGGING_FACE_HUB_TOKEN", "$MINE"))
    lines = (shell.load, *mine, "cd project", "seen", "cd inner", "seen", "cd ../..", "seen")
    seen, shown = typed(server, shell, *lines, MINE=MINE)
    assert seen == ["A", "B", "mine/mine"], shown


@every_shell
def test_what_somebody_sets_meanwhile_stays(server: Server, shell: Shell) -> None:
    lines = (shell.load, "cd project", "seen", shell.set.format("HF_TOKEN", "$MINE"), "cd ../other", "seen")
    seen, shown = typed(server, shell, *lines, MINE=MINE)
    assert seen == ["A", "mine"], shown


@every_shell
def test_a_binding_counts_at_the_next_prompt(server: Server, shell: Shell) -> None:
    lines = (shell.load, "cd other", "tokenguard use b --here", "seen", "tokenguard use --here --clear", "seen")
    assert typed(server, shell, *lines)[0] == ["B", "none"]


@every_shell
def test_a_shell_in_a_shell_takes_the_token_back_as_well(server: Server, shell: Shell) -> None:
    lines = (shell.load, "seen", "cd ..", "seen")
    before = {"HF_TOKEN": A, "TOKENGUARD_EXPORTED": "sha256:" + hashlib.sha256(A.encode()).hexdigest()}
    (server.folder / "project").joinpath("x").mkdir()
    seen, shown = typed(server, shell, "cd project/x", *lines[:2], "cd ../..", "seen", **before)
    assert seen == ["A", "none"], shown


@every_shell
def test_nothing_that_lies_in_a_folder_has_a_say(server: Server, shell: Shell) -> None:
    """A repository cannot choose a token, or have anything run."""
    hostile = server.repository("hostile $(touch sprung) 'x").top
    for name in HOSTILE:
        (hostile / name).parent.mkdir(exist_ok=True)
        (hostile / name).write_text('{"bindings": {"/": "a"}, "default": "a"}\ntoken = "a"\ntouch sprung\n')
    seen, shown = typed(server, shell, shell.load, "cd hostile*", "seen", "cd ..", "seen")
    assert seen == ["none", "none"], shown
    assert not list(server.folder.rglob("sprung"))


@every_shell
def test_a_locked_vault_is_said_once_and_nobody_is_asked(server: Server, shell: Shell) -> None:
    server.forget()
    del server.environment["TOKENGUARD_KEY_FILE"]
    seen, shown = typed(server, shell, shell.load, "cd project", "seen", "mkdir x", "cd x", "cd ..", "seen")
    assert seen == ["none", "none"], shown
    assert shown.count("is not exported") == 1, shown


def test_at_a_terminal_nobody_is_asked_either(tmp_path: Path) -> None:
    server = Server(tmp_path)
    by_variable(server, server.passphrase)
    server.add("a", 1)
    server.forget()
    (server.folder / "project").mkdir()
    assert server.run("tokenguard", "use", "a", "--here", cwd=server.folder / "project").status == 0
    del server.environment[VARIABLE]
    with Screen(server, *BASH.command) as screen:
        screen.expect("$ ")
        screen.type(f"{BASH.load}; cd project\r")
        screen.expect("tokenguard: the vault is locked: a, which is bound here, is not exported")
        screen.type("echo th$((1))s\r")
        screen.expect("th1s\r\n")
        screen.type("exit\r")
        screen.end()
        assert b"not shown" not in screen.shown


@every_shell
def test_nothing_is_run_where_the_folder_stays(server: Server, shell: Shell) -> None:
    counted = server.folder / "counted"
    (server.folder / "hook").write_bytes(server.tokenguard("shell-hook", shell.command[0]).stdout)
    write_script(server.home / "bin" / "tokenguard", f'echo . >>"{counted}"')
    typed(server, shell, "source hook", "true", "true", "cd project", "true", "true", "cd inner", "true")
    # At the first prompt, which fish does not show to a script, and in each folder.
    assert counted.read_text() == (".\n" * (2 if shell is FISH else 3))


@pytest.mark.parametrize("shell", SHELLS[:2])
def test_strict_settings_and_hooks_of_others_are_respected(server: Server, shell: Shell) -> None:
    own = 'PROMPT_COMMAND=("echo own")' if shell is BASH else "mine() { echo own; }; precmd_functions=(mine)"
    lines = (
        "set -u",
        own,
        shell.load,
        shell.load,
        "cd project",
        "set -ax",
        "cd inner",
        "set +ax",
        "seen",
        "false",
        "echo status $?",
    )
    seen, shown = typed(server, shell, *lines)
    assert seen == ["B"], shown
    assert shown.count("own\n") >= 5
    assert "status 1" in shown
    assert "unbound" not in shown
    assert "parameter not set" not in shown


def test_a_prompt_command_that_is_text_is_respected(server: Server) -> None:
    seen, shown = typed(
        server,
        BASH,
        "PROMPT_COMMAND='echo own;'",
        BASH.load,
        BASH.load,
        "cd project",
        "seen",
        'echo "[$PROMPT_COMMAND]"',
    )
    assert seen == ["A"], shown
    assert "[__tokenguard_change; echo own;]" in shown


@pytest.mark.parametrize("shell", SHELLS[:2])
def test_where_errors_end_the_shell_the_hook_does_not(server: Server, shell: Shell) -> None:
    seen, shown = typed(server, shell, shell.load, "set -e", "cd project", "cd ..", "cd project", "seen")
    assert seen == ["A"], shown


def test_no_token_is_in_the_history(server: Server) -> None:
    typed(server, BASH, BASH.load, "set -o history", "cd project", "seen", "history -w")
    history = (server.folder / "history").read_bytes()
    assert b"cd project" in history
    server.expect_hidden(history)


def test_another_shell_has_no_hook(server: Server) -> None:
    assert server.tokenguard("shell-hook", "tcsh").status == 2
    assert server.tokenguard("shell-hook", "tcsh", "--change").status == 2
