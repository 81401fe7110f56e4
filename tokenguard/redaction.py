"""Taking leaked credentials out of the files of a work tree: what is planned, kept in the vault, and written."""

from __future__ import annotations

import os
from typing import NamedTuple

from tokenguard import scanning
from tokenguard.account import Search
from tokenguard.core.blob import Blob, Origin, Unreadable, whole
from tokenguard.core.detect import detect
from tokenguard.core.finding import Allowed
from tokenguard.core.fingerprint import named_by
from tokenguard.core.kinds import S3_ACCESS_KEY
from tokenguard.core.rewrite import rewrite
from tokenguard.core.rewrite.edit import NotRewritableError
from tokenguard.core.rewrite.stretches import stretches_of
from tokenguard.core.scan import ChangedError, scan_blob
from tokenguard.errors import ExitCode, RejectedError, TokenguardError, UsageError, VaultError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tokenguard.core.detect import Span
    from tokenguard.core.finding import Finding, Held
    from tokenguard.core.rewrite.edit import Stretch
    from tokenguard.core.token import Token
    from tokenguard.hub import Hub
    from tokenguard.vault.vault import Vault

_LARGEST = 64 * 1024 * 1024
# Characters of a fingerprint that tell it from others: "sha256:" and sixteen digits.
_SHOWN = 23


class Place(NamedTuple):
    """Where a credential stood, and what was put there. `is_secret` is said of the secret of an S3 access key."""

    finding: Finding
    put: str
    is_secret: bool = False


class Redaction(NamedTuple):
    """What becomes of one file: its content before, which is secret, and after.

    `masks` are the secrets in it, taken out or not, each with what may be shown of it; `taken` those that are out.
    `left` is how often a secret stays because it is allowed there.
    """

    path: str
    before: bytes
    after: bytes
    places: tuple[Place, ...]
    variables: tuple[str, ...]
    masks: dict[bytes, str]
    taken: tuple[bytes, ...]
    left: dict[bytes, int]

    def __repr__(self) -> str:
        return f"Redaction({self.path!r})"

    def masked(self, content: bytes) -> str:
        """`content`, before or after, without any secret that was in the file."""
        for secret in sorted(self.masks, key=len, reverse=True):
            content = content.replace(secret, self.masks[secret].encode())
        return content.decode("utf-8", "surrogateescape")

    def remaining(self, content: bytes) -> int:
        """In how many places `content` has what was to be taken out."""
        return sum(max(0, content.count(secret) - self.left.get(secret, 0)) for secret in self.taken)


class Plan(NamedTuple):
    """What is to be done: `redactions`, each of one file, and `refused`, the files that stay as they are.

    `tokens` are those that are taken out, by fingerprint; `allowed` is how many Findings are left alone.
    """

    redactions: tuple[Redaction, ...]
    refused: tuple[Unreadable, ...]
    tokens: Held
    allowed: int
    notes: tuple[str, ...]


class Outcome(NamedTuple):
    """What was done, what stays as it was and why, and what else the user should know."""

    done: tuple[Redaction, ...]
    refused: tuple[Unreadable, ...]
    notes: tuple[str, ...]

    @property
    def exit_code(self) -> ExitCode:
        """INCOMPLETE where anything stayed that was to go."""
        return ExitCode.INCOMPLETE if self.refused else ExitCode.CLEAN


def plan(
    paths: Sequence[str],
    *,
    use_config: bool = True,
    fingerprint: str | None = None,
    variable: str | None = None,
    alone: bool = False,
) -> Plan:
    """What taking all credentials out of the files that `paths` mean comes to. Nothing is written.

    `fingerprint`, or its first digits, chooses one credential; `variable` is what it is looked up in. With
    `alone`, or a variable, there may be but one. Raises UsageError where the choice is not plain, or a
    configuration is wrong.
    """
    links = [path for path in paths if os.path.islink(path) and not os.path.isdir(path)]
    refused = [Unreadable(Origin(path), "is a symbolic link; name the file that it leads to") for path in links]
    held: Held = {}
    others = [path for path in paths if path not in links]
    report = scanning.scan_paths(others, use_config=use_config, search=Search(held))
    tokens = _chosen(held, fingerprint)
    if (alone or variable) and len(tokens) > 1:
        listed = ", ".join(_named(token) for token in tokens.values())
        raise UsageError(
            f"there are {len(tokens)} different credentials", f"choose one with --fingerprint: {listed}"
        )
    by_path: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if finding.fingerprint not in tokens:
            continue
        if finding.origin.inside or finding.decoded:
            refused.append(Unreadable(finding.origin, _hidden(finding)))
        else:
            by_path.setdefault(finding.origin.path, []).append(finding)
    redactions = []
    for path, findings in by_path.items():
        try:
            redactions.append(_redaction(path, findings, variable))
        except (OSError, NotRewritableError) as error:  # noqa: PERF203 -- the others go on
            refused.append(Unreadable(Origin(path), _reason(error)))
    return Plan(tuple(redactions), (*refused, *report.unreadable), tokens, len(report.allowed), report.notes)


