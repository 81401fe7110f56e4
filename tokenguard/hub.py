"""The Hub: whom a Token belongs to and what it may do, as `whoami-v2` tells it. The one door to huggingface_hub.

https://huggingface.co/docs/huggingface_hub/package_reference/hf_api#huggingface_hub.HfApi.whoami
"""

from __future__ import annotations

import contextlib
import functools
import json
import threading
import time

from tokenguard import __version__
from tokenguard.core.endpoint import is_at
from tokenguard.core.hubanswer import Reply
from tokenguard.core.identity import Identity, read_whoami
from tokenguard.core.ratelimit import retry_after, until_reset
from tokenguard.core.redact import redact_suspects, redact_values
from tokenguard.deadline import DeadlineError, within
from tokenguard.errors import HubError, RejectedError, TokenguardError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Protocol

    from tokenguard.core.endpoint import Endpoint
    from tokenguard.core.token import Token

    class Response(Protocol):
        """What httpx and httpx2, one of which huggingface_hub is built on, have in common."""

        @property
        def status_code(self) -> int: ...  # noqa: D102 -- HTTP's own word
        @property
        def headers(self) -> Mapping[str, str]: ...  # noqa: D102 -- the same
        @property
        def url(self) -> object: ...  # noqa: D102 -- the same
        def iter_bytes(self) -> Iterator[bytes]: ...  # noqa: D102 -- the body, decompressed


# Seconds: for a single step of a connection, and for an answer as a whole.
_STEP = 10.0
_ANSWER = 20.0
# And for a piece of a file, of several MiB.
_FETCH = 120.0
# As long as a rate limit is waited for; whoever waits for more should know what for.
_SHORT = 5.0
_AT_ONCE = 8
# Bytes. An account in hundreds of organizations has an answer of some 100 kB.
_LARGEST = 512 * 1024
_WHOAMI = "/api/whoami-v2"
_REVOKE = "/api/credentials/revoke"
_MOST_REVOKED = 100


class _LimitError(HubError):
    """The rate limit is spent. `seconds` are left until it is not, None where the Hub does not say."""

    def __init__(self, seconds: float | None) -> None:
        when = "later" if seconds is None else f"in {seconds:.0f} seconds"
        super().__init__("the Hub's rate limit is spent, so nothing is known about the token", f"try again {when}")
        self.seconds = seconds


