"""Every object is a suspect, a failure, or read and clean; how its bytes arrive changes nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.credentials import user_token
from tokenguard import workers
from tokenguard.core.detect import detect
from tokenguard.sources import objects
from tokenguard.sources.git import Git, GitError
from tokenguard.sources.objects import CORRUPT, list_objects, resolve, sift_objects
from tokenguard.sources.prefilter import by_expressions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.repository import Repository
    from tokenguard.sources.gitdelivery import Delivery

TOKEN = user_token().encode()
MAY_HOLD = by_expressions()
# A header has to fit: `<name> commit <size>` and a newline.
SMALLEST = 60


class Item(NamedTuple):
    """An object; `content` None where git does not have it."""

    kind: bytes
    content: bytes | None

    @property
    def is_text(self) -> bool:
        return self.content is not None and self.kind != b"tree"

    def printed(self, name: bytes) -> bytes:
        """What git prints of it."""
        if self.content is None:
            return name + b" missing\n"
        return b"%b %b %d\n%b\n" % (name, self.kind, len(self.content), self.content)


class Arriving:
    """A Delivery of `data`, of which `pieces` arrive at a time, again and again."""

    def __init__(self, data: bytes, pieces: Sequence[int]) -> None:
        self._data = data
        self._pieces = pieces
        self._at = self._reads = 0

    def __enter__(self) -> Arriving:  # noqa: PYI034 -- nothing derives from it
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def read(self, most: int) -> bytes:
        piece = min(most, self._pieces[self._reads % len(self._pieces)])
        part = self._data[self._at : self._at + piece]
        self._reads += 1
        self._at += len(part)
        return part

    def read_all(self) -> bytes:
        return self._data

    def readinto(self, view: memoryview) -> int:
        part = self.read(len(view))
        view[: len(part)] = part
        return len(part)


class Store:
    """A git that has `items`; at those in `corrupt` it ends, after so many bytes of what it was to print."""

    def __init__(self, items: Sequence[Item], pieces: Sequence[int], corrupt: dict[int, int]) -> None:
        self.names = [b"%040x" % index for index in range(len(items))]
        self._items = items
        self._pieces = pieces
        self._corrupt = corrupt
        self.started: list[int] = []

    def deliver(self, names: Sequence[bytes]) -> Arriving:
        first = int(names[0], 16)
        self.started.append(first)
        data = b""
        for index in range(first, first + len(names)):
            printed = self._items[index].printed(self.names[index])
            if index in self._corrupt:
                data += printed[: self._corrupt[index] % len(printed)]
                break
            data += printed
        return Arriving(data, self._pieces)

    def unpack(self, names: Sequence[bytes], into: int, most: int) -> int:
        """As git does it, which may end in the middle, for want of room or at a corrupt object."""
        delivery = self.deliver(names)
        self.started.pop()
        data = delivery.read_all()[:most]
        os.pwrite(into, data, 0)
        return len(data)

    def sift(self, jobs: int = 1, room: int | None = None) -> objects.Sifted:
        """Through a pipe, or first through a file in memory of `room` bytes."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(objects, "_FEW_OBJECTS", 1 << 30 if room is None else 0)
            patch.setattr(objects, "_SCRATCH", room or 0)
            return sift_objects(cast("Git", self), self.names, jobs=jobs, deep=False)


pieces_of_content = st.sampled_from(
    [
        TOKEN,
        b"\n" + TOKEN,
        TOKEN[:20],
        b"hf_",
        b"HFAK",
        b"\n",
        b"\0",
        b" ",
        b"a" * 40 + b" blob 5\n",
        b"x missing\n",
    ]
)
contents = st.lists(st.one_of(pieces_of_content, st.binary(max_size=30)), max_size=8).map(b"".join)
long_contents = st.builds(lambda content, times: content * times, contents, st.integers(1, 30))
items = st.builds(
    Item,
    st.sampled_from([b"blob", b"blob", b"commit", b"tag", b"tree"]),
    st.one_of(contents, long_contents, st.none()),
)
many = st.lists(items, max_size=12)
arrivals = st.lists(st.integers(1, 300), min_size=1, max_size=5)
buffers = st.one_of(st.integers(SMALLEST, 400), st.just(4096))