def _hidden(finding: Finding) -> str:
    line = f" in line {finding.line}" if finding.line else ""
    how = f", as {' of '.join(reversed(finding.decoded))}" if finding.decoded else ""
    return f"holds one{line}{how}; make it anew without"


def _chosen(held: Held, fingerprint: str | None) -> Held:
    if fingerprint is None:
        return held
    token = named_by(fingerprint, held)
    return {token.fingerprint: token}


def _named(token: Token) -> str:
    kind = token.kind
    return f"{token.fingerprint[:_SHOWN]} is {token.masked(kind.prefix if kind else '')}"


def _redaction(path: str, findings: list[Finding], variable: str | None) -> Redaction:
    if ".git" in os.path.realpath(path).split(os.sep):
        raise NotRewritableError("belongs to git itself")
    before = _read(path)
    spans = detect(before)
    wanted = {(finding.line, finding.column, finding.fingerprint): finding for finding in findings}
    located = _located(path, before, spans)
    # What a pragma or the configuration allows is not among the findings, and stays.
    taken = [span for span, found in zip(spans, located, strict=True) if _position(found) in wanted]
    if len(taken) != len(wanted):
        raise ChangedError("changed while it was read")
    stretches = stretches_of(before, taken, variable)
    after, puts = rewrite(os.path.basename(path), before, stretches)
    masks = {before[start:end]: _mask(before[start:end], kind.prefix) for start, end, kind in spans}
    # The secrets of keys that stay are not shown either.
    masks |= {
        before[part.start : part.end]: "…" for part in stretches_of(before, spans) if not _is_span(part, spans)
    }
    secrets = tuple(dict.fromkeys(before[stretch.start : stretch.end] for stretch in stretches))
    kept = [before[start:end] for start, end, _ in spans if not any(start == span.start for span in taken)]
    found_at = {
        span.start: wanted.get(_position(found), found) for span, found in zip(spans, located, strict=True)
    }
    return Redaction(
        path,
        before,
        after,
        tuple(_place(before, stretch, put, taken, found_at) for stretch, put in zip(stretches, puts, strict=True)),
        tuple(dict.fromkeys(s.variable for s, put in zip(stretches, puts, strict=True) if put != s.placeholder)),
        masks,
        secrets,
        {secret: kept.count(secret) for secret in secrets},
    )


def _place(data: bytes, stretch: Stretch, put: str, taken: list[Span], found_at: dict[int, Finding]) -> Place:
    if any(span.start == stretch.start for span in taken):
        return Place(found_at[stretch.start], put)
    from tokenguard.core.detect import Span
    from tokenguard.core.locate import Locator

    span = Span(stretch.start, stretch.end, S3_ACCESS_KEY)
    place = next(Locator().feed(whole(data)[0], [span]))
    key = min((span for span in taken if span.kind is S3_ACCESS_KEY), key=lambda key: abs(key.start - span.start))
    finding = found_at[key.start]._replace(line=place.line, column=place.column, end_column=place.end_column)
    return Place(finding, put, is_secret=True)


def _is_span(stretch: Stretch, spans: list[Span]) -> bool:
    return any(span.start == stretch.start for span in spans)


def _located(path: str, data: bytes, spans: list[Span]) -> list[Finding]:
    items = scan_blob(Blob(Origin(path), whole(data)), {}, spans)
    return [item.finding if isinstance(item, Allowed) else item for item in items]


