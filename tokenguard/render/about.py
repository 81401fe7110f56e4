"""What every form of a Report says of a Finding: what kind of credential it is, what is known, and what to do."""

from __future__ import annotations

from typing import NamedTuple

from tokenguard.core.abilities import Harm, abilities, harm
from tokenguard.core.kinds import KINDS
from tokenguard.core.printable import printable
from tokenguard.core.sha256 import sha256
from tokenguard.render.place import aside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokenguard.core.finding import Finding

SETTINGS = "https://huggingface.co/settings/tokens"

_NO_TIME = "~"  # what is undated comes last


class About(NamedTuple):
    """A kind of credential: its `title`, `what` it is and good for, and its severity as of CVSS, from 0 to 10."""

    title: str
    what: str
    severity: str = "9.3"


# What they are good for: https://huggingface.co/docs/hub/security-tokens, https://huggingface.co/docs/hub/oauth,
# https://huggingface.co/docs/hub/trusted-publishers, https://huggingface.co/docs/hub/storage-buckets-s3
_ABOUT = {
    "user-access-token": About(
        "Hugging Face user access token",
        "Whoever has it acts on the Hub as the account that made it, within the token's role or permissions.",
    ),
    "organization-token": About(
        "Hugging Face organization API token",
        "Whoever has it acts on the Hub for the organization that it was made for.",
    ),
    "oauth-access-token": About(
        "Hugging Face OAuth access token",
        "Whoever has it acts on the Hub as the account that signed in, within what it granted to an app.",
        "8.8",
    ),
    "oauth-refresh-token": About(
        "Hugging Face OAuth refresh token",
        "Whoever has it, and can speak for the app, gets new access tokens for the account that signed in.",
        "8.8",
    ),
    "jwt-access-token": About(
        "Hugging Face signed access token",
        "A short-lived token, such as a Trusted Publisher's: it can write to what it names until it expires.",
        "7.5",
    ),
    "s3-session-token": About(
        "Hugging Face storage session token",
        "A short-lived token for the S3 interface of storage buckets.",
        "7.5",
    ),
    "s3-access-key": About(
        "Hugging Face storage access key",
        "With the secret that stands nearby it reads and writes storage buckets through their S3 interface.",
    ),
    "app-token": About(
        "Hugging Face app token",
        "Whoever has it acts on the Hub for an app.",
    ),
    "oauth-app-secret": About(
        "Hugging Face OAuth app secret",
        "Whoever has it can speak for an OAuth app, and so get at the accounts that signed in with it.",
    ),
}

_HARM = {
    Harm.POWERFUL: "live and powerful",
    Harm.LIVE: "live",
    Harm.POSSIBLE: "possibly live",
    Harm.NONE: "dead",
}

CURES = (
    f"Revoke it at {SETTINGS}, or with `tokenguard revoke`; what was pushed or shared is known to others.",
    "Take it out of the file with `tokenguard redact`, and have the program read the environment.",
    "Keep the new one with `tokenguard add NAME`, and hand it over with `tokenguard run NAME -- COMMAND`.",
    "Not a credential? Put `pragma: allowlist secret` in a comment on its line.",
)
"""What to do about a leaked credential, in this order."""


def about(kind: str) -> About:
    """What is known of a kind of credential, by its name; of kinds that are not ours, that it is one."""
    plain = printable(kind)
    return _ABOUT.get(kind) or About(
        plain, "It looks like a credential; whoever has it can act for whom it was made.", "7.0"
    )


def kinds_of(findings: Iterable[Finding]) -> list[str]:
    """The kinds that occur, ours first and in their order, each once."""
    order = [kind.name for kind in KINDS]
    occurring = {finding.kind for finding in findings}
    return sorted(occurring, key=lambda kind: (order.index(kind) if kind in order else len(order), kind))


def harm_words(finding: Finding) -> str:
    """How much it hurts, in words: an expired one is not called dead."""
    if harm(finding) == Harm.NONE and finding.verification.status != "dead":
        return "expired"
    return _HARM[harm(finding)]


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """What hurts most comes first; what hurts the same stays as it was."""
    return sorted(findings, key=harm, reverse=True)


def facts(finding: Finding) -> Iterator[str]:
    """What is known of the credential beyond where it is, each in a few words that are fit to be shown."""
    status, _, identity, reason = finding.verification
    if finding.known_as:
        yield f"in your vault as {printable(finding.known_as)}"
    if status == "live":
        role = f" ({printable(identity.role)})" if identity.role else ""
        yield f"live, of {printable(identity.account or 'an unknown account')}{role}"
        yield from map(printable, abilities(identity))
    elif status == "dead":
        yield "dead: the Hub does not know it any more"
    elif status == "unknown":
        yield f"whether it is live is not known{f': {printable(reason)}' if reason else ''}"
    yield from _claimed(finding)


def known(finding: Finding) -> str:
    """All that is known of it beside kind, file and line, in one line."""
    member = f"in {printable(' > '.join(finding.origin.inside))}" if finding.origin.inside else ""
    return "; ".join(filter(None, (member, aside(finding), *facts(finding), *past(finding))))


def _claimed(finding: Finding) -> Iterator[str]:
    claims = finding.claims
    if claims is None:
        return
    if claims.app:
        yield f"made for the app {printable(claims.app)}"
    if claims.subject:
        yield f"says that it is of {printable(claims.subject)}"
    if claims.resource:
        yield f"good for {printable(claims.resource)}"
    if claims.scopes:
        yield f"with the scopes {printable(', '.join(claims.scopes))}"
    if claims.expires_at:
        yield f"{'expired' if claims.expired else 'expires'} on {printable(claims.expires_at[:10])}"


def past(finding: Finding) -> Iterator[str]:
    """What a history knows of it: the commit, who made it and when, and what has become of it since."""
    lineage = finding.origin.lineage
    if lineage is None:
        return
    if lineage.commit:
        yield f"commit {printable(lineage.commit[:12])}"
    if lineage.author:
        yield f"by {printable(lineage.author)}"
    if lineage.date:
        yield f"on {printable(lineage.date[:10])}"
    if lineage.commit is None:
        yield "in no commit"
    if lineage.pushed:
        yield "pushed"
    if lineage.reachable is False:
        yield "nothing leads to it any more"


def age(finding: Finding) -> str:
    """By which Findings are sorted from the oldest to those without a date."""
    lineage = finding.origin.lineage
    return (lineage.date if lineage else None) or _NO_TIME


def numbered(findings: Iterable[Finding]) -> Iterator[tuple[Finding, int]]:
    """Each Finding with its number, from 1, among those of the same credential in the same version of a file.

    That tells two of them apart without their lines, which move.
    """
    seen: dict[tuple[str, ...], int] = {}
    for finding in findings:
        lineage = finding.origin.lineage
        key = (finding.kind, finding.fingerprint, finding.origin.location, (lineage and lineage.commit) or "")
        seen[key] = seen.get(key, 0) + 1
        yield finding, seen[key]


def digest(finding: Finding, *more: object) -> str:
    """A name for a Finding that stays when lines move: of kind, credential, path and `more`, as 64 hex digits."""
    parts = (finding.kind, finding.fingerprint, finding.origin.location, *map(str, more))
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass"))