def stretch_over(data: bytes, pieces: Sequence[int], buffer: int, first: int = 0) -> objects._Stretch:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objects, "_BUFFER", buffer)
        stretch = objects._Stretch(first, MAY_HOLD, deep=False)
        stretch.sift(cast("Delivery", Arriving(data, pieces)))
    return stretch


def expected(some: Sequence[Item], first: int = 0) -> tuple[list[int], list[int], int, int]:
    """Suspects, missing ones, objects and bytes, as one would tell them with all objects in memory."""
    texts = [(index, item.content or b"") for index, item in enumerate(some, first) if item.is_text]
    return (
        [index for index, content in texts if detect(content)],
        [index for index, item in enumerate(some, first) if item.content is None],
        len(texts),
        sum(len(content) for _, content in texts),
    )


def told(stretch: objects._Stretch) -> tuple[list[int], list[int], int, int]:
    return stretch.suspects, stretch.missing, stretch.read, stretch.bytes


@settings(max_examples=100, deadline=None)
@given(many, arrivals, buffers, st.integers(0, 10_000))
def test_however_they_arrive_every_object_is_judged_for_itself(
    some: list[Item], pieces: list[int], buffer: int, first: int
) -> None:
    data = b"".join(item.printed(b"%040x" % index) for index, item in enumerate(some, first))
    stretch = stretch_over(data, pieces, buffer, first)
    assert told(stretch) == expected(some, first)
    assert stretch.next == first + len(some)


@settings(max_examples=100, deadline=None)
@given(many, arrivals, buffers, st.integers(0, 10_000))
def test_wherever_git_ends_what_came_before_was_read(
    some: list[Item], pieces: list[int], buffer: int, cut: int
) -> None:
    printed = [item.printed(b"%040x" % index) for index, item in enumerate(some)]
    data = b"".join(printed)
    data = data[: cut % (len(data) + 1)]
    whole = 0
    while whole < len(printed) and sum(map(len, printed[: whole + 1])) <= len(data):
        whole += 1
    stretch = stretch_over(data, pieces, buffer)
    assert stretch.next == whole
    suspects, *others = told(stretch)
    # What is large is searched as it arrives, so that the one at which git ended may be among them.
    assert ([index for index in suspects if index < whole], *others) == expected(some[:whole])
    assert max(suspects, default=0) <= whole


@pytest.mark.unmeasured
@pytest.mark.parametrize("size", range(0, SMALLEST, 4))
def test_one_that_just_fits_into_the_buffer_or_just_not_is_read_once(size: int) -> None:
    """Buffers of every size against headers and contents: where one ends in the other takes every value."""
    some = [
        Item(b"blob", TOKEN + b"." * size),
        Item(b"blob", b"." * size),
        Item(b"tree", TOKEN),
        Item(b"tag", TOKEN),
    ]
    data = b"".join(item.printed(b"%040x" % index) for index, item in enumerate(some))
    wanted = expected(some)
    for buffer in range(SMALLEST, 240):
        assert told(stretch_over(data, [10_000], buffer)) == wanted


def test_a_credential_at_the_end_of_one_object_is_not_the_next_ones() -> None:
    some = [Item(b"blob", b"hf_"), Item(b"blob", TOKEN[3:]), Item(b"blob", b"x" + TOKEN), Item(b"blob", TOKEN)]
    data = b"".join(item.printed(b"%040x" % index) for index, item in enumerate(some))
    assert stretch_over(data, [10_000], 4096).suspects == [3]


def test_a_name_in_a_tree_makes_no_suspect_of_its_neighbours() -> None:
    some = [Item(b"blob", b"clean"), Item(b"tree", TOKEN), Item(b"tree", TOKEN), Item(b"blob", TOKEN)]
    data = b"".join(item.printed(b"%040x" % index) for index, item in enumerate(some))
    assert told(stretch_over(data, [10_000], 4096)) == ([3], [], 2, 5 + len(TOKEN))


