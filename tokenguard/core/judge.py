"""Whether what is shaped like a credential is one."""

from __future__ import annotations

from tokenguard.core import kinds
from tokenguard.core.detect import ANCHORS, CONTEXT, LABEL
from tokenguard.core.jws import is_jws
from tokenguard.core.patterns import s3_secret
from tokenguard.core.plausible import looks_random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.core.detect import Span

# base64url, and what joins the parts of a JWS.
_BASE64URL = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
_NOISE = 64  # bytes on either side that are looked at
_LONG = 40  # bytes; identifiers that are drawn at random are shorter


class Judge:
    """Judges the matches in `data`, each string once: hostile files repeat themselves."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._random: dict[tuple[bytes, bool], bool] = {}

    def is_credential(self, span: Span) -> bool:
        """Whether the match is a credential, and no name, placeholder or noise."""
        body = self._data[span.start + len(span.kind.prefix) : span.end]
        match span.kind:
            case kinds.OAUTH_ACCESS_TOKEN | kinds.JWT_ACCESS_TOKEN | kinds.S3_SESSION_TOKEN:
                return is_jws(body)
            case kinds.S3_ACCESS_KEY:
                is_placeholder = len(body) >= 16 and not self._looks_random(body, any_alphabet=True)
                return not is_placeholder and any(self.secrets_near(span))
            case kinds.USER_ACCESS_TOKEN | kinds.ORGANIZATION_TOKEN:
                return self._looks_random(body) and not self._is_within_noise(span)
            case _:
                return self._looks_random(body, any_alphabet=True) and not self._is_within_noise(span)

    def _looks_random(self, body: bytes, *, any_alphabet: bool = False) -> bool:
        known = self._random.get((body, any_alphabet))
        if known is None:
            known = self._random[body, any_alphabet] = looks_random(body, any_alphabet=any_alphabet)
        return known

    def secrets_near(self, key: Span) -> Iterator[tuple[int, int, bool]]:
        """What may be the secret of the S3 access key `key`: from where, to where, and whether it is called so."""
        reach = key.end + CONTEXT
        # One byte more, to see whether the run goes on there.
        for match in s3_secret().finditer(self._data, max(0, key.start - CONTEXT), reach + 1):
            if match.end() > reach:
                break
            run = match.group()
            label = self._data[max(0, match.start() - LABEL) : match.start()].lower()
            is_called_secret = b"secret" in label
            # Forty hexadecimal digits are the name of a commit, unless something calls them a secret.
            if self._is_random_run(run) or (
                is_called_secret and run.isalnum() and self._looks_random(run, any_alphabet=True)
            ):
                yield match.start(), match.end(), is_called_secret

    def _is_within_noise(self, span: Span) -> bool:
        """Whether the match is a stretch of some base64url text, which holds any prefix sooner or later.

        Such text goes on at both sides after `-` or `_`, or at length at one, and is itself random there.
        """
        left = self._data[max(0, span.start - _NOISE) : span.start]
        left = left[len(left.rstrip(_BASE64URL)) :]
        right = self._data[span.end : span.end + _NOISE]
        right = right[: len(right) - len(right.lstrip(_BASE64URL))]
        noise = [run for run in (left, right) if not any(a in run for a in ANCHORS) and self._is_random_run(run)]
        return len(noise) == 2 or any(len(run) >= _LONG for run in noise)

    def _is_random_run(self, run: bytes) -> bool:
        """Whether the letters and digits of a run of base64 characters look drawn at random."""
        body = run.translate(None, b"/+_-.")
        return len(body) >= 24 and self._looks_random(body)
