"""Reading the Hub with patience, and without trust: what it lists, and what is in its files.

Every answer is bounded. A spent rate limit is waited for, as long as somebody is willing to; a redirect is
followed within the Hub's own hosts alone.
"""

from __future__ import annotations

import errno
import hashlib
import json
import threading
import time
from urllib.parse import quote, urljoin

from tokenguard.core.endpoint import is_at, keeps_files
from tokenguard.core.hubanswer import next_page
from tokenguard.core.ratelimit import retry_after, until_reset
from tokenguard.core.redact import redact_suspects
from tokenguard.errors import HubError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Protocol

    from tokenguard.core.endpoint import Endpoint
    from tokenguard.core.hubanswer import File, Reply

    class Ask(Protocol):
        """`Hub.fetch`, with the token that reads."""

        def __call__(self, url: str, *, headers: Mapping[str, str], most: int) -> Reply:
            """What is at `url`. Raises HubError where nothing answers."""


PATIENCE = 330.0
"""Seconds: the Hub counts requests in windows of five minutes (https://huggingface.co/docs/hub/rate-limits)."""

_UNTOLD = 30.0
_PAUSES = (1.0, 4.0)  # seconds before a question is put again that was not answered
_AT_ONCE = 8  # questions without an answer, after which there are no more
_MOST_REDIRECTS = 5
_MOST_PAGES = 1000  # of 1000 files each
_LONGEST_DOCUMENT = 32 * 1024 * 1024
# Of a large file: enough for most headers, then more.
_PIECES = (64 * 1024, 1024 * 1024, 8 * 1024 * 1024)
_GATED = "GatedRepo"  # as huggingface_hub's hf_raise_for_status has it
_REDIRECTS = (301, 302, 303, 307, 308)


