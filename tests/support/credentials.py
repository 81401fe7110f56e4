"""Credentials for tests, put together at run time: no tracked file may hold a string shaped like one."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string

ALNUM = string.ascii_letters + string.digits


def user_token(seed: int = 0, alphabet: str = string.ascii_letters) -> str:
    return "hf" + "_" + _drawn(seed, 34, alphabet)


def organization_token(seed: int = 0) -> str:
    return "api_org" + "_" + _drawn(seed, 34, string.ascii_letters)


def refresh_token(seed: int = 0) -> str:
    return "hf_oauth_" + "_refresh_" + _drawn(seed, 34, ALNUM)


def app_token(seed: int = 0) -> str:
    return "hf_app" + "_" + _drawn(seed, 32, ALNUM)


def app_secret(seed: int = 0) -> str:
    return "oauth_app_secret" + "_" + _drawn(seed, 34, ALNUM)


def signed_token(prefix: str, seed: int = 0, **claims: object) -> str:
    """`prefix` is `hf_oauth_`, `hf_jwt_` or `hf_s3_`."""
    header = _base64url(json.dumps({"alg": "EdDSA", "typ": "JWT"}).encode())
    payload = _base64url(json.dumps({"sub": "alice", "exp": 1790000000, "scope": "openid", **claims}).encode())
    signature = _base64url(random.Random(seed).randbytes(64))
    return f"{prefix}{header}.{payload}.{signature}"


def s3_access_key(seed: int = 0) -> tuple[str, str]:
    """The id and the secret."""
    upper = string.ascii_uppercase + string.digits
    return "HF" + "AK" + _drawn(seed, 16, upper), _drawn(seed + 1, 40, ALNUM + "/+")


def every_kind(seed: int = 0) -> dict[str, str]:
    """A text with one credential for each kind; what is reported is its first word."""
    return {
        "user-access-token": user_token(seed),
        "organization-token": organization_token(seed),
        "oauth-access-token": signed_token("hf_oauth" + "_", seed),
        "oauth-refresh-token": refresh_token(seed),
        "jwt-access-token": signed_token("hf_jwt" + "_", seed),
        "s3-session-token": signed_token("hf_s3" + "_", seed),
        "s3-access-key": " ".join(s3_access_key(seed)),
        "app-token": app_token(seed),
        "oauth-app-secret": app_secret(seed),
    }


def placeholders(seed: int = 0) -> dict[str, str]:
    """What the names in braces of tests/corpus stand for."""
    key, secret = s3_access_key(seed)
    return {
        "user_token": user_token(seed),
        "organization_token": organization_token(seed),
        "oauth_token": signed_token("hf_oauth" + "_", seed),
        "refresh_token": refresh_token(seed),
        "jwt_token": signed_token("hf_jwt" + "_", seed),
        "s3_session": signed_token("hf_s3" + "_", seed),
        "s3_key": key,
        "s3_secret": secret,
        "app_token": app_token(seed),
        "app_secret": app_secret(seed),
        # What is no credential, and must not look like one in a tracked file either.
        "hf": "hf" + "_",
        "api_org": "api_org" + "_",
        "ESC": "\x1b",
        "NUL": "\0",
    }


def fingerprint(token: str) -> str:
    """What tokenguard calls it, reckoned without tokenguard."""
    return "sha256:" + hashlib.sha256(token.encode()).hexdigest()


def _drawn(seed: int, length: int, alphabet: str) -> str:
    return "".join(random.Random(seed).choices(alphabet, k=length))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
