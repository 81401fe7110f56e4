"""`tokenguard git-credential install` and `uninstall`: what they write into git's configuration."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.repository import scripts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.machine import Machine, Result
    from tests.support.repository import Repository

HUB = "https://huggingface.co"
URLS = [HUB, "https://hf.co"]


def tokenguard(machine: Machine, *arguments: str, cwd: Path | None = None, **environment: str) -> Result:
    result = machine.run("tokenguard", "git-credential", *arguments, cwd=cwd, environment=environment)
    assert "Traceback" not in result.talk
    return result


def values(machine: Machine, key: str, *scope: str, cwd: Path | None = None) -> list[str]:
    return machine.run("git", "config", *scope, "--get-all", key, cwd=cwd).out.split("\n")[:-1]


@pytest.fixture
def configuration(machine: Machine) -> Path:
    """The person's own file, with something in it."""
    path = machine.home / ".gitconfig"
    path.write_text("# mine\n[user]\n\tname = a  ; me\n[credential]\n\thelper = store\n")
    return path


def test_a_reset_then_the_installed_command_then_the_path(machine: Machine) -> None:
    result = tokenguard(machine, "install")
    assert (result.status, result.out.splitlines()) == (0, [f"git asks tokenguard for {url}" for url in URLS])
    for url in URLS:
        reset, helper = values(machine, f"credential.{url}.helper", "--global")
        assert (reset, helper) == ("", f"!{scripts()}/tokenguard git-credential")
        assert values(machine, f"credential.{url}.useHttpPath", "--global") == ["true"]


def test_it_is_done_once_and_taken_out_to_the_byte(machine: Machine, configuration: Path) -> None:
    before = configuration.read_bytes()
    assert tokenguard(machine, "install").status == 0
    once = configuration.read_bytes()
    result = tokenguard(machine, "install")
    assert configuration.read_bytes() == once != before
    assert "the helper 'store' is kept, and no longer asked" in result.talk
    result = tokenguard(machine, "uninstall")
    assert (result.status, result.out.count("no longer asks")) == (0, 2)
    assert configuration.read_bytes() == before
    result = tokenguard(machine, "uninstall")
    assert (result.status, result.out) == (0, "")
    assert configuration.read_bytes() == before


SECTION = f'[credential "{HUB}"]\n'


@pytest.mark.parametrize(
    "own",
    [
        SECTION + "\thelper = cache --timeout 9 # mine\n",
        SECTION + "\thelper = \n",
        SECTION + "\thelper = \n\thelper = cache\n\tuseHttpPath = true\n",
        SECTION + "\thelper = cache\n\thelper = \n\tuseHttpPath\n",
        SECTION + "\tuseHttpPath = false\n\tusername = me\n",
        SECTION + "\thelper = !'/opt/other helper' git-credential\n[a]\n\tb = c\n",
    ],
    ids=["a helper", "a reset", "all but ours", "a bare key", "no path", "one that is much alike"],
)
def test_what_somebody_has_said_of_the_hub_is_kept(machine: Machine, configuration: Path, own: str) -> None:
    configuration.write_text(f"{configuration.read_text()}{own}")
    before = configuration.read_bytes()
    keys = [f"credential.{HUB}.{name}" for name in ("helper", "useHttpPath", "username")]
    settings = [values(machine, key) for key in keys]
    for _ in range(2):
        assert tokenguard(machine, "install").status == 0
        helpers = values(machine, f"credential.{HUB}.helper")
        assert helpers[-2] == ""
        assert helpers[-1].endswith("tokenguard git-credential")
        path = machine.run("git", "config", "--type=bool", f"credential.{HUB}.useHttpPath").out
        assert path == "true\n"
    assert tokenguard(machine, "uninstall").status == 0
    assert [values(machine, key) for key in keys] == settings
    # git cannot take out one of two lines that are the same: they are written anew, and may change places.
    if "helper = \n" not in own:
        assert configuration.read_bytes() == before


def test_a_command_that_was_moved_is_replaced(machine: Machine, configuration: Path) -> None:
    before = configuration.read_bytes()
    tokenguard(machine, "install")
    helper = values(machine, f"credential.{HUB}.helper")[1]
    configuration.write_text(
        configuration.read_text()
        .replace(f"{scripts()}", "'/gone (1) + [x]")
        .replace("tokenguard git-", "tokenguard' git-")
    )
    assert tokenguard(machine, "install").status == 0
    assert values(machine, f"credential.{HUB}.helper") == ["", helper]
    tokenguard(machine, "uninstall")
    assert configuration.read_bytes() == before


