"""What a live token can do, in words, and how much harm that makes it good for: a table of identities."""

from __future__ import annotations

import pytest

from tests.support.credentials import signed_token, user_token
from tokenguard.core.abilities import Harm, abilities, harm
from tokenguard.core.finding import STATUSES, Claims, Finding, Verification
from tokenguard.core.identity import Identity, Org, ResourceGroup, Scope
from tokenguard.core.permissions import GATED as GATED_SWITCH
from tokenguard.core.permissions import KNOWN, POST, Permission, decide, places, sure_places
from tokenguard.core.scan import scan_bytes

ACME, BETA, GAMMA, DELTA = (Org(name, "write") for name in ("acme", "beta", "gamma", "delta"))
READS = "can read what is private of"
SPENDS = "can spend the inference credits of"
GATED = "can read the gated repositories that the account was let into"


def has(role: str | None, *orgs: Org) -> Identity:
    return Identity("alice", "user", role, orgs=orgs)


def fine(*scopes: Scope, orgs: tuple[Org, ...] = (), gated: bool | None = False) -> Identity:
    return Identity("alice", "user", "fineGrained", orgs=orgs, permissions=scopes, gated=gated)


def on(entity: str | None, kind: str, *permissions: str) -> Scope:
    return Scope(entity, kind, permissions)


def deeds(where: str) -> list[str]:
    """What a token of role write, or god, can do there."""
    verbs = ("push to", "change the endpoints of", "run jobs for", "read what is private of")
    return [*(f"can {verb} {where}" for verb in verbs), f"{SPENDS} {where}"]


