"""JSON Web Signatures (RFC 7515), as far as they can be read without a key."""

from __future__ import annotations


def _is_object(part: bytes) -> bool:
    """Whether base64url text without padding (RFC 7515 section 2) holds a JSON object."""
    import binascii
    import json

    try:
        text = binascii.a2b_base64(part.translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(part) % 4))
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def is_jws(compact: bytes) -> bool:
    """Whether `header.payload.signature` has a header and a payload that are JSON objects.

    The signature is not checked: a leaked credential is judged by whoever issued it, and reported anyway.
    """
    header, payload, _signature = compact.split(b".")
    return _is_object(header) and _is_object(payload)
