"""The kinds, named as the contract names them."""

from tests.support.credentials import every_kind
from tokenguard.core.detect import ANCHORS
from tokenguard.core.kinds import KINDS


def test_the_kinds_are_those_of_the_contract() -> None:
    assert {kind.name for kind in KINDS} == {
        "user-access-token",
        "organization-token",
        "oauth-access-token",
        "oauth-refresh-token",
        "jwt-access-token",
        "s3-session-token",
        "s3-access-key",
        "app-token",
        "oauth-app-secret",
    }


def test_names_titles_and_prefixes_are_unique() -> None:
    for values in zip(*KINDS, strict=True):
        assert len(set(values)) == len(KINDS)


def test_every_credential_begins_with_the_prefix_of_its_kind() -> None:
    texts = every_kind()
    assert [kind.name for kind in KINDS if not texts[kind.name].startswith(kind.prefix)] == []


def test_every_prefix_begins_with_one_anchor() -> None:
    for kind in KINDS:
        assert sum(kind.prefix.encode().startswith(anchor) for anchor in ANCHORS) == 1