@settings(max_examples=100, deadline=None)
@given(
    many,
    arrivals,
    buffers,
    st.dictionaries(st.integers(0, 11), st.integers(0, 10_000), max_size=6),
    st.one_of(st.none(), st.integers(0, 3000), st.just(1 << 20)),
)
def test_a_corrupt_object_is_named_and_all_the_others_are_read(
    some: list[Item], pieces: list[int], buffer: int, corrupt: dict[int, int], room: int | None
) -> None:
    store = Store(some, pieces, corrupt)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objects, "_BUFFER", buffer)
        sifted = store.sift(room=room)
    there = [index for index in range(len(some)) if index not in corrupt]
    intact = [item if index in there else Item(b"tree", b"") for index, item in enumerate(some)]
    suspects, missing, read, size = expected(intact)
    broken = {store.names[index].decode() for index in corrupt if index < len(some)}
    assert [name for name in sifted.suspects if name not in broken] == [
        store.names[index].decode() for index in suspects
    ]
    assert {name for name, reason in sifted.failures if reason == CORRUPT} == broken
    assert [name for name, reason in sifted.failures if reason != CORRUPT] == [
        store.names[index].decode() for index in missing
    ]
    assert (sifted.read, sifted.bytes) == (read, size)


@pytest.mark.parametrize("room", [None, 50, 1 << 20])
@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_the_number_of_processes_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, jobs: int, room: int | None
) -> None:
    monkeypatch.setattr(objects, "_FEWEST_OBJECTS", 7)
    some = [Item(b"blob", TOKEN if number % 17 == 3 else b"hf_ nothing") for number in range(300)]
    some[40] = some[290] = Item(b"blob", None)
    store = Store(some, [1000], {60: 5, 61: 70})
    sifted = store.sift(jobs, room)
    left_out = (40, 60, 61, 290)
    assert sifted.suspects == [name.decode() for name in store.names[3::17] if int(name, 16) not in left_out]
    assert [(int(name, 16), "corrupt" in reason) for name, reason in sifted.failures] == [
        (40, False),
        (60, True),
        (61, True),
        (290, False),
    ]
    assert sifted.read == 296
    assert sifted.bytes == sum(
        len(item.content or b"") for index, item in enumerate(some) if index not in left_out
    )


def test_where_too_many_are_corrupt_the_rest_is_given_up_and_named() -> None:
    some = [Item(b"blob", b"clean")] * 100
    store = Store(some, [1000], dict.fromkeys(range(10, 90), 0))
    sifted = store.sift()
    assert sifted.read == 10
    assert [name for name, _ in sifted.failures] == [name.decode() for name in store.names[10:]]
    assert len(store.started) == objects._MOST_FAILURES


def test_a_process_that_dies_has_read_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    here = os.getpid()
    monkeypatch.setattr(objects, "_FEWEST_OBJECTS", 1)
    store = Store([Item(b"blob", TOKEN)] * 40, [1000], {})
    deliver = store.deliver

    def dying(names: Sequence[bytes]) -> Arriving:
        if os.getpid() != here:
            os._exit(9)
        return deliver(names)

    monkeypatch.setattr(store, "deliver", dying)
    sifted = store.sift(2)
    failed = [name for name, _ in sifted.failures]
    assert sorted(sifted.suspects + failed) == [name.decode() for name in store.names]
    assert sifted.read == len(sifted.suspects)
    assert {reason for _, reason in sifted.failures} <= {"the process that was to read it died"}


def test_nothing_sifts_to_nothing() -> None:
    assert Store([], [1], {}).sift() == ([], [], 0, 0)


def test_there_are_never_more_tasks_than_the_workers_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "_FEWEST_OBJECTS", 1)
    monkeypatch.setattr(objects, "_TASKS_PER_JOB", 10**6)
    store = Store([Item(b"blob", b"")] * (workers.MOST_TASKS * 2 + 1), [1000], {})
    assert store.sift().read == workers.MOST_TASKS * 2 + 1
    assert len(store.started) <= workers.MOST_TASKS


def test_progress_tells_what_was_taken_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "_FEWEST_OBJECTS", 10)
    store = Store([Item(b"blob", b"12345")] * 35, [1000], {})
    progress: list[tuple[int, int]] = []
    sift_objects(
        cast("Git", store), store.names, jobs=1, progress=lambda done, read: progress.append((done, read))
    )
    assert progress == [(0, 0), (10, 50), (20, 100), (30, 150), (35, 175)]


# With a real git


@pytest.fixture
def git(repository: Repository) -> Git:
    return Git(str(repository.top))


def write_blob(repository: Repository, content: bytes) -> bytes:
    repository.write("../blob", content)
    return repository.git("hash-object", "-w", "../blob").stdout.strip()


