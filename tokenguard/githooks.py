"""Putting the bundled hooks where git looks for them, in one repository or for all, and taking them out again.

A hook that is there already is kept beside ours and called first. git looks into one folder only: with a global
`core.hooksPath` it no longer calls a repository's own hooks, so the global hooks call those, all of them.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from typing import NamedTuple

from tokenguard.errors import IncompleteError, UsageError
from tokenguard.sources.git import Git, GitError

STAGES = ("pre-commit", "pre-merge-commit", "commit-msg")
"""The stages that are guarded."""

_KEPT = ".before-tokenguard"
_MARK = "# Installed by tokenguard."

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
    "pre-applypatch",
    "pre-auto-gc",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "proc-receive",
    "push-to-checkout",
    "reference-transaction",
    "sendemail-validate",
    "update",
)


class HookState(NamedTuple):
    """How it stands with one stage in a folder of hooks.

    `state` is `installed`, `dead` (ours, but the program it calls is gone), `other` (a hook that is not ours) or
    `missing`.
    """

    stage: str
    path: str
    state: str


class Status(NamedTuple):
    """The hooks that git would call here (`folder` None: this is no repository), and those for all repositories.

    `framework` says whether .pre-commit-config.yaml names tokenguard, `overridden` that this repository sets a
    `core.hooksPath` of its own, past which git calls no global hook.
    """

    folder: str | None
    here: tuple[HookState, ...]
    everywhere: tuple[HookState, ...]
    framework: bool


def install(home: str | None = None) -> list[str]:
    """Installs the hooks in the repository the caller is in, or for all repositories in the folder `home`.

    Returns the paths of the hooks. Raises UsageError where there is no repository, or git would not look there.
    """
    if home is not None:
        return _install_globally(home)
    folder = _folder_of_repository()
    os.makedirs(folder, exist_ok=True)
    return [_put(os.path.join(folder, stage), _script(stage, _kept_beside())) for stage in STAGES]


def uninstall(home: str | None = None) -> list[str]:
    """Takes out what `install` put in and puts back what was there. Returns the paths of the hooks."""
    if home is not None:
        return _uninstall_globally(home)
    folder = _folder_of_repository()
    return [path for stage in STAGES if _take_out(path := os.path.join(folder, stage))]


def status(home: str) -> Status:
    """How it stands with the hooks here, and with those for all repositories in the folder `home`."""
    try:
        folder: str | None = _effective_folder()
    except GitError:
        folder = None
    return Status(
        folder,
        tuple(_state(folder, stage) for stage in STAGES) if folder else (),
        tuple(_state(home, stage) for stage in STAGES) if _global_setting() == _portable(home) else (),
        _framework_names_us(),
    )


def _install_globally(home: str) -> list[str]:
    before = _global_setting()
    os.makedirs(home, mode=0o700, exist_ok=True)
    if before and before != _portable(home):
        with open(os.path.join(home, _BEFORE), "w", encoding="utf-8") as file:
            file.write(before)
    previous = _previous_folder(home)
    paths = []
    for hook in _ALL_HOOKS:
        kept = shlex.quote(f"{os.path.expanduser(previous)}/{hook}") if previous else f'"$(git rev-parse --git-common-dir)"/hooks/{hook}'
        paths.append(_put(os.path.join(home, hook), _script(hook, kept)))
    Git(trusted=True)("config", "--global", "core.hooksPath", _portable(home))
    return [path for path in paths if os.path.basename(path) in STAGES]


def _uninstall_globally(home: str) -> list[str]:
    if _global_setting() != _portable(home):
        return []
    previous = _previous_folder(home)
    git = Git(trusted=True)
    if previous:
        git("config", "--global", "core.hooksPath", previous)
    else:
        git("config", "--global", "--unset-all", "core.hooksPath")
    shutil.rmtree(home)
    return [os.path.join(home, stage) for stage in STAGES]


_BEFORE = "core.hooksPath"


def _previous_folder(home: str) -> str:
    try:
        with open(os.path.join(home, _BEFORE), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def _global_setting() -> str:
    try:
        return Git(trusted=True).text("config", "--global", "--get", "core.hooksPath")
    except GitError:
        return ""


def _folder_of_repository() -> str:
    try:
        folder = _effective_folder()
    except GitError as error:
        raise UsageError(f"no hooks can be installed here: {error.message}", "go to a git repository, or use --global") from None
    if _global_setting() and not _own_setting():
        raise UsageError(
            "git looks for the hooks of all repositories in one folder (core.hooksPath), and not in this repository",
            "guard them all with: tokenguard hook install --global",
        )
    return folder


def _own_setting() -> str:
    try:
        return Git(trusted=True).text("config", "--local", "--get", "core.hooksPath")
    except GitError:
        return ""


def _effective_folder() -> str:
    return os.path.abspath(Git(trusted=True).text("rev-parse", "--git-path", "hooks"))


def _kept_beside() -> str:
    return f'"$0{_KEPT}"'


def _script(hook: str, kept: str) -> str:
    lines = ["#!/bin/sh", f"{_MARK} https://huggingface.co/docs/hub/security-tokens"]
    if hook not in STAGES:
        return "\n".join([*lines[:1], _MARK, f"[ ! -x {kept} ] || exec {kept} \"$@\"", ""])
    return "\n".join(
        [
            "#!/bin/sh",
            _MARK,
            f'[ ! -x {kept} ] || {kept} "$@" || exit',
            f'exec {shlex.quote(_program())} {hook} "$@"',
            "",
        ]
    )
