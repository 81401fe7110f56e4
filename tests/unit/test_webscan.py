"""What a web server links to is read, with the slash at the end that it was named with; what fails is told."""

from __future__ import annotations

import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from tests.support.credentials import user_token
from tokenguard.core.blob import Origin
from tokenguard.errors import ExitCode
from tokenguard.filesystemscan import scan_filesystem

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAK = f"token = '{user_token()}'\n".encode()
PAGES = {
    "/s": b'<a href="/a.txt">a</a><a href="../">up</a>',
    "/s/": b'<a href="a.txt">a</a><a href="../">up</a><a href="d/">d</a>',
    "/s/a.txt": LEAK,
    "/s/d/": b'<a href="b.txt">b</a>',
    "/s/d/b.txt": LEAK,
    "/text.txt": b'<a href="/a.txt">a</a>',
    "/deep/": b'<a href="hollow/">h</a><a href="empty/">e</a>',
    "/deep/hollow/": b'<a href="/a.txt">a</a>',
    "/deep/empty/": b"",
    "/both": b'<a href="a.txt">a</a>',
    "/both/": b'<a href="a.txt">a</a>',
    "/both/a.txt": LEAK,
    "/bare/": b"<A Href=a.txt>a</A>",
    "/page.html": b'<a href="/a.txt">a</a>',
    "/e/": b'<a href="../">up</a>',
}


class _Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        data = PAGES.get(self.path)
        self.send_response(500 if self.path == "/broken" else 200 if data is not None else 404)
        self.send_header("Content-Type", "text/plain" if self.path.endswith(".txt") else "text/html")
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data or b"")

    do_HEAD = do_GET  # noqa: N815 -- the name that http.server looks for

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def at() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_slash_that_was_named_is_asked_for(at: str) -> None:
    report = scan_filesystem(f"{at}/s/")
    assert [finding.origin.location for finding in report.findings] == [f"{at}/s/a.txt", f"{at}/s/d/b.txt"]
    assert not report.unreadable
    assert scan_filesystem(f"{at}/both").findings
    assert scan_filesystem(f"{at}/both/").findings
    assert report.notes == (f"of {at}/s/ what its pages link to was read, as far as it lies below it",)


def test_a_page_whose_links_all_lead_elsewhere_is_not_clean(at: str) -> None:
    report = scan_filesystem(f"{at}/s")
    assert report.exit_code is ExitCode.INCOMPLETE
    left = "of its 1 links none lies below it, and nothing else was read"
    assert [why for _, why in report.unreadable] == [left]
    assert [why for _, why in scan_filesystem(f"{at}/bare/").unreadable] == [left]
    assert scan_filesystem(f"{at}/deep/").unreadable == ((Origin(f"{at}/deep/hollow"), left),)
    assert scan_filesystem(f"{at}/text.txt").exit_code is ExitCode.CLEAN
    report = scan_filesystem(f"{at}/page.html")
    assert report.notes == (f"1 links in {at}/page.html were not followed, since none lies below it",)


def test_a_folder_that_is_there_with_a_slash_alone_is_read(at: str) -> None:
    report = scan_filesystem(f"{at}/s/d")
    assert [finding.origin.location for finding in report.findings] == [f"{at}/s/d/b.txt"]
    assert scan_filesystem(f"{at}/e").exit_code is ExitCode.CLEAN


def test_what_has_failed_is_said(at: str) -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        report = scan_filesystem(f"http://127.0.0.1:{port}/x")
    assert [why for _, why in report.unreadable] == [f"there is no connection to 127.0.0.1:{port}"]
    assert report.notes == ()
    report = scan_filesystem(f"{at}/broken")
    assert [why for _, why in report.unreadable] == ["the server answers 500"]
    report = scan_filesystem(f"{at}/nothing")
    assert [why for _, why in report.unreadable] == ["it is not there"]
    report = scan_filesystem("https://nothing.invalid/x")
    assert [why for _, why in report.unreadable] == ["the name nothing.invalid cannot be resolved"]
