"""Putting a workstation in order: one step after the other, each of which looks first, and can be left out."""

from __future__ import annotations

import os
import re
import shlex
from typing import NamedTuple

from tokenguard import files, githelper, githooks, importing, process, tokens, vaults
from tokenguard.core.places import TOKEN_FILE
from tokenguard.core.places.plaintext import DEAD, HELD, NEW
from tokenguard.errors import ExitCode, IncompleteError
from tokenguard.home import home
from tokenguard.plaintext import plaintext
from tokenguard.render.places import candidate_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tokenguard.core.places.plaintext import Candidate
    from tokenguard.hub import Hub
    from tokenguard.vault.vault import Vault


_LARGEST = 1024 * 1024


class Proposal(NamedTuple):
    """What a step would do, in `lines`; nothing where `act` is None.

    `question` asks for it, `act` does it and says what was done. `choices` are the answers to choose from, where
    that is not yes or no; `act` takes the answer. `exit_code` is that of what stays as it is whatever the answer.
    """

    lines: tuple[str, ...]
    question: str = ""
    act: Callable[[str], str] | None = None
    choices: tuple[str, ...] = ()
    exit_code: int = ExitCode.CLEAN


class Step(NamedTuple):
    """Something to put in order: what it is called, `why` it is worth doing, and `look`, which changes nothing."""

    name: str
    title: str
    why: str
    look: Callable[[], Proposal]


def steps(
    vault: Vault, hub: Hub, environment: Mapping[str, str], urls: Sequence[str], warn: Callable[[str], None]
) -> list[Step]:
    """All there is to do, in this order. `urls` are those that the Hub's repositories lie below.

    Looking and acting raise TokenguardErrors; `warn` is told what else there is to know.
    """
    used: list[str] = []  # the name of the token that libraries have used so far
    return [
        Step(
            "vault",
            "A place for tokens",
            "Tokens are kept in the keyring of the system or, where there is none, in an encrypted file.",
            lambda: _look_at_vault(vault),
        ),
        Step(
            "import",
            "Tokens that lie in the clear",
            "Whatever can read your files can read them, and so can a backup. In the vault they have names.",
            lambda: _look_for_tokens(vault, hub, environment, used, warn),
        ),
        Step(
            "default",
            "The token that is meant where no name is given",
            "`tokenguard run`, git and `tokenguard.login()` take it, unless a folder is bound to another one.",
            lambda: _look_at_default(vault, used),
        ),
        Step(
            "commits",
            "Guarded commits",
            "Hooks for all your repositories refuse a commit or a push that would hand out a credential; those "
            "that a repository has itself are still called.",
            _look_at_hooks,
        ),
        Step(
            "git",
            "git and the Hub",
            "git asks tokenguard for the token of the repository's owner, and keeps none in a file itself.",
            lambda: _look_at_helper(urls),
        ),
        Step(
            "shell",
            "The token of a folder",
            "Where you have said `tokenguard use NAME --here`, your shell has that token, and nowhere else.",
            lambda: _look_at_shell(environment),
        ),
    ]


def _look_at_vault(vault: Vault) -> Proposal:
    state = vaults.status(vault)
    where = f"the encrypted file {state.path}" if state.path else f"the keyring ({state.backend})"
    is_there = state.path is None or os.path.exists(state.path)
    if state.problem is None and state.locked is False and is_there:
        return Proposal((f"{where} is open, with {_count(state.tokens, 'token')}",))
    said = state.problem or (f"{where} is locked" if is_there else f"{where} is to be made")

    def act(_: str) -> str:
        vault.expect_open()
        return f"{where} is open"

    return Proposal((said,), "Open it?" if is_there else "Make it?", act)


def _look_for_tokens(
    vault: Vault, hub: Hub, environment: Mapping[str, str], used: list[str], warn: Callable[[str], None]
) -> Proposal:
    # What lies in a repository may be somebody else's; `tokenguard import` looks there as well.
    plan = importing.plan(vault, hub, plaintext(environment, os.path.expanduser("~")))
    exit_code = plan.exit_code(dead=False)
    for origin, reason in plan.unreadable:
        warn(f"not read: {origin.location}: {reason}")
    if not plan.candidates:
        return Proposal(("none, where they are known to be left behind",), exit_code=exit_code)
    lines = tuple(
        line for candidate in plan.candidates for line in candidate_lines(candidate, delete=True, dead=False)
    )
    going = plan.of(NEW, HELD)
    if plan.of(DEAD):
        warn("what the Hub rejects stays where it is: `tokenguard import --delete --dead` takes it out")
    if not going:
        return Proposal(lines, exit_code=exit_code)
    places = {place.real_path for candidate in going for place in candidate.places}
    kept = f"Keep {_count(len(plan.of(NEW)), 'token')} in the vault, and " if plan.of(NEW) else ""
    question = f"{kept}{'take' if kept else 'Take'} what it has out of {_count(len(places), 'file')}?"

    def act(_: str) -> str:
        vault.expect_open()
        outcome = importing.carry_out(plan, vault, delete=True, dead=False, tell=_ignore, warn=warn)
        for place, reason in outcome.left:
            warn(f"not taken out of {place.path}: {reason}")
        for candidate, error in outcome.refused:
            warn(f"{candidate.entry.masked} stays where it is: {error.message}")
        if outcome.left or outcome.refused:
            raise IncompleteError("not all is done", "`tokenguard import --delete` goes on with what is left")
        for note in importing.notes(outcome):
            warn(note)
        used.extend(str(one.name) for one in going if any(place.place == TOKEN_FILE for place in one.places))
        names = ", ".join(str(candidate.name) for candidate in outcome.kept)
        kept = f"kept {names}; " if names else ""
        return f"{kept}took what the vault has out of {_count(len(places), 'file')}"

    return Proposal(lines, question, act, exit_code=exit_code)


