"""What the next commit would contain: read from the index, and whole, whatever has become of a file."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.machine import Machine, Scan


def staged(machine: Machine, folder: Path) -> Scan:
    """What `scan --staged` says, with which the hook has to agree."""
    scan = machine.scan("--staged", cwd=folder)
    hook = machine.run("tokenguard-hook", "pre-commit", cwd=folder)
    assert hook.status == scan.status, hook.talk
    assert ("refused" in hook.talk) == bool(scan.findings)
    assert hook.stdout == b""
    return scan


def test_a_token_in_a_new_file_is_found(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    repository.commit()
    repository.stage("src/app.py", f'import os\n\nlogin("{token}")\n')
    scan = staged(machine, repository.top)
    assert scan.status == 1
    (finding,) = scan.findings
    assert finding["kind"] == "user-access-token"
    assert finding["fingerprint"] == "sha256:" + hashlib.sha256(token.encode()).hexdigest()
    assert finding["masked"] == f"hf_…{token[-4:]}"
    assert (finding["path"], finding["line"]) == ("src/app.py", 3)
    assert (finding["column"], finding["end_column"]) == (8, 8 + len(token))


def test_a_token_in_the_first_commit_of_all_is_found(machine: Machine, repository: Repository) -> None:
    repository.stage(".env", f"HF_TOKEN={machine.token()}\n")
    assert staged(machine, repository.top).paths == [".env"]


def test_a_clean_commit_says_how_much_was_read(machine: Machine, repository: Repository) -> None:
    repository.stage("a.txt", "12345")
    repository.stage("b.txt", "67890")
    scan = staged(machine, repository.top)
    assert scan.status == 0
    assert (scan.files, scan.document["summary"]["bytes"]) == (2, 10)
    assert "scanned 2 files, 10 bytes" in scan.talk


@pytest.mark.parametrize("commits", [0, 1])
def test_where_nothing_is_staged_nothing_is_said_to_be_clean(
    machine: Machine, repository: Repository, commits: int
) -> None:
    for _ in range(commits):
        repository.commit()
    scan = staged(machine, repository.top)
    assert scan.status == 0
    assert "nothing to scan" in scan.talk
    assert "no leaked" not in scan.talk


def test_what_is_committed_already_is_not_read_again(machine: Machine, repository: Repository) -> None:
    repository.stage("old", machine.token())
    repository.commit()
    repository.stage("new", "nothing here")
    scan = staged(machine, repository.top)
    assert (scan.status, scan.files) == (0, 1)


def test_a_renamed_and_edited_file_is_read(machine: Machine, repository: Repository) -> None:
    lines = "".join(f"line {number}\n" for number in range(100))
    repository.stage("old.py", lines)
    repository.commit()
    repository.git("mv", "old.py", "new.py")
    repository.stage("new.py", f"{lines}{machine.token()}\n")
    assert staged(machine, repository.top).places == [("new.py", 101, 1)]


def test_a_token_in_the_work_tree_alone_is_not_in_the_commit(machine: Machine, repository: Repository) -> None:
    repository.stage("app.py", "clean\n")
    repository.write("app.py", machine.token())
    assert staged(machine, repository.top).status == 0


def test_a_staged_token_is_found_though_the_work_tree_is_clean_again(
    machine: Machine, repository: Repository
) -> None:
    repository.stage("app.py", machine.token())
    repository.write("app.py", "clean\n")
    assert staged(machine, repository.top).paths == ["app.py"]


def test_a_staged_token_is_found_though_the_file_is_gone(machine: Machine, repository: Repository) -> None:
    repository.stage("app.py", machine.token()).unlink()
    assert staged(machine, repository.top).paths == ["app.py"]


def test_of_a_file_staged_in_part_that_part_is_read(machine: Machine, repository: Repository) -> None:
    one, other = machine.token(1), machine.token(2)
    repository.stage("app.py", f"{one}\n")
    repository.write("app.py", f"{one}\n{other}\n")
    (finding,) = staged(machine, repository.top).findings
    assert finding["masked"].endswith(one[-4:])


@pytest.mark.parametrize("attribute", ["-diff", "binary", "-text -merge export-ignore"])
def test_no_attribute_hides_a_file(machine: Machine, repository: Repository, attribute: str) -> None:
    repository.stage(".gitattributes", f"* {attribute}\n")
    repository.stage("weights.bin", f"\0\1\2{machine.token()}\0")
    scan = staged(machine, repository.top)
    assert (scan.status, scan.paths) == (1, ["weights.bin"])


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_no_flag_in_the_index_hides_a_file(machine: Machine, repository: Repository, flag: str) -> None:
    repository.stage("app.py", machine.token())
    repository.git("update-index", flag, "app.py")
    assert staged(machine, repository.top).paths == ["app.py"]


@pytest.mark.parametrize(
    "setting", ["diff.orderFile=/nowhere", "diff.relative=true", "diff.renames=copies", "diff.external=true"]
)
def test_no_setting_hides_a_file(machine: Machine, repository: Repository, setting: str) -> None:
    repository.stage("app.py", machine.token())
    repository.git("config", *setting.split("="))
    (repository.top / "sub").mkdir()
    assert staged(machine, repository.top / "sub").paths == ["app.py"]


def test_a_replacement_object_hides_no_blob(machine: Machine, repository: Repository) -> None:
    repository.stage("app.py", machine.token())
    blob = repository.git("rev-parse", ":app.py").stdout.decode().strip()
    repository.stage("other.py", "clean")
    clean = repository.git("rev-parse", ":other.py").stdout.decode().strip()
    repository.git("replace", blob, clean)
    assert repository.git("cat-file", "-p", blob).stdout == b"clean"
    assert staged(machine, repository.top).paths == ["app.py"]


def test_the_whole_repository_is_read_from_a_folder_within(machine: Machine, repository: Repository) -> None:
    repository.stage("src/deep/app.py", machine.token())
    repository.stage("top.py", machine.token(1))
    assert staged(machine, repository.top / "src" / "deep").paths == ["src/deep/app.py", "top.py"]


def test_the_repository_can_be_named(machine: Machine, repository: Repository) -> None:
    repository.stage("app.py", machine.token())
    assert machine.scan("--staged", repository.top.name).paths == ["app.py"]


def test_outside_a_repository_there_is_no_next_commit(machine: Machine) -> None:
    for command in (["tokenguard", "scan", "--staged"], ["tokenguard-hook", "pre-commit"]):
        result = machine.run(*command)
        assert result.status == 2
        assert "no git repository" in result.talk


def test_a_linked_worktree_has_an_index_of_its_own(machine: Machine, repository: Repository) -> None:
    repository.commit()
    repository.git("worktree", "add", "--quiet", "../linked")
    linked = machine.folder / "linked"
    (linked / "app.py").write_text(machine.token())
    repository.git("-C", str(linked), "add", "app.py")
    assert staged(machine, linked).paths == ["app.py"]
    assert staged(machine, repository.top).status == 0


def test_a_submodule_is_one_entry_here_and_read_where_it_is(machine: Machine, repository: Repository) -> None:
    library = machine.repository("library")
    library.stage("leak.py", machine.token())
    library.commit()
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library.top), "library")
    scan = staged(machine, repository.top)
    assert (scan.status, scan.files) == (0, 1)  # .gitmodules
    inner = Repository(repository.top / "library", machine.home)
    inner.stage("other.py", machine.token(1))
    assert staged(machine, inner.top).paths == ["other.py"]


def test_a_file_that_is_intended_to_be_added_is_not_part_of_the_commit(
    machine: Machine, repository: Repository
) -> None:
    repository.commit()
    repository.write("later.py", machine.token())
    repository.git("add", "--intent-to-add", "later.py")
    assert staged(machine, repository.top).status == 0


def test_an_unresolved_conflict_is_not_readable(machine: Machine, repository: Repository) -> None:
    repository.stage("app.py", "base\n")
    repository.commit()
    repository.git("checkout", "--quiet", "-b", "other")
    repository.stage("app.py", "theirs\n")
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.stage("app.py", "ours\n")
    repository.stage("leak.py", "clean\n")
    repository.commit()
    repository.stage("leak.py", machine.token())
    repository.commit()
    repository.git("merge", "other", check=False)
    scan = staged(machine, repository.top)
    assert scan.status == 3
    assert list(scan.unreadable) == ["app.py"]
    assert "conflict" in scan.unreadable["app.py"]


def test_findings_are_printed_though_something_was_unreadable(machine: Machine, repository: Repository) -> None:
    repository.stage("leak.py", machine.token())
    repository.stage("lost.py", "will be lost")
    repository.stage("other.py", machine.token(1))
    _lose(repository, "lost.py")
    scan = staged(machine, repository.top)
    assert scan.status == 3
    assert scan.paths == ["leak.py", "other.py"]
    assert list(scan.unreadable) == ["lost.py"]


def test_a_damaged_blob_is_not_readable(machine: Machine, repository: Repository) -> None:
    repository.stage("app.py", "will be damaged")
    blob = _object(repository, "app.py")
    blob.chmod(0o644)
    blob.write_bytes(b"\x78\x01 this is no zlib stream")
    assert staged(machine, repository.top).status == 3


def test_a_damaged_index_is_not_readable(machine: Machine, repository: Repository) -> None:
    repository.stage("app.py", machine.token())
    index = repository.top / ".git" / "index"
    index.write_bytes(index.read_bytes()[:40])
    for command in (["tokenguard", "scan", "--staged"], ["tokenguard-hook", "pre-commit"]):
        assert machine.run(*command, cwd=repository.top).status == 3


def test_a_repository_with_sha256_names_is_read(machine: Machine) -> None:
    repository = machine.repository("modern", "--object-format=sha256")
    repository.stage("first.py", machine.token())
    assert staged(machine, repository.top).paths == ["first.py"]
    repository.commit()
    repository.stage("second.py", machine.token(1))
    assert staged(machine, repository.top).paths == ["second.py"]


def test_every_file_name_is_read_and_given_back(machine: Machine, repository: Repository) -> None:
    names = [
        b"with space.py",
        b" leading and trailing ",
        b"new\nline.py",
        b"tab\tand\rreturn.py",
        b"\"quoted\" 'twice'.py",
        b"back\\slash\\n.py",
        b"not \xff\xfe utf-8.py",
        "é ✓ 你好.py".encode(),
        b"-leading-dash.py",
        b":(exclude)magic.py",
        b"glob[*]?.py",
        b"\x1b[31mred.py",
        b"folder \n\xff/-f.py",
    ]
    for name in names:
        repository.write(name, machine.token())
    repository.git("add", ".")
    scan = staged(machine, repository.top)
    assert sorted(os.fsencode(path) for path in scan.paths) == sorted(names)
    hook = machine.run("tokenguard-hook", "pre-commit", cwd=repository.top)
    assert b"\x1b" not in hook.stderr
    assert b"\r" not in hook.stderr


def test_the_target_of_a_symbolic_link_is_read(machine: Machine, repository: Repository) -> None:
    os.symlink(machine.token(), repository.top / "link")
    repository.git("add", "link")
    assert staged(machine, repository.top).places == [("link", 1, 1)]


def test_a_file_that_has_become_a_link_is_read_as_the_link(machine: Machine, repository: Repository) -> None:
    repository.stage("app.py", "clean").unlink()
    repository.commit()
    os.symlink(machine.token(), repository.top / "app.py")
    repository.git("add", "app.py")
    assert staged(machine, repository.top).paths == ["app.py"]


def test_a_file_of_which_the_mode_alone_changes_is_read(machine: Machine, repository: Repository) -> None:
    repository.stage("run.sh", machine.token())
    repository.commit()
    repository.git("update-index", "--chmod=+x", "run.sh")
    assert staged(machine, repository.top).paths == ["run.sh"]


def test_taking_a_token_out_is_not_refused(machine: Machine, repository: Repository) -> None:
    repository.stage("edited.py", machine.token())
    repository.stage("deleted.py", machine.token())
    repository.commit()
    repository.stage("edited.py", "clean\n")
    repository.git("rm", "--quiet", "deleted.py")
    assert staged(machine, repository.top).status == 0


def test_a_token_is_found_wherever_it_lies_in_a_large_file(machine: Machine, repository: Repository) -> None:
    """Large files are read in windows of 8 MiB; a token may lie across the end of one."""
    repository.git("config", "core.compression", "0")
    repository.git("config", "core.bigFileThreshold", "100m")
    token = machine.token().encode()
    offsets = [8 * 1024 * 1024 + distance for distance in (-len(token), 1 - len(token), -20, -1, 0, 1, 20)]
    for offset in offsets:
        repository.stage(f"{offset}.bin", b" " * offset + token + b"\n" + b" " * 100_000)
    scan = staged(machine, repository.top)
    assert scan.places == [(f"{offset}.bin", 1, offset + 1) for offset in offsets]


def test_what_is_too_large_for_max_size_is_not_readable(machine: Machine, repository: Repository) -> None:
    repository.stage("large.bin", b"x" * 101)
    repository.stage("small.bin", machine.token())
    scan = machine.scan("--staged", "--max-size", "100", cwd=repository.top)
    assert (scan.status, scan.paths, list(scan.unreadable)) == (3, ["small.bin"], ["large.bin"])


def _object(repository: Repository, path: str) -> Path:
    name = repository.git("rev-parse", f":{path}").stdout.decode().strip()
    return repository.top / ".git" / "objects" / name[:2] / name[2:]


def _lose(repository: Repository, path: str) -> None:
    _object(repository, path).unlink()
