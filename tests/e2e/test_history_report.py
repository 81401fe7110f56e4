"""What is allowed in a history, and what people are told of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.past import AUTHOR, DAY, blob, commit, found, history, leak, take_out, text
from tests.support.credentials import fingerprint

if TYPE_CHECKING:
    from tests.e2e.machine import Machine
    from tests.support.repository import Repository

pytestmark = pytest.mark.unmeasured


def test_an_object_is_left_out_where_all_its_paths_are(machine: Machine, repository: Repository) -> None:
    both, excluded = machine.token(1), machine.token(2)
    leak(repository, both, "vendor/one.py")
    repository.git("mv", "vendor/one.py", "one.py")
    commit(repository)
    leak(repository, excluded, "vendor/two.py")
    repository.git("mv", "vendor/two.py", "vendor/three.py")
    commit(repository)
    repository.write(".tokenguard.toml", 'exclude = ["vendor/"]\n')
    for _ in range(2):
        scan = history(machine, repository)
        assert found(scan, {"both": both, "excluded": excluded}) == {"both"}
        assert scan.document["summary"]["excluded"] == 1
    assert len(history(machine, repository, "--no-config").findings) == 2


def test_a_path_that_the_index_alone_has_counts(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    repository.stage("a/leak.py", token)
    repository.stage("b/leak.py", token)
    repository.write(".tokenguard.toml", 'exclude = ["a/"]\n')
    assert history(machine, repository).status == 1
    repository.git("rm", "--quiet", "--cached", "b/leak.py")
    repository.git("add", ".tokenguard.toml")
    commit(repository)
    assert history(machine, repository).status == 0
    repository.git("add", "b/leak.py")
    assert history(machine, repository).status == 1


def test_no_pattern_leaves_a_dangling_object_out(machine: Machine, repository: Repository) -> None:
    commit(repository)
    blob(repository, machine.token())
    commit(repository, machine.token(1))
    repository.write(".tokenguard.toml", 'exclude = ["object*", "message*", "fields*"]\n')
    assert len(history(machine, repository).findings) == 2


def test_an_allowed_fingerprint_is_allowed_in_all_versions(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    leak(repository, token)
    take_out(repository, "leak.py")
    leak(repository, f"{token}  ", "again.py")
    commit(repository, token)
    repository.write(".tokenguard.toml", f'allow = ["{fingerprint(token)}"]\n')
    for _ in range(2):
        scan = history(machine, repository)
        assert (scan.status, scan.document["summary"]["allowed"]) == (0, 3)
    assert history(machine, repository, "--no-config").status == 1


def test_a_pragma_holds_in_the_version_that_has_it(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    repository.stage("leak.py", f"{token}  # pragma: allowlist secret\n")
    commit(repository)
    for _ in range(2):
        scan = history(machine, repository)
        assert (scan.status, scan.document["summary"]["allowed"]) == (0, 1)
    leak(repository, token)
    for _ in range(2):
        scan = history(machine, repository)
        assert (scan.status, len(scan.findings), scan.document["summary"]["allowed"]) == (1, 1, 1)


# The report for people.


def report(machine: Machine, repository: Repository) -> tuple[list[str], str]:
    """The lines on standard output, and the last one of the talk."""
    result = machine.run("tokenguard", "scan", "--history", cwd=repository.top)
    return result.out.splitlines(), result.talk.splitlines()[-1]


def test_one_entry_stands_for_all_versions_of_a_file(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    first = leak(repository, token)
    for version in range(1, 4):
        repository.stage("leak.py", f"\n# {version}\n{token}\n")
        commit(repository, "edit", 1_600_000_000 + version * DAY)
    lines, summary = report(machine, repository)
    assert lines == [
        f"leak.py:1:1: user-access-token hf_…{token[-4:]}",
        f"  commit {first[:12]} by {AUTHOR} on 2020-09-13; in 4 versions",
    ]
    assert summary.startswith("1 leaked credential in 4 places (scanned ")


def test_two_tokens_in_a_file_are_two_entries(machine: Machine, repository: Repository) -> None:
    repository.stage("leak.py", f"{machine.token(1)}\n{machine.token(2)}\n")
    commit(repository)
    leak(repository, machine.token(1), "other.py")
    lines, summary = report(machine, repository)
    assert len(lines) == 6
    assert summary.startswith("2 leaked credentials in 3 places (scanned ")


def test_a_token_twice_in_one_version_is_no_second_version(machine: Machine, repository: Repository) -> None:
    token = machine.token()
    repository.stage("leak.py", f"{token}\n{token}\n")
    commit(repository)
    lines, summary = report(machine, repository)
    assert "versions" not in "".join(lines)
    assert summary.startswith("1 leaked credential in 2 places")


def test_what_became_of_a_token_is_said(machine: Machine, repository: Repository) -> None:
    commit(repository)
    leak(repository, machine.token())
    lines, _ = report(machine, repository)
    assert "leads to it" not in lines[1]
    assert "pushed" not in lines[1]
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    lines, _ = report(machine, repository)
    assert lines[1].endswith("; pushed")
    repository.git("update-ref", "-d", "refs/remotes/origin/main")
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    lines, _ = report(machine, repository)
    assert lines[1].endswith("; nothing leads to it any more")


def test_a_stash_below_the_top_is_something_that_leads_to_it(machine: Machine, repository: Repository) -> None:
    commit(repository)
    for content in (machine.token(), "clean"):
        repository.stage("stash.py", content)
        repository.git("stash", "--quiet")
    lines, _ = report(machine, repository)
    assert "nothing leads to it" not in lines[1]


def test_a_clean_history_says_what_was_read(machine: Machine, repository: Repository) -> None:
    repository.stage("app.py", "12345")
    commit(repository)
    _, summary = report(machine, repository)
    size = 5 + int(text(repository, "cat-file", "-s", "HEAD"))
    assert summary == f"no leaked credentials (scanned 2 objects, {size} bytes)"
    _, summary = report(machine, repository)
    assert "2 objects known to be clean from before" in summary
