"""The files of a workstation in which tokens are known to lie in the clear.

All systems' places are looked at on each: what is not there costs nothing, and homes are shared between systems.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from tokenguard.config import work_tree_top
from tokenguard.core.blob import Origin, Unreadable
from tokenguard.core.places import (
    DOCKER,
    DOTENV,
    EDITOR,
    GIT_CREDENTIALS,
    GIT_REMOTE,
    HISTORY,
    NETRC,
    NOTEBOOK,
    START_FILE,
    STORED_TOKENS,
    TOKEN_FILE,
    WANDB,
)
from tokenguard.sources.git import Git, GitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

# What lies there lies in memory, and is taken care of by whoever put it there.
_IN_MEMORY = ("/proc/", "/dev/", "/run/")

_START_FILES = (
    *(".profile", ".bashrc", ".bash_profile", ".bash_login", ".bash_aliases", ".bash_logout", ".kshrc", ".mkshrc"),
    *(".cshrc", ".tcshrc", ".login", ".xprofile", ".xsessionrc", ".pam_environment", ".envrc"),
)
_ZSH = (".zshenv", ".zprofile", ".zshrc", ".zlogin", ".zlogout")
_HISTORIES = (
    *(".bash_history", ".zsh_history", ".zhistory", ".histfile", ".sh_history", ".ksh_history", ".history"),
    *(".python_history", os.path.join(".zsh", "history")),
)
_POWERSHELL = ("profile.ps1", "Microsoft.PowerShell_profile.ps1", "Microsoft.VSCode_profile.ps1")
_EDITORS = ("Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf")
_REMOTE_EDITORS = (".vscode-server", ".vscode-server-insiders", ".cursor-server", ".windsurf-server")
_SETTINGS = ("settings.json", "mcp.json")


class File(NamedTuple):
    """A file at `path` that may be a `place`, whether it is there or not; `top` is that of its repository."""

    place: str
    path: str
    top: str | None = None


def home_of(environment: Mapping[str, str]) -> str:
    """The home of whoever has this environment."""
    named = environment.get("USERPROFILE" if os.name == "nt" else "HOME")
    return named or os.path.expanduser("~")


def files_of_the_user(environment: Mapping[str, str]) -> Iterator[File]:
    """Those of a user, as the environment and the habits of each program have them.

    The Hugging Face libraries' own are those of huggingface_hub's constants.py.
    """
    home = home_of(environment)

    def folder(variable: str, *default: str) -> str:
        named = os.path.expandvars(environment.get(variable) or "")
        if named == "~" or named.startswith(("~/", f"~{os.sep}")):
            named = home + named[1:]
        return named or os.path.join(home, *default)

    cache, config = folder("XDG_CACHE_HOME", ".cache"), folder("XDG_CONFIG_HOME", ".config")
    data = folder("XDG_DATA_HOME", ".local", "share")
    zsh = folder("ZDOTDIR")
    roaming = folder("APPDATA", "AppData", "Roaming")
    library = os.path.join(home, "Library", "Application Support")
    yield from _of_huggingface(folder, cache)
    for name in (".netrc", "_netrc"):
        yield File(NETRC, os.path.join(home, name))
    yield File(NETRC, folder("NETRC", ".netrc"))
    yield File(GIT_CREDENTIALS, os.path.join(home, ".git-credentials"))
    yield File(GIT_CREDENTIALS, os.path.join(config, "git", "credentials"))
    yield File(GIT_REMOTE, os.path.join(home, ".gitconfig"))
    yield File(GIT_REMOTE, os.path.join(config, "git", "config"))
    yield File(DOTENV, os.path.join(home, ".env"))
    yield from _start_files(home, config, zsh)
    for name in _HISTORIES:
        yield File(HISTORY, os.path.join(home, name))
    for name in (".zsh_history", ".zhistory", ".histfile"):
        yield File(HISTORY, os.path.join(zsh, name))
    if environment.get("HISTFILE"):
        yield File(HISTORY, folder("HISTFILE"))
    yield File(HISTORY, os.path.join(data, "fish", "fish_history"))
    yield File(HISTORY, os.path.join(config, "nushell", "history.txt"))
    for parts in ((data, "powershell"), (roaming, "Microsoft", "Windows", "PowerShell")):
        yield File(HISTORY, os.path.join(*parts, "PSReadLine", "ConsoleHost_history.txt"))
    yield File(DOCKER, os.path.join(folder("DOCKER_CONFIG", ".docker"), "config.json"))
    for name in _SETTINGS:
        for editor in _EDITORS:
            for base in (config, library, roaming):
                yield File(EDITOR, os.path.join(base, editor, "User", name))
        for editor in _REMOTE_EDITORS:
            yield File(EDITOR, os.path.join(home, editor, "data", "Machine", name))
    for base in (folder("WANDB_CONFIG_DIR", config, "wandb"), os.path.join(home, ".config", "wandb")):
        yield from (File(WANDB, os.path.join(base, name)) for name in _listed(base))


def files_of_the_repository(environment: Mapping[str, str], folder: str) -> Iterator[File | Unreadable]:
    """Those of the repository that `folder` is in; without one, those in `folder` itself.

    git tells them, the ignored ones as well; where the repository is all of the home, those it tracks alone.
    """
    top = work_tree_top(os.path.abspath(folder))
    if top is None:
        yield from _named_so(folder, _listed(folder), None)
        return
    git = Git(top)
    try:
        for name in ("config", "config.worktree"):
            path = git.text("rev-parse", "--git-path", name)
            yield File(GIT_REMOTE, os.path.join(top, path))
        is_home = os.path.realpath(top) == os.path.realpath(home_of(environment))
        others = [] if is_home else ["--others"]
        listed = git("ls-files", "-z", "--cached", *others, "--", ":(glob)**/.env*", ":(glob)**/*.ipynb")
        names = [*os.fsdecode(listed).split("\0")[:-1], *_listed(top)]
        yield from _named_so(top, dict.fromkeys(names), top)
    except GitError as error:
        yield Unreadable(Origin(top), error.message)
    for name in _SETTINGS:
        yield File(EDITOR, os.path.join(top, ".vscode", name), top)


def _named_so(folder: str, names: Iterable[str], top: str | None) -> Iterator[File]:
    for name in names:
        base = os.path.basename(name)
        if base.endswith(".ipynb"):
            yield File(NOTEBOOK, os.path.join(folder, name), top)
        elif base.startswith(".env"):
            yield File(DOTENV, os.path.join(folder, name), top)


def _of_huggingface(folder: Callable[..., str], cache: str) -> Iterator[File]:
    token = folder("HF_TOKEN_PATH", folder("HF_HOME", cache, "huggingface"), "token")
    tokens = (
        token,
        folder("HF_HOME", cache, "huggingface") + "/token",
        os.path.join(cache, "huggingface", "token"),
        folder("", ".cache", "huggingface", "token"),
        folder("", ".huggingface", "token"),  # huggingface_hub before 0.12
        folder("", ".cache", "huggingface_staging", "token"),
    )
    for path in dict.fromkeys(map(os.path.normpath, tokens)):
        if not path.startswith(_IN_MEMORY):
            yield File(TOKEN_FILE, path)
            yield File(STORED_TOKENS, os.path.join(os.path.dirname(path), "stored_tokens"))


def _start_files(home: str, config: str, zsh: str) -> Iterator[File]:
    for name in (*_START_FILES, *_ZSH):
        yield File(START_FILE, os.path.join(home, name))
    for name in _ZSH:
        yield File(START_FILE, os.path.join(zsh, name))
    fish = os.path.join(config, "fish")
    for path in (os.path.join(fish, "config.fish"), os.path.join(fish, "fish_variables")):
        yield File(START_FILE, path)
    for base, end in ((os.path.join(fish, "conf.d"), ".fish"), (os.path.join(config, "environment.d"), ".conf")):
        for name in _listed(base):
            if name.endswith(end):
                yield File(START_FILE, os.path.join(base, name))
    for name in ("config.nu", "env.nu"):
        yield File(START_FILE, os.path.join(config, "nushell", name))
    documents = os.path.join(home, "Documents")
    for base in (config, documents):
        for shell in ("powershell", "PowerShell", "WindowsPowerShell"):
            for name in _POWERSHELL:
                yield File(START_FILE, os.path.join(base, shell, name))


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