CASES = [
    # Tokens of a role reach the account and its organizations.
    pytest.param(has("read"), [f"{READS} alice", f"{SPENDS} alice", GATED], id="read"),
    pytest.param(has("write"), [*deeds("alice"), GATED], id="write"),
    pytest.param(has("god"), [*deeds("alice"), GATED], id="god, of old"),
    pytest.param(
        has("read", ACME),
        [f"{READS} the organization acme and alice", f"{SPENDS} the organization acme and alice", GATED],
        id="read, in an organization",
    ),
    pytest.param(
        has("write", ACME), [*deeds("the organization acme and alice"), GATED], id="write, in an organization"
    ),
    pytest.param(
        has("write", ACME, BETA, GAMMA),
        [*deeds("3 organizations (acme, beta, gamma) and alice"), GATED],
        id="three organizations are named",
    ),
    pytest.param(
        has("write", ACME, BETA, GAMMA, DELTA),
        [*deeds("4 organizations (acme, beta, gamma, …) and alice"), GATED],
        id="of four, three are named",
    ),
    # What the account is in an organization limits the token.
    pytest.param(
        has("write", Org("acme", "admin")),
        ["can administer the organization acme", *deeds("the organization acme and alice"), GATED],
        id="an admin's",
    ),
    pytest.param(
        has("read", Org("acme", "admin")),
        [f"{READS} the organization acme and alice", f"{SPENDS} the organization acme and alice", GATED],
        id="an admin's, for reading",
    ),
    pytest.param(
        has("write", Org("acme", "read")),
        [
            *deeds("alice")[:3],
            f"{READS} the organization acme and alice",
            f"{SPENDS} the organization acme and alice",
            GATED,
        ],
        id="a reader's",
    ),
    pytest.param(
        has("write", Org("acme", "contributor")),
        [
            *deeds("alice")[:3],
            f"{READS} the organization acme and alice",
            f"{SPENDS} the organization acme and alice",
            GATED,
        ],
        id="a contributor's, of which nobody knows where it may push",
    ),
    pytest.param(has("write", Org("acme", "no_access")), [*deeds("alice"), GATED], id="no access"),
    pytest.param(
        has("write", Org("acme", "no_access", (), (ResourceGroup("research", "write"),))),
        [*deeds("alice"), GATED],
        id="a resource group, of which nobody knows what lies in it",
    ),
    pytest.param(
        has("write", Org("acme")),
        [
            *(f"can {verb} alice" for verb in ("push to", "change the endpoints of", "run jobs for")),
            f"{READS} the organization acme and alice",
            f"{SPENDS} alice",
            GATED,
        ],
        id="a role that the Hub does not tell",
    ),
    pytest.param(
        has("write", Org("acme", "admin", ("sso", "mfa")), BETA),
        [*deeds("the organization beta and alice"), GATED],
        id="an organization that restricts the token",
    ),
    # Fine-grained ones can do what is listed.
    pytest.param(fine(), [], id="fine-grained, with nothing"),
    pytest.param(fine(gated=True), [GATED], id="fine-grained, gated"),
    pytest.param(fine(on("alice", "user", "repo.write")), ["can push to alice", f"{READS} alice"], id="on a user"),
    pytest.param(fine(on("alice", "user", "inference.serverless.write")), [f"{SPENDS} alice"], id="on inference"),
    pytest.param(fine(on("alice", "user", "user.billing.read", "collection.write")), [], id="on what is little"),
    pytest.param(
        fine(on("acme", "org", "repo.write", "job.write"), orgs=(ACME,)),
        [
            "can push to the organization acme",
            "can run jobs for the organization acme",
            f"{READS} the organization acme",
        ],
        id="on an organization",
    ),
    pytest.param(
        fine(*(on(name, "org", "repo.write") for name in ("acme", "beta", "gamma")), orgs=(ACME, BETA, GAMMA)),
        ["can push to 3 organizations (acme, beta, gamma)", f"{READS} 3 organizations (acme, beta, gamma)"],
        id="on three organizations",
    ),
    pytest.param(
        fine(on("acme", "org", "org.members.write"), orgs=(Org("acme", "admin"),)),
        ["can administer the organization acme"],
        id="on the members of an organization",
    ),
    pytest.param(
        fine(on("acme", "org", "org.members.write"), orgs=(ACME,)), [], id="on members, without being an admin"
    ),
    pytest.param(
        fine(on("acme", "org", "repo.write"), orgs=(Org("acme", "admin", ("mfa",)),)),
        [],
        id="on an organization that restricts it",
    ),
    pytest.param(
        fine(on("acme/m", "model", "repo.write"), orgs=(ACME,)),
        ["can push to the repository acme/m", f"{READS} the repository acme/m"],
        id="on a model",
    ),
    pytest.param(
        fine(
            on("acme/d", "dataset", "repo.content.read"),
            on("acme/s", "space", "repo.content.read"),
            on("acme/b", "bucket", "repo.content.read"),
            on("acme/m", "model", "repo.content.read"),
            orgs=(ACME,),
        ),
        [f"{READS} 4 repositories (datasets/acme/d, spaces/acme/s, buckets/acme/b, …)"],
        id="on repositories of several types",
    ),
    pytest.param(
        fine(
            on("acme", "org", "repo.write"),
            on("alice/m", "model", "repo.write"),
            on("alice", "user", "repo.write"),
            orgs=(ACME,),
        ),
        [
            "can push to the organization acme and the repository alice/m and alice",
            f"{READS} the organization acme and the repository alice/m and alice",
        ],
        id="on some of each",
    ),
    pytest.param(
        fine(on(None, "user", "repo.write")), ["can push to alice", f"{READS} alice"], id="on nobody but its own"
    ),
    # What the Hub does not say.
    pytest.param(has(None, ACME), [], id="OAuth, of which the Hub says nothing"),
    pytest.param(has("novel", ACME), [], id="a role of tomorrow"),
    pytest.param(Identity("acme", "org"), [], id="a token of an organization, of old"),
    pytest.param(Identity(), [], id="nothing at all"),
]


@pytest.mark.parametrize(("identity", "said"), CASES)
def test_what_it_can_do_the_worst_first(identity: Identity, said: list[str]) -> None:
    assert list(abilities(identity)) == said


def test_the_words_of_the_contract() -> None:
    assert any("can push to 3 organizations" in text for text in abilities(has("write", ACME, BETA, GAMMA)))
    assert not any(
        "organizations" in text for text in abilities(has("write", ACME, Org("b", "read"))) if "push" in text
    )


@pytest.mark.parametrize("identity", [case.values[0] for case in CASES])
def test_where_it_can_is_where_the_hub_would_let_it(identity: Identity) -> None:
    for name in {*KNOWN, "novel.write", "novel.read"} - {GATED_SWITCH, POST}:  # which lie in no place
        held = [place for place in places(identity, name) if place]
        allowed = [place for place in held if decide(identity, Permission(name, place)).allowed]
        assert sure_places(identity, name) == allowed, name


