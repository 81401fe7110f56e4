"""Every object of a repository is read, whatever leads to it and however it is kept."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e import past
from tests.e2e.machine import write_script
from tests.e2e.past import add_submodule, blob, clone, commit, found, history, leak, loose, take_out, text

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.machine import Machine, Scan
    from tests.support.repository import Repository

MIB = 1024 * 1024
BUFFER = MIB // 2
WINDOW = 8 * MIB


def with_a_token_everywhere(machine: Machine, repository: Repository) -> dict[str, str]:
    """Leaks a token in every place that a repository has; gives them by the name of the place."""
    tokens: dict[str, str] = {}

    def new(place: str) -> str:
        tokens[place] = machine.token(len(tokens))
        return tokens[place]

    repository.stage("app.py", "clean\n")
    base = commit(repository)
    leak(repository, new("a file that is still there"), "there.py")
    leak(repository, new("a file that was taken out"), "gone.py")
    take_out(repository, "gone.py")
    commit(repository, f"subject\n\n{new('a message')}")
    commit(repository, "author", GIT_AUTHOR_NAME=new("an author"))
    commit(repository, "committer", GIT_COMMITTER_EMAIL=new("a committer"))
    repository.git("checkout", "--quiet", "-b", "other", base)
    leak(repository, new("another branch"), "other.py")
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-commit", "--no-ff", "other")
    repository.stage("evil.py", new("a merge that brings in what no parent has"))
    commit(repository, "merge")
    repository.git("branch", "--quiet", "--delete", "--force", "other")
    leak(repository, new("the reflog"), "reflog.py")
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    for place in ("a stash below the top", "the stash"):
        repository.stage("stash.py", new(place))
        repository.git("stash", "--quiet")
    repository.git("notes", "add", "-m", new("a note"))
    repository.git("tag", "--annotate", "v1", "-m", new("the message of a tag"))
    repository.git("tag", "--annotate", "v2", "-m", "x", GIT_COMMITTER_NAME=new("a tagger"))
    repository.git("tag", "blob", blob(repository, new("a tag of a blob")))
    blob(repository, new("a dangling blob"))
    repository.stage(".gitattributes", "*.bin -diff -text export-ignore merge=binary\n")
    repository.stage("hidden.bin", f"\0\1{new('what attributes hide')}\0")
    commit(repository)
    repository.stage("index.py", new("the index"))
    worktree = repository.top.parent / "worktree"
    repository.git("worktree", "add", "--quiet", "--detach", str(worktree), base)
    (worktree / "head.py").write_text(new("the HEAD of another worktree"))
    repository.git("-C", str(worktree), "add", "head.py")
    repository.git("-C", str(worktree), "commit", "--quiet", "-m", "elsewhere")
    (worktree / "index.py").write_text(new("the index of another worktree"))
    repository.git("-C", str(worktree), "add", "index.py")
    leak(repository, new("a replaced object"), "replaced.py")
    repository.git("replace", text(repository, "rev-parse", ":replaced.py"), blob(repository, "clean"))
    return tokens


def expect_everything(scan: Scan, tokens: dict[str, str]) -> None:
    assert found(scan, tokens) == set(tokens)
    assert len(scan.findings) == len(tokens)
    assert (scan.status, scan.unreadable) == (1, {}), scan.talk


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_a_token_is_found_wherever_it_is(machine: Machine, form: str) -> None:
    repository = machine.repository("repository", f"--object-format={form}")
    tokens = with_a_token_everywhere(machine, repository)
    expect_everything(history(machine, repository), tokens)
    past.pack_everything(repository)
    expect_everything(history(machine, repository), tokens)
    expect_everything(history(machine, repository, "--jobs", "1", "--fresh"), tokens)


def test_a_repository_is_one_whatever_folder_of_it_is_named(machine: Machine, repository: Repository) -> None:
    tokens = with_a_token_everywhere(machine, repository)
    (repository.top / "sub").mkdir()
    bare = machine.folder / "bare.git"
    shutil.copytree(repository.top / ".git", bare)
    (repository.top.parent / "link").symlink_to(repository.top)
    for name in ("repository", "repository/.git", "repository/sub", "worktree", "bare.git", "link"):
        expect_everything(machine.scan("--history", name), tokens)
    for folder in (repository.top / ".git", bare):
        expect_everything(machine.scan("--history", cwd=folder), tokens)


def test_what_a_repository_borrows_is_read(machine: Machine, repository: Repository) -> None:
    tokens = with_a_token_everywhere(machine, repository)
    machine.run("git", "clone", "--quiet", "--shared", "repository", "borrower")
    expect_everything(machine.scan("--history", "borrower"), tokens)


def test_a_lender_that_is_gone_is_said(machine: Machine, repository: Repository) -> None:
    leak(repository, machine.token())
    machine.run("git", "clone", "--quiet", "--shared", "repository", "borrower")
    repository.top.rename(machine.folder / "elsewhere")
    result = machine.run("tokenguard", "scan", "--history", "borrower")
    assert result.status == 3, result.talk
    assert "not read: history: " in result.talk


def test_a_bare_repository_of_somebody_is_read(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    leak(repository, token)
    machine.run("git", "clone", "--quiet", "--bare", "repository", "bare.git")
    assert machine.scan("--history", "bare.git").paths == ["leak.py"]


def test_files_that_look_like_a_bare_repository_hide_nothing(machine: Machine, repository: Repository) -> None:
    leak(repository, machine.token())
    for path in ("HEAD", "config", "objects/info/packs", "refs/heads/main"):
        repository.stage(path, "ref: refs/heads/main\n" if path == "HEAD" else "")
    scan = history(machine, repository)
    assert (scan.status, scan.paths) == (1, ["leak.py"]), scan.talk


def test_a_replaced_or_grafted_commit_hides_nothing(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    commit(repository)
    base = repository.head
    leak(repository, token)
    take_out(repository, "leak.py")
    repository.git("replace", "--graft", "HEAD", base)
    repository.write(".git/info/grafts", f"{repository.head} {base}\n")
    assert text(repository, "rev-list", "--count", "HEAD") == "2"
    assert history(machine, repository).paths == ["leak.py"]


def test_a_token_is_found_wherever_it_lies_in_a_large_object(machine: Machine, repository: Repository) -> None:
    """Objects go through a buffer of 512 KiB where they fit into it, and through windows of 8 MiB otherwise."""
    repository.git("config", "core.compression", "0")
    token = machine.token().encode()
    length = len(token)
    offsets = [limit + distance for limit in (BUFFER, WINDOW) for distance in (-length - 60, -length, -20, 0, 1)]
    for offset in [0, *offsets]:
        repository.write(f"{offset:08}.bin", b" " * offset + token + b"\n" + b" " * BUFFER)
        repository.write(f"{offset:08}.end", b"." + b" " * offset + token)
    repository.git("add", ".")
    commit(repository)
    expected = [
        (f"{offset:08}.{kind}", 1, offset + column)
        for offset in [0, *offsets]
        for kind, column in (("bin", 1), ("end", 2))
    ]
    assert sorted(history(machine, repository).places) == sorted(expected)
    past.pack_everything(repository)
    assert sorted(history(machine, repository, "--fresh").places) == sorted(expected)


def test_every_one_of_very_many_objects_is_read(machine: Machine, repository: Repository) -> None:
    tokens = {f"{at}.txt": machine.token(at) for at in (0, 1, 1234, 2500, 4999)}
    names = [f"{at}.txt" for at in range(5000)]
    past.import_blobs(repository, [f"{name}\n{tokens.get(name, '')}\n".encode() for name in names])
    for jobs in ("1", "4"):
        scan = history(machine, repository, "--fresh", "--jobs", jobs)
        assert scan.places == [(name, 2, 1) for name in sorted(tokens)]
        assert scan.document["summary"]["blobs"] == 5001
        assert scan.document["summary"]["bytes"] > sum(map(len, names))


def test_objects_of_every_size_around_the_buffer_are_read(machine: Machine, repository: Repository) -> None:
    """The one after it is in the same stream, and must not be lost with it."""
    repository.git("config", "core.compression", "0")
    tokens: dict[str, str] = {}
    contents: list[bytes] = []
    for distance in range(-70, 10):
        name = f"{len(contents)}.txt"
        tokens[name] = machine.token(distance + 100)
        contents += [b"%d" % distance + b" " * (BUFFER + distance - 60), f"{tokens[name]}\n".encode()]
    past.import_blobs(repository, contents)
    scan = history(machine, repository)
    assert found(scan, tokens) == set(tokens)
    assert scan.status == 1


# What is not there, or damaged.


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


# Hostile repositories.


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


def test_a_repository_is_not_changed_but_for_the_memory(machine: Machine, repository: Repository) -> None:
    with_a_token_everywhere(machine, repository)
    before = _files(repository.top)
    history(machine, repository)
    after = _files(repository.top)
    assert after.keys() - before.keys() == {str(repository.top / ".git" / "tokenguard-history")}
    assert {path: content for path, content in after.items() if path in before} == before


def test_no_name_in_a_history_commands_the_terminal(machine: Machine, repository: Repository) -> None:
    repository.stage("\x1b[2J\n\x9b31m.py", machine.token())
    commit(repository, GIT_AUTHOR_NAME="\x1b]0;title\x07\u202e", GIT_AUTHOR_EMAIL="\x1b[31m@example.com")
    commit(repository, machine.token(1), GIT_AUTHOR_NAME="\x1b[31m")
    for command in (["scan", "--history"], ["scan", "--history", "-v"]):
        result = machine.run("tokenguard", *command, cwd=repository.top)
        assert result.status == 1
        assert not set(result.out + result.talk) & set("\x1b\x07\b\u202e\x9b\r")


# Submodules.


def test_submodules_are_read_where_that_is_asked_for(machine: Machine, repository: Repository) -> None:
    innermost, inner = machine.repository("innermost"), machine.repository("inner")
    tokens = {"libraries/inner/deep/leak.py": machine.token(1), "libraries/inner/leak.py": machine.token(2)}
    leak(innermost, tokens["libraries/inner/deep/leak.py"])
    take_out(innermost, "leak.py")
    leak(inner, tokens["libraries/inner/leak.py"])
    add_submodule(inner, innermost.top, "deep")
    add_submodule(repository, inner.top, "libraries/inner")
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init", "--recursive")
    assert history(machine, repository).status == 0
    for _ in range(2):
        scan = history(machine, repository, "--recurse-submodules")
        assert scan.status == 1
        assert scan.paths == sorted(tokens)
        assert found(scan, tokens) == set(tokens)
    assert history(machine, repository).status == 0


def test_what_cannot_be_read_of_a_submodule_is_said(machine: Machine, repository: Repository) -> None:
    library = machine.repository("library")
    leak(library, machine.token())
    add_submodule(repository, library.top, "library")
    for pack in (repository.top / ".git" / "modules" / "library" / "objects").glob("??/*"):
        pack.chmod(0o644)
        pack.write_bytes(b"junk")
    scan = history(machine, repository, "--recurse-submodules")
    assert scan.status == 3
    assert all(path.startswith("library/") for path in scan.unreadable), scan.unreadable


def test_the_configuration_outside_holds_within_a_submodule(machine: Machine, repository: Repository) -> None:
    library = machine.repository("library")
    leak(library, machine.token())
    add_submodule(repository, library.top, "library")
    repository.write(".tokenguard.toml", 'exclude = ["library/leak.py"]\n')
    scan = history(machine, repository, "--recurse-submodules")
    assert (scan.status, scan.document["summary"]["excluded"]) == (0, 1)


def test_a_submodule_that_was_taken_out_is_still_read(machine: Machine, repository: Repository) -> None:
    library = machine.repository("library")
    leak(library, machine.token())
    add_submodule(repository, library.top, "library")
    repository.git("rm", "--quiet", "library")
    commit(repository, "no submodule")
    assert not (repository.top / "library").exists()
    result = machine.run("tokenguard", "scan", "--history", "--recurse-submodules", cwd=repository.top)
    assert result.status == 1, result.talk
    assert "library/leak.py:1:1" in result.out


def test_a_submodule_with_a_git_folder_of_its_own_is_read(machine: Machine, repository: Repository) -> None:
    library = machine.repository("repository/library")
    leak(library, machine.token())
    add_submodule(repository, library.top, "./library")
    assert (repository.top / "library" / ".git").is_dir()
    assert history(machine, repository, "--recurse-submodules").paths == ["library/leak.py"]


def test_a_submodule_that_a_linked_worktree_alone_has_is_read(machine: Machine, repository: Repository) -> None:
    library = machine.repository("library")
    leak(library, machine.token())
    commit(repository)
    repository.git("worktree", "add", "--quiet", "../linked")
    linked = machine.folder / "linked"
    for arguments in (["add", "--quiet", str(library.top), "library"], ["update", "--quiet", "--init"]):
        repository.git("-C", str(linked), "-c", "protocol.file.allow=always", "submodule", *arguments)
    assert machine.scan("--history", "--recurse-submodules", "linked").paths == ["library/leak.py"]


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
