"""What holds for every token, whatever the Hub says of it and whatever is asked."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from tokenguard.core.entity import Entity
from tokenguard.core.grants import by_hand, exceeding, form_link, lacking
from tokenguard.core.identity import (
    Identity,
    Org,
    ResourceGroup,
    Scope,
    from_document,
    read_whoami,
    to_document,
)
from tokenguard.core.permissions import GATED, KNOWN, POST, Permission, decide, grants, parse, rank

# Few words, so that they meet, and now and then anything.
names = st.sampled_from(["alice", "Alice", "acme", "globex", "acme/x", "alice/x", "google/gemma", "gpt2", ""])
words = st.one_of(names, st.sampled_from(KNOWN), st.text(max_size=5))
held = st.lists(st.sampled_from([*KNOWN, "warp.write"]), max_size=4).map(tuple)
org_roles = st.sampled_from([None, "admin", "write", "contributor", "read", "no_access", "owner"])
roles = st.sampled_from([None, "read", "write", "god", "fineGrained", "superuser"])
maybe = st.one_of(st.none(), words)
groups = st.lists(st.builds(ResourceGroup, maybe, org_roles), max_size=2).map(tuple)
restrictions = st.lists(st.sampled_from(["mfa", "sso", "ip"]), max_size=2).map(tuple)
orgs = st.lists(st.builds(Org, words, org_roles, restrictions, groups), max_size=3).map(tuple)
types = st.sampled_from([None, "user", "org", "model", "dataset", "moon"])
scopes = st.lists(st.builds(Scope, maybe, types, held), max_size=3).map(tuple)
identities = st.builds(
    Identity, maybe, maybe, roles, maybe, maybe, maybe, orgs, scopes, held, st.sampled_from([None, True, False])
)

entities = st.sampled_from(
    ["alice", "alice/x", "acme", "acme/x", "datasets/acme/x", "globex", "globex/y", "google/gemma", "nobody"]
)
questions = st.one_of(
    st.sampled_from(KNOWN).map(parse),
    st.builds(lambda name, entity: parse(f"{name}:{entity}"), st.sampled_from(KNOWN), entities),
)

# JSON in the shape of an answer, with anything in any place.
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), words)
anything = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3))
)


def odd(*usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(*usual, anything)


def shaped(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return odd(st.fixed_dictionaries({}, optional=keys))


def many(item: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return odd(st.lists(item, max_size=3))


answers = st.fixed_dictionaries(
    {"name": st.text(min_size=1, max_size=5)},
    optional={
        "type": odd(),
        "orgs": many(
            shaped(
                name=words,
                roleInOrg=odd(org_roles),
                securityRestrictions=many(words),
                resourceGroups=many(shaped(name=words, role=odd(org_roles))),
            )
        ),
        "auth": shaped(
            expiresAt=odd(),
            accessToken=shaped(
                role=odd(roles),
                displayName=odd(),
                fineGrained=shaped(
                    canReadGatedRepos=odd(st.booleans()),
                    **{"global": many(words)},
                    scoped=many(shaped(entity=shaped(name=odd(names), type=odd(types)), permissions=many(words))),
                ),
            ),
        ),
    },
)


@given(identities)
def test_an_identity_survives_the_round_trip(identity: Identity) -> None:
    document = to_document(identity)
    assert from_document(document) == identity
    assert from_document(json.loads(json.dumps(document))) == identity


@given(answers)
def test_every_answer_of_the_hub_is_read(answer: dict[str, Any]) -> None:
    identity = read_whoami(answer)
    assert identity.account == answer["name"]
    assert from_document(to_document(identity)) == identity


@given(anything)
def test_any_json_is_an_answer_or_a_value_error(answer: object) -> None:
    from_document(answer)
    try:
        read_whoami(answer)
    except ValueError:
        return
    assert isinstance(answer, dict)
    assert answer["name"]


@given(answers, questions)
def test_every_question_has_an_answer(answer: dict[str, Any], question: Permission) -> None:
    verdict = decide(read_whoami(answer), question)
    assert verdict.allowed in (True, False, None)
    assert verdict.reason


@given(identities, questions)
def test_what_is_had_somewhere_is_had(identity: Identity, question: Permission) -> None:
    anywhere = decide(identity, Permission(question.name))
    assert rank(anywhere) >= rank(decide(identity, question))


@given(identities, st.sampled_from(KNOWN), st.sampled_from(["alice", "acme", "globex", "google"]))
def test_whoever_may_do_it_to_all_may_do_it_to_one(identity: Identity, name: str, namespace: str) -> None:
    one, all_of_them = (Permission(name, Entity(None, namespace, repo)) for repo in ("x", None))
    assert rank(decide(identity, one)) >= rank(decide(identity, all_of_them))


@given(identities, questions)
def test_a_restriction_gives_nothing(identity: Identity, question: Permission) -> None:
    shut = identity._replace(orgs=tuple(org._replace(restrictions=("sso",)) for org in identity.orgs))
    assert rank(decide(shut, question)) <= rank(decide(identity, question))


@given(identities)
def test_a_token_lacks_nothing_that_it_has(identity: Identity) -> None:
    assert lacking(identity, identity) == []


@given(identities, identities)
def test_what_is_lacking_and_what_is_beyond_has_words(identity: Identity, other: Identity) -> None:
    assert all(lacking(identity, other))
    assert all(exceeding(identity, grants(other)))


HOME = Identity("alice", "user", "fineGrained", orgs=(Org("acme", "admin"), Org("globex", "admin")), gated=False)


def _can_be_granted(wanted: Permission) -> bool:
    if wanted.name in (GATED, POST) or wanted.entity is None:
        return True
    if wanted.name.startswith("user."):
        return wanted.entity.namespace == "alice"
    return not wanted.name.startswith("org.") or wanted.entity.namespace in ("acme", "globex")


def _granting(wanted: list[Permission]) -> Identity:
    """A token with just these permissions."""
    scopes = []
    for one in wanted:
        if one.name not in (GATED, POST):
            entity = one.entity or Entity(None, "acme" if one.name.startswith("org.") else "alice")
            kind = (entity.type or "model") if entity.repo else "user" if entity.namespace == "alice" else "org"
            scopes.append(Scope("/".join(filter(None, entity[1:])), kind, (one.name,)))
    asked = {one.name for one in wanted}
    return HOME._replace(permissions=tuple(scopes), global_permissions=tuple({POST} & asked), gated=GATED in asked)


wishes = st.lists(questions.filter(_can_be_granted), max_size=6)


@given(wishes)
def test_what_is_granted_exactly_is_neither_too_little_nor_too_much(wanted: list[Permission]) -> None:
    identity = _granting(wanted)
    assert [one for one in wanted if not decide(identity, one).allowed] == []
    assert exceeding(identity, wanted) == []
    assert lacking(identity, identity) == []


@given(wishes)
def test_whatever_is_granted_is_beyond_nothing_and_lacking_in_nothing(wanted: list[Permission]) -> None:
    identity = _granting(wanted)
    assert exceeding(identity, []) == lacking(identity, HOME)
    assert lacking(HOME, identity) == []
    assert bool(exceeding(identity, [])) == bool(wanted)


@given(wishes)
def test_what_is_wanted_is_in_the_form_or_by_hand(wanted: list[Permission]) -> None:
    manual = by_hand(wanted)
    fields = parse_qsl(urlsplit(form_link(wanted, ["alice"])).query, strict_parsing=True)
    named = {value for field, value in fields if field.endswith("Permissions")}
    assert named == {one.name for one in wanted if one not in manual} - {GATED}
    assert (("canReadGatedRepos", "true") in fields) == any(one.name == GATED for one in wanted)
    assert all(one.entity is None or one.entity.repo for one in manual)
