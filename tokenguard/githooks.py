"""Putting the bundled hooks where git looks for them, in one repository or for all, and taking them out again.

A hook that is there already is kept beside ours and called first. git looks into one folder only: with a global
`core.hooksPath` it no longer calls a repository's own hooks, so the global hooks call those, all of them.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import tempfile
from typing import NamedTuple

from tokenguard import process
from tokenguard.core.standing import Hooks, HookState
from tokenguard.errors import UsageError
from tokenguard.sources.git import Git, GitError

STAGES = ("pre-commit", "pre-merge-commit", "commit-msg", "pre-push", "pre-receive")
"""The stages that are guarded: the last where pushes arrive, in bare repositories, the others where they begin."""

# githooks(5): those that are told on standard input what it is about.
_LISTENING = ("pre-push", "pre-receive")

_KEPT = ".before-tokenguard"
_MARK = "# Installed by tokenguard; `tokenguard hook uninstall` takes it out."
# The file in the global folder that remembers what core.hooksPath was before.
_BEFORE = "previous-hooks-path"

# githooks(5): what a repository may have, and would lose to a global folder that does not call it.
_ALL_HOOKS = (
    *STAGES,
    "applypatch-msg",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "p4-changelist",
    "p4-post-changelist",
    "p4-pre-submit",
    "p4-prepare-changelist",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-rebase",
    "prepare-commit-msg",
    "proc-receive",
    "push-to-checkout",
    "reference-transaction",
    "sendemail-validate",
    "update",
)


class Idle(NamedTuple):
    """A `folder` with hooks of ours, none of which git calls: it looks into `instead`, None where that is its own.

    `everywhere` says whether that is so in all repositories, or in this one.
    """

    folder: str
    instead: str | None
    everywhere: bool


def install(home: str | None = None) -> list[str]:
    """Installs the hooks in the repository the caller is in, or, given the folder `home`, for all repositories.

    Returns the paths of the guarded stages. Raises UsageError where there is no repository, where git would not
    look there, or where a hook of somebody else's would be lost.
    """
    program = process.installed("tokenguard-hook")
    if home is not None:
        return _install_for_all(home, program)
    folder = _folder_here()
    os.makedirs(folder, exist_ok=True)
    paths = [os.path.join(folder, stage) for stage in _stages_here()]
    for path in paths:
        _keep(path)
        _write(path, _script(os.path.basename(path), program, kept=f'"${{0%/*}}{_KEPT}/{os.path.basename(path)}"'))
    return paths


def uninstall(home: str | None = None) -> list[str]:
    """Takes out what `install` put in and puts back what was there before. Returns the paths taken out."""
    if home is not None:
        return _uninstall_for_all(home)
    paths = [os.path.join(_folder_here(), stage) for stage in STAGES]
    return [path for path in paths if _take_out(path)]


def status(home: str) -> Hooks:
    """How it stands with the hooks here, and with those for all repositories in the folder `home`."""
    git = Git(trusted=True)
    folder = None
    config = ""
    with contextlib.suppress(GitError):
        folder = os.path.abspath(git.text("rev-parse", "--git-path", "hooks"))
        config = os.path.join(git.text("rev-parse", "--show-toplevel"), ".pre-commit-config.yaml")
    return Hooks(
        folder,
        tuple(_state(folder, stage) for stage in _stages_here()) if folder else (),
        tuple(_state(home, stage) for stage in STAGES) if _is_global(home) else (),
        framework="id: tokenguard" in _read(config),
    )


def revive(path: str) -> None:
    """Has the hook of ours at `path` call the program where it is now.

    Raises UsageError where the hook is no longer as it was installed, or the program is not there, and OSError.
    """
    program, script = process.installed("tokenguard-hook"), _read(path)
    line = next((line for line in script.splitlines() if line.startswith("program=")), None)
    if _MARK not in script or line is None:
        raise UsageError(f"{path} was changed by somebody", "`tokenguard hook uninstall`, and install it again")
    _write(path, script.replace(line, f"program={shlex.quote(program)}", 1))


def idle(home: str) -> list[Idle]:
    """The folders with hooks of ours that git passes over in the repository the caller is in, or everywhere."""
    found = []
    is_for_all = _is_global(home)
    if not is_for_all and _has_ours(home):
        found.append(Idle(home, _setting_for_all() or None, everywhere=True))
    git = Git(trusted=True)
    try:
        effective = os.path.abspath(git.text("rev-parse", "--git-path", "hooks"))
        own = os.path.abspath(os.path.join(git.text("rev-parse", "--git-common-dir"), "hooks"))
    except GitError:
        return found
    passed_over = own if _has_ours(own) else home if is_for_all else None
    if passed_over is not None and not _has_ours(effective):
        found.append(Idle(passed_over, effective, everywhere=False))
    return found


def _has_ours(folder: str) -> bool:
    return any(_MARK in _read(os.path.join(folder, stage)) for stage in STAGES)


def _install_for_all(home: str, program: str) -> list[str]:
    for folder in (os.path.dirname(home), home):  # the mode is that of the last folder alone
        os.makedirs(folder, mode=0o700, exist_ok=True)
    if not _is_global(home):
        _write(os.path.join(home, _BEFORE), _setting_for_all())
    previous = os.path.expanduser(_read(os.path.join(home, _BEFORE)))
    for hook in _ALL_HOOKS:
        own = f'"$(git rev-parse --git-common-dir)/hooks/{hook}"'
        kept = shlex.quote(f"{previous}/{hook}") if previous else own
        script = _script(hook, program, kept) if hook in STAGES else _relay(hook, kept)
        _write(os.path.join(home, hook), script)
    git = Git(trusted=True)
    git("config", "--global", "core.hooksPath", _portable(home))
    if not _is_global(home):
        git("config", "--global", "--unset", "core.hooksPath", re.escape(_portable(home)))
        raise UsageError(
            f"git still looks for hooks in {_setting_for_all()}: a file that your configuration includes says so",
            "take it out of that file: git config --show-origin --get-all core.hooksPath",
        )
    return [os.path.join(home, stage) for stage in STAGES]


def _uninstall_for_all(home: str) -> list[str]:
    if not _is_global(home):
        return []
    git = Git(trusted=True)
    git("config", "--global", "--unset-all", "core.hooksPath")
    previous = _read(os.path.join(home, _BEFORE))
    if previous and _setting_for_all() != previous:  # another file may say so still
        git("config", "--global", "core.hooksPath", previous)
    shutil.rmtree(home)
    return [os.path.join(home, stage) for stage in STAGES]


def _folder_here() -> str:
    scope, setting = _effective_setting()
    if scope not in ("", "local", "worktree"):
        raise UsageError(
            "git looks for hooks in one folder for all repositories (core.hooksPath), not in this one",
            "use `tokenguard hook install --global`, which keeps the hooks that are there",
        )
    if scope and not setting:
        raise UsageError("core.hooksPath is empty here: git calls no hooks", "git config --unset core.hooksPath")
    try:
        return os.path.abspath(Git(trusted=True).text("rev-parse", "--git-path", "hooks"))
    except GitError as error:
        raise UsageError(
            f"this is no place for hooks: {error.message}", "go to a git repository, or use --global"
        ) from None


def _stages_here() -> tuple[str, ...]:
    is_bare = Git(trusted=True).text("rev-parse", "--is-bare-repository") == "true"
    return STAGES[-1:] if is_bare else STAGES[:-1]


def _effective_setting() -> tuple[str, str]:
    """The core.hooksPath that git obeys here, after the name of its scope; two empty strings where none is set."""
    scope, _, value = (_settings() or [("", "", "")])[-1]
    return scope, value


def _settings() -> list[tuple[str, str, str]]:
    """Every core.hooksPath that git has read here: its scope, a tab and its value; the last one holds."""
    try:
        lines = Git(trusted=True).text("config", "--show-scope", "--get-all", "core.hooksPath").split("\n")
    except GitError:
        return []
    return [line.partition("\t") for line in lines]


def _setting_for_all() -> str:
    """The core.hooksPath that holds where a repository has none of its own; it may come from an included file."""
    values = [value for scope, _, value in _settings() if scope not in ("local", "worktree", "command")]
    return values[-1] if values else ""


def _is_global(home: str) -> bool:
    return _setting_for_all() == _portable(home)


def _portable(path: str) -> str:
    return path.replace(os.sep, "/")


def _script(stage: str, program: str, kept: str) -> str:
    return f"""\
