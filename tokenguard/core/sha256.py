"""SHA-256 (FIPS 180-4) without OpenSSL, which takes longer to load than a commit to scan."""

from __future__ import annotations

# The standard library's own, which hashlib falls back to, and which `random` takes for the same reason.
try:
    from _sha2 import sha256 as _sha256  # type: ignore[import-not-found]  # Python 3.12 and later
except ImportError:
    try:
        from _sha256 import sha256 as _sha256  # type: ignore[import-not-found]
    except ImportError:  # a Python that was built without its own
        from hashlib import sha256 as _sha256


def sha256(data: bytes) -> str:
    """The digest of `data`, in hexadecimal."""
    digest: str = _sha256(data).hexdigest()
    return digest
