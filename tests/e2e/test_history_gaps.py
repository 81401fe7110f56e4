"""What of a repository is not there, or damaged, leaves the answer open and hides nothing else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.e2e import past
from tests.e2e.machine import write_script
from tests.e2e.past import blob, clone, commit, found, history, leak, loose, take_out, text

if TYPE_CHECKING:
    from tests.e2e.machine import Machine
    from tests.support.repository import Repository

MIB = 1024 * 1024


def test_a_repository_without_commits_has_nothing_to_scan(machine: Machine, repository: Repository) -> None:
    for _ in range(2):
        scan = history(machine, repository)
        assert scan.status == 0, scan.talk
        assert "nothing to scan" in scan.talk
        assert "no leaked" not in scan.talk


def test_a_folder_without_a_repository_is_an_error(machine: Machine) -> None:
    for options in (["--history"], ["--range", "A..B"], ["--since", "A"]):
        result = machine.run("tokenguard", "scan", *options)
        assert (result.status, result.stdout) == (2, b"")
        assert "no git repository" in result.talk


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_what_is_no_folder_is_no_clean_repository(machine: Machine, name: str) -> None:
    machine.write("file", "")
    result = machine.run("tokenguard", "scan", "--history", name)
    assert result.status in {2, 3}
    assert name in result.talk


def test_a_shallow_clone_is_said_to_be_one(machine: Machine, repository: Repository) -> None:
    leak(repository, machine.token())
    take_out(repository, "leak.py")
    leak(repository, machine.token(1), "still.py")
    shallow = clone(machine, repository, "shallow", "--depth=1")
    scan = history(machine, shallow)
    assert (scan.status, scan.paths) == (3, ["still.py"])
    assert "shallow" in scan.unreadable["history"]
    assert "--unshallow" in scan.unreadable["history"]
    shallow.git("fetch", "--quiet", "--unshallow")
    assert history(machine, shallow).status == 1


@pytest.mark.parametrize("kind", ["blob:none", "tree:0"])
def test_what_a_partial_clone_lacks_is_said_and_not_fetched(
    machine: Machine, repository: Repository, kind: str
) -> None:
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
    leak(repository, machine.token())
    repository.git("rm", "--quiet", "leak.py")
    message = machine.token(1)
    commit(repository, message)
    partial = clone(machine, repository, "partial", f"--filter={kind}")
    sprung = machine.folder / "sprung"
    contact = write_script(machine.folder / "contact", f'touch "{sprung}"; exec git-upload-pack "$@"')
    partial.git("config", "remote.origin.uploadpack", str(contact))
    scan = history(machine, partial)
    assert scan.status == 3
    assert "partial clone" in scan.unreadable["history"]
    assert found(scan, {"message": message}) == {"message"}
    assert not sprung.exists()
    partial.git("checkout", "--quiet", "HEAD~1")
    assert sprung.exists(), "the trap does not work"


def test_a_partial_clone_lacks_what_it_lacks_the_second_time(machine: Machine, repository: Repository) -> None:
    repository.git("config", "uploadpack.allowFilter", "true")
    leak(repository, machine.token())
    partial = clone(machine, repository, "partial", "--filter=blob:none", "--no-checkout")
    repository.top.rename(machine.folder / "away")
    for _ in range(2):
        assert history(machine, partial).status == 3


def damaged(repository: Repository, packed: bool) -> list[str]:
    """Commits files and damages some; gives the names of the damaged objects."""
    names = []
    for number in range(20):
        repository.stage(f"{number}.bin", os.urandom(2000))
        names.append(text(repository, "rev-parse", f":{number}.bin"))
    commit(repository)
    if not packed:
        for name in names[5:8]:
            data = bytearray(loose(repository, name).read_bytes())
            data[1000:1010] = b"\xff" * 10
            loose(repository, name).write_bytes(data)
        return names[5:8]
    pack = past.pack_everything(repository)
    listing = text(repository, "verify-pack", "--verbose", str(pack)).splitlines()
    offsets = {line.split()[0]: int(line.split()[4]) for line in listing if " blob " in line}
    content = bytearray(pack.read_bytes())
    for name in names[5:8]:
        content[offsets[name] + 500 : offsets[name] + 510] = b"\xff" * 10
    pack.write_bytes(content)
    return names[5:8]


@pytest.mark.parametrize("packed", [False, True])
def test_a_damaged_object_is_named_and_all_others_are_read(
    machine: Machine, repository: Repository, packed: bool
) -> None:
    tokens = {f"{at}.py": machine.token(at) for at in range(10)}
    for path, token in tokens.items():
        leak(repository, token, path)
    names = damaged(repository, packed)
    for _ in range(2):  # nor is it remembered as clean
        scan = history(machine, repository)
        assert scan.status == 3
        assert found(scan, tokens) == set(tokens)
        assert set(scan.unreadable) == {f"object {name}" for name in names}
        assert set(scan.unreadable.values()) == {"the object is corrupt"}


def test_of_very_many_damaged_objects_each_is_named(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    leak(repository, token)
    names = []
    for number in range(120):
        repository.write(f"{number}.bin", os.urandom(300))
    repository.git("add", ".")
    for number in range(120):
        name = text(repository, "rev-parse", f":{number}.bin")
        data = loose(repository, name).read_bytes()
        loose(repository, name).write_bytes(data[:100])
        names.append(name)
    scan = history(machine, repository)
    assert scan.status == 3
    assert {f"object {name}" for name in names} <= set(scan.unreadable)
    assert "too many" in "".join(scan.unreadable.values())


@pytest.mark.parametrize("content", [b"", b"no zlib", b"x\x01 no zlib stream"])
def test_an_object_whose_very_kind_is_damaged_is_named(
    machine: Machine, repository: Repository, content: bytes
) -> None:
    tokens = {"leak": machine.token()}
    leak(repository, tokens["leak"])
    name = blob(repository, "will be damaged")
    loose(repository, name).write_bytes(content)
    scan = history(machine, repository)
    assert (scan.status, found(scan, tokens)) == (3, {"leak"})
    assert any(name in path + reason for path, reason in scan.unreadable.items()), scan.unreadable


@pytest.mark.parametrize("threshold", ["512m", "1k"])
@pytest.mark.parametrize("size", [1000, MIB, 9 * MIB])
def test_a_large_object_that_is_cut_off_takes_no_other_finding_away(
    machine: Machine, repository: Repository, threshold: str, size: int
) -> None:
    tokens = {"other": machine.token()}
    repository.git("config", "core.compression", "0")
    leak(repository, tokens["other"])
    name = blob(repository, machine.token(1).encode() + b"\n" + os.urandom(1) + b" " * size)
    file = loose(repository, name)
    file.write_bytes(file.read_bytes()[: -size // 4])
    repository.git("config", "core.bigFileThreshold", threshold)
    result = machine.run("tokenguard", "scan", "--history", cwd=repository.top)
    assert result.status == 3
    assert "leak.py:1:1" in result.out, result.talk
    assert f"not read: object {name}" in result.talk


@pytest.mark.parametrize("what", ["HEAD:lost.py", "HEAD^{tree}", "HEAD"])
def test_a_missing_object_leaves_the_answer_open(machine: Machine, repository: Repository, what: str) -> None:
    tokens = {"leak": machine.token()}
    leak(repository, tokens["leak"])
    repository.stage("lost.py", "lost\n")
    commit(repository)
    name = text(repository, "rev-parse", what)
    loose(repository, name).unlink()
    for _ in range(2):
        scan = history(machine, repository)
        assert (scan.status, found(scan, tokens)) == (3, {"leak"})
        assert "history" in scan.unreadable


def test_a_missing_object_that_the_index_alone_needs_leaves_the_answer_open(
    machine: Machine, repository: Repository
) -> None:
    commit(repository)
    repository.stage("lost.py", "lost\n")
    name = text(repository, "rev-parse", ":lost.py")
    loose(repository, name).unlink()
    scan = history(machine, repository)
    assert scan.status == 3
    assert name in scan.unreadable["history"]


@pytest.mark.parametrize("damage", ["cut off", "emptied", "overwritten", "gone", "its pack is gone"])
def test_a_damaged_index_of_a_pack_leaves_the_answer_open(
    machine: Machine, repository: Repository, damage: str
) -> None:
    leak(repository, machine.token())
    pack = past.pack_everything(repository)
    index = pack.with_suffix(".idx")
    if damage == "its pack is gone":
        pack.unlink()
    elif damage == "gone":
        index.unlink()
    else:
        data = index.read_bytes()
        index.write_bytes({"cut off": data[:100], "emptied": b"", "overwritten": b"\0" * len(data)}[damage])
    tokens = {"loose": machine.token(1)}
    repository.write("loose.py", tokens["loose"])
    blob(repository, tokens["loose"])
    scan = history(machine, repository)
    assert (scan.status, found(scan, tokens)) == (3, {"loose"})


@pytest.mark.parametrize("damage", [".idx", ".pack", "both"])
def test_a_bare_repository_without_its_pack_is_no_clean_one(
    machine: Machine, repository: Repository, damage: str
) -> None:
    """It has no index, whose files would be missed, either."""
    leak(repository, machine.token())
    past.pack_everything(repository)
    machine.run("git", "clone", "--quiet", "--mirror", "--no-local", "repository", "bare.git")
    for path in (machine.folder / "bare.git" / "objects" / "pack").iterdir():
        if damage in {"both", path.suffix}:
            path.unlink()
    result = machine.run("tokenguard", "scan", "--history", "bare.git")
    assert result.status == 3, result.talk


def test_a_branch_that_leads_nowhere_leaves_the_answer_open(machine: Machine, repository: Repository) -> None:
    commit(repository)
    repository.write(".git/refs/heads/lost", f"{'1' * 40}\n")
    for _ in range(2):
        result = machine.run("tokenguard", "scan", "--history", cwd=repository.top)
        assert result.status == 3, result.talk