#!/bin/sh
{_MARK}
program={shlex.quote(program)}
{_calls(stage, kept)}"""


def _calls(stage: str, kept: str) -> str:
    gone = '[ -x "$program" ] || { echo "tokenguard: $program is gone, install it anew" >&2; exit 1; }'
    if stage not in _LISTENING:
        return f'[ ! -x {kept} ] || {kept} "$@" || exit\n{gone}\nexec "$program" {stage} "$@"\n'
    # What the kept hook has read is gone, and both are to be told.
    return f"""\
lines=$(cat)
tell() {{ [ -z "$lines" ] || printf '%s\\n' "$lines"; }}
[ ! -x {kept} ] || tell | {kept} "$@" || exit
{gone}
tell | "$program" {stage} "$@"
"""


def _relay(hook: str, kept: str) -> str:
    return f"""\
#!/bin/sh
{_MARK}
[ ! -x {kept} ] || exec {kept} "$@"
{_BY_DEFAULT.get(hook, "")}"""


# What git does where there is no such hook, and leaves to the hook where there is one: it updates the work tree,
# if that is clean (githooks(5), "push-to-checkout"; builtin/receive-pack.c, push_to_deploy).
_BY_DEFAULT = {
    "push-to-checkout": """\
git update-index -q --ignore-submodules --refresh &&
    git diff-files --quiet --ignore-submodules -- &&
    git diff-index --quiet --cached --ignore-submodules HEAD -- &&
    exec git read-tree -u -m HEAD "$1"
