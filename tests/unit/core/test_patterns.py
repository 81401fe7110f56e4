"""The expressions: each of a bounded length, and each under the anchor that its credentials begin with."""

import pytest

from tests.support.credentials import every_kind, s3_access_key
from tokenguard.core.detect import ANCHORS, LONGEST
from tokenguard.core.kinds import KINDS, Kind
from tokenguard.core.patterns import kind_of, pattern, s3_secret


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_a_credential_matches_under_one_anchor_and_as_its_own_kind(kind: Kind) -> None:
    data = every_kind()[kind.name].encode()
    matches = [match for anchor in ANCHORS if (match := pattern(anchor).match(data))]
    assert [kind_of(match) for match in matches] == [kind]
    assert matches[0].group() == data.split()[0]


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_a_prefix_alone_does_not_match(kind: Kind) -> None:
    assert [pattern(anchor).search(kind.prefix.encode()) for anchor in ANCHORS] == [None] * len(ANCHORS)


@pytest.mark.parametrize("prefix", ["oauth_", "jwt_", "s3_"])
def test_no_match_is_longer_than_what_windows_overlap_by(prefix: str) -> None:
    part = b"a" * LONGEST
    data = f"hf_{prefix}".encode() + b".".join([b"eyJ" + part[:1024], b"eyJ" + part[:20000], part])
    match = pattern(b"hf_").match(data)
    assert match is not None
    assert 20_000 < len(match.group()) <= LONGEST


@pytest.mark.parametrize("around", ["", " ", '"', "=", ":", "\n"])
def test_a_secret_key_stands_alone(around: str) -> None:
    _, secret = s3_access_key()
    match = s3_secret().search(f"{around}{secret}{around}".encode())
    assert match is not None
    assert match.group().decode() == secret


@pytest.mark.parametrize("neighbour", ["a", "Z", "0", "/", "+", "_", "-"])
def test_a_secret_key_is_no_part_of_a_longer_run(neighbour: str) -> None:
    _, secret = s3_access_key()
    assert s3_secret().search(f"{neighbour}{secret}".encode()) is None
    assert s3_secret().search(f"{secret}{neighbour}".encode()) is None
