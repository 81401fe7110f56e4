"""What is scanned of a repository's objects: all there are, or those that some commits bring in.

Objects are read, never diffs: what a merge commit brings in, or an attribute hides from a diff, is found as well.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from tokenguard import workers
from tokenguard.account import Account, Search
from tokenguard.ci import range_of_job
from tokenguard.core.blob import Blob, Unreadable, in_memory
from tokenguard.core.windows import Once, windows_from
from tokenguard.errors import UsageError
from tokenguard.files import WINDOW
from tokenguard.repository import Repository
from tokenguard.sources.git import Git, GitError
from tokenguard.sources.lineage import oldest_first
from tokenguard.sources.objects import CORRUPT, list_objects, resolve, short, sift_objects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tokenguard.core.lineage import Lineage
    from tokenguard.core.report import Report
    from tokenguard.sources.git import Content

    Progress = Callable[[int, int, int], None]
    """Told how many objects were taken up, of how many, and how many bytes this process has read."""


class Revisions(NamedTuple):
    """Commits that are there, by their names: what `included` bring in that none of `excluded` has."""

    included: Sequence[str]
    excluded: Sequence[str]


def scan_history(
    folder: str = ".",
    *,
    use_config: bool = True,
    jobs: int | None = None,
    afresh: bool = False,
    submodules: bool = False,
    progress: Progress | None = None,
    search: Search = Search(),
) -> Report:
    """Scans every object of the repository at `folder`: of all refs, reflogs, stashes, notes, and dangling ones.

    What was read before and had nothing in it is not read again, unless it is to be read `afresh`. With
    `submodules`, those that were ever checked out here are scanned, too. detect-secrets'
    detectors search in one process, and afresh. Raises UsageError where there is no
    repository or a configuration is wrong, IncompleteError where git cannot list it.
    """
    account = Account(search)
    repository = Repository(folder, use_config=use_config)
    afresh = afresh or search.detectors is not None
    _read_history(account, repository, jobs=jobs, afresh=afresh, progress=progress)
    for inner in repository.submodules() if submodules else ():
        if isinstance(inner, Unreadable):
            account.unreadable.append(inner)
        else:
            _read_history(account, inner, jobs=jobs, afresh=afresh, progress=progress)
    return account.report()


def scan_range(
    included: Sequence[str],
    excluded: Sequence[str],
    folder: str | None = None,
    *,
    use_config: bool = True,
    receiving: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
    search: Search = Search(),
) -> Report:
    """Scans what the revisions `included` bring in that the revisions `excluded` do not have.

    `folder` None is the repository that the caller is in; `receiving` is for a push to it. `excluded` may be
    options of git-rev-list(1) such as `--remotes`; a revision in it that is not there excludes nothing. Raises
    IncompleteError where one in `included` is not there, or git cannot tell.
    """
    account = Account(search)
    if not included:  # as of a push that takes branches away
        return account.report()
    repository = Repository(folder, use_config=use_config, receiving=receiving)
    git = repository.git
    tips = [*resolve(git, included), *(f"^{revision}" for revision in excluded if not _is_option(revision))]
    question = os.fsencode("".join(f"{tip}\n" for tip in tips))
    options = ["--ignore-missing", "--stdin", "--not", *filter(_is_option, excluded)]
    listing = git.ask(question, "rev-list", "--objects", "--no-object-names", "--missing=print", *options).split()
    commits = git.ask(question, "rev-list", "--date-order", "--reverse", *options).split()
    names = [name for name in listing if not name.startswith(b"?")]
    _read_objects(account, repository, names, lambda: commits, jobs=jobs, progress=progress, reachable=True)
    account.unreadable += repository.gaps([os.fsdecode(name) for name in listing if name.startswith(b"?")])
    if not repository.edge().isdisjoint(commits):
        account.unreadable.append(repository.cut_off())
    return account.report()


def known_of(remote: str) -> list[str]:
    """The options of git-rev-list(1) for what the branches of a remote are known to have."""
    others = Git().text("remote").split("\n")
    nested = [f"--exclude={other}/*" for other in others if other.startswith(f"{remote}/")]
    return [*nested, f"--remotes={remote}"]


def between(base: str, head: str, folder: str = ".") -> Revisions:
    """What the commit `head` brings in that `base` does not have, in the repository at `folder`.

    Raises UsageError where one of them is not there.
    """
    repository = Repository(folder, use_config=False)
    names = []
    for revision in (head, base):
        if (name := repository.revision(revision)) is None:
            hint = "this clone is shallow: fetch-depth: 0 in a workflow of GitHub, GIT_DEPTH: 0 in GitLab"
            raise UsageError(
                f"there is no commit {short(revision)} here",
                hint if repository.edge() else "name two commits: --range A..B",
            )
        names.append(name)
    return Revisions(names[:1], names[1:])


def of_job(environment: Mapping[str, str], folder: str = ".") -> Revisions:
    """What the push or the pull request brings in that this CI job is about; nothing, where a branch was deleted.

    Raises UsageError where the environment names none, or its commits are not there.
    """
    job = range_of_job(environment)
    repository = Repository(folder, use_config=False)
    if not job.included:
        return Revisions([], [])
    head = repository.revision(job.included)
    excluded = [name for revision in job.excluded if (name := repository.revision(revision))]
    # A branch that was pushed by force has left its old commits behind; those it has now may all be new.
    is_left_behind = job.is_push and not repository.edge()
    if head is None or (job.excluded and not excluded and not is_left_behind):
        base = job.excluded[0] if job.excluded else job.included
        return between(base, job.included, folder)  # which says what is wrong
    return Revisions([head], excluded)


def _read_history(
    account: Account, repository: Repository, *, jobs: int | None, afresh: bool, progress: Progress | None
) -> None:
    from tokenguard.sources.memory import Known, Memory

    memory = Memory(repository.git_folder)
    known = Known() if afresh else memory.recall()
    tips = repository.tips()
    with repository.walk(repository.present(known.tips)) as gaps:  # it goes on while the objects are read
        listing = list_objects(repository.git)
        names = listing.blobs + listing.commits + listing.tags
        there = frozenset(names)
        unread = [name for name in names if name not in known.clean] if known.clean else names

        def commits() -> Sequence[bytes]:
            return oldest_first(repository.git, listing.commits)

        unclean = _read_objects(account, repository, unread, commits, jobs=jobs, progress=progress)
        missing = gaps()
    if not known.clean | known.unclean <= there:  # something is gone, and perhaps not by `git gc`
        with repository.walk(frozenset()) as gaps:
            missing = gaps()
    corrupt = [Unreadable(repository.origin(f"object {name}"), CORRUPT) for name in listing.corrupt]
    account.remembered += len(names) - len(unread)
    account.unreadable += corrupt or repository.gaps(listing.complaints)
    account.unreadable += missing
    if repository.edge():
        account.unreadable.append(repository.cut_off())
    learnt = Known(there - unclean, unclean, frozenset() if missing or corrupt else tips)
    if learnt != known and account.deep:  # who looks less deep has not learnt that anything is clean
        memory.keep(learnt)


def _read_objects(
    account: Account,
    repository: Repository,
    names: Sequence[bytes],
    commits: Callable[[], Sequence[bytes]],
    *,
    jobs: int | None,
    progress: Progress | None,
    reachable: bool | None = None,
) -> frozenset[bytes]:
    """Books what is in the objects `names`; gives the names of the unclean ones.

    `commits` gives those that bring them in, the oldest first.
    """
    told = None if progress is None else lambda done, read: progress(done, len(names), read)
    sifted = sift_objects(
        repository.git, names, jobs=jobs or workers.available_cores(), deep=account.deep, progress=told
    )
    account.bytes += sifted.bytes
    account.objects += sifted.read
    account.unreadable += [
        Unreadable(repository.origin(f"object {name}"), reason) for name, reason in sifted.failures
    ]
    failed = {name for name, _ in sifted.failures}
    wanted = (
        [name for name in map(bytes.decode, names) if name not in failed] if account.searches else sifted.suspects
    )
    if wanted:
        from tokenguard.sources.lineage import trace

        suspects, is_whole = trace(repository.git, wanted, commits(), repository.staged(), reachable=reachable)
        unread = list(suspects)[::-1]
        try:
            with repository.git.objects() as objects:
                for content in objects.read(unread[::-1]):
                    lineage = suspects[unread[-1]]
                    is_excluded = is_whole and repository.excludes(lineage)
                    _examine(account, repository, _blobs(repository, unread[-1], content, lineage), is_excluded)
                    unread.pop()
        except GitError as error:
            account.unreadable += [
                Unreadable(repository.origin(f"object {name}"), error.message) for name in unread
            ]
    return frozenset(name.encode() for name in (*sifted.suspects, *(name for name, _ in sifted.failures)))


def _examine(account: Account, repository: Repository, items: Iterable[Blob | Unreadable], excluded: bool) -> None:
    for item in items:
        if isinstance(item, Unreadable):
            account.unreadable.append(item)
        elif excluded:
            account.excluded += 1
        else:
            account.examine(item, repository.config)


def _blobs(
    repository: Repository, name: str, content: Content | None, lineage: Lineage
) -> Iterator[Blob | Unreadable]:
    """What there is to read of an object; of a commit or a tag, its fields (who, above all) and its message."""
    if content is None:
        yield Unreadable(repository.origin(f"object {name}"), "it is gone, and was there just now")
    elif content.kind == "blob":
        origin = repository.origin(lineage.paths[0] if lineage.paths else f"object {name}", lineage)
        if content.size > WINDOW:
            file = Once(content.read)
            yield Blob(origin, windows_from(file.read), lambda: file)
        else:
            yield in_memory(origin, content.read(content.size))
    elif content.kind != "tree":
        # gitformat-commit, git-mktag(1)
        fields, _, message = content.read(content.size).partition(b"\n\n")
        author, date = _author(fields)
        lineage = lineage._replace(author=author, date=date, commit=name if content.kind == "commit" else None)
        yield in_memory(repository.origin(f"fields of {content.kind} {name[:12]}", lineage), fields)
        yield in_memory(repository.origin(f"message of {content.kind} {name[:12]}", lineage), message)


def _author(fields: bytes) -> tuple[str | None, str | None]:
    """Who a commit or a tag says that it is from, and when."""
    import re
    from datetime import datetime, timedelta, timezone

    match = re.search(rb"^(?:author|tagger) (.*) (\d{1,11}) ([+-])(\d\d)(\d\d)$", fields, re.MULTILINE)
    if match is None:
        return None, None
    author, seconds, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == b"-" else 1)
    try:
        date = datetime.fromtimestamp(int(seconds), timezone(offset)).isoformat()
    except (OverflowError, ValueError, OSError):
        date = None
    return os.fsdecode(author), date


def _is_option(revision: str) -> bool:
    return revision.startswith("--")
