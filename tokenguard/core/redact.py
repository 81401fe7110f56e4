"""Taking credentials out of text that was not meant to have any."""

from __future__ import annotations

from tokenguard.core.detect import detect


def redact(text: str) -> str:
    """`text` with every credential in it masked, and the secret beside an S3 access key left out."""
    data = text.encode("utf-8", "surrogatepass")
    spans = detect(data)
    if not spans:
        return text
    from tokenguard.core.kinds import S3_ACCESS_KEY
    from tokenguard.core.patterns import s3_secret
    from tokenguard.core.token import Token

    for start, end, kind in reversed(spans):
        masked = Token(data[start:end].decode("ascii")).masked(kind.prefix)
        data = data[:start] + masked.encode() + data[end:]
    if any(span.kind is S3_ACCESS_KEY for span in spans):
        data = s3_secret().sub("…".encode(), data)
    return data.decode("utf-8", "surrogatepass")


def redact_suspects(text: str) -> str:
    """`text` without anything that might be a credential, or a part of one, whatever stands around it.

    For messages about what went wrong, in which nothing of value is lost.
    """
    import re

    prefix = r"(hf_|api_org_|oauth_app_secret_|HFAK)"
    text = re.sub(prefix + r"[A-Za-z0-9_.%=+/-]{16,}", r"\1…", redact(text))
    return re.sub(r"[A-Za-z0-9]{32,}", "…", text)


def redact_values(value: object, secret: str = "") -> object:
    """Decoded JSON with every credential in its strings masked, and `secret` left out wherever it stands."""
    if isinstance(value, str):
        return redact(value.replace(secret, "…") if secret else value)
    if isinstance(value, list):
        return [redact_values(item, secret) for item in value]
    if isinstance(value, dict):
        return {redact_values(key, secret): redact_values(item, secret) for key, item in value.items()}
    return value
