"""What repositories on the Hub hold: files of every revision, commits, discussions, variables of Spaces.

Which requests there are is what huggingface_hub 2.4.0 sends (`HfApi.list_models`, `list_repo_refs`,
`list_repo_commits`, `list_repo_tree`, `get_repo_discussions`, `get_discussion_details`, `get_space_variables`,
`list_buckets`, `list_bucket_tree`; `hf_hub_url`). Its own readers follow a page to any host, wait for a rate limit
without end and read answers of any size.
"""

from __future__ import annotations

from typing import NamedTuple

from tokenguard.core.blob import Blob, Origin, Unreadable, in_memory
from tokenguard.core.hubanswer import (
    Commit,
    read_commit,
    read_discussions,
    read_events,
    read_file,
    read_refs,
    read_variables,
)
from tokenguard.core.hubname import KINDS, hub_name
from tokenguard.core.lineage import Lineage
from tokenguard.core.windows import Once, windows_from
from tokenguard.files import WINDOW
from tokenguard.sources.ahead import ahead
from tokenguard.sources.hubnames import repositories
from tokenguard.sources.hubreader import GatedError, Pieces, RemoteError, SilentError, quoted
from tokenguard.sources.tensors import has_header, left_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from typing import TypeVar

    from tokenguard.core.entity import Entity
    from tokenguard.core.hubanswer import Discussion, File
    from tokenguard.sources.hubmemory import HubMemory
    from tokenguard.sources.hubreader import HubReader

    R = TypeVar("R")

LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is read, where nobody says otherwise: data sets have no end."""

_FEW = 2  # listings of a million files each
_MOST_PAGES = 1000
_NOT_ALLOWED = (401, 403)
_NOT_THERE = (401, 404)  # and 401 where the Hub does not tell whether it is
_HIDDEN = "there is none of this name, or it is not shown to whoever asks"
_MALFORMED = "the Hub does not answer as the Hub does"


class _Version(NamedTuple):
    """A file, where to ask for it, and what is known of it."""

    file: File
    path: str
    origin: Origin


class HubSource:
    """What `reader` can read, files of up to `max_size` bytes.

    `deep`: of safetensors and GGUF files that are larger than a window, no more than the header is read. `notes`
    say afterwards what was left out that is no Unreadable. `memory` gives what is remembered of a repository;
    with it, `booked` says how much has been found so far, and not read: where that is no more after a Blob than
    before it, the Blob was clean.
    """

    def __init__(
        self,
        reader: HubReader,
        *,
        max_size: int = LARGEST,
        deep: bool = True,
        memory: Callable[[Entity], HubMemory] | None = None,
        booked: Callable[[], int] = int,
    ) -> None:
        self.listed = 0
        """Files that were listed to be read, so far."""
        self.done = 0
        """How many of them were."""
        self.remembered = 0
        """Contents that were not read, since they are clean from before."""
        self._reader = reader
        self._max_size = max_size
        self._deep = deep
        self._memory_of = memory
        self._booked = booked
        self._headers = 0
        self._left_out = 0
        self._closed: list[str] = []

    def items(self, entity: Entity) -> Generator[Blob | Unreadable]:
        """All of a repository, or of each that an account has and the token may see.

        A Blob is to be read before the next one is asked for.
        """
        if entity.repo is not None:
            yield from self._repository(entity)
            return
        found = False
        for kind in KINDS:
            repos: list[Entity] = []
            try:
                repos.extend(repositories(self._reader, entity.namespace, kind))
            except RemoteError as error:
                found = True
                if isinstance(error, SilentError):
                    yield Unreadable(Origin(hub_name(entity)), error.reason)
                    return
                yield Unreadable(Origin(f"{hub_name(entity)} ({kind}s)"), error.reason)
            found |= bool(repos)
            for repo in repos:
                yield from self._repository(repo)
        if not found:
            yield Unreadable(Origin(hub_name(entity)), "the Hub shows nothing of it to whoever asks")

    @property
    def notes(self) -> list[str]:
        """What the user should know of how it was read."""
        notes = []
        if self._headers:
            notes.append(left_out(self._headers, self._left_out))
        if self._closed:
            others = f" and {len(self._closed) - 1} others" if len(self._closed) > 1 else ""
            notes.append(
                f"the variables of {self._closed[0]}{others} are shown to those alone who may write to it"
            )
        if self._reader.waited:
            notes.append(f"waited {self._reader.waited:.0f} seconds for the Hub's rate limit")
        return notes

    def _repository(self, repo: Entity) -> Iterator[Blob | Unreadable]:
        memory = self._memory_of(repo) if self._memory_of else None
        try:
            yield from self._contents(repo, memory)
        finally:
            if memory is not None:
                memory.keep()
                self.remembered += memory.unread

    def _contents(self, repo: Entity, memory: HubMemory | None) -> Iterator[Blob | Unreadable]:
        if repo.type == "bucket":
            # Nothing is remembered: what its contents are called cannot be checked.
            yield from self._versions([(None, f"/api/buckets/{_id(repo)}/tree?recursive=true")], repo, None)
            return
        commits: dict[str, Commit] = {}
        try:
            refs = _strictly(read_refs)(self._reader.document(f"{_api(repo)}/refs?include_prs=1"))
        except RemoteError as error:
            if error.status in _NOT_THERE:
                yield Unreadable(Origin(hub_name(repo)), f"{error.reason}: {_HIDDEN}")
                return
            yield Unreadable(Origin(hub_name(repo)), error.reason)
            if isinstance(error, SilentError):
                return
            refs = []
        yield from self._commits(repo, refs, commits)
        for commit in commits.values():
            if commit.text:
                lineage = Lineage(commit.id, commit.author, commit.date)
                yield _text(f"{hub_name(repo)}/commit/{commit.id}", commit.text, lineage)
        if memory is not None:
            memory.expect(commits)
        trees = [
            (commit, f"{_api(repo)}/tree/{commit.id}?recursive=true&expand=false")
            for commit in commits.values()
            if memory is None or not memory.is_clean_commit(commit.id)
        ]
        try:
            yield from self._versions(trees, repo, memory)
        except GatedError as error:  # of thousands of files none would be given
            yield Unreadable(Origin(hub_name(repo)), f"its files: {error.reason}")
        yield from self._discussions(repo)
        if repo.type == "space":
            yield from self._variables(repo)

    def _commits(
        self, repo: Entity, refs: Iterable[tuple[str, str]], commits: dict[str, Commit]
    ) -> Iterator[Unreadable]:
        """Puts every commit that one of `refs` leads to into `commits`, the oldest first."""
        found: dict[str, Commit] = {}
        for ref, tip in refs:
            if tip in found:
                continue
            try:
                for commit in map(_strictly(read_commit), self._reader.pages(f"{_api(repo)}/commits/{tip}")):
                    found.setdefault(commit.id, commit)
            except RemoteError as error:
                yield Unreadable(Origin(f"{hub_name(repo)} ({ref})"), f"its commits: {error.reason}")
            found.setdefault(tip, Commit(tip))
        # Listed from the newest to the oldest; of two with one date, or none, the later one is older.
        dated = list(found.values())[::-1]
        dated.sort(key=lambda commit: commit.date or "")
        commits.update((commit.id, commit) for commit in dated)

    def _versions(
        self, trees: Iterable[tuple[Commit | None, str]], repo: Entity, memory: HubMemory | None
    ) -> Iterator[Blob | Unreadable]:
        """What is in the files of `trees`, each content once: where it came in first."""
        seen: set[str] = set()
        for (commit, _), (files, failure) in ahead(lambda tree: self._listed(tree[1]), trees, _FEW):
            versions = []
            for file in files:
                if file.content in seen:
                    continue
                seen.add(file.content)
                if memory is not None and memory.is_clean(file.content):
                    continue
                lineage = commit and Lineage(commit.id, commit.author, commit.date, (file.path,), reachable=True)
                revision = f"resolve/{commit.id}" if commit else "resolve"
                versions.append(
                    _Version(
                        file,
                        f"/{repo}/{revision}/{quoted(file.path)}",
                        Origin(f"{hub_name(repo)}/{file.path}", lineage),
                    )
                )
            self.listed += len(versions)
            yield from self._read(versions, memory)
            if failure:
                at = f" ({commit.id})" if commit else ""
                yield Unreadable(Origin(f"{hub_name(repo)}{at}"), f"its files: {failure}")
            elif files and commit and memory is not None and all(memory.is_clean(file.content) for file in files):
                memory.learn_commit(commit.id)

    def _listed(self, path: str) -> tuple[list[File], str]:
        """The files of a tree, as far as they are listed, and why not all are."""
        files: list[File] = []
        try:
            files.extend(filter(None, map(_strictly(read_file), self._reader.pages(path))))
        except RemoteError as error:
            return files, error.reason
        return files, ""

    def _read(self, versions: Iterable[_Version], memory: HubMemory | None) -> Iterator[Blob | Unreadable]:
        for version, item in ahead(self._small, versions):
            before, already_left_out = self._booked(), self._left_out
            if item is not None:
                yield item
            else:
                yield from self._large(version)
            self.done += 1
            # Of what was read in part, nobody has checked that it is what it is called, and of Xet's nobody can.
            is_checked = self._left_out == already_left_out and not version.file.content.startswith("xet:")
            if memory is not None and is_checked and self._booked() == before:
                memory.learn(version.file.content)

    def _small(self, version: _Version) -> Blob | Unreadable | None:
        """What is in a file that fits into memory; None of a larger one."""
        if version.file.size > min(WINDOW, self._max_size):
            return None
        try:
            return in_memory(version.origin, self._reader.whole(version.path, version.file))
        except GatedError:
            raise
        except RemoteError as error:
            return Unreadable(version.origin, error.reason)

    def _large(self, version: _Version) -> Iterator[Blob | Unreadable]:
        """A file that is read in pieces while it is looked through."""
        pieces = Pieces(self._reader, version.path, version.file)
        file = Once(pieces.read)
        size = version.file.size
        try:
            if self._deep and has_header(version.file.path, size, file, self._max_size):
                pieces.most = self._max_size
                yield Blob(version.origin, (), lambda: file)
                self._headers += 1
                self._left_out += size - pieces.taken
            elif size > self._max_size:
                yield Unreadable(version.origin, f"larger than {self._max_size} bytes")
            else:
                yield Blob(version.origin, windows_from(file.read), lambda: file)
            pieces.check()
        except GatedError:
            raise
        except RemoteError as error:
            yield Unreadable(version.origin, error.reason)

    def _discussions(self, repo: Entity) -> Iterator[Blob | Unreadable]:
        path = f"{_api(repo)}/discussions"
        found: dict[int, Discussion] = {}
        try:
            for page in range(_MOST_PAGES):
                listed, count = _strictly(read_discussions)(self._reader.document(f"{path}?p={page}"))
                before = len(found)
                found.update((discussion.number, discussion) for discussion in listed)
                if len(found) >= count:
                    break
                if len(found) == before:
                    raise RemoteError("the Hub lists fewer than it counts")
            else:
                raise RemoteError("the Hub lists them without end")
        except RemoteError as error:
            yield Unreadable(Origin(f"{hub_name(repo)}/discussions"), error.reason)

        def details(discussion: Discussion) -> list[Blob | Unreadable]:
            return self._discussion(f"{path}/{discussion.number}", repo, discussion)

        for _, items in ahead(details, found.values()):
            yield from items

    def _discussion(self, path: str, repo: Entity, discussion: Discussion) -> list[Blob | Unreadable]:
        name = f"{hub_name(repo)}/discussions/{discussion.number}"
        lineage = Lineage(author=discussion.author, date=discussion.date)
        items: list[Blob | Unreadable] = [_text(name, discussion.title, lineage)]
        try:
            events = _strictly(read_events)(self._reader.document(path))
        except RemoteError as error:
            return [*items, Unreadable(Origin(name), error.reason)]
        for event in events:
            if event.text:
                lineage = Lineage(author=event.author, date=event.date)
                items.append(_text(f"{name}#{event.id}", event.text, lineage))
        return items

    def _variables(self, repo: Entity) -> Iterator[Blob | Unreadable]:
        name = f"{hub_name(repo)}/settings"
        try:
            variables = _strictly(read_variables)(self._reader.document(f"{_api(repo)}/variables"))
        except RemoteError as error:
            if error.status in _NOT_ALLOWED:  # whoever may not write cannot read them, either
                self._closed.append(hub_name(repo))
            else:
                yield Unreadable(Origin(name), error.reason)
            return
        for key, text in variables:
            yield _text(f"{name}#{key}", text)


def _strictly(read: Callable[[object], R]) -> Callable[[object], R]:
    """`read`, for which what it cannot read is a lie."""

    def strict(answer: object) -> R:
        try:
            return read(answer)
        except ValueError:
            raise RemoteError(_MALFORMED) from None

    return strict


def _id(repo: Entity) -> str:
    return f"{repo.namespace}/{repo.repo}"


def _api(repo: Entity) -> str:
    return f"/api/{repo.type}s/{_id(repo)}"


def _text(name: str, text: str, lineage: Lineage | None = None) -> Blob:
    return in_memory(Origin(name, lineage), text.encode("utf-8", "surrogatepass"))
