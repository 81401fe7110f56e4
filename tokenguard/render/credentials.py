"""A Report on very many places: by credential, the worst first, whose each is, and what to do in which order."""

from __future__ import annotations

import re
from typing import NamedTuple

from tokenguard.core.abilities import Harm, harm
from tokenguard.core.printable import printable
from tokenguard.render.about import SETTINGS, age, facts, harm_words, past
from tokenguard.render.place import aside, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenguard.core.finding import Finding
    from tokenguard.core.report import Report

_BOLD, _RED = "1", "31"
_MOST_PLACES = 10
_MOST_FIRST = 5
# Of a fingerprint, as many characters as tell one from all others: sha256: and 16 digits.
_FINGERPRINT = 23
_ELSEWHERE = ("hf://", "s3://", "gs://", "gcs://", "abfs://", "az://")
_PLAIN = re.compile(r"[A-Za-z0-9./_~][A-Za-z0-9./_~+@=,-]*", re.ASCII)


class Credential(NamedTuple):
    """A leaked credential: the `first` Finding of it, by age, and all by `files`, the oldest version first.

    `owner` says in words whose it is, or who can tell, and `account` is the Hub's own word for that; None where
    nothing does. `asked` is whoever can be asked to revoke it, in words that follow a verb.
    """

    first: Finding
    files: list[list[Finding]]
    owner: str | None
    account: str | None = None
    asked: str = "its owner"

    @property
    def places(self) -> int:
        """How many Findings there are of it."""
        return sum(map(len, self.files))

    @property
    def to_do(self) -> str:
        """What comes first, in words: to revoke it, or to take it out where that needs no more."""
        first = self.first
        if harm(first) == Harm.NONE:
            is_dead = first.verification.status == "dead"
            return f"take it out; it {'is revoked' if is_dead else 'has expired'} already"
        if first.known_as:
            return f"`tokenguard revoke {printable(first.known_as)}`"
        asked = self.asked.replace("`", "'")  # nobody's name is a command
        return f"revoke it: {_command(first)}, or have {asked} revoke it at {SETTINGS}"


def credentials(report: Report) -> list[Credential]:
    """Those that were found, each once: what hurts most comes first, and then what is most widely spread."""
    groups: dict[str, list[Finding]] = {}
    for finding in report.findings:
        groups.setdefault(finding.fingerprint, []).append(finding)
    found = []
    for findings in groups.values():
        findings.sort(key=age)
        owner, asked = _owner(findings)
        account = findings[0].verification.identity.account
        found.append(Credential(findings[0], _by_file(findings), owner, account, asked))
    return sorted(found, key=lambda one: (-harm(one.first), -len(one.files)))


def credential_lines(report: Report, *, color: bool) -> Iterator[str]:
    """Each credential once, what is known of it, and where it stands: one line a file, however many versions."""
    for first, files, *_ in credentials(report):
        where = f"{len(files)} file" if len(files) == 1 else f"{len(files)} files"
        what = _paint(f"{printable(first.kind)} {_paint(first.masked, _RED, color)}", _BOLD, color)
        yield f"{what} in {where}, {harm_words(first)}"
        yield f"  {first.fingerprint}"
        yield from (f"  {fact}" for fact in facts(first))
        for versions in files[:_MOST_PLACES]:
            oldest = versions[0]
            more = [aside(oldest), *past(oldest)]
            more += [f"in {len(versions)} versions"] if len(versions) > 1 else []
            yield f"  {'; '.join(filter(None, (place(oldest), *more)))}"
        if len(files) > _MOST_PLACES:
            yield f"  and in {len(files) - _MOST_PLACES} more, which the other formats name"


def advice(report: Report) -> Iterator[str]:
    """What to do, and in which order."""
    steps, more = first_steps(report)
    if not steps:
        return
    yield FIRST
    yield from (f"  {number}. {step}" for number, step in enumerate(steps, 1))
    if more:
        yield f"  and {more} more"


FIRST = "what to do first: revoke these, in this order; then take them out, and hand out new ones"


def first_steps(report: Report) -> tuple[list[str], int]:
    """What to do about those that hurt most, in this order, and of how many more there is something to do."""
    alive = [one for one in credentials(report) if harm(one.first) != Harm.NONE]
    steps = [
        f"{printable(one.first.kind)} {printable(one.first.masked)} ({harm_words(one.first)}): {one.to_do}"
        for one in alive[:_MOST_FIRST]
    ]
    return steps, len(alive) - len(steps)


def _command(finding: Finding) -> str:
    """Which command of ours revokes it, and where it is to be run."""
    path, lineage = finding.origin.path, finding.origin.lineage
    shown = printable(f"tokenguard revoke --fingerprint {finding.fingerprint[:_FINGERPRINT]}")
    if path.startswith(_ELSEWHERE):
        return "`tokenguard revoke --stdin`, given it"
    if lineage is not None and lineage.commit:
        return f"`{shown} --history` in the repository, or a clone of it"
    # What others have called a file is nothing to be pasted into a shell.
    return f"`{shown} {path}`" if _PLAIN.fullmatch(path) else f"`{shown}` in its folder"


def _owner(findings: Sequence[Finding]) -> tuple[str | None, str]:
    """Whoever can revoke it, as far as anything says so, else who brought it in first; and who is to be asked."""
    first = findings[0]
    if account := first.verification.identity.account:
        return f"of {printable(account)}", printable(account)
    if first.claims and first.claims.subject:
        subject = printable(first.claims.subject)
        return f"of {subject}, as it says itself", subject
    authors = (finding.origin.lineage.author for finding in findings if finding.origin.lineage)
    if author := next(filter(None, authors), None):
        return f"ask {printable(author)}, who brought it in", f"{printable(author)} (who brought it in)"
    return None, "its owner"


def _by_file(findings: Sequence[Finding]) -> list[list[Finding]]:
    files: dict[str, list[Finding]] = {}
    for finding in findings:
        files.setdefault(finding.origin.location, []).append(finding)
    return list(files.values())


def _paint(text: str, code: str, color: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if color else text