"""
}


def _kept(path: str) -> str:
    """Where a hook that is not ours is kept: under its own name, by which some of them know themselves."""
    return os.path.join(os.path.dirname(path) + _KEPT, os.path.basename(path))


def _keep(path: str) -> None:
    """Moves a hook that is not ours aside."""
    if not os.path.lexists(path) or _MARK in _read(path):
        return
    kept = _kept(path)
    if os.path.lexists(kept):
        raise UsageError(
            f"{path} is not tokenguard's, and {kept} is kept for another one",
            "remove the one that is no longer needed, and install again",
        )
    os.makedirs(os.path.dirname(kept), exist_ok=True)
    os.replace(path, kept)


def _take_out(path: str) -> bool:
    if _MARK not in _read(path):
        return False
    kept = _kept(path)
    if not os.path.lexists(kept):
        os.remove(path)
        return True
    os.replace(kept, path)
    if not os.listdir(os.path.dirname(kept)):
        os.rmdir(os.path.dirname(kept))
    return True


def _state(folder: str, stage: str) -> HookState:
    path = os.path.join(folder, stage)
    script = _read(path)
    if not os.path.lexists(path):
        return HookState(stage, path, "missing")
    if _MARK not in script:
        return HookState(stage, path, "other")
    alive = os.access(path, os.X_OK) and os.access(_program_of(script), os.X_OK)
    return HookState(stage, path, "installed" if alive else "dead")


def _program_of(script: str) -> str:
    line = next((line for line in script.splitlines() if line.startswith("program=")), "program=")
    try:
        return "".join(shlex.split(line.removeprefix("program=")))
    except ValueError:  # edited by somebody
        return ""


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read(1 << 20)
    except OSError:
        return ""


def _write(path: str, text: str) -> None:
    """Puts an executable file in place at once: git never sees half a hook."""
    descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(path))
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            file.write(text)
        os.chmod(temporary, 0o755)  # noqa: S103 -- the mode of every hook; git runs it
        os.replace(temporary, path)
    except BaseException:
        os.remove(temporary)
        raise