@pytest.mark.unmeasured
def test_no_number_of_places_takes_for_ever() -> None:
    """As many as fit into the largest answer that is read. To compare each with each takes hours."""
    many = 20_000
    by_role = has("write", *(Org(f"o{number}", "write") for number in range(many)))
    listed = fine(*(on(f"alice/{number}", "model", "repo.write") for number in range(many)))
    assert f"can push to {many} organizations (o0, o1, o2, …) and alice" in list(abilities(by_role))
    assert f"can push to {many} repositories (alice/0, alice/1, alice/2, …)" in list(abilities(listed))


def test_names_are_taken_as_they_are() -> None:
    """Whoever shows them makes them fit to be shown."""
    hostile = "\x1b[31m\n\u202e" + user_token()
    assert any(hostile in text for text in abilities(has("write", Org(hostile, "write"))))


# How much it hurts.

(FOUND,) = scan_bytes(user_token().encode())
(SIGNED,) = scan_bytes(signed_token("hf_jwt" + "_", exp=4102444800).encode())
OVER = SIGNED._replace(claims=Claims(expired=True))


def judged(status: str, identity: Identity | None = None, finding: Finding = FOUND) -> Finding:
    return finding._replace(verification=Verification(status, None, identity or Identity()))


HARMS = [
    pytest.param(judged("dead"), Harm.NONE, id="dead"),
    pytest.param(judged("unknown"), Harm.POSSIBLE, id="unknown"),
    pytest.param(judged("unchecked"), Harm.POSSIBLE, id="unchecked"),
    pytest.param(SIGNED, Harm.POSSIBLE, id="not over yet"),
    pytest.param(SIGNED._replace(claims=Claims()), Harm.POSSIBLE, id="without an end"),
    pytest.param(OVER, Harm.NONE, id="over"),
    pytest.param(judged("unknown", finding=OVER), Harm.NONE, id="over, and the Hub did not say"),
    pytest.param(judged("live", has("read"), OVER), Harm.LIVE, id="over, says it, and is live, says the Hub"),
    pytest.param(judged("live", has("read", ACME)), Harm.LIVE, id="reads"),
    pytest.param(judged("live", has(None)), Harm.LIVE, id="live, and nobody knows what it can do"),
    pytest.param(judged("live", has("write")), Harm.POWERFUL, id="writes"),
    pytest.param(judged("live", has("god")), Harm.POWERFUL, id="writes, of old"),
    pytest.param(judged("live", fine()), Harm.LIVE, id="fine-grained, with nothing"),
    pytest.param(judged("live", fine(gated=True)), Harm.LIVE, id="gated"),
    pytest.param(
        judged("live", fine(on("alice", "user", "inference.serverless.write"))), Harm.LIVE, id="spends credits"
    ),
    pytest.param(judged("live", fine(on("a/m", "model", "repo.write"))), Harm.POWERFUL, id="writes one model"),
    pytest.param(judged("live", fine(on("alice", "user", "job.write"))), Harm.POWERFUL, id="runs jobs"),
    pytest.param(
        judged("live", fine(on("acme", "org", "org.write"), orgs=(Org("acme", "admin"),))),
        Harm.POWERFUL,
        id="changes an organization",
    ),
    pytest.param(
        judged("live", fine(on("acme", "org", "repo.write"), orgs=(Org("acme", "read"),))),
        Harm.LIVE,
        id="may write where the account may not",
    ),
]


@pytest.mark.parametrize(("finding", "expected"), HARMS)
def test_how_much_it_hurts(finding: Finding, expected: Harm) -> None:
    assert harm(finding) is expected


def test_harms_have_an_order() -> None:
    assert sorted([Harm.POWERFUL, Harm.NONE, Harm.LIVE, Harm.POSSIBLE]) == list(Harm)
    assert [one.name for one in Harm] == ["NONE", "POSSIBLE", "LIVE", "POWERFUL"]


def test_every_status_has_a_harm() -> None:
    assert {harm(judged(status)) for status in STATUSES} == {Harm.NONE, Harm.POSSIBLE, Harm.LIVE}


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ((), Harm.LIVE),
        (("openid", "profile", "read-repos", "inference-api"), Harm.LIVE),
        (("openid", "write-repos"), Harm.POWERFUL),
        (("manage-repos",), Harm.POWERFUL),
        (("jobs",), Harm.POWERFUL),
    ],
)
def test_what_whoami_does_not_say_of_oauth_its_scopes_do(scopes: tuple[str, ...], expected: Harm) -> None:
    signed = judged("live")._replace(claims=Claims(scopes=scopes))
    assert harm(signed._replace(verification=signed.verification._replace(identity=Identity("alice")))) == expected
