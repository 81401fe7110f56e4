"""Reports for the tests of what renders them: one that has everything, and any that Hypothesis thinks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.support.credentials import every_kind
from tokenguard.core.blob import Blob, Origin, Unreadable, whole
from tokenguard.core.finding import STATUSES, Allowance, Allowed, Claims, Finding, Verification
from tokenguard.core.identity import Identity, Org, Scope
from tokenguard.core.lineage import Lineage
from tokenguard.core.report import Report, Tally
from tokenguard.core.scan import scan_blob

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

UNCHECKED = Verification()
COMMIT = "0123456789abcdef0123456789abcdef01234567"
LINEAGE = Lineage(COMMIT, "Ann <ann@example.org>", "2025-03-04T05:06:07+01:00", ("a.py",), True, True)
ALICE = Identity("alice", "user", "write", "laptop", orgs=(Org("acme", "admin"), Org("lab", "write")))
HOSTILE = "a b#%?:,|`*_[x](y){0}<script>alert(1)</script>\"'&\n::error::##[error]\u202e\udcff=1"


def finding(
    path: str = "a.py",
    kind: str = "user-access-token",
    *,
    seed: int = 0,
    lineage: Lineage | None = None,
    verification: Verification = UNCHECKED,
    known_as: str | None = None,
) -> Finding:
    """A Finding on line 2, column 3."""
    text = f"x\n  {every_kind(seed)[kind]}\n".encode()
    (item,) = [
        item for item in scan_blob(Blob(Origin(path, lineage), whole(text)), {}) if isinstance(item, Finding)
    ][:1]
    return item._replace(verification=verification, known_as=known_as)


def packed(found: Finding) -> Finding:
    """Encoded, in an output of a notebook, in an archive, where there are no lines."""
    origin = found.origin._replace(inside=(HOSTILE, "d/.env"))
    hidden = found._replace(origin=origin, decoded=("base64", "utf-16"), cell=7, output=8)
    return hidden._replace(line=None, column=None, end_column=None)


def live(identity: Identity = ALICE) -> Verification:
    return Verification("live", "2026-01-02T03:04:05.000Z", identity)


def full() -> Report:
    """A Report with something of everything, and HOSTILE wherever a repository or the Hub has a say."""
    identity = Identity(
        *(HOSTILE, HOSTILE, "fineGrained", HOSTILE, HOSTILE, HOSTILE),
        orgs=(Org(HOSTILE, HOSTILE, (HOSTILE,)),),
        permissions=(Scope(HOSTILE, HOSTILE, (HOSTILE,)),),
        global_permissions=(HOSTILE,),
    )
    lineage = Lineage(HOSTILE, HOSTILE, HOSTILE, (HOSTILE, "b"), False, True)
    claims = Claims(HOSTILE, HOSTILE, HOSTILE, HOSTILE, (HOSTILE,), HOSTILE, HOSTILE, True)
    return Report(
        findings=(
            finding("clean.py"),
            finding(HOSTILE, seed=1, lineage=lineage, verification=live(identity)),
            finding("b.py", "oauth-access-token", seed=2)._replace(claims=claims),
            finding("c.py", seed=3, verification=Verification("unknown", reason=HOSTILE), known_as="work"),
            packed(finding("e.zip", seed=6)),
        ),
        allowed=(
            Allowed(finding(HOSTILE, seed=4), Allowance("pragma: allowlist secret", HOSTILE)),
            Allowed(finding("d.py", seed=5), Allowance("allowed fingerprint", HOSTILE)),
        ),
        unreadable=(Unreadable(Origin(HOSTILE, inside=(HOSTILE,)), HOSTILE),),
        tally=Tally(4, 5, 120, 1, 2),
        seconds=1.5,
        notes=(HOSTILE,),
    )


_said = st.text(st.characters(codec=None) | st.sampled_from("\udcff\udc80'\"<>&:%#,\n\r\t="), max_size=12)
_maybe = st.none() | _said
_flags = st.none() | st.booleans()
_texts = st.lists(_said, max_size=2).map(tuple)
_lineages = st.none() | st.builds(Lineage, _maybe, _maybe, _maybe, _texts, _flags, _flags)
_orgs = st.lists(st.builds(Org, _said, _maybe, _texts), max_size=2).map(tuple)
_scopes = st.lists(st.builds(Scope, _maybe, _maybe, _texts), max_size=2).map(tuple)
_identities = st.builds(
    Identity,
    *[_maybe] * 2,
    _maybe | st.sampled_from(["read", "write"]),
    *[_maybe] * 3,
    _orgs,
    _scopes,
    _texts,
    _flags,
)
_verifications = st.builds(Verification, st.sampled_from(STATUSES), _maybe, _identities, _said)
_claims = st.none() | st.builds(Claims, *[_maybe] * 4, _texts, _maybe, _maybe, _flags)


def reports(secret: str, kind: str) -> SearchStrategy[Report]:
    """Reports about `secret`, which also stands in whatever text others have a say in."""
    said = st.builds(str.__add__, _said, st.sampled_from(["", f" {secret}", f"\n{secret}\n"]))
    (found,) = [
        item
        for item in scan_blob(Blob(Origin(""), whole(f"{secret}\n".encode())), {})
        if isinstance(item, Finding)
    ][:1]
    origins = st.builds(
        Origin,
        said,
        st.none()
        | st.builds(Lineage, _maybe, said, _maybe, st.lists(said, max_size=2).map(tuple), _flags, _flags),
        st.lists(said, max_size=2).map(tuple),
    )
    lines = st.none() | st.integers(1, 10**6)
    chains = st.lists(st.sampled_from(["base64", "utf-16"]), max_size=2).map(tuple)
    numbers = st.none() | st.integers(1, 9)
    findings = st.builds(
        lambda origin, line, known, claims, verification, decoded, cell, output: found._replace(
            kind=kind,
            origin=origin,
            line=line,
            known_as=known,
            claims=claims,
            verification=verification,
            decoded=decoded,
            cell=cell,
            output=output,
        ),
        *(origins, lines, st.none() | st.just("work"), _claims, _verifications, chains, numbers, numbers),
    )
    allowances = st.builds(Allowance, st.sampled_from(["pragma: allowlist secret", "allowed fingerprint"]), said)
    return st.builds(
        Report,
        st.lists(findings, max_size=3).map(tuple),
        st.lists(st.builds(Allowed, findings, allowances), max_size=2).map(tuple),
        st.lists(st.builds(Unreadable, origins, said), max_size=2).map(tuple),
        st.just(Tally(3, 4, 120, 1, 2)),
        st.floats(0, 1e6),
        st.lists(said, max_size=1).map(tuple),
    )
