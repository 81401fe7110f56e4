"""Where a repository is, what belongs to it, and what of it is not there."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tokenguard.core.blob import Origin
from tokenguard.core.lineage import Lineage
from tokenguard.errors import UsageError
from tokenguard.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support import repository as support


def opened(folder: Path | None, *, use_config: bool = True) -> Repository:
    return Repository(None if folder is None else str(folder), use_config=use_config)


def git_folder(repository: Repository, folder: Path) -> Path:
    return (folder / repository.git_folder).resolve()


def test_a_work_tree_has_its_git_folder_within(repository: support.Repository) -> None:
    (repository.top / "src").mkdir()
    assert git_folder(opened(repository.top), repository.top) == repository.top / ".git"
    assert git_folder(opened(repository.top / "src"), repository.top / "src") == repository.top / ".git"


def test_without_a_folder_it_is_where_the_caller_is(
    repository: support.Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository.top / "src").mkdir()
    for folder in (repository.top, repository.top / "src"):
        monkeypatch.chdir(folder)
        assert git_folder(opened(None), folder) == repository.top / ".git"


def test_a_linked_work_tree_has_that_of_its_repository(repository: support.Repository) -> None:
    repository.commit()
    repository.git("worktree", "add", "--quiet", "../linked")
    linked = repository.top.parent / "linked"
    assert git_folder(opened(linked), linked) == repository.top / ".git"


def test_a_bare_repository_is_its_own_git_folder(repository: support.Repository) -> None:
    repository.git("init", "--quiet", "--bare", "../bare.git")
    bare = repository.top.parent / "bare.git"
    assert git_folder(opened(bare), bare) == bare
    assert git_folder(opened(repository.top / ".git"), repository.top / ".git") == repository.top / ".git"


def test_files_of_a_work_tree_do_not_pass_for_the_repository(repository: support.Repository) -> None:
    """Whoever writes a pull request chooses its files; git itself looks for .git first."""
    repository.git("init", "--quiet", "--bare", "../fake.git")
    for name in ("HEAD", "objects", "refs"):
        shutil.move(repository.top.parent / "fake.git" / name, repository.top / name)
    repository.commit()
    there = opened(repository.top)
    assert git_folder(there, repository.top) == repository.top / ".git"
    assert there.revision(repository.head) == repository.head


@pytest.mark.parametrize("missing", ["HEAD", "objects", "refs"])
def test_what_lacks_a_part_is_no_repository(repository: support.Repository, missing: str) -> None:
    repository.git("init", "--quiet", "--bare", "../bare.git")
    bare = repository.top.parent / "bare.git"
    (bare / missing).rename(bare / "moved")
    with pytest.raises(UsageError, match="this is no git repository"):
        opened(bare)


def test_a_folder_without_a_repository_is_an_error(repository: support.Repository) -> None:
    with pytest.raises(UsageError, match="this is no git repository"):
        opened(repository.top.parent)


def test_the_configuration_is_that_of_the_top(repository: support.Repository) -> None:
    repository.write(".tokenguard.toml", 'exclude = ["fixtures/"]\n')
    repository.write("src/.tokenguard.toml", 'exclude = ["*.py"]\n')
    for folder in (repository.top, repository.top / "src"):
        there = opened(folder)
        assert there.excludes(Lineage(paths=("fixtures/a.py",)))
        assert not there.excludes(Lineage(paths=("src/a.py",)))
    assert not opened(repository.top, use_config=False).excludes(Lineage(paths=("fixtures/a.py",)))


@pytest.mark.parametrize(
    ("paths", "is_left_out"),
    [
        ((), False),
        (("fixtures/a",), True),
        (("src/a",), False),
        (("fixtures/a", "fixtures/b"), True),
        (("fixtures/a", "src/a"), False),
        (("src/a", "fixtures/a"), False),
    ],
)
def test_what_had_another_path_is_not_left_out(
    repository: support.Repository, paths: tuple[str, ...], is_left_out: bool
) -> None:
    repository.write(".tokenguard.toml", 'exclude = ["fixtures/"]\n')
    assert opened(repository.top).excludes(Lineage(paths=paths)) is is_left_out


def test_only_a_commit_that_is_there_is_a_commit(repository: support.Repository) -> None:
    repository.stage("a", "a\n")
    repository.commit()
    repository.git("tag", "--annotate", "-m", "a tag", "v1")
    there = opened(repository.top)
    assert {there.revision(revision) for revision in ("HEAD", "main", repository.head)} == {repository.head}
    assert there.revision("v1") == repository.git("rev-parse", "v1").stdout.decode().strip()
    others = ("", "none", "1" * 40, "HEAD:a", "HEAD^{tree}", "--all", "--help", "HEAD..main", "HEAD\nmain")
    assert [revision for revision in others if there.revision(revision)] == []


def add_submodule(repository: support.Repository, name: str, inside: Path | None = None) -> Path:
    """Puts the git folder of a submodule where git keeps those that were checked out."""
    folder = (inside or repository.top / ".git") / "modules" / name
    repository.git("init", "--quiet", "--bare", str(folder))
    return folder


def submodules(repository: support.Repository) -> list[tuple[str, str]]:
    """Their git folders below the repository's, and what their objects are called."""
    return [
        (
            str(git_folder(inner, repository.top).relative_to(repository.top / ".git" / "modules")),
            inner.origin("a").path,
        )
        for inner in opened(repository.top).submodules()
        if isinstance(inner, Repository)
    ]