class RemoteError(OSError):
    """Something at the Hub could not be read; `status` is that of its answer, 0 where that is not the reason."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(errno.EIO, reason)
        self.reason = reason
        self.status = status


class GatedError(RemoteError):
    """Whoever asks has no access to any file of the repository."""


class SilentError(RemoteError):
    """Nobody answers."""


class HubReader:
    """The Hub at `endpoint`, asked by `ask`; a rate limit is waited for up to `patience` seconds.

    Several threads may read. Everything raises RemoteError where something cannot be read, and at once where the
    Hub has refused for too long.
    """

    def __init__(self, endpoint: Endpoint, ask: Ask, *, patience: float = PATIENCE) -> None:
        self._endpoint = endpoint
        self._ask = ask
        self._patience = patience
        self._refused = ""
        self._unanswered = 0
        self._closed_until = 0.0
        self.waited = 0.0
        """Seconds spent waiting for rate limits."""
        self._lock = threading.Lock()

    def document(self, path: str) -> object:
        """The JSON at `path`, which begins with a slash."""
        return self._document(path)[0]

    def pages(self, path: str) -> Iterator[object]:
        """All items of a listing, page by page."""
        asked: set[str] = set()
        following: str | None = path
        while following is not None:
            asked.add(following)
            items, reply = self._document(following)
            if not isinstance(items, list):
                raise _lie()
            yield from items
            following = self._following(reply)
            if following is not None and (following in asked or not items or len(asked) >= _MOST_PAGES):
                raise RemoteError("the Hub lists it without end")

    def whole(self, path: str, file: File) -> bytes:
        """All that is in `file`, at `path`."""
        reply = self._get(path, {"Accept-Encoding": "identity"}, file.size)
        if reply.status != 200:
            raise _refusal(reply)
        if not reply.is_whole or len(reply.body) != file.size:
            raise _wrong_size(file)
        digest = _Digest(file)
        digest.update(reply.body)
        digest.check()
        return reply.body

    def piece(self, path: str, file: File, first: int, count: int) -> bytes:
        """`count` bytes from offset `first` of `file`."""
        last = first + count - 1
        reply = self._get(path, {"Accept-Encoding": "identity", "Range": f"bytes={first}-{last}"}, count)
        if reply.status == 200 and first == 0:  # all of it, as who knows no ranges answers; cut off after `count`
            if len(reply.body) != count or (reply.is_whole and count != file.size):
                raise _wrong_size(file)
            return reply.body
        if reply.status != 206:
            raise RemoteError("the Hub does not give a part of it") if reply.status == 200 else _refusal(reply)
        told = reply.headers.get("content-range", "").replace(" ", "")
        if told != f"bytes{first}-{last}/{file.size}" or not reply.is_whole or len(reply.body) != count:
            raise _wrong_size(file)
        return reply.body

    def _document(self, path: str) -> tuple[object, Reply]:
        reply = self._get(path, {"Accept": "application/json"}, _LONGEST_DOCUMENT)
        if reply.status != 200:
            raise _refusal(reply)
        if not reply.is_whole:
            raise RemoteError(f"the Hub answers with more than {_LONGEST_DOCUMENT} bytes")
        try:
            return json.loads(reply.body), reply
        except (ValueError, RecursionError):
            raise _lie() from None

    def _following(self, reply: Reply) -> str | None:
        url = next_page(reply.headers)
        if url is None:
            return None
        url = urljoin(f"{self._endpoint.url}/", url)
        if not url.startswith(f"{self._endpoint.url}/"):
            raise RemoteError("the Hub goes on listing elsewhere, where it is not read")
        return url[len(self._endpoint.url) :]

    def _get(self, path: str, headers: Mapping[str, str], most: int) -> Reply:
        url = f"{self._endpoint.url}{path}"
        for _ in range(_MOST_REDIRECTS):
            reply = self._patiently(url, headers, most)
            if reply.status not in _REDIRECTS:
                return reply
            url = urljoin(url, reply.headers.get("location", ""))
            if not keeps_files(url, self._endpoint):
                raise RemoteError("the Hub sends whoever reads it to a host that is none of its own")
        raise RemoteError("the Hub redirects without end")

    def _patiently(self, url: str, headers: Mapping[str, str], most: int) -> Reply:
        pauses = iter(_PAUSES)
        waited = 0.0
        while True:
            if self._refused:
                raise RemoteError(self._refused, 429)
            try:
                reply = self._ask(url, headers=headers, most=most)
            except HubError as error:
                reason, status = error.message, 0
            else:
                status = reply.status
                if status == 429:
                    waited += self._wait(url, reply, waited)
                    continue
                if status < 500:
                    self._unanswered = 0
                    return reply
                reason = f"the Hub answers {status}"
            pause = next(pauses, None)
            if pause is None:
                self._miss(reason)
                raise RemoteError(reason, status) if status else SilentError(reason)
            time.sleep(pause)

    def _wait(self, url: str, reply: Reply, waited: float) -> float:
        """Waits for the rate limit, where that is not asking too much; gives the seconds."""
        asked = retry_after(reply.headers)
        left = until_reset(reply.headers) if asked is None else asked
        # A second more, since it is told in whole ones.
        pause = _UNTOLD if left is None else left + 1
        if waited + pause > self._patience:
            if is_at(url, self._endpoint):
                self._refused = f"the Hub's rate limit is spent for another {pause:.0f} seconds"
            raise RemoteError(f"the Hub's rate limit is spent for another {pause:.0f} seconds", 429)
        until = time.monotonic() + pause
        with self._lock:  # several threads wait at the same time
            self.waited += min(pause, max(0.0, until - self._closed_until))
            self._closed_until = max(until, self._closed_until)
        time.sleep(pause)
        return pause

    def _miss(self, reason: str) -> None:
        self._unanswered += 1
        if self._unanswered >= _AT_ONCE:  # thousands of files would wait for nothing, one after the other
            self._refused = f"{reason}; the Hub was not asked again"


class Pieces:
    """`file` at `path`, from its beginning on, in pieces that are asked for when they are read.

    Reading more than `most` bytes, where that is set, raises RemoteError.
    """

    def __init__(self, reader: HubReader, path: str, file: File) -> None:
        self.most: int | None = None
        self.taken = 0
        """Bytes that were asked for."""
        self._reader = reader
        self._path = path
        self._file = file
        self._data = memoryview(b"")
        self._sizes = iter(_PIECES)
        self._size = 0
        self._digest = _Digest(file)

    def read(self, most: int) -> bytes:
        """Up to `most` bytes, none at the end."""
        if not self._data and self.taken < self._file.size:
            self._take()
        data = bytes(self._data[:most])
        self._data = self._data[most:]
        return data

    def check(self) -> None:
        """Raises RemoteError where it was read to its end and is not what was listed.

        Not while it is read: what was found in it stands.
        """
        if self.taken == self._file.size:
            self._digest.check()

    def _take(self) -> None:
        if self.most is not None and self.taken >= self.most:
            raise RemoteError(f"its header is larger than {self.most} bytes")
        self._size = next(self._sizes, self._size)
        count = min(self._size, self._file.size - self.taken)
        data = self._reader.piece(self._path, self._file, self.taken, count)
        self._digest.update(data)
        self.taken += count
        self._data = memoryview(data)


class _Digest:
    """Whether what was read is what the listing has promised. A bucket's names of contents cannot be reckoned."""

    def __init__(self, file: File) -> None:
        kind, _, self._promised = file.content.partition(":")
        self._hash = None
        if kind == "sha256":
            self._hash = hashlib.sha256()
        elif kind == "git":  # git-hash-object(1)
            self._hash = hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)

    def update(self, data: bytes) -> None:
        if self._hash is not None:
            self._hash.update(data)

    def check(self) -> None:
        if self._hash is not None and self._hash.hexdigest() != self._promised:
            raise RemoteError("the Hub gives another content than it lists")


def quoted(path: str) -> str:
    """`path` as a part of an address."""
    return quote(path, safe="/")


def _refusal(reply: Reply) -> RemoteError:
    said = redact_suspects(reply.headers.get("x-error-message", ""))[:200]
    refused = GatedError if reply.headers.get("x-error-code") == _GATED else RemoteError
    return refused(f"the Hub answers {reply.status}{f' ({said})' if said else ''}", reply.status)


def _wrong_size(file: File) -> RemoteError:
    return RemoteError(f"the Hub lists {file.size} bytes and gives another number")


def _lie() -> RemoteError:
    return RemoteError("the Hub does not answer as the Hub does; is HF_ENDPOINT the address of a Hub?")
