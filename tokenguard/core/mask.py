"""Taking credentials out of a stream of bytes, whatever the pieces it comes in.

Nothing is held back but what may go on to be a secret, and of that only what is behind the prefix: `hf_` tells
nothing, and stands in the masked form as well. So whoever is asked something sees all of the question.
"""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from functools import cache
from typing import NamedTuple

from tokenguard.core.detect import ANCHORS, CONTEXT, LONGEST, Span, detect
from tokenguard.core.kinds import KINDS, S3_ACCESS_KEY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenguard.core.token import Token

_ELLIPSIS = "…".encode()
# What was passed on and is still looked at: what stands to the left of a credential, and the key of an S3 secret.
_BEHIND = 2 * CONTEXT
# So many characters of a secret from its first one on are as good as the whole: a writer may be cut off.
_ENOUGH = 8
# What a word that may be a credential is written in, and what an S3 secret is.
_WORD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
_S3_SECRET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/"
_S3_LENGTH = 40
# What may follow a credential without a gap; see `patterns`.
_NEXT = (b"hf_", b"api_org_", b"oauth_app_secret_")


class _Form(NamedTuple):
    """A way to write a known secret, of which the first `public` bytes tell nothing, and the last bytes shown."""

    text: bytes
    public: int
    last: bytes = b""


class _Secret(NamedTuple):
    """A secret in `data[start:end]`, and what is shown for it: its first `public` bytes, then others."""

    start: int
    end: int
    public: int
    shown: bytes
    is_key: bool = False  # beside which an S3 secret may stand


class Masker:
    """One stream; `token` is known to be a secret, wherever it stands, also in base64 and with `%5F`."""

    def __init__(self, token: Token) -> None:
        self._forms = _forms(token)
        self._data = b""
        self._done = 0  # up to where `_data` was passed on

    def feed(self, data: bytes) -> bytes:
        """What can be passed on, now that `data` has come."""
        self._data += data
        return self._pass_on(is_end=False)

    def end(self) -> bytes:
        """What is left, now that nothing comes any more."""
        return self._pass_on(is_end=True)

    def _pass_on(self, *, is_end: bool) -> bytes:
        data = self._data
        known = list(self._known())
        secrets = sorted([*known, *_detected(data)])
        limit = len(data) if is_end else self._decided(known, {secret.end for secret in secrets})
        shown, kept = [], [data[: self._done]]
        position = self._done
        for secret in secrets:
            if secret.end > limit or secret.end <= position:
                continue
            plain = data[position : secret.start]
            passed = max(0, position - secret.start)
            rest = secret.shown[passed:] if passed <= secret.public else _ELLIPSIS
            shown += [plain, rest]
            # It is not judged again with every piece that comes; another may follow it without a gap.
            public = secret.end if secret.is_key else secret.start + secret.public
            kept += [plain, data[secret.start + passed : public], _ELLIPSIS]
            position = secret.end
        plain = data[position:limit]
        position = max(position, limit)
        behind = b"".join([*kept, plain])[-_BEHIND:]
        self._data = behind + data[position:]
        self._done = len(behind)
        return b"".join([*shown, plain])

    def _known(self) -> Iterator[_Secret]:
        """Where the known secret stands, or enough of it from its beginning on."""
        for form in self._forms:
            head = form.text[: form.public + _ENOUGH]
            start = self._data.find(head)
            while start >= 0:
                end = start + _common(self._data[start : start + len(form.text)], form.text)
                last = form.last if end - start == len(form.text) else b""
                yield _Secret(start, end, form.public, form.text[: form.public] + _ELLIPSIS + last)
                start = self._data.find(head, end)

    def _decided(self, known: Sequence[_Secret], ends: set[int]) -> int:
        """Up to where it is clear what is a secret, or does not matter; `ends` are those of all secrets."""
        data = self._data
        limits = [len(data)]
        for form in self._forms:
            start = data.find(form.text[: form.public or 1], max(0, len(data) - len(form.text) + 1))
            while start >= 0 and not form.text.startswith(data[start:]):
                start = data.find(form.text[: form.public or 1], start + 1)
            if start >= 0:
                limits.append(start + form.public)
        whole = {form.text for form in self._forms}
        clear = min((secret.start for secret in known if data[secret.start :] in whole), default=len(data))
        limits += [start + public for start, public in _begun(data, ends) if start < clear]
        return min(limits)


