"""A Finding is a value without the secret."""

import copy
import json
import pickle

import pytest

from tests.support.credentials import every_kind
from tokenguard.core.kinds import KINDS
from tokenguard.core.scan import scan_bytes
from tokenguard.core.token import Token


@pytest.mark.parametrize("kind", every_kind())
def test_a_finding_never_shows_the_secret(kind: str) -> None:
    text = every_kind()[kind]
    (finding,) = scan_bytes(text.encode())
    secret = text.split()[0]
    (prefix,) = (item.prefix for item in KINDS if item.name == kind)
    body = secret.removeprefix(prefix)
    renderings = [repr(finding), str(finding), f"{finding}", json.dumps(finding), str(finding._asdict())]
    for rendering in [*renderings, pickle.dumps(finding).decode("latin-1"), repr(copy.deepcopy(finding))]:
        assert body not in rendering
        assert body[:8] not in rendering
    assert finding.masked == f"{prefix}…{secret[-4:]}"
    assert finding.fingerprint == Token(secret).fingerprint


def test_findings_are_values() -> None:
    data = every_kind()["user-access-token"].encode()
    assert scan_bytes(data) == scan_bytes(data)
    assert len({*scan_bytes(data), *scan_bytes(data)}) == 1
    (finding,) = scan_bytes(data)
    with pytest.raises(AttributeError):
        finding.line = 3  # type: ignore[misc]
