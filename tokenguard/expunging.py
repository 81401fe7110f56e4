"""Taking credentials out of all history, which git-filter-repo(1) does: what it needs, and what it leaves.

https://github.com/newren/git-filter-repo
"""

from __future__ import annotations

import os
import re
from datetime import datetime, timezone
from typing import NamedTuple

from tokenguard.account import Search
from tokenguard.core.detect import detect
from tokenguard.core.fingerprint import named_by
from tokenguard.core.kinds import S3_ACCESS_KEY
from tokenguard.core.rewrite.stretches import PLACEHOLDER, stretches_of
from tokenguard.core.token import Token
from tokenguard.errors import IncompleteError, UsageError
from tokenguard.history import scan_history
from tokenguard.repository import Repository
from tokenguard.sources.git import Git, GitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokenguard.core.blob import Origin
    from tokenguard.core.finding import Held
    from tokenguard.core.report import Report


class Expunction(NamedTuple):
    """What is to be taken out of a history: the `report` on it, the Tokens that are to go, and their `secrets`.

    An S3 access key has a secret of its own beside it.
    """

    report: Report
    tokens: tuple[Token, ...]
    secrets: tuple[Token, ...] = ()

    @property
    def expressions(self) -> bytes:
        """What git-filter-repo(1) reads for `--replace-text`: a line for each Token. It has them in the clear."""
        # The longest first: one may begin another.
        tokens = sorted((*self.tokens, *self.secrets), key=lambda token: len(token.reveal()), reverse=True)
        return "".join(f"literal:{token.reveal()}==>{_placeholder(token)}\n" for token in tokens).encode()


def plan(folder: str, *, fingerprint: str | None = None, use_config: bool = True) -> Expunction:
    """All credentials in the history of the repository at `folder`, or the one that has this `fingerprint`.

    What is allowed stays. Raises UsageError where there is no such repository or credential.
    """
    held: Held = {}
    report = scan_history(folder, use_config=use_config, search=Search(held))
    tokens = tuple(held.values()) if fingerprint is None else (named_by(fingerprint, held),)
    wanted = {token.fingerprint for token in tokens if token.kind is S3_ACCESS_KEY}
    beside = [finding.origin for finding in report.findings if finding.fingerprint in wanted]
    return Expunction(report, tokens, tuple(dict.fromkeys(_secrets(Git(folder), beside))))


def command(path: str) -> str:
    """The call of git-filter-repo(1) for the expressions in the file at `path`, as a shell takes it."""
    import shlex

    return f"git filter-repo --force --replace-text {shlex.quote(path)} --replace-message {shlex.quote(path)}"


def write_expressions(expunction: Expunction, path: str) -> None:
    """Writes the expressions to a new file, for its owner alone. Raises IncompleteError where there is one."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with open(descriptor, "wb") as file:
            file.write(expunction.expressions)
    except OSError as error:
        raise IncompleteError(f"{path} cannot be written: {error.strerror or error}") from None


def expect_ready(folder: str) -> None:
    """Raises UsageError where the history at `folder` cannot be rewritten now without losing something."""
    git = Git(folder, trusted=True)
    if not hasattr(os, "memfd_create"):
        raise UsageError(
            "--run needs Linux, where the tokens can stay in memory", "--expressions FILE works anywhere"
        )
    try:
        git("filter-repo", "--version")
    except GitError:
        raise UsageError(
            "git filter-repo is not installed", "`pip install git-filter-repo`, or your system's package of it"
        ) from None
    repository = Repository(folder, use_config=False)
    if repository.edge():
        raise UsageError(
            "this clone is shallow, and would be rewritten without its past", "`git fetch --unshallow`"
        )
    if git.text("rev-parse", "--is-bare-repository") == "false" and git("status", "--porcelain", "-uno"):
        raise UsageError(
            "there are changes that are not committed, and the rewrite would throw them away",
            "commit them, or `git stash`, and try again",
        )


def backup_beside(folder: str) -> str:
    """Where the backup goes where nobody says: beside the repository, in a file of its own."""
    top = os.path.realpath(folder)
    return f"{top}-{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}.bundle"


def remote_of(folder: str) -> str | None:
    """The address of the remote `origin`, without a password, which git-filter-repo(1) takes out."""
    try:
        return re.sub(r"//[^/@]*@", "//", Git(folder, trusted=True).text("remote", "get-url", "origin"))
    except GitError:
        return None


def back_up(folder: str, path: str) -> None:
    """Puts all refs of the repository into a bundle at `path`, for its owner alone. Raises as git does."""
    if os.path.lexists(path):
        raise UsageError(f"{path} is there already", "--backup FILE names another")
    git = Git(folder, trusted=True)
    git("bundle", "create", os.path.abspath(path), "--all")
    os.chmod(path, 0o600)
    git("bundle", "verify", "--quiet", os.path.abspath(path))


def expunge(expunction: Expunction, folder: str, *, use_config: bool = True) -> Report:
    """Rewrites the history at `folder`, and gives a Report on what of `expunction` is still in it.

    Raises GitError where git-filter-repo(1) fails.
    """
    Git(folder, trusted=True).replace_text(expunction.expressions)
    report = scan_history(folder, use_config=use_config, afresh=True)
    gone = {token.fingerprint for token in expunction.tokens}
    return report._replace(findings=tuple(item for item in report.findings if item.fingerprint in gone))


def _secrets(git: Git, origins: Iterable[Origin]) -> Iterator[Token]:
    """What belongs to the S3 access keys in the files of these origins."""
    for path, lineage, _ in origins:
        try:
            data = git("cat-file", "blob", f"{lineage.commit if lineage else ''}:{path}")
        except GitError:  # it is in a message, or in no commit: git-filter-repo changes no such object
            continue
        spans = detect(data)
        begins = {span.start for span in spans}
        for stretch in stretches_of(data, spans):
            if stretch.start not in begins:
                yield Token(data[stretch.start : stretch.end].decode("ascii"))


def _placeholder(token: Token) -> str:
    return f"{token.kind.prefix if token.kind else ''}{PLACEHOLDER}"
