"""Whatever the Hub says of a leaked credential, and whatever that says of itself, no report shows one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.credentials import every_kind, signed_token
from tokenguard.core.abilities import harm
from tokenguard.core.blob import Blob, Origin, whole
from tokenguard.core.claims import read_claims
from tokenguard.core.finding import STATUSES, Finding, Verification
from tokenguard.core.identity import Identity, read_whoami
from tokenguard.core.redact import redact_values
from tokenguard.core.report import Report
from tokenguard.core.scan import scan_blob
from tokenguard.core.token import Token
from tokenguard.render import json as as_json
from tokenguard.render import text as as_text
from tokenguard.verification import triage

if TYPE_CHECKING:
    from tokenguard.core.finding import Held

# Those that the Hub is asked about, and those that it is not. The identifier of an S3 key is no secret by itself.
secrets = st.builds(
    lambda kind, seed: every_kind(seed)[kind],
    st.sampled_from(sorted(set(every_kind()) - {"s3-access-key"})),
    st.integers(0, 2**32),
)
words = st.text(max_size=12) | st.sampled_from(
    ["alice", "acme", "write", "read", "admin", "user", "org", "repo.write"]
)


def bodies(secret: str) -> st.SearchStrategy[object]:
    """Answers of a Hub that says the token back wherever it can, glued to other text or not."""
    says = st.builds(lambda a, b, has: a + secret * has + b, words, words, st.booleans()) | words
    org = st.fixed_dictionaries(
        {"name": says, "roleInOrg": says | st.sampled_from(["write", "admin", "read", "contributor"])},
        optional={
            "securityRestrictions": st.lists(says, max_size=2),
            "resourceGroups": st.lists(st.fixed_dictionaries({"name": says, "role": says}), max_size=2),
        },
    )
    scope = st.fixed_dictionaries(
        {
            "entity": st.fixed_dictionaries(
                {"name": says, "type": says | st.sampled_from(["user", "org", "model"])}
            ),
            "permissions": st.lists(says | st.sampled_from(["repo.write", "job.write"]), max_size=3),
        }
    )
    fine = st.fixed_dictionaries(
        {
            "canReadGatedRepos": st.booleans(),
            "global": st.lists(says, max_size=2),
            "scoped": st.lists(scope, max_size=3),
        }
    )
    role = st.sampled_from(["read", "write", "god", "fineGrained"]) | says
    token = st.fixed_dictionaries(
        {"displayName": says, "role": role, "createdAt": says}, optional={"fineGrained": fine}
    )
    return st.fixed_dictionaries(
        {
            "name": says.filter(bool),
            "type": says,
            "orgs": st.lists(org, max_size=4),
            "auth": st.fixed_dictionaries({"accessToken": token}, optional={"expiresAt": says}),
        }
    )


def expect_hidden(rendering: str, hidden: list[str]) -> None:
    for secret in hidden:
        # The head of a signed token is the same in all of them, and no secret.
        body = secret.rpartition(".")[2].removeprefix("hf_oauth__refresh_").rpartition("_")[2][-32:]
        assert not any(body[at : at + 8] in rendering for at in range(len(body) - 7)), "it is shown"


@settings(max_examples=40)
@given(st.data(), st.lists(secrets, min_size=1, max_size=2, unique=True), st.sampled_from(STATUSES))
def test_no_rendering_of_a_verified_report_shows_a_credential(
    data: st.DataObject, leaked: list[str], status: str
) -> None:
    held: Held = {}
    found: list[Finding] = []
    for number, text in enumerate(leaked):
        for item in scan_blob(Blob(Origin(f"{number}"), whole(text.encode())), {}, None, held):
            assert isinstance(item, Finding)
            found.append(item)
    findings = []
    for finding in found:
        secret = held[finding.fingerprint].reveal()
        # As tokenguard.hub reads an answer.
        answer = redact_values(data.draw(bodies(secret)), secret)
        try:
            identity = read_whoami(answer)
        except ValueError:
            identity = Identity()
        reason = data.draw(st.sampled_from(["", f"the Hub answers 500 ({secret})"]))
        findings.append(finding._replace(verification=Verification(status, None, identity, reason)))
    report = triage(Report(findings=tuple(findings)), [status])
    renderings = [
        as_json.document(report, "1"),
        *as_json.lines(report, "1"),
        *as_text.finding_lines(report, color=False),
        *as_text.advice(report),
        as_text.summary(report),
    ]
    expect_hidden("\n".join(renderings), leaked)
    assert all(line.isprintable() for line in as_text.finding_lines(report, color=False))
    assert {finding["verification"]["status"] for finding in json.loads(renderings[0])["findings"]} == {status}
    assert all(harm(finding) in range(4) for finding in report.findings)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = ("iss", "sub", "oauthApp", "resource", "aud", "scope", "iat", "exp")


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(NAMES), values), secrets)
def test_whatever_a_signed_token_says_it_is_read_and_shown_in_one_line(
    payload: dict[str, object], other: str
) -> None:
    payload |= {"sub": f"{payload.get('sub', '')} {other}"}
    secret = signed_token("hf_jwt" + "_", 0, **payload)
    claims = read_claims(Token(secret))
    assert claims is not None
    (finding,) = scan_blob(Blob(Origin("a"), whole(every_kind()["user-access-token"].encode())), {})
    assert isinstance(finding, Finding)
    report = Report(findings=(finding._replace(claims=claims),))
    said = list(as_text.finding_lines(report, color=False))
    assert (len(said), all(line.isprintable() for line in said)) == (2, True)
    assert "None" not in said[1].partition(", for ")[0].partition(", app ")[0].partition(", of ")[0]
    expect_hidden("\n".join([*said, as_json.document(report, "1")]), [other])
