"""Whatever a scan has found, a baseline that it is written to allows, wherever the lines move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.support.credentials import user_token
from tokenguard.baselining import allowed_by
from tokenguard.core import baseline as baselines
from tokenguard.core.baseline import Secret
from tokenguard.core.blob import Blob, Origin, whole
from tokenguard.core.finding import Finding
from tokenguard.core.report import Report
from tokenguard.core.scan import scan_blob

if TYPE_CHECKING:
    from tokenguard.core.finding import Held

paths = st.text("abc/.\\é", min_size=1).filter(baselines.normal)
places = st.lists(st.tuples(paths, st.integers(0, 50), st.integers(0, 9)), max_size=12)
entries = st.fixed_dictionaries(
    {"type": st.sampled_from(["Secret Keyword", "X"]), "hashed_secret": st.text("0123456789abcdef", min_size=40)},
    optional={"is_secret": st.booleans(), "line_number": st.integers(1, 9), "unknown": st.integers()},
)
others = st.dictionaries(paths, st.lists(entries, min_size=1, max_size=3), max_size=3)


def scanned(found: list[tuple[str, int, int]]) -> tuple[Report, Held]:
    held: Held = {}
    findings: list[Finding] = []
    for path, line, seed in found:
        data = b"\n" * line + user_token(seed).encode()
        items = scan_blob(Blob(Origin(path), whole(data)), {}, held=held)
        findings += [item for item in items if isinstance(item, Finding)]
    return Report(findings=tuple(findings)), held


def names(finding: Finding) -> list[str]:
    return [finding.origin.path]


def updated(before: baselines.Baseline, report: Report, held: Held) -> baselines.Baseline:
    secrets = [
        Secret(finding.origin.path, baselines.digest_of(held[finding.fingerprint]), finding.line or 1)
        for finding in report.findings
    ]
    return baselines.updated(before, secrets, searched=lambda _: True, plugins={}, now="2026-01-01T00:00:00Z")


@given(places, others, st.integers(1, 40))
def test_what_is_written_is_allowed_wherever_it_moves(
    found: list[tuple[str, int, int]], kept: dict[str, list[dict[str, object]]], down: int
) -> None:
    before = baselines.empty()
    before.document["results"].update(kept)
    report, held = scanned(found)
    data = baselines.write(updated(before, report, held))
    after = baselines.read(data)
    for name, foreign in kept.items():
        assert [entry for entry in after.document["results"][name] if "is_verified" not in entry] == sorted(
            foreign, key=after.document["results"][name].index
        )
    moved, held = scanned([(path, line + down, seed) for path, line, seed in found])
    result = allowed_by(moved, held, after, "baseline", names)
    assert result.findings == ()
    assert len(result.allowed) == len(found)
    assert baselines.write(updated(after, moved, held)) == data