def damage(repository: Repository, name: bytes) -> None:
    path = repository.top / ".git" / "objects" / name[:2].decode() / name[2:].decode()
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-12])


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_all_objects_are_listed_by_what_they_are(repository: Repository, git: Git, object_format: str) -> None:
    if object_format == "sha256":
        repository.git("init", "--quiet", "--object-format=sha256", "../sha256")
        repository.top = repository.top.parent / "sha256"
        git = Git(str(repository.top))
    repository.stage("a", "in a commit\n")
    repository.commit()
    repository.git("tag", "--annotate", "-m", "a tag", "v1")
    in_a_commit = repository.git("rev-parse", "HEAD:a").stdout.strip()
    dangling = write_blob(repository, b"dangling")
    listing = list_objects(git)
    assert sorted(listing.blobs) == sorted([in_a_commit, dangling])
    assert listing.commits == [repository.head.encode()]
    assert listing.tags == [repository.git("rev-parse", "v1").stdout.strip()]
    assert (listing.corrupt, listing.complaints) == ([], [])
    repository.git("gc", "--quiet")
    assert set(list_objects(git).blobs) == {in_a_commit, dangling}


def test_a_repository_without_objects_has_none(git: Git) -> None:
    assert list_objects(git) == ([], [], [], [], [])


@pytest.mark.parametrize("few", [0, 1 << 30])
@pytest.mark.parametrize("room", [0, objects._BUFFER, objects._BUFFER * 3, objects._SCRATCH])
def test_real_objects_are_sifted_whatever_their_size(
    repository: Repository, git: Git, monkeypatch: pytest.MonkeyPatch, few: int, room: int
) -> None:
    monkeypatch.setattr(objects, "_FEW_OBJECTS", few)
    monkeypatch.setattr(objects, "_SCRATCH", room)
    large = os.urandom(objects._BUFFER) + b"\n"
    some = {
        write_blob(repository, content): content
        for content in (b"", TOKEN, b"clean", large, large + TOKEN, TOKEN + b"\n" + large, large * 20 + TOKEN)
    }
    tree = repository.git("mktree").stdout.strip()
    names = [*some, tree, b"1" * 40]
    sifted = sift_objects(git, names, jobs=2)
    assert [some[name.encode()] for name in sifted.suspects] == [
        content for content in some.values() if TOKEN in content
    ]
    assert sifted.failures == [("1" * 40, "the object is missing from the repository")]
    assert (sifted.read, sifted.bytes) == (len(some), sum(map(len, some.values())))


@pytest.mark.parametrize("few", [0, 1 << 30])
@pytest.mark.parametrize("size", [100, objects._BUFFER * 2])
def test_real_corrupt_objects_are_named_and_the_rest_is_read(
    repository: Repository, git: Git, monkeypatch: pytest.MonkeyPatch, size: int, few: int
) -> None:
    monkeypatch.setattr(objects, "_FEW_OBJECTS", few)
    names = [write_blob(repository, os.urandom(size) + b"\n" + TOKEN) for _ in range(8)]
    for name in (names[0], names[3], names[4], names[7]):
        damage(repository, name)
    sifted = sift_objects(git, names, jobs=1)
    intact = [name.decode() for name in (names[1], names[2], names[5], names[6])]
    assert sifted.suspects == intact
    assert [name for name, _ in sifted.failures] == [
        name.decode() for name in names if name.decode() not in intact
    ]
    assert {reason for _, reason in sifted.failures} == {CORRUPT}


def test_revisions_are_resolved_to_names(repository: Repository, git: Git) -> None:
    repository.stage("a file", "x\n")
    repository.commit()
    repository.git("tag", "--annotate", "-m", "a tag", "v1")
    tag = repository.git("rev-parse", "v1").stdout.decode().strip()
    blob = repository.git("rev-parse", "HEAD:a file").stdout.decode().strip()
    assert resolve(git, ["HEAD", "v1", "HEAD:a file", repository.head[:12], tag]) == [
        *(repository.head, tag, blob),
        *(repository.head, tag),
    ]
    assert resolve(git, []) == []


@pytest.mark.parametrize(
    "revision", ["none", "1" * 40, "two words", "", "--all", "HEAD..main", "caf\udce9", "^HEAD"]
)
def test_a_revision_that_is_no_object_is_an_error(repository: Repository, git: Git, revision: str) -> None:
    repository.commit()
    with pytest.raises(GitError, match="there is no object"):
        resolve(git, ["HEAD", revision])