def test_a_repository_without_submodules_has_none(repository: support.Repository) -> None:
    assert submodules(repository) == []


def test_submodules_are_found_by_their_names(repository: support.Repository) -> None:
    for name in ("one", "libs/two", "libs/deep er/three", "é"):
        add_submodule(repository, name)
    assert submodules(repository) == [
        ("libs/deep er/three", "libs/deep er/three/a"),
        ("libs/two", "libs/two/a"),
        ("one", "one/a"),
        ("é", "é/a"),
    ]


def test_submodules_of_submodules_are_found(repository: support.Repository) -> None:
    inner = add_submodule(repository, "libs/outer")
    innermost = add_submodule(repository, "in/ner", inner)
    add_submodule(repository, "most", innermost)
    assert [name for _, name in submodules(repository)] == [
        "libs/outer/a",
        "libs/outer/in/ner/a",
        "libs/outer/in/ner/most/a",
    ]


def test_what_is_no_git_folder_is_no_submodule(repository: support.Repository) -> None:
    modules = repository.top / ".git" / "modules"
    (modules / "empty" / "deep").mkdir(parents=True)
    (modules / "file").write_text("")
    (modules / "dangling").symlink_to("nowhere")
    add_submodule(repository, "one")
    assert [name for _, name in submodules(repository)] == ["one/a"]


@pytest.mark.parametrize("link", ["modules", "modules/linked", "modules/folder/linked"])
@pytest.mark.parametrize("to", ["elsewhere", "elsewhere/one"])
def test_a_link_to_somebody_elses_repository_is_not_followed(
    repository: support.Repository, link: str, to: str
) -> None:
    repository.git("init", "--quiet", "--bare", "../elsewhere/one")
    place = repository.top / ".git" / link
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(repository.top.parent / to)
    assert list(opened(repository.top).submodules()) == []


def test_a_loop_of_links_comes_to_an_end(repository: support.Repository) -> None:
    add_submodule(repository, "one")
    (repository.top / ".git" / "modules" / "loop").symlink_to(".")
    assert [name for _, name in submodules(repository)] == ["one/a"]


def test_the_configuration_of_the_outer_one_holds_for_submodules(repository: support.Repository) -> None:
    repository.write(".tokenguard.toml", 'exclude = ["libs/one/fixtures/"]\n')
    add_submodule(repository, "libs/one")
    (inner,) = opened(repository.top).submodules()
    assert isinstance(inner, Repository)
    assert inner.excludes(Lineage(paths=("fixtures/a",)))
    assert not inner.excludes(Lineage(paths=("libs/one/fixtures/a",)))
    assert not opened(repository.top).excludes(Lineage(paths=("fixtures/a",)))


def test_an_origin_has_its_path_and_its_lineage(repository: support.Repository) -> None:
    lineage = Lineage(commit="1" * 40)
    assert opened(repository.top).origin("src/a", lineage) == Origin("src/a", lineage)
    assert opened(repository.top).origin("object 1").lineage is None


def test_nothing_is_missing_where_nothing_was_said(repository: support.Repository) -> None:
    assert list(opened(repository.top).gaps([])) == []
    assert list(opened(repository.top).gaps(["warning: it is Friday", ""])) == []


def test_missing_objects_are_one_gap_with_some_of_their_names(repository: support.Repository) -> None:
    names = [str(number) * 40 for number in range(1, 6)]
    there = opened(repository.top)
    (few,) = there.gaps([f"?{name}" for name in names[:3]])
    assert few.origin.path == "history"
    assert few.reason.startswith(f"3 objects are not here ({', '.join(names[:3])});")
    (many,) = there.gaps([f"?{name}" for name in names])
    assert many.reason.startswith(f"5 objects are not here ({', '.join(names[:3])}, …);")


def test_why_a_walk_ended_is_said_once(repository: support.Repository) -> None:
    lines = ["error: no", "fatal: bad object HEAD", "error: no", "?" + "1" * 40, "hint: try"]
    assert [gap.reason for gap in opened(repository.top).gaps(lines)][1:] == [
        "error: no",
        "fatal: bad object HEAD",
    ]


