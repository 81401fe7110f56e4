"""JSON Web Signatures (RFC 7515), as far as they can be read without a key."""

from __future__ import annotations


def read_object(part: bytes) -> dict[str, object] | None:
    """The JSON object in base64url text without padding (RFC 7515 section 2), None where there is none."""
    import binascii
    import json

    try:
        text = binascii.a2b_base64(part.translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(part) % 4))
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def is_jws(compact: bytes) -> bool:
    """Whether `header.payload.signature` has a header and a payload that are JSON objects.

    The signature is not checked: a leaked credential is judged by whoever issued it, and reported anyway.
    """
    header, payload, _signature = compact.split(b".")
    return read_object(header) is not None and read_object(payload) is not None
