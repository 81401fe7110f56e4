"""Where tokens lie in the clear: in a real home, with the variables that move its places."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.credentials import user_token
from tokenguard.core.blob import Unreadable
from tokenguard.core.places import PLACES
from tokenguard.plaintext import Plaintext, plaintext

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository

T = user_token(1)

# Each place, and with which variables it is there.
USER = [
    ("token file", ".cache/huggingface/token", {}),
    ("token file", ".huggingface/token", {}),
    ("token file", ".cache/huggingface_staging/token", {}),
    ("token file", "x/huggingface/token", {"XDG_CACHE_HOME": "{home}/x"}),
    ("token file", "x/token", {"HF_HOME": "~/x"}),
    ("token file", "x/y", {"HF_TOKEN_PATH": "{home}/x/y", "HF_HOME": "{home}/z"}),
    ("token file", "z/token", {"HF_TOKEN_PATH": "{home}/x/y", "HF_HOME": "{home}/z"}),
    ("stored tokens", ".cache/huggingface/stored_tokens", {}),
    ("stored tokens", "x/stored_tokens", {"HF_TOKEN_PATH": "{home}/x/y"}),
    ("netrc", ".netrc", {}),
    ("netrc", "x", {"NETRC": "{home}/x"}),
    ("git credentials", ".git-credentials", {}),
    ("git credentials", ".config/git/credentials", {}),
    ("git credentials", "x/git/credentials", {"XDG_CONFIG_HOME": "{home}/x"}),
    ("git remote", ".gitconfig", {}),
    ("dotenv", ".env", {}),
    ("shell start file", ".bashrc", {}),
    ("shell start file", "z/.zshrc", {"ZDOTDIR": "{home}/z"}),
    ("shell start file", ".config/fish/config.fish", {}),
    ("shell start file", ".config/fish/conf.d/a.fish", {}),
    ("shell start file", ".config/environment.d/a.conf", {}),
    ("shell start file", ".config/powershell/profile.ps1", {}),
    ("shell history", ".bash_history", {}),
    ("shell history", "h", {"HISTFILE": "{home}/h"}),
    ("shell history", ".local/share/fish/fish_history", {}),
    (
        "shell history",
        "a/Microsoft/Windows/PowerShell/PSReadLine/ConsoleHost_history.txt",
        {"APPDATA": "{home}/a"},
    ),
    ("docker", ".docker/config.json", {}),
    ("docker", "d/config.json", {"DOCKER_CONFIG": "{home}/d"}),
    ("editor settings", ".config/Code/User/settings.json", {}),
    ("editor settings", "Library/Application Support/Cursor/User/settings.json", {}),
    ("editor settings", ".vscode-server/data/Machine/settings.json", {}),
    ("wandb", ".config/wandb/settings", {}),
]
REPOSITORY = [
    ("git remote", ".git/config"),
    ("dotenv", ".env"),
    ("dotenv", "deep/down/.env.local"),
    ("notebook", "deep/a.ipynb"),
    ("editor settings", ".vscode/settings.json"),
]


def lay(path: Path, content: str = T) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def found(home: Path, folder: Path, variables: dict[str, str] | None = None) -> list[Plaintext | Unreadable]:
    environment = {name: value.format(home=home) for name, value in (variables or {}).items()}
    return list(plaintext({"HOME": str(home), "USERPROFILE": str(home)} | environment, str(folder)))


def places(items: list[Plaintext | Unreadable]) -> list[tuple[str, str]]:
    return [(item.place, item.path) for item in items if isinstance(item, Plaintext)]


@pytest.mark.parametrize(("place", "path", "variables"), USER)
def test_a_place_of_the_user(tmp_path: Path, place: str, path: str, variables: dict[str, str]) -> None:
    file = lay(tmp_path / path)
    file.chmod(0o640)
    (item,) = found(tmp_path, tmp_path, variables)
    assert isinstance(item, Plaintext)
    assert (item.place, os.path.normpath(item.path), item.line, item.mode) == (place, str(file), 1, 0o640)
    assert item.token.reveal() == T
    assert T not in repr(item)


@pytest.mark.parametrize("is_ignored", [False, True])
@pytest.mark.parametrize(("place", "path"), REPOSITORY)
def test_a_place_of_the_repository(
    repository: Repository, tmp_path: Path, place: str, path: str, is_ignored: bool
) -> None:
    if is_ignored:
        lay(repository.top / ".gitignore", ".env*\n*.ipynb\ndeep\n.vscode\n")
    old = (repository.top / path).read_text() if (repository.top / path).exists() else ""
    lay(repository.top / path, f"{old}\n# {T}\n")
    (repository.top / "sub").mkdir()
    assert places(found(tmp_path / "nobody", repository.top / "sub")) == [(place, str(repository.top / path))]


def test_every_place_is_looked_at() -> None:
    assert {place for place, *_ in [*USER, *REPOSITORY]} == set(PLACES)


def test_without_a_repository_the_folder_alone(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    for path in (".env", "a.ipynb", "deep/.env"):
        lay(folder / path)
    assert places(found(tmp_path / "nobody", folder)) == [
        ("dotenv", str(folder / ".env")),
        ("notebook", str(folder / "a.ipynb")),
    ]


def test_a_file_that_is_named_twice_or_linked_to_is_read_once(tmp_path: Path) -> None:
    lay(tmp_path / "dotfiles" / "bashrc", f"\n\nexport HF_TOKEN={T}\n# {T}\n")
    (tmp_path / ".bashrc").symlink_to("dotfiles/bashrc")
    (tmp_path / ".profile").symlink_to("dotfiles/bashrc")
    first, second = found(tmp_path, tmp_path)
    assert isinstance(first, Plaintext)
    assert isinstance(second, Plaintext)
    assert (first.line, first.name, second.line, second.name) == (3, "HF_TOKEN", 4, None)
    assert first.real_path == os.path.realpath(tmp_path / "dotfiles" / "bashrc")


def test_a_link_out_of_a_repository_is_not_followed(repository: Repository, tmp_path: Path) -> None:
    lay(tmp_path / "secret")
    (repository.top / ".env").symlink_to(tmp_path / "secret")
    (repository.top / ".env.gone").symlink_to(tmp_path / "nothing")
    (item,) = found(tmp_path / "nobody", repository.top)
    assert isinstance(item, Unreadable)
    assert item.reason == "is a symbolic link out of the repository"


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".netrc")
    (tmp_path / ".bashrc").mkdir()
    (item,) = found(tmp_path, tmp_path)
    assert isinstance(item, Unreadable)
    assert item.origin.path == str(tmp_path / ".netrc")


def test_a_repository_that_git_does_not_open_is_told(tmp_path: Path) -> None:
    lay(tmp_path / "r" / ".git", "gitdir: nowhere\n")
    lay(tmp_path / "r" / ".env")
    (item,) = found(tmp_path / "nobody", tmp_path / "r")
    assert isinstance(item, Unreadable)


def test_what_lies_in_memory_is_no_plaintext(tmp_path: Path) -> None:
    assert found(tmp_path, tmp_path, {"HF_TOKEN_PATH": "/proc/self/environ"}) == []