def _forms(token: Token) -> list[_Form]:
    """The token itself, with what is no letter or digit as in a URL, and in base64 wherever it begins in it."""
    text = token.reveal().encode()
    prefix = len(token.kind.prefix) if token.kind else 0
    forms = {_Form(text, prefix, text[-4:])}
    for characters in (b"_", b"_.-"):
        for escape in ("%%%02X", "%%%02x"):
            escaped = _escaped(text, characters, escape)
            forms.add(_Form(escaped, len(_escaped(text[:prefix], characters, escape))))
    for before in range(3):
        # The characters that tell of nothing but the token: six bits each (RFC 4648 section 4).
        first = -(-8 * before // 6)
        end = 8 * (before + len(text)) // 6
        public = max(0, 8 * (before + prefix) // 6 - first)
        forms |= {
            _Form(encode(bytes(before) + text)[first:end], public) for encode in (b64encode, urlsafe_b64encode)
        }
    return sorted(form for form in forms if form.text)


def _escaped(text: bytes, characters: bytes, escape: str) -> bytes:
    return "".join(escape % byte if byte in characters else chr(byte) for byte in text).encode()


def _common(one: bytes, other: bytes) -> int:
    """How many of their first bytes are the same."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _detected(data: bytes) -> Iterator[_Secret]:
    """What the detector takes for a credential, and what may belong to an S3 access key."""
    for span in detect(data):
        if span.kind is not S3_ACCESS_KEY:
            yield _secret(data, span)
    for key in _s3_keys(data):
        from tokenguard.core.judge import Judge

        yield _secret(data, key)._replace(is_key=True)
        for start, end, _ in Judge(data).secrets_near(key):
            yield _Secret(start, end, 0, _ELLIPSIS)


def _secret(data: bytes, span: Span) -> _Secret:
    prefix = span.kind.prefix.encode()
    return _Secret(span.start, span.end, len(prefix), prefix + _ELLIPSIS + data[span.end - 4 : span.end])


def _s3_keys(data: bytes) -> list[Span]:
    """The S3 access keys, also those whose secret has not come yet."""
    anchor = S3_ACCESS_KEY.prefix.encode()
    if anchor not in data:
        return []
    from tokenguard.core.boundary import begins_word
    from tokenguard.core.patterns import is_ended, pattern
    from tokenguard.core.plausible import looks_random

    return [
        Span(*match.span(), S3_ACCESS_KEY)
        for match in pattern(anchor).finditer(data)
        if is_ended(match)
        and begins_word(data, match.start())
        and looks_random(match.group()[len(anchor) :], any_alphabet=True)
    ]


def _begun(data: bytes, ends: set[int]) -> Iterator[tuple[int, int]]:
    """Where `data` ends in what may go on to be a credential: from where, and how much of it is public.

    `ends` are where credentials end: another may follow without a gap.
    """
    word = max(len(data.rstrip(_WORD)), len(data) - LONGEST)
    if any(anchor in data[word:] for anchor in ANCHORS):
        from tokenguard.core.boundary import begins_word

        for match in _anchor().finditer(data, word):
            start = match.start()
            begun = _beginning().fullmatch(data, start)
            if begun and (start in ends or begins_word(data, start)):
                prefixes = [len(kind.prefix) for kind in KINDS if data.startswith(kind.prefix.encode(), start)]
                yield start, max(prefixes, default=len(match.group()))
                break
    keys = _s3_keys(data)
    run = len(data.rstrip(_S3_SECRET))
    if keys and run >= keys[-1].end and run <= keys[-1].end + CONTEXT and len(data) - run <= _S3_LENGTH:
        yield run, 0


@cache
def _anchor() -> re.Pattern[bytes]:
    return re.compile(b"|".join(ANCHORS))


@cache
def _beginning() -> re.Pattern[bytes]:
    """What `patterns` may match when more comes; an expression that can tell so is not to be had."""
    following = b"|".join(anchor[:length] for anchor in _NEXT for length in range(len(anchor)))
    jws = rb"(?:e|ey|eyJ[A-Za-z0-9_-]*(?:\.(?:e|ey|eyJ[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?)?)?)?"
    drawn = rb"(?:hf_|api_org_|hf_oauth__refresh_|oauth_app_secret_)(?:[A-Za-z0-9]{0,34}|[A-Za-z0-9]{34}(?:%s))"
    app = rb"hf_app_(?:[A-Za-z0-9]{0,32}|[A-Za-z0-9]{32}(?:%s))"
    ways = (drawn % following, app % following, rb"(?:hf_oauth_|hf_jwt_|hf_s3_)" + jws, rb"HFAK[A-Z0-9]{0,64}")
    return re.compile(b"|".join(ways))
