"""A Hugging Face Hub on this machine, which says of each token what a test has it say, and notes every request."""

from __future__ import annotations

import hashlib
import json
import socket
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

WHOAMI = "/api/whoami-v2"
REVOKE = "/api/credentials/revoke"
REPOSITORY = "acme/private-model"
"""The one repository there is: private, with nothing in it but a config.json."""

_COMMIT = "5" * 40
_CONFIG = json.dumps({"model_type": "bert", "hidden_size": 32, "num_attention_heads": 2}).encode()
_LOOPBACK = "127.0.0.1"
_CHUNK = 1 << 16
# What shutdown() waits for at most.
_POLL = 0.02


class Request(NamedTuple):
    """What was asked; `path` with its query, the names of `headers` in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def token(self) -> str | None:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else None


class Answer(NamedTuple):
    """What the Hub sends; the functions below make those worth a test."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}
    delay: float = 0
    """Seconds before anything is sent."""
    pace: float = 0
    """Seconds before each byte of the body."""
    padding: int = 0
    """So many spaces follow the body."""
    sized: bool = True
    """Whether a Content-Length is announced; otherwise the end of the connection is the end of the body."""
    redirect: str | None = None
    """The other base URL that the same path is to be asked of."""
    silent: bool = False
    """Whether the connection is closed instead."""


