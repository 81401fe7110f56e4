"""`tokenguard scan s3://…` with s3fs, against a store on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.bucket import Bucket

if TYPE_CHECKING:
    from tests.e2e.machine import Machine


def test_a_bucket_is_read_by_a_client_of_s3(machine: Machine) -> None:
    leak = f"t = '{machine.token()}'\n".encode()
    cell = b'{"cells": [{"cell_type": "code", "source": ["' + leak.strip() + b'"]}]}'
    with Bucket() as bucket:
        machine.environment |= bucket.environment
        bucket.objects |= {
            "notebooks/a.ipynb": cell,
            "notebooks/c//d \x1b\n%41+ü.txt": leak,
            "notebooks/refused": leak,
            "notebooks/lie": leak,
            "notebooks/longer": b"#" * 9999 + b"\n" + leak,
            "notebooks/nothing": leak,
            "notebooks/empty": b"",
            "notebooks/folder/": b"",
            "notebooks/folder/large": b"a" * (9 << 20) + b"\n" + leak,
            "notebooks/slash/": leak,
            "others": leak,
        }
        bucket.refused.add("notebooks/refused")
        bucket.claimed |= {"notebooks/lie": 5000, "notebooks/longer": 10, "notebooks/nothing": 0}
        scan = machine.scan("s3://bucket/notebooks")
        assert scan.status == 3
        assert scan.places == [
            ("s3://bucket/notebooks/a.ipynb", 1, 51),
            ("s3://bucket/notebooks/c//d \x1b\n%41+ü.txt", 1, 6),
            ("s3://bucket/notebooks/folder/large", 2, 6),
        ]
        assert scan.findings[0]["cell"] == 1
        assert scan.unreadable == {
            "s3://bucket/notebooks/refused": "AccessDenied",
            "s3://bucket/notebooks/lie": "the store lists 5000 bytes and gives another number",
            "s3://bucket/notebooks/longer": "the store lists 10 bytes and gives another number",
            "s3://bucket/notebooks/nothing": "the store lists 0 bytes and gives another number",
            "s3://bucket/notebooks/slash/": "its name ends with a slash, and drivers do not open it",
        }
        bucket.requests.clear()
        scan = machine.scan("s3://bucket/others", "--max-size", "100")
        assert (scan.status, scan.paths) == (1, ["s3://bucket/others"])
        assert {request.method for request in bucket.requests} <= {"GET", "HEAD"}
