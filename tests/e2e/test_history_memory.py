"""What was read and had nothing in it is not read again; and nothing can be hidden that way."""

from __future__ import annotations

import hmac
import os
import stat
from typing import TYPE_CHECKING

import pytest

from tests.e2e import past
from tests.e2e.past import blob, commit, found, history, leak, loose, take_out, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.machine import Machine, Scan
    from tests.support.repository import Repository


pytestmark = pytest.mark.unmeasured


def memory(repository: Repository) -> Path:
    return repository.top / ".git" / "tokenguard-history"


def tally(scan: Scan) -> tuple[int, int]:
    """How many objects were read, and how many were not since they were before."""
    summary = scan.document["summary"]
    return summary["blobs"], summary["remembered"]


@pytest.fixture
def leaky(machine: Machine, repository: Repository) -> Repository:
    """A repository with one object that has a token, and seven that have none."""
    for number in range(3):
        repository.stage(f"{number}.py", f"clean {number}\n")
        commit(repository)
    leak(repository, machine.token())
    return repository


@pytest.fixture(params=["sha1", "sha256"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_second_time_only_what_is_new_is_read(machine: Machine, form: str) -> None:
    repository = machine.repository("repository", f"--object-format={form}")
    tokens = {"old": machine.token(1), "new": machine.token(2)}
    repository.stage("app.py", "clean\n")
    leak(repository, tokens["old"])
    first = history(machine, repository)
    assert (tally(first), first.paths) == ((3, 0), ["leak.py"])
    second = history(machine, repository)
    assert tally(second) == (1, 2)
    assert second.findings == first.findings
    repository.stage("more.py", "clean too\n")
    leak(repository, tokens["new"], "new.py")
    third = history(machine, repository)
    assert tally(third) == (4, 2)
    assert found(third, tokens) == {"old", "new"}
    assert tally(history(machine, repository)) == (2, 4)


def test_fresh_reads_everything(machine: Machine, leaky: Repository) -> None:
    history(machine, leaky)
    assert tally(history(machine, leaky, "--fresh")) == (8, 0)
    assert tally(history(machine, leaky)) == (1, 7)


def rewrite(repository: Repository) -> None:
    repository.git("commit", "--quiet", "--amend", "-m", "another message", "--date", "1600000001 +0000")


def rewrite_all(repository: Repository) -> None:
    repository.git("filter-branch", "--msg-filter", "cat; echo more", FILTER_BRANCH_SQUELCH_WARNING="1")


def forget_and_prune(repository: Repository) -> None:
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "--quiet", "--prune=now")


@pytest.mark.parametrize(
    "change",
    [
        lambda repository: repository.git("gc", "--quiet"),
        past.pack_everything,
        rewrite,
        rewrite_all,
        forget_and_prune,
    ],
    ids=["gc", "repack", "amend", "filter-branch", "prune"],
)
def test_a_token_is_found_every_time(
    machine: Machine, leaky: Repository, change: Callable[[Repository], object]
) -> None:
    history(machine, leaky)
    change(leaky)
    for _ in range(2):
        scan = history(machine, leaky)
        assert (scan.status, scan.paths) == (1, ["leak.py"])
        assert tally(scan)[1] >= 6


def test_what_a_rewritten_branch_brings_is_read(machine: Machine, repository: Repository) -> None:
    tokens = {"old": machine.token(1), "new": machine.token(2)}
    commit(repository)
    leak(repository, tokens["old"])
    clone = past.clone(machine, repository, "clone")
    history(machine, clone)
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    leak(repository, tokens["new"], "other.py")
    clone.git("fetch", "--quiet", "--force", "origin")
    scan = history(machine, clone)
    assert found(scan, tokens) == {"old", "new"}
    assert tally(scan)[1] == 2


def test_what_is_gone_is_forgotten(machine: Machine, leaky: Repository) -> None:
    extra = blob(leaky, "extra")
    history(machine, leaky)
    before = memory(leaky).stat().st_size
    loose(leaky, extra).unlink()
    history(machine, leaky)
    assert memory(leaky).stat().st_size == before - 20
    blob(leaky, "extra")
    assert tally(history(machine, leaky)) == (2, 7)


def test_where_every_object_has_a_token_there_is_nothing_to_remember(
    machine: Machine, repository: Repository
) -> None:
    blob(repository, machine.token())
    for _ in range(2):
        assert history(machine, repository).status == 1


def test_the_memory_is_for_its_owner_alone(machine: Machine, leaky: Repository) -> None:
    history(machine, leaky)
    (key,) = (machine.home / "tokenguard").glob("history.key")
    for path in (memory(leaky), key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(key.read_bytes()) == 32


def test_it_belongs_to_the_repository_and_not_to_a_worktree(machine: Machine, leaky: Repository) -> None:
    leaky.git("worktree", "add", "--quiet", "../linked")
    history(machine, leaky)
    scan = machine.scan("--history", "linked")
    assert tally(scan)[1] >= 7
    assert not list((machine.folder / "linked").glob("**/tokenguard-history"))


# No memory but our own is believed.


def forged(machine: Machine, repository: Repository) -> bytes:
    """A memory that says of every object that it is clean, with a mark of somebody else's key."""
    own = machine.environment["TOKENGUARD_HOME"]
    machine.environment["TOKENGUARD_HOME"] = str(machine.home / "somebody else")
    history(machine, repository)
    key = (machine.home / "somebody else" / "history.key").read_bytes()
    machine.environment["TOKENGUARD_HOME"] = own
    header = memory(repository).read_bytes().partition(b"\n")[0]
    listing = text(repository, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
    content = header + b"\n" + b"".join(map(bytes.fromhex, sorted(listing.split())))
    data = content + hmac.digest(key, content, "sha256")
    machine.environment["TOKENGUARD_HOME"] = str(machine.home / "somebody else")
    memory(repository).write_bytes(data)
    assert history(machine, repository).status == 0, "the forgery does not work"
    machine.environment["TOKENGUARD_HOME"] = own
    return data


def changed(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def harm(path: Path) -> None:
        path.write_bytes(change(path.read_bytes()))

    return harm


def replaced(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def harm(path: Path) -> None:
        path.unlink()
        make(path)

    return harm


def enlarge(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(1 << 40)


def link(path: Path) -> None:
    moved = path.with_name("moved")
    path.rename(moved)
    path.symlink_to(moved)


# All else that can be done to it, tests/unit/sources/test_memory.py does.
HARM: dict[str, Callable[[Path], None]] = {
    "one bit": changed(lambda data: data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]),
    "more names": changed(lambda data: data[:-32] + b"\1" * 20 + data[-32:]),
    "huge": enlarge,
    "a folder with something in it": replaced(lambda path: (path / "x").mkdir(parents=True)),
    "a link": link,
}


@pytest.mark.parametrize("harm", HARM.values(), ids=HARM.keys())
def test_a_memory_that_is_not_as_we_left_it_is_not_believed(
    machine: Machine, leaky: Repository, harm: Callable[[Path], None]
) -> None:
    history(machine, leaky)
    harm(memory(leaky))
    scan = history(machine, leaky)
    assert (scan.status, scan.paths, scan.unreadable) == (1, ["leak.py"], {})
    assert tally(scan) == (8, 0)
    assert scan.talk.count("\n") == 4  # the advice and the summary
    again = history(machine, leaky)
    assert (again.status, again.paths) == (1, ["leak.py"])


def test_a_link_in_its_place_is_replaced_and_what_it_leads_to_stays(machine: Machine, leaky: Repository) -> None:
    precious = machine.write("precious", "precious")
    memory(leaky).symlink_to(precious)
    history(machine, leaky)
    assert precious.read_text() == "precious"
    assert not memory(leaky).is_symlink()
    assert tally(history(machine, leaky)) == (1, 7)


def test_the_memory_of_somebody_else_is_not_believed(machine: Machine, leaky: Repository) -> None:
    memory(leaky).write_bytes(forged(machine, leaky))
    scan = history(machine, leaky)
    assert (scan.status, tally(scan)) == (1, (8, 0))


def test_with_another_key_it_is_made_anew(machine: Machine, leaky: Repository) -> None:
    history(machine, leaky)
    for key in (b"", b"short", b"x" * 32):
        (machine.home / "tokenguard" / "history.key").write_bytes(key)
        assert tally(history(machine, leaky)) == (8, 0)
        assert tally(history(machine, leaky)) == (1, 7)


def test_a_key_that_is_no_file_is_never_an_error(machine: Machine, leaky: Repository) -> None:
    history(machine, leaky)
    replaced(os.mkfifo)(machine.home / "tokenguard" / "history.key")
    scan = history(machine, leaky)
    assert (scan.status, scan.paths, tally(scan)) == (1, ["leak.py"], (8, 0))


def test_a_home_that_cannot_be_written_is_no_error(machine: Machine, leaky: Repository) -> None:
    home = machine.home / "tokenguard"
    home.write_text("in the way")
    machine.environment["TOKENGUARD_HOME"] = str(home / "below")
    for _ in range(2):
        scan = history(machine, leaky)
        assert (scan.status, tally(scan)) == (1, (8, 0))
    assert not memory(leaky).exists()


def test_a_repository_that_is_only_read_from_is_scanned_to_the_end(machine: Machine, leaky: Repository) -> None:
    """Nobody can write there but root, and root cannot write to a folder that stands where the file would."""
    memory(leaky).mkdir()
    folder = leaky.top / ".git"
    folder.chmod(0o555)
    try:
        scan = history(machine, leaky)
        assert (scan.status, scan.paths) == (1, ["leak.py"])
        assert {path.name for path in folder.iterdir() if "tokenguard" in path.name} == {"tokenguard-history"}
    finally:
        folder.chmod(0o755)


@pytest.mark.parametrize("packed", [False, True])
def test_what_could_not_be_read_is_not_remembered_as_clean(
    machine: Machine, leaky: Repository, packed: bool
) -> None:
    tokens = {"damaged": machine.token(7)}
    content = os.urandom(2000) + b"\n" + tokens["damaged"].encode()
    name = blob(leaky, content)
    file = past.pack_everything(leaky) if packed else loose(leaky, name)
    good = file.read_bytes()
    at = good.rfind(content[-30:-20]) if packed else len(good) - 200
    at = at if at > 0 else len(good) - 400
    file.write_bytes(good[:at] + b"\xff" * 100 + good[at + 100 :])
    damaged = history(machine, leaky)
    assert damaged.status == 3
    file.write_bytes(good)
    mended = history(machine, leaky)
    assert (mended.status, found(mended, tokens)) == (1, {"damaged"})


def test_what_was_there_the_first_time_and_is_gone_is_missed(machine: Machine, leaky: Repository) -> None:
    """An older tree alone is not: what it leads to is read all the same, or is missed itself."""
    assert history(machine, leaky).status == 1
    remembered = memory(leaky).read_bytes()
    for what in ("HEAD~1:2.py", "HEAD:leak.py", "HEAD~1", "HEAD", "HEAD^{tree}"):
        file = loose(leaky, text(leaky, "rev-parse", what))
        moved = file.rename(leaky.top / "moved")
        for _ in range(2):
            scan = history(machine, leaky)
            assert scan.status == 3, (what, scan.talk)
        moved.rename(file)
        memory(leaky).write_bytes(remembered)


def test_a_branch_that_comes_later_and_leads_nowhere_is_missed(machine: Machine, leaky: Repository) -> None:
    history(machine, leaky)
    lost = leaky.stage("lost.py", "lost")
    commit(leaky)
    loose(leaky, text(leaky, "rev-parse", "HEAD:lost.py")).unlink()
    lost.unlink()
    leaky.git("branch", "later")
    leaky.git("reset", "--quiet", "--hard", "HEAD~1")
    for _ in range(2):
        assert history(machine, leaky).status == 3


def test_a_submodule_remembers_for_itself(machine: Machine, repository: Repository) -> None:
    library = machine.repository("library")
    leak(library, machine.token())
    take_out(library, "leak.py")
    past.add_submodule(repository, library.top, "library")
    first = history(machine, repository, "--recurse-submodules")
    second = history(machine, repository, "--recurse-submodules")
    assert first.findings == second.findings
    assert tally(second) == (1, tally(first)[0] - 1)