def test_a_whole_clone_has_no_edge(repository: support.Repository) -> None:
    repository.commit()
    assert opened(repository.top).edge() == set()


def test_a_shallow_clone_has_an_edge(repository: support.Repository) -> None:
    for _ in range(3):
        repository.commit()
    origin = f"file://{repository.top}"
    repository.git("clone", "--quiet", "--depth=2", origin, "../shallow")
    shallow = opened(repository.top.parent / "shallow")
    expected = repository.git("rev-parse", "HEAD^").stdout.split()
    assert shallow.edge() == set(expected)
    assert "git fetch --unshallow" in shallow.cut_off().reason


def test_a_linked_work_tree_of_a_shallow_clone_has_it_too(repository: support.Repository) -> None:
    for _ in range(2):
        repository.commit()
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.top}", "../shallow")
    shallow = repository.top.parent / "shallow"
    repository.git("-C", str(shallow), "worktree", "add", "--quiet", "../linked")
    assert opened(repository.top.parent / "linked").edge() == {repository.head.encode()}


def lose(repository: support.Repository, revision: str) -> bytes:
    """Takes the object away that `revision` stands for; gives its name."""
    name = repository.git("rev-parse", "--verify", revision).stdout.decode().strip()
    (repository.top / ".git" / "objects" / name[:2] / name[2:]).unlink()
    return name.encode()


def walked(repository: support.Repository, known: frozenset[bytes] = frozenset()) -> list[str]:
    """What is missing."""
    with opened(repository.top).walk(known) as gaps:
        return [gap.reason for gap in gaps()]


def test_the_tips_are_what_refs_point_to(repository: support.Repository) -> None:
    assert opened(repository.top).tips() == set()
    repository.commit()
    first = repository.head
    repository.git("tag", "--annotate", "-m", "a tag", "v1")
    repository.commit()
    tag = repository.git("rev-parse", "v1").stdout.strip()
    assert opened(repository.top).tips() == {repository.head.encode(), tag}
    repository.git("switch", "--quiet", "--detach", first)
    assert opened(repository.top).tips() == {repository.git("rev-parse", "main").stdout.strip(), tag}


def test_nothing_is_missing_from_what_is_whole(repository: support.Repository) -> None:
    assert walked(repository) == []
    repository.stage("a", "a\n")
    assert walked(repository) == []
    repository.commit()
    assert walked(repository) == []
    assert walked(repository, opened(repository.top).tips()) == []


@pytest.mark.parametrize("revision", ["HEAD^:a", "HEAD^:folder", "HEAD^:folder/b", ":staged"])
def test_what_is_missing_from_a_history_is_told(repository: support.Repository, revision: str) -> None:
    repository.stage("a", "a\n")
    repository.stage("folder/b", "b\n")
    repository.commit()
    repository.git("rm", "--quiet", "-r", ".")
    repository.commit()
    repository.stage("staged", "staged\n")
    name = lose(repository, revision)
    (reason,) = walked(repository)
    assert reason.startswith(f"1 object is not here ({name.decode()})")


@pytest.mark.parametrize("revision", ["HEAD^", "side", "HEAD", "v1", "HEAD^{tree}"])
def test_a_commit_or_a_tag_that_is_missing_is_told(repository: support.Repository, revision: str) -> None:
    repository.stage("a", "a\n")
    repository.commit()
    repository.git("branch", "side")
    repository.git("tag", "--annotate", "-m", "a tag", "v1")
    for name in ("b", "c"):
        repository.stage(name, name)
        repository.commit()
    repository.git(
        "branch",
        "--force",
        "side",
        repository.git("commit-tree", "-m", "x", "HEAD^{tree}").stdout.decode().strip(),
    )
    lose(repository, revision)
    assert walked(repository) != []


def test_what_is_known_to_be_whole_is_not_walked_again(repository: support.Repository) -> None:
    repository.stage("a", "a\n")
    repository.commit()
    known = opened(repository.top).tips()
    repository.stage("b", "b\n")
    repository.commit()
    lose(repository, "HEAD^:a")
    assert walked(repository, known) == []
    lose(repository, "HEAD:b")
    assert len(walked(repository, known)) == 1


def test_more_tips_than_a_pipe_holds_are_told_git(repository: support.Repository) -> None:
    repository.commit()
    orders = "".join(f"commit refs/heads/{n}\ncommitter a <a@b> {n} +0000\ndata 0\n" for n in range(1, 3000))
    subprocess.run(
        ["git", "fast-import", "--quiet"],
        input=orders.encode(),
        cwd=repository.top,
        env=repository.environment,
        check=True,
        timeout=120,
    )
    tips = opened(repository.top).tips()
    assert len(tips) > 2000
    assert walked(repository, tips) == []