STATUS = """
from tokenguard import githelper
for helpers in githelper.status(["https://huggingface.co", "https://hub.example.com"]):
    print(helpers.program, helpers.is_alive, helpers.others, helpers.silenced)
"""


def test_how_it_stands_is_told(machine: Machine, configuration: Path) -> None:
    def status() -> list[str]:
        return machine.run(sys.executable, "-c", STATUS).out.splitlines()

    assert status() == ["None False ('store',) ()"] * 2
    tokenguard(machine, "install")
    assert status() == [f"{scripts()}/tokenguard True () ('store',)", "None False ('store',) ()"]
    configuration.write_text(configuration.read_text().replace(f"{scripts()}", "/gone"))
    assert status()[0] == "/gone/tokenguard False () ('store',)"


def test_a_helper_that_stands_behind_is_told(machine: Machine, configuration: Path) -> None:
    configuration.write_text(f"{SECTION}\tusername = me\n{configuration.read_text()}")
    result = tokenguard(machine, "install")
    assert result.status == 0
    assert "the helper 'store' stands behind ours" in result.talk
    configuration.write_text(f"{configuration.read_text()}[credential]\n\thelper =\n")
    result = tokenguard(machine, "install")
    assert "another setting has git not ask tokenguard" in result.talk
    assert result.out == ""


def test_one_repository_alone(machine: Machine, repository: Repository, configuration: Path) -> None:
    before = configuration.read_bytes(), (repository.top / ".git" / "config").read_bytes()
    assert tokenguard(machine, "install", "--local", cwd=repository.top).status == 0
    assert len(values(machine, f"credential.{HUB}.helper", "--local", cwd=repository.top)) == 2
    assert values(machine, f"credential.{HUB}.helper") == []
    assert tokenguard(machine, "uninstall", "--global", cwd=repository.top).out == ""
    assert tokenguard(machine, "uninstall", "--local", cwd=repository.top).out
    assert (configuration.read_bytes(), (repository.top / ".git" / "config").read_bytes()) == before
    for arguments, said in [
        (["install", "--local"], "there is no repository"),
        (["uninstall", "--local"], "there is no repository"),
        (["install", "--local", "--global"], "does not go with"),
    ]:
        result = tokenguard(machine, *arguments)
        assert (result.status, result.out) == (2, "")
        assert said in result.talk


def test_the_endpoint_is_one_more(machine: Machine) -> None:
    result = tokenguard(machine, "install", HF_ENDPOINT="https://Hub.Example.com:8443/hf/")
    assert "git asks tokenguard for https://hub.example.com:8443\n" in result.out
    assert len(values(machine, "credential.https://hub.example.com:8443.helper")) == 2
    assert tokenguard(machine, "install", HF_ENDPOINT="http://hub.example.com").status == 2
    # Taken out wherever it is, whatever the endpoint is now.
    assert tokenguard(machine, "uninstall").out.count("\n") == 3
    assert (machine.home / ".gitconfig").read_text() == ""


def test_a_configuration_that_git_does_not_read_is_left_alone(machine: Machine, configuration: Path) -> None:
    configuration.write_text("[user\n")
    for operation in ("install", "uninstall"):
        result = tokenguard(machine, operation)
        assert (result.status, result.out) == (2, "")
        assert "bad config line 1" in result.talk
    assert configuration.read_text() == "[user\n"
    configuration.write_text("")
    (machine.home / ".gitconfig.lock").write_text("")
    result = tokenguard(machine, "install")
    assert (result.status, result.out) == (2, "")
    assert "git does not write its configuration" in result.talk


def test_git_runs_a_command_whose_path_has_to_be_quoted(machine: Machine) -> None:
    odd = machine.folder / "it's a (folder)"
    odd.mkdir()
    said = machine.folder / "said"
    program = odd / "tokenguard"
    program.write_text(f'#!/bin/sh\necho "$@" >"{said}"\n')
    program.chmod(0o755)
    code = (
        f"import sys; sys.executable = {str(odd / 'python')!r}; from tokenguard import githelper; "
        "githelper.install(['https://huggingface.co'])"
    )
    assert machine.run(sys.executable, "-c", code).status == 0
    machine.run(
        "git", "credential", "fill", stdin=b"url=https://huggingface.co\n\n", environment={"GIT_ASKPASS": "true"}
    )
    assert said.read_text() == "git-credential get\n"
    result = tokenguard(machine, "uninstall")
    assert result.out == f"git no longer asks tokenguard for {HUB}\n"