def _ignore(_: Candidate) -> None:
    """What is kept is told when all is done."""


def _look_at_default(vault: Vault, used: Sequence[str]) -> Proposal:
    index = vault.index()
    if index.default:
        return Proposal((f"{index.default} is the default",))
    names = tuple(sorted(index.tokens))
    if not names:
        return Proposal(("there is no token to choose yet: `tokenguard add NAME`, or `tokenguard new NAME`",))

    def act(name: str) -> str:
        tokens.use(vault, name)
        return f"{name} is the default"

    if used:
        said = f"{used[0]} is the one that Hugging Face's libraries have used so far"
        return Proposal((said,), f"Make {used[0]} the default?", lambda _: act(used[0]))
    if len(names) == 1:
        return Proposal((f"{names[0]} is the only one",), f"Make {names[0]} the default?", lambda _: act(names[0]))
    return Proposal((f"there are {', '.join(names)}",), "Which is the default?", act, names)


def _look_at_hooks() -> Proposal:
    folder = os.path.join(home(), "hooks")
    states = githooks.status(folder).everywhere
    if states and all(state.state == "installed" for state in states):
        return Proposal(("the hooks are installed for all repositories",))

    def act(_: str) -> str:
        return f"installed {_count(len(githooks.install(folder)), 'hook')} in {folder}"

    said = "some of the hooks for all repositories are dead or missing" if states else "no hooks are installed"
    return Proposal((said,), "Install them for all repositories?", act)


def _look_at_helper(urls: Sequence[str]) -> Proposal:
    helpers = githelper.status(urls)
    if all(helper.program and helper.is_alive for helper in helpers):
        return Proposal((f"git asks tokenguard for {' and '.join(urls)}",))
    silenced = sorted({other for helper in helpers for other in (*helper.others, *helper.silenced)})
    said = [f"git does not ask tokenguard for {' and '.join(urls)}"]
    said += [f"the helper {other!r} stays, for other hosts" for other in silenced]

    def act(_: str) -> str:
        left = [helper.url for helper in githelper.install(urls) if helper.program is None]
        if left:
            raise IncompleteError(
                f"another setting has git not ask tokenguard for {' and '.join(left)}",
                "`git config --show-origin -l` shows it",
            )
        return f"git asks tokenguard for {' and '.join(urls)}"

    return Proposal(tuple(said), "Have git ask tokenguard?", act)


def _look_at_shell(environment: Mapping[str, str]) -> Proposal:
    shell = os.path.basename(environment.get("SHELL", ""))
    place = _start_file(shell, environment)
    if not place:
        return Proposal((f"nothing to do for {shell or 'a shell that SHELL does not name'}",))
    try:
        before = files.read_linked(place, _LARGEST) if os.path.exists(place) else None
    except OSError as error:
        raise IncompleteError(f"{place} cannot be read: {error.strerror or error}") from None
    if before is not None and _has_hook(before):
        return Proposal((f"{place} has it",))
    line = _hook_line(shell, process.installed("tokenguard"))

    def act(_: str) -> str:
        try:
            _append(place, before, line)
        except OSError as error:
            raise IncompleteError(
                f"{place} is as it was: {error.strerror or error}", f"add to it: {line}"
            ) from None
        return f"{place} has it; the next shell follows the folders that are bound"

    return Proposal((f"to be added to {place}:", f"  {line}"), f"Add it to {place}?", act)


def _start_file(shell: str, environment: Mapping[str, str]) -> str:
    """Where the shell reads what is to be in every interactive one; empty for one that there is no hook for."""
    folder = os.path.expanduser("~")
    if shell == "bash":
        return os.path.join(folder, ".bashrc")
    if shell == "zsh":
        return os.path.join(environment.get("ZDOTDIR") or folder, ".zshrc")
    if shell == "fish":
        config = environment.get("XDG_CONFIG_HOME") or os.path.join(folder, ".config")
        return os.path.join(config, "fish", "config.fish")
    return ""


def _has_hook(start_file: bytes) -> bool:
    """Whether a line that is no comment calls a tokenguard that is there."""
    for line in start_file.splitlines():
        match = re.search(rb"([^\s\"'`$(;]*)tokenguard[\"']?\s+shell-hook\s", line.split(b"#")[0] + b" ")
        if match and (not match[1].startswith(b"/") or os.access(os.fsdecode(match[1]) + "tokenguard", os.X_OK)):
            return True
    return False


def _hook_line(shell: str, program: str) -> str:
    """What does nothing where `program` is gone."""
    quoted = shlex.quote(program)
    if shell == "fish":
        return f"test -x {quoted}; and {quoted} shell-hook fish | source"
    return f'if [ -x {quoted} ]; then eval "$({quoted} shell-hook {shell})"; fi'


def _append(path: str, before: bytes | None, line: str) -> None:
    if before is None:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        files.replace(path, f"{line}\n".encode(), 0o644)
        return
    gap = b"" if before.endswith(b"\n") or not before else b"\n"
    files.rewrite(os.path.realpath(path), before, before + gap + f"{line}\n".encode())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
