"""Each leaked credential that the Hub answers to is asked about once; what it does not say is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.credentials import every_kind, user_token
from tests.unit.doubles import Oracle, Shelf
from tokenguard import verification
from tokenguard.core import moment
from tokenguard.core.blob import Blob, Origin, Unreadable, whole
from tokenguard.core.entry import entry_of
from tokenguard.core.finding import Allowance, Allowed, Finding, Verification
from tokenguard.core.identity import Identity
from tokenguard.core.report import Report, Tally
from tokenguard.core.scan import scan_blob
from tokenguard.core.token import Token
from tokenguard.errors import ExitCode, HubError, VaultError
from tokenguard.vault.index import Index

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenguard.core.finding import Held
    from tokenguard.errors import TokenguardError
    from tokenguard.hub import Hub

ENDPOINT = "https://huggingface.co"
ALICE, BOB = Identity("alice", "user", "write"), Identity("bob", "user", "read")
ONE, TWO, THREE = (user_token(seed) for seed in range(3))
DAMAGED = VaultError("the index is damaged")


def oracle(answers: Mapping[str, Identity | TokenguardError]) -> Oracle:
    """The official Hub, as far as it knows."""
    return Oracle({Token(secret): answer for secret, answer in answers.items()}, ENDPOINT)


def asked(hub: Oracle) -> list[str]:
    return [token.reveal() for token in hub.asked]


def scanned(*files: str) -> tuple[Report, Held]:
    """What a scan of these files finds, and the Tokens."""
    held: Held = {}
    found = [
        item
        for number, text in enumerate(files)
        for item in scan_blob(Blob(Origin(f"{number}.txt"), whole(text.encode())), {}, None, held)
    ]
    findings = tuple(item for item in found if isinstance(item, Finding))
    return Report(findings, tuple(item for item in found if isinstance(item, Allowed)), tally=Tally(blobs=9)), held


def verified(hub: Hub, *files: str, index: Index | VaultError | None = None) -> list[Verification]:
    report, held = scanned(*files)
    after = verification.verify(report, held, Shelf(index or Index()), hub)
    assert [one._replace(verification=Verification()) for one in after.findings] == list(report.findings)
    assert after._replace(findings=()) == report._replace(findings=())
    return [one.verification for one in after.findings]


def said(hub: Hub, *files: str) -> list[tuple[str, str | None, str]]:
    return [(status, identity.account, why) for status, _, identity, why in verified(hub, *files)]


def test_each_is_asked_about_once_in_the_order_of_the_report() -> None:
    hub = oracle({ONE: ALICE, TWO: BOB})
    files = (TWO, f"{ONE} {TWO}", ONE, THREE)
    assert [(status, account) for status, account, _ in said(hub, *files)] == [
        ("live", "bob"),
        ("live", "alice"),
        ("live", "bob"),
        ("live", "alice"),
        ("dead", None),
    ]
    assert asked(hub) == [TWO, ONE, THREE]


def test_only_kinds_that_the_hub_answers_to_are_asked_about() -> None:
    secrets = {kind: text.split()[0] for kind, text in every_kind().items()}
    hub = oracle(dict.fromkeys(secrets.values(), ALICE))
    report, held = scanned(*every_kind().values())
    after = verification.verify(report, held, Shelf(Index()), hub)
    assert set(held) == {finding.fingerprint for finding in report.findings}
    live = {finding.kind for finding in after.findings if finding.verification.status == "live"}
    assert live == {
        *("user-access-token", "organization-token", "oauth-access-token", "jwt-access-token", "app-token"),
    }
    assert asked(hub) == [secrets[finding.kind] for finding in report.findings if finding.kind in live]
    rest = [finding.verification for finding in after.findings if finding.kind not in live]
    assert rest == [Verification()] * 4


def test_what_the_hub_does_not_say_is_not_known_and_not_dead() -> None:
    hub = oracle({ONE: HubError("the Hub answers 500", "try again later"), TWO: HubError("offline")})
    assert said(hub, ONE, TWO) == [
        ("unknown", None, "the Hub answers 500; try again later"),
        ("unknown", None, "offline"),
    ]


def test_when_it_was_asked_is_told_with_every_answer() -> None:
    before = moment.now()
    times = [at for _, at, _, _ in verified(oracle({ONE: ALICE, TWO: HubError("down")}), ONE, TWO, THREE)]
    assert all(before <= str(at) <= moment.now() for at in times)


def test_what_is_allowed_is_not_asked_about() -> None:
    """It is not held: a scan hands out the Tokens of what it reports."""
    hub = oracle({ONE: ALICE})
    report, held = scanned(f"{ONE} # pragma: allowlist secret", TWO)
    assert (len(report.allowed), list(held)) == (1, [Token(TWO).fingerprint])
    after = verification.verify(report, held, Shelf(Index()), hub)
    assert (asked(hub), after.allowed) == ([TWO], report.allowed)


def test_of_one_token_allowed_in_one_place_the_other_is_asked_about() -> None:
    hub = oracle({ONE: ALICE})
    assert [status for status, _, _ in said(hub, f"{ONE} # pragma: allowlist secret", ONE)] == ["live"]


def test_a_yes_of_the_last_minute_serves_again() -> None:
    index = Index()
    index.answers[Token(ONE).fingerprint] = entry_of(Token(ONE), BOB, ENDPOINT)
    hub = oracle({ONE: ALICE})
    ((found, _, identity, _),) = verified(hub, ONE, index=index)
    assert (found, identity, asked(hub)) == ("live", BOB, [])


def test_a_yes_is_remembered_and_a_no_and_silence_are_asked_again() -> None:
    index = Index()
    verified(oracle({ONE: ALICE, TWO: HubError("down")}), ONE, TWO, THREE, index=index)
    assert {fingerprint: entry.status for fingerprint, entry in index.answers.items()} == {
        Token(ONE).fingerprint: "valid"
    }
    again = oracle({TWO: BOB})
    assert [one.status for one in verified(again, ONE, TWO, THREE, index=index)] == ["live", "live", "dead"]
    assert asked(again) == [TWO, THREE]


def test_what_the_hub_says_is_noted_of_a_token_in_the_vault() -> None:
    index = Index()
    for name, secret in {"work": ONE, "old": TWO}.items():
        index.tokens[name] = entry_of(Token(secret))
    verified(oracle({ONE: ALICE}), ONE, TWO, index=index)
    assert {name: entry.status for name, entry in index.tokens.items()} == {"work": "valid", "old": "invalid"}


def test_a_damaged_index_does_not_hinder() -> None:
    hub = oracle({ONE: ALICE})
    assert [one.status for one in verified(hub, ONE, TWO, index=DAMAGED)] == ["live", "dead"]


def test_of_nothing_nothing_is_asked_or_remembered() -> None:
    hub, shelf = oracle({}), Shelf(Index())
    report, held = scanned("nothing", every_kind()["s3-access-key"])
    assert verification.verify(report, held, shelf, hub) == report
    assert (asked(hub), shelf.patience) == ([], [])


# Triage.


def judged(*statuses: str) -> Report:
    """A Report with a credential of each status."""
    (finding,) = scanned(ONE)[0].findings
    return Report(
        findings=tuple(
            finding._replace(fingerprint=f"sha256:{number}", verification=Verification(status))
            for number, status in enumerate(statuses)
        ),
        allowed=(Allowed(finding, Allowance("pragma", "a")),),
        notes=("a note",),
    )


def statuses(report: Report) -> list[str]:
    return [finding.verification.status for finding in report.findings]


@pytest.mark.parametrize(
    ("found", "only", "shown", "note"),
    [
        pytest.param(["live", "dead"], ["live"], ["live"], "not shown: 1 dead", id="one"),
        pytest.param(["dead", "dead"], ["live"], [], "not shown: 2 dead", id="none"),
        pytest.param(
            ["dead", "unknown", "dead", "live", "unchecked"],
            ["live"],
            ["live"],
            "not shown: 2 dead, 1 unknown, 1 unchecked",
            id="all sorts, in the order of the report",
        ),
        pytest.param(
            ["dead", "unknown", "live"], ["unknown", "live"], ["unknown", "live"], "not shown: 1 dead", id="two"
        ),
    ],
)
def test_what_is_left_out_is_told(found: list[str], only: list[str], shown: list[str], note: str) -> None:
    before = judged(*found)
    after = verification.triage(before, only)
    assert (statuses(after), after.notes) == (shown, ("a note", note))
    hidden = len(before.findings) - len(after.findings)
    assert (after.allowed, after.tally) == (before.allowed, before.tally._replace(hidden=hidden))


@pytest.mark.parametrize("found", [[], ["live"], ["live", "live"]], ids=str)
def test_where_nothing_is_left_out_nothing_is_said(found: list[str]) -> None:
    assert verification.triage(judged(*found), ["live"]) == judged(*found)


def test_what_was_not_read_outranks_what_is_left_out() -> None:
    report = judged("dead")._replace(unreadable=(Unreadable(Origin("x"), "gone"),))
    assert verification.triage(report, ["live"]).exit_code == ExitCode.INCOMPLETE
    assert verification.triage(judged("dead"), ["live"]).exit_code == ExitCode.CLEAN
    assert verification.triage(judged("dead", "live"), ["live"]).exit_code == ExitCode.FOUND


def test_another_hub_than_the_official_one_is_named() -> None:
    elsewhere = Oracle(url="https://hub.example.com")
    report = verification.verify(*scanned(ONE), Shelf(Index()), elsewhere)
    assert report.notes == ("asked hub.example.com, which HF_ENDPOINT names",)