def ok(body: object, **headers: str) -> Answer:
    """`headers` with _ for -, as in `RateLimit_Policy`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(200, json.dumps(body).encode(), {"Content-Type": "application/json"} | named)


def unauthorized(message: str = "Invalid credentials in Authorization header") -> Answer:
    return _error(401, message)


def forbidden(message: str = "This token does not have the required permissions") -> Answer:
    return _error(403, message, "Forbidden")


def limited(reset: int = 55, retry_after: str | None = None) -> Answer:
    limits = {"RateLimit": f'"api";r=0;t={reset}', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'}
    after = {} if retry_after is None else {"Retry-After": retry_after}
    return _error(429, "Too many requests", headers=limits | after)


def broken(status: int = 500) -> Answer:
    return _error(status, "Internal Server Error")


def slow(seconds: float, then: Answer | None = None) -> Answer:
    return (then or ok(whoami_user()))._replace(delay=seconds)


def drip(body: object = None, seconds: float = 1) -> Answer:
    """The head at once, then a byte every so many `seconds`."""
    return ok(body or whoami_user())._replace(pace=seconds)


def garbage() -> Answer:
    """What a captive portal says."""
    return Answer(200, b"<html><body>Sign in to the network</body></html>", {"Content-Type": "text/html"})


def wrong_json() -> Answer:
    return ok([])


def huge(size: int = 64 << 20, *, sized: bool = True) -> Answer:
    """A right answer in front of `size` spaces, so that nothing but its length is wrong."""
    return ok(whoami_user())._replace(padding=size, sized=sized)


def redirect(endpoint: str, status: int = 302) -> Answer:
    return Answer(status, redirect=endpoint)


def hang_up() -> Answer:
    return Answer(0, silent=True)


def _error(status: int, message: str, code: str = "", *, headers: Mapping[str, str] | None = None) -> Answer:
    told = {
        "Content-Type": "application/json",
        "X-Error-Code": code,
        "X-Error-Message": message,
        "X-Request-Id": "Root=1-00000000-000000000000000000000000",
    }
    return Answer(status, json.dumps({"error": message}).encode(), told | dict(headers or {}))


def whoami_user(
    role: str = "write",
    *,
    name: str = "alice",
    orgs: Sequence[Mapping[str, Any]] = (),
    label: str = "laptop",
    created: str = "2024-01-01T00:00:00.000Z",
) -> dict[str, Any]:
    """`role` is read, write or anything else; each of `orgs` is made by `organization`."""
    token = {"displayName": label, "role": role, "createdAt": created}
    return _user(name, orgs, {"type": "access_token", "accessToken": token})


def whoami_fine_grained(
    scoped: Sequence[Mapping[str, Any]] = (),
    global_: Sequence[str] = (),
    *,
    gated: bool = False,
    name: str = "alice",
    orgs: Sequence[Mapping[str, Any]] = (),
    label: str = "laptop",
    created: str = "2024-01-01T00:00:00.000Z",
) -> dict[str, Any]:
    """Each of `scoped` is made by `scope`."""
    body = whoami_user("fineGrained", name=name, orgs=orgs, label=label, created=created)
    body["auth"]["accessToken"]["fineGrained"] = {
        "canReadGatedRepos": gated,
        "global": list(global_),
        "scoped": [dict(one) for one in scoped],
    }
    del body["email"], body["emailVerified"]
    return body


def whoami_oauth(
    expires: str | None = "2030-12-01T00:00:00.000Z",
    *,
    name: str = "alice",
    orgs: Sequence[Mapping[str, Any]] = (),
    kind: str = "app_token_as_user",
) -> dict[str, Any]:
    body = _user(name, orgs, {"type": kind} | ({} if expires is None else {"expiresAt": expires}))
    del body["email"], body["emailVerified"]
    return body


def whoami_legacy_org(name: str = "acme") -> dict[str, Any]:
    return {"type": "org", "id": _id(name), "name": name, "fullname": name.title(), "canPay": False}


def organization(name: str = "acme", role: str = "write", restrictions: Sequence[str] = ()) -> dict[str, Any]:
    told = {"securityRestrictions": list(restrictions)} if restrictions else {}
    return {"type": "org", "id": _id(name), "name": name, "fullname": name.title(), "roleInOrg": role} | told


def scope(*permissions: str, kind: str = "user", name: str = "alice") -> dict[str, Any]:
    return {"entity": {"_id": _id(name), "type": kind, "name": name}, "permissions": list(permissions)}


def _user(name: str, orgs: Sequence[Mapping[str, Any]], auth: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "user",
        "id": _id(name),
        "name": name,
        "fullname": name.title(),
        "email": f"{name}@example.com",
        "emailVerified": True,
        "canPay": False,
        "periodEnd": None,
        "isPro": False,
        "avatarUrl": f"/avatars/{name}.svg",
        "orgs": [dict(one) for one in orgs],
        "auth": auth,
    }


def _id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:24]


class Hub:
    """Listens while it is entered; whoever hangs on it is let go when it is left."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.to_revoke: Answer | None = None
        """What is said to a revocation; if nothing is set, it is done and accepted."""
        self._answers: dict[str, list[Answer]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Hub:  # noqa: PYI034 -- nothing derives from it, and Self is not in Python 3.10
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()
        if error is None and self._server.failures:
            raise self._server.failures[0]

    @property
    def endpoint(self) -> str:
        return f"http://{_LOOPBACK}:{self._server.server_address[1]}"

    def answer(self, token: str, *answers: Answer) -> None:
        """Says how `token` is answered from now on: once by each of `answers`, and by the last for ever.

        A token that is answered by 200 may read the repository. Without an answer it is unknown again.
        """
        with self._lock:
            self._answers[token] = list(answers) or [unauthorized()]

    def asked(self, path: str = WHOAMI) -> list[Request]:
        """The requests for `path`, of those that libraries make on their own account too."""
        return [request for request in self.requests if request.path.partition("?")[0] == path]

    def respond(self, request: Request) -> Answer:
        path = request.path.partition("?")[0]
        if path == WHOAMI:
            return self._next(request.token) if request.method == "GET" else _error(405, "Method Not Allowed")
        if path == REVOKE:
            return self._revoke(request) if request.method == "POST" else _error(405, "Method Not Allowed")
        if path.startswith((f"/{REPOSITORY}/", f"/api/models/{REPOSITORY}")):
            return _private(path) if self._may_read(request.token) else _hidden(request.token)
        return _error(404, "Sorry, we can't find the page you are looking for.")

    def _next(self, token: str | None) -> Answer:
        with self._lock:
            answers = self._answers.get(token or "")
            if answers is None:
                return unauthorized()
            return answers.pop(0) if len(answers) > 1 else answers[0]

    def _revoke(self, request: Request) -> Answer:
        if self.to_revoke is not None:
            return self.to_revoke
        for token in json.loads(request.body)["credentials"]:
            self.answer(token)
        return Answer(202)

    def _may_read(self, token: str | None) -> bool:
        with self._lock:
            answers = self._answers.get(token or "")
            return answers is not None and answers[0].status == 200


def closed_port() -> str:
    """An endpoint where nobody listens."""
    with socket.socket() as listener:
        listener.bind((_LOOPBACK, 0))
        return f"http://{_LOOPBACK}:{listener.getsockname()[1]}"


def _private(path: str) -> Answer:
    """What the repository answers to one who may read it."""
    at_commit = {"X-Repo-Commit": _COMMIT}
    if path.startswith(f"/{REPOSITORY}/resolve/"):
        if not path.endswith("/config.json"):
            return _error(404, "Entry not found", "EntryNotFound", headers=at_commit)
        etag = hashlib.sha1(_CONFIG, usedforsecurity=False).hexdigest()
        return Answer(200, _CONFIG, at_commit | {"Content-Type": "text/plain", "ETag": f'"{etag}"'})
    if "/tree/" in path:
        return ok([{"type": "file", "path": "config.json", "size": len(_CONFIG), "oid": _COMMIT}])
    return ok(
        {
            "_id": _id(REPOSITORY),
            "id": REPOSITORY,
            "modelId": REPOSITORY,
            "private": True,
            "gated": False,
            "disabled": False,
            "sha": _COMMIT,
            "tags": [],
            "siblings": [{"rfilename": "config.json"}],
        }
    )


def _hidden(token: str | None) -> Answer:
    """The same as where there is no such repository."""
    if token is None:
        return _error(401, "Invalid username or password.", "RepoNotFound")
    return _error(401, "Repository not found", "RepoNotFound")


class _Server(ThreadingHTTPServer):
    # server_close() waits for the threads, each of which ends as soon as its connection does.
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.closing = threading.Event()
        self.failures: list[BaseException] = []
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((_LOOPBACK, 0), _Handler)

    def server_bind(self) -> None:
        # HTTPServer's own looks up the machine's name, which can take seconds.
        socketserver.TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keeps what went wrong for the test, instead of printing it; a client that left did nothing wrong."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError):
            self.failures.append(error)

    def hang_up(self) -> None:
        self.closing.set()
        with self._lock:
            for connection in self._open:
                _shut(connection)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # Head and body in one packet, and a body that drips without delay.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *args: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        self.server.hub.requests.append(request)
        answer = self.server.hub.respond(request)
        if self.server.closing.wait(answer.delay) or answer.silent:
            self.close_connection = True
            return
        self._send_head(answer)
        if self.command != "HEAD":
            self._send_body(answer)

    def _send_head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.redirect is not None:
            self.send_header("Location", answer.redirect + self.path)
        if answer.sized:
            self.send_header("Content-Length", str(len(answer.body) + answer.padding))
        else:
            self.send_header("Connection", "close")
        self.end_headers()

    def _send_body(self, answer: Answer) -> None:
        for piece in _pieces(answer):
            if answer.pace:
                self.wfile.flush()
            if self.server.closing.wait(answer.pace):
                self.close_connection = True
                return
            self.wfile.write(piece)


def _pieces(answer: Answer) -> Iterator[bytes]:
    if answer.pace:
        yield from (answer.body[at : at + 1] for at in range(len(answer.body)))
    else:
        yield answer.body
    for left in range(answer.padding, 0, -_CHUNK):
        yield b" " * min(left, _CHUNK)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The client was faster.
        return