class _Answer(Exception):  # noqa: N818 -- no error: it takes the body past huggingface_hub, which reads without end
    """What the Hub said to whoami."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body


class Hub:
    """The Hub at one endpoint. The token goes to that host alone: redirects are not followed."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._opens_again = 0.0
        self._unanswered = 0
        self._started = False
        self._lock = threading.Lock()

    def whoami(self, token: Token) -> Identity:
        """Whom `token` belongs to.

        Raises RejectedError where the Hub says that it is no valid token, HubError where the Hub says neither.
        """
        left = self._opens_again - time.monotonic()
        if left > _SHORT:
            raise _LimitError(left)
        if self._unanswered >= _AT_ONCE:  # hundreds of tokens would wait for nothing, one after the other
            raise HubError(f"{self.endpoint.host} does not answer, and was not asked again", _CONNECTION)
        time.sleep(max(0.0, left))
        try:
            return self._ask(token)
        except _LimitError as error:
            if error.seconds is None or error.seconds > _SHORT:
                raise
            time.sleep(error.seconds)
            return self._ask(token)

    def whoami_all(self, tokens: Sequence[Token]) -> list[Identity | TokenguardError]:
        """Whom each of `tokens` belongs to, or what `whoami` raised, in the same order; several at a time."""
        from concurrent.futures import ThreadPoolExecutor

        def answer(token: Token) -> Identity | TokenguardError:
            try:
                return self.whoami(token)
            except TokenguardError as error:
                return error

        if len(tokens) < 2:
            return [answer(token) for token in tokens]
        executor = ThreadPoolExecutor(_AT_ONCE)
        try:
            return list(executor.map(answer, tokens))
        finally:
            executor.shutdown(wait=False, cancel_futures=True)  # Ctrl-C does not wait for answers

    def revoke(self, tokens: Sequence[Token]) -> None:
        """Makes `tokens` worthless, everywhere, at once and for good; whoever owns one gets a mail.

        The Hub accepts what it does not know as well, so that only `whoami` tells what has become of them. Raises
        HubError where it does not accept. https://huggingface.co/docs/hub/security-tokens
        """
        for first in range(0, len(tokens), _MOST_REVOKED):
            values = [token.reveal() for token in tokens[first : first + _MOST_REVOKED]]
            with self._telling():
                within(_ANSWER, functools.partial(self._post, _REVOKE, {"credentials": values}))

    def fetch(
        self,
        url: str,
        token: Token | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        most: int = _LARGEST,
    ) -> Reply:
        """What is at `url`, whatever its status, and up to `most` bytes of it. No redirect is followed.

        `token` goes along where `url` lies at the endpoint, and nowhere else; no other token ever does. Raises
        HubError where nothing answers.
        """
        with self._telling():
            self._start()
            return within(_FETCH, functools.partial(self._fetch, url, token, headers, most))

    def _fetch(self, url: str, token: Token | None, headers: Mapping[str, str] | None, most: int) -> Reply:
        from huggingface_hub import get_session

        sent = dict(headers or {}) | {"User-Agent": f"tokenguard/{__version__}"}
        if token and is_at(url, self.endpoint):
            sent["Authorization"] = f"Bearer {token.reveal()}"
        body = bytearray()
        with get_session().stream("GET", url, headers=sent) as answer:
            for part in answer.iter_bytes():
                body += part
                if len(body) > most:
                    break
            told = {name.lower(): value for name, value in answer.headers.items()}
            return Reply(answer.status_code, told, bytes(body[:most]), len(body) <= most)

    def _ask(self, token: Token) -> Identity:
        with self._telling():
            answer = json.loads(within(_ANSWER, lambda: self._whoami(token)))
            # Some Hub might say the token back, or somebody have pasted it into a field.
            return read_whoami(redact_values(answer, token.reveal()))

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Raises whatever goes wrong within as a TokenguardError."""
        try:
            yield
        except TokenguardError:
            raise
        except DeadlineError as error:
            self._unanswered += 1
            raise HubError(f"{self.endpoint.host} gives {error}", _CONNECTION) from None
        except (ValueError, RecursionError):
            raise HubError(
                f"{self.endpoint.host} does not answer as the Hub does", "is HF_ENDPOINT the address of a Hub?"
            ) from None
        except Exception as error:  # noqa: BLE001 -- the errors of whichever HTTP library huggingface_hub uses
            reason = str(error).partition("\n")[0] or type(error).__name__
            offline = "offline mode" in reason
            raise HubError(
                f"{self.endpoint.host} could not be asked: {redact_suspects(reason)}",
                "unset HF_HUB_OFFLINE to ask it" if offline else _CONNECTION,
            ) from None

    def _whoami(self, token: Token) -> bytes:
        from huggingface_hub import HfApi

        self._start()
        try:
            HfApi(endpoint=self.endpoint.url).whoami(token=token.reveal())
        except _Answer as answer:
            return answer.body
        raise HubError(f"{self.endpoint.host} was not asked", "is there another version of huggingface_hub?")

    def _post(self, path: str, document: object) -> None:
        from huggingface_hub import get_session

        self._start()
        body = json.dumps(document).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        # HF_DEBUG has huggingface_hub show a body, unless it is a stream. What comes back is not read.
        with get_session().stream(
            "POST", f"{self.endpoint.url}{path}", content=iter([body]), headers=headers
        ) as answer:
            status = answer.status_code
        if not 200 <= status < 300:
            raise HubError(
                f"{self.endpoint.host} answers {status} and has not accepted",
                "nothing is revoked; try again later",
            )

    def _start(self) -> None:
        """Has huggingface_hub use a client of ours, from the first question on."""
        with self._lock:
            if not self._started:
                self._set_client()
                self._started = True

    def _set_client(self) -> None:
        from huggingface_hub import get_session, set_client_factory

        usual = get_session()
        hooks = {"request": usual.event_hooks["request"], "response": [self._judge]}
        # A proxy would be shown what is sent to this very machine in the clear.
        trust_env = not self.endpoint.is_loopback
        set_client_factory(
            lambda: type(usual)(event_hooks=hooks, timeout=_STEP, follow_redirects=False, trust_env=trust_env)
        )

    def _judge(self, response: Response) -> None:
        """Raises what an answer to whoami means, or the _Answer itself."""
        if not str(response.url).endswith(_WHOAMI):
            return  # huggingface_hub's own questions, which have no token
        status, headers = response.status_code, response.headers
        left = until_reset(headers)
        if status == 429 and (asked := retry_after(headers)) is not None:
            left = asked
        if left is not None:
            self._opens_again = time.monotonic() + left
        said = redact_suspects(headers.get("x-error-message", ""))[:200]
        why = f" ({said})" if said else ""
        if status == 401 and headers.get("content-type", "").startswith("text/html"):
            raise HubError(  # a proxy's, or the page of a network that wants a login
                f"{self.endpoint.host} answers 401 with a page, as the Hub does not", _CONNECTION
            )
        if status == 401:
            raise RejectedError(
                "the Hub does not know this token: it is revoked, deleted, expired or mistyped",
                f"make a new one at {self.endpoint.url}/settings/tokens",
            )
        if status == 403:
            raise HubError(
                f"the Hub will not say whose token this is: it exists, and may not ask{why}",
                "a permission is missing, or an organization's policy forbids it; the token is not invalid",
            )
        if status == 429:
            raise _LimitError(left)
        if 300 <= status < 400:
            raise HubError(
                f"{self.endpoint.host} sends the question elsewhere, where the token must not go",
                "if the Hub has moved, set HF_ENDPOINT to its new address",
            )
        if status != 200:
            raise HubError(
                f"the Hub answers {status}, so nothing is known about the token{why}", "try again later"
            )
        body = bytearray()
        for part in response.iter_bytes():
            body += part
            if len(body) > _LARGEST:
                raise ValueError("no answer to whoami is that long")
        raise _Answer(bytes(body))


_CONNECTION = "nothing is known about the token; check the network and HF_ENDPOINT"
