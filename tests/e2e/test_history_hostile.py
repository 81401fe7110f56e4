"""A repository that is hostile runs no program, changes no report and commands no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e import past
from tests.e2e.machine import write_script
from tests.e2e.past import commit, history, leak, take_out, text

if TYPE_CHECKING:
    from tests.e2e.machine import Machine
    from tests.support.repository import Repository


def test_no_program_that_a_repository_names_is_run(machine: Machine, repository: Repository) -> None:
    sprung = machine.folder / "sprung"
    program = write_script(machine.folder / "trap", f'touch "{sprung}"; cat')
    leak(repository, machine.token())
    base = repository.head
    repository.stage(".gitattributes", "* filter=evil diff=evil merge=evil\n")
    commit(repository)
    for name in (
        *("core.fsmonitor", "core.pager", "core.editor", "core.askPass", "core.sshCommand", "core.gitProxy"),
        *("core.alternateRefsCommand", "diff.external", "diff.evil.command", "diff.evil.textconv"),
        *("filter.evil.clean", "filter.evil.smudge", "gpg.program", "gpg.ssh.program", "credential.helper"),
        *("uploadpack.packObjectsHook", "pager.cat-file", "pager.rev-list", "pager.diff-tree", "pager.rev-parse"),
    ):
        repository.git("config", name, str(program))
    for name in ("cat-file", "rev-list", "diff-tree", "rev-parse", "fetch", "remote-none"):
        repository.git("config", f"alias.{name}", f"!{program}")
    for name in ("log.showSignature", "log.mailmap", "core.commitGraph", "maintenance.auto"):
        repository.git("config", name, "true")
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc"):
        write_script(repository.top / "evil hooks" / hook, f'touch "{sprung}"')
    repository.git("config", "core.hooksPath", "evil hooks")
    sprung.unlink(missing_ok=True)
    for options in (
        ["--history"],
        ["--range", f"{base}^!..HEAD"],
        ["--range", f"{base}..HEAD"],
        ["--since", base],
    ):
        machine.run("tokenguard", "scan", *options, cwd=repository.top)
        assert not sprung.exists(), options
    assert history(machine, repository, "--fresh").paths == ["leak.py"]
    assert not sprung.exists()
    repository.git("status", check=False)
    assert sprung.exists(), "the trap does not work"


ODD_SETTINGS = (
    *("core.quotePath=true", "core.abbrev=4", "core.bigFileThreshold=1", "core.packedGitWindowSize=1"),
    *("core.deltaBaseCacheLimit=1", "core.notesRef=refs/heads/main", "color.ui=always", "diff.noprefix=true"),
    *("diff.renames=copies", "diff.orderFile=/nowhere", "diff.relative=true", "diff.ignoreSubmodules=all"),
    *("log.showRoot=false", "log.date=raw", "format.pretty=oneline"),
)


@pytest.mark.parametrize(
    "settings",
    [ODD_SETTINGS, ("i18n.logOutputEncoding=UTF-16",), ("i18n.logOutputEncoding=IBM037",)],
    ids=["odd ones", "UTF-16", "EBCDIC"],
)
def test_no_setting_of_a_repository_changes_the_report(
    machine: Machine, repository: Repository, settings: tuple[str, ...]
) -> None:
    token = machine.token()
    leak(repository, token, "é.py")
    take_out(repository, "é.py")
    for setting in settings:
        repository.git("config", *setting.split("="))
    scan = history(machine, repository)
    finding = past.finding_of(scan, token)
    assert (finding["path"], finding["commit"]) == ("é.py", text(repository, "rev-parse", "HEAD~1"))
    assert (finding["author"], finding["date"]) == ("A U Thor <author@example.com>", "2020-09-13T12:26:40+00:00")


def test_no_name_in_a_history_commands_the_terminal(machine: Machine, repository: Repository) -> None:
    repository.stage("\x1b[2J\n\x9b31m.py", machine.token())
    commit(repository, GIT_AUTHOR_NAME="\x1b]0;title\x07\u202e", GIT_AUTHOR_EMAIL="\x1b[31m@example.com")
    commit(repository, machine.token(1), GIT_AUTHOR_NAME="\x1b[31m")
    for command in (["scan", "--history"], ["scan", "--history", "-v"]):
        result = machine.run("tokenguard", *command, cwd=repository.top)
        assert result.status == 1
        assert not set(result.out + result.talk) & set("\x1b\x07\b\u202e\x9b\r")