def _position(finding: Finding) -> tuple[int | None, int | None, str]:
    return finding.line, finding.column, finding.fingerprint


def _mask(secret: bytes, prefix: str) -> str:
    from tokenguard.core.token import Token

    return Token(secret.decode("ascii")).masked(prefix)


def _read(path: str) -> bytes:
    from tokenguard.files import TooLargeError, open_regular

    try:
        descriptor, _ = open_regular(path, _LARGEST)
    except TooLargeError:
        raise NotRewritableError(f"is larger than {_LARGEST} bytes; edit it by hand") from None
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def keep(vault: Vault, hub: Hub | None, name: str, plan: Plan, *, warn: Callable[[str], None]) -> None:
    """Puts the one Token of `plan` into `vault` as `tokens.add` does, and reads it back.

    A token that is there already stays under the name it has, of which `warn` is told. Raises UsageError where the
    vault is not for such a credential, and what `tokens.add` raises.
    """
    from tokenguard import tokens

    for token in plan.tokens.values():
        if token.kind is S3_ACCESS_KEY:
            raise UsageError(
                "an S3 access key is of no use without its secret, and the vault keeps one token under a name",
                "copy both to where they belong, and leave --add out",
            )
        known_as = vault.index().name_of(token.fingerprint)
        if known_as is None:
            try:
                tokens.add(vault, hub, name, token, warn=warn)
            except RejectedError as error:
                hint = "nothing was changed; without --add it is only taken out"
                raise RejectedError(error.message, hint) from None
        if vault.get(known_as or name) != token:
            raise VaultError(f"the vault does not give back what was put into it as {known_as or name}")
        if known_as is None:
            warn(f"kept as {name}")
        else:
            warn(f"it is in the vault already, as {known_as}")


def carry_out(plan: Plan, *, tell: Callable[[Redaction], None]) -> Outcome:
    """Writes every file of `plan`, and calls `tell` with each that is done. Where one is refused, others go on."""
    from tokenguard import files

    done, refused, notes = [], list(plan.refused), list(plan.notes)
    for redaction in plan.redactions:
        try:
            files.rewrite(redaction.path, redaction.before, redaction.after)
        except OSError as error:
            refused.append(Unreadable(Origin(redaction.path), _reason(error)))
            continue
        done.append(redaction)
        tell(redaction)
        try:
            remaining = redaction.remaining(_read(redaction.path))
        except (OSError, NotRewritableError) as error:
            refused.append(Unreadable(Origin(redaction.path), f"was written, and then not read: {_reason(error)}"))
            continue
        if remaining:
            reason = f"still has it elsewhere ({remaining}), as part of a longer word"
            refused.append(Unreadable(Origin(redaction.path), reason))
    notes += _in_the_index(done)
    return Outcome(tuple(done), tuple(refused), tuple(notes))


def preview(plan: Plan) -> Outcome:
    """What `carry_out` would come to, as far as that can be told without writing."""
    refused = list(plan.refused)
    for redaction in plan.redactions:
        if remaining := redaction.remaining(redaction.after):
            reason = f"would still have it elsewhere ({remaining}), as part of a longer word"
            refused.append(Unreadable(Origin(redaction.path), reason))
    return Outcome(plan.redactions, tuple(refused), plan.notes)


def _in_the_index(done: Iterable[Redaction]) -> list[str]:
    """Notes on files of which the next commit would still have what was taken out."""
    from tokenguard.config import work_tree_top
    from tokenguard.sources.staged import Index

    tops: dict[str, dict[str, Redaction]] = {}
    for redaction in done:
        path = os.path.realpath(redaction.path)
        if top := work_tree_top(os.path.dirname(path)):
            tops.setdefault(top, {})[os.path.relpath(path, top)] = redaction
    notes = []
    for top, redactions in tops.items():
        try:
            report = scanning.scan_staged(Index(top), use_config=False)
        except (TokenguardError, OSError):
            continue  # no repository, or one that git does not open
        staged = {(finding.origin.path, finding.fingerprint) for finding in report.findings}
        notes += [
            f"{redaction.path} is staged with the credential in it: `git add` it again"
            for path, redaction in redactions.items()
            if any((path, place.finding.fingerprint) in staged for place in redaction.places)
        ]
    return notes
