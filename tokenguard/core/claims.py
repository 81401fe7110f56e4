"""What a signed credential says of itself, offline: whether it still matters, and what it is good for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.finding import Claims
    from tokenguard.core.token import Token


def read_claims(token: Token) -> Claims | None:
    """The Claims of a token that has a JWS in it (`hf_oauth_…`, `hf_jwt_…`, `hf_s3_…`), None for any other.

    The names are those of RFC 7519 section 4.1 and RFC 8693 section 4.2, and the Hub's `oauthApp` and `resource`
    (https://huggingface.co/docs/hub/oauth, https://huggingface.co/docs/hub/trusted-publishers).
    """
    parts = token.reveal().encode().split(b".")
    if len(parts) != 3:
        return None
    from tokenguard.core import moment
    from tokenguard.core.finding import Claims
    from tokenguard.core.jws import read_object

    payload = read_object(parts[1])
    if payload is None:
        return None
    expires_at = token.expires_at
    return Claims(
        issuer=_text(payload, "iss"),
        subject=_text(payload, "sub"),
        app=_text(payload, "oauthApp"),
        resource=_text(payload, "resource") or _text(payload, "aud"),
        scopes=_words(payload.get("scope")),
        issued_at=moment.of_seconds(payload.get("iat")),
        expires_at=expires_at,
        expired=None if expires_at is None else moment.age(expires_at) > 0,
    )


def _text(payload: dict[str, object], name: str) -> str | None:
    """A string, or the name within an object, or what a list of strings has."""
    value = payload.get(name)
    if isinstance(value, dict):
        value = next((value[key] for key in ("name", "sub", "id", "_id") if isinstance(value.get(key), str)), None)
    if isinstance(value, list):
        value = " ".join(_words(value)) or None
    return value if isinstance(value, str) else None


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.split())
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
