"""What has to go where a credential is taken out: the credential itself, and the secret that belongs to it."""

from __future__ import annotations

from tokenguard.core import kinds
from tokenguard.core.name import HF_TOKEN
from tokenguard.core.rewrite.edit import Stretch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenguard.core.detect import Span
    from tokenguard.core.kinds import Kind

# What else stands for a credential is not called a token by any of Hugging Face's libraries. The names for S3 are
# those of all its clients (https://huggingface.co/docs/hub/storage-buckets-s3), that of the secret is the one in
# the environment of a Space (https://huggingface.co/docs/hub/spaces-oauth).
_VARIABLES = {
    kinds.OAUTH_REFRESH_TOKEN: "HF_REFRESH_TOKEN",
    kinds.OAUTH_APP_SECRET: "OAUTH_CLIENT_SECRET",
    kinds.S3_ACCESS_KEY: "AWS_ACCESS_KEY_ID",
    kinds.S3_SESSION_TOKEN: "AWS_SESSION_TOKEN",
}
S3_SECRET = "AWS_SECRET_ACCESS_KEY"  # noqa: S105 -- the name of a variable

NOT_OF_THE_VAULT = (*_VARIABLES.values(), S3_SECRET)
"""Variables for what is no token that `tokenguard run` would hand over."""

PLACEHOLDER = "REDACTED"
"""What follows the prefix where nothing can be looked up: no scanner takes it for a credential."""


def variable_of(kind: Kind) -> str:
    """The environment variable in which a program looks for a credential of `kind`."""
    return _VARIABLES.get(kind, HF_TOKEN)


def stretches_of(data: bytes, spans: Sequence[Span], variable: str | None = None) -> list[Stretch]:
    """What has to go from `data` with the credentials `spans`, in order.

    Each distinct credential has a variable of its own: the second one of HF_TOKEN is HF_TOKEN_2. `variable` is
    that of the first credential.
    """
    names: dict[str, dict[bytes, str]] = {}

    def name_of(value: bytes, wanted: str) -> str:
        known = names.setdefault(wanted, {})
        return known.setdefault(value, f"{wanted}_{len(known) + 1}" if known else wanted)

    stretches = []
    for start, end, kind in spans:
        name = name_of(data[start:end], variable or variable_of(kind))
        stretches.append(Stretch(start, end, name, kind.prefix + PLACEHOLDER))
    for start, end in _s3_secrets(data, spans):
        name = name_of(data[start:end], S3_SECRET)
        stretches.append(Stretch(start, end, name, PLACEHOLDER))
    return sorted(stretches)


def _s3_secrets(data: bytes, spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """Where the secrets of the S3 access keys among `spans` stand: each key has one, and that may be repeated."""
    keys = [span for span in spans if span.kind is kinds.S3_ACCESS_KEY]
    if not keys:
        return
    from tokenguard.core.judge import Judge
    from tokenguard.core.patterns import s3_secret

    judge = Judge(data)
    secrets: dict[bytes, bytes] = {}
    for key in keys:
        if data[key.start : key.end] in secrets:
            continue
        near = [
            (not is_called_secret, start < key.start, abs(start - key.start), data[start:end])
            for start, end, is_called_secret in judge.secrets_near(key)
            if data[start:end] not in secrets.values()
        ]
        if near:  # two keys can be listed with one secret
            secrets[data[key.start : key.end]] = min(near)[3]
    wanted = set(secrets.values())
    for match in s3_secret().finditer(data):
        if match.group() in wanted and not any(
            span.start < match.end() and match.start() < span.end for span in spans
        ):
            yield match.span()
