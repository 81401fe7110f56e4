"""`scan --all-secrets`: detect-secrets' own detectors, where our own are at work."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.e2e.test_startup import loaded
from tests.support.credentials import ALNUM, s3_access_key

if TYPE_CHECKING:
    from tests.e2e.machine import Machine, Scan
    from tests.support.repository import Repository

AWS = "AKIA" + "QWERZUIOPLKJHGFD"
PASSWORD = "correct" + "-horse-7"

# Loaded by every Python that is started: whoever reaches for a network is noted.
SITE = """
import os, sys
def note(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        os.write(os.open(os.environ["NOTES"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), event.encode())
        raise OSError("there is no network")
sys.addaudithook(note)
"""


def kinds(scan: Scan) -> list[tuple[str, int, int, str]]:
    return [(item["path"], item["line"], item["column"], item["kind"]) for item in scan.findings]


def content(machine: Machine) -> str:
    return f'password = "{machine.secret(PASSWORD)}"\naws = "{machine.secret(AWS)}"\ntoken = "{machine.token()}"\n'


EXPECTED = [(1, 13, "secret-keyword"), (2, 8, "aws-access-key"), (3, 10, "user-access-token")]


def test_every_source_is_searched(machine: Machine, repository: Repository) -> None:
    data = content(machine)
    repository.stage("a.py", data)
    for more in ([], ["--staged"]):
        found = machine.scan("--all-secrets", *more, cwd=repository.top)
        assert kinds(found) == [("a.py", *place) for place in EXPECTED]
        assert {item["masked"] for item in found.findings[:2]} == {"…"}
    named = ("--stdin", "--stdin-name", "a.py")
    assert kinds(machine.scan("--all-secrets", *named, stdin=data.encode())) == [("a.py", *at) for at in EXPECTED]
    repository.commit()
    repository.stage("b.py", data + "another blob\n")
    repository.commit()
    found = machine.scan("--all-secrets", "--range", "HEAD~1..HEAD", cwd=repository.top)
    assert kinds(found) == [("b.py", *place) for place in EXPECTED]
    found = machine.scan("--all-secrets", "--history", cwd=repository.top)
    assert kinds(found) == [(name, *place) for name in ("a.py", "b.py") for place in EXPECTED]
    assert kinds(machine.scan(cwd=repository.top)) == [(name, *EXPECTED[2]) for name in ("a.py", "b.py")]


def test_no_detector_asks_anybody(machine: Machine) -> None:
    site = machine.folder.parent / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(SITE)
    notes = machine.folder.parent / "notes"
    machine.write(
        "a.py", content(machine) + f'aws_secret = "{s3_access_key()[1]}"\nslack = "xoxb-{"1" * 12}-{ALNUM[:24]}"\n'
    )
    environment = {"PYTHONPATH": str(site), "NOTES": str(notes)}
    result = machine.run("tokenguard", "scan", "--all-secrets", environment=environment)
    assert result.status == 1, result.talk
    assert "aws-access-key" in result.out
    assert not notes.exists()
    probe = "import socket; socket.create_connection(('127.0.0.1', 9))"
    assert machine.run(sys.executable, "-c", probe, environment=environment).status == 1
    assert notes.exists()


def test_what_detect_secrets_cannot_decode_is_searched(machine: Machine) -> None:
    line = f'password = "{machine.secret(PASSWORD)}"\n'
    machine.write("latin.py", ("# é\n" + line).encode("latin-1"))
    machine.write("utf16.py", ("# é\n" + line).encode("utf-16"))
    machine.write("binary.py", b"\0\n" + line.encode())
    assert kinds(machine.scan("--all-secrets")) == [
        ("latin.py", 2, 13, "secret-keyword"),
        ("utf16.py", 2, 13, "secret-keyword"),
    ]


def test_long_lines_are_left_to_our_own_and_it_is_said(machine: Machine) -> None:
    machine.write("a.js", f'password = "{PASSWORD}", x = "{" " * 5000}", token = "{machine.token()}"\n')
    result = machine.run("tokenguard", "scan", "--all-secrets")
    assert "user-access-token" in result.out
    assert "secret-keyword" not in result.out
    assert "1 line of more than 4096 characters" in result.talk


def test_spaces_take_no_time(machine: Machine) -> None:
    # The expression of one detector takes five seconds for a thousand of them, and forty for two.
    machine.write("a.py", f"pwd{' ' * 4000}x\n" * 5)
    assert machine.scan("--all-secrets").status == 0


def test_a_yaml_file_that_names_itself_again_and_again_takes_no_time(machine: Machine) -> None:
    names = "abcdefghij"
    lines = [f"{name}: &{name} [{', '.join([f'*{last}'] * 9)}]" for last, name in pairwise(names)]
    machine.write("a.yaml", "\n".join(["a: &a [x]", *lines, f"password: {machine.secret(PASSWORD)}"]))
    assert kinds(machine.scan("--all-secrets")) == [("a.yaml", 11, 11, "secret-keyword")]


def test_pragmas_and_fingerprints_allow(machine: Machine) -> None:
    line = f'password = "{machine.secret(PASSWORD)}"'
    machine.write("a.py", f"{line}  # pragma: allowlist secret\n# pragma: allowlist nextline secret\n{line}\n")
    found = machine.scan("--all-secrets")
    assert (found.status, len(found.document["allowed"])) == (0, 2)
    machine.write("a.py", line)
    (finding,) = machine.scan("--all-secrets").findings
    machine.write(".tokenguard.toml", f'allow = ["{finding["fingerprint"]}"]')
    assert machine.scan("--all-secrets").status == 0


def test_a_baseline_takes_them_with_their_types(machine: Machine, repository: Repository) -> None:
    repository.stage("a.py", content(machine))
    arguments = ("tokenguard", "scan", "--all-secrets", "--baseline", "b.json")
    assert machine.run(*arguments, "--update-baseline", cwd=repository.top).status == 0
    assert machine.run(*arguments, cwd=repository.top).status == 0
    stats = machine.run("detect-secrets", "audit", "--stats", "b.json", cwd=repository.top)
    assert {"KeywordDetector", "AWSKeyDetector"} <= set(stats.out.replace("\n", " ").split())


def test_without_detect_secrets_it_says_what_to_install(machine: Machine) -> None:
    site = machine.folder.parent / "site"
    (site / "detect_secrets").mkdir(parents=True)
    (site / "detect_secrets" / "__init__.py").write_text("raise ImportError")
    result = machine.run("tokenguard", "scan", "--all-secrets", environment={"PYTHONPATH": str(site)})
    assert result.status == 2
    assert "hf-tokenguard[detect-secrets]" in result.talk


def test_no_other_scan_loads_the_bridge(machine: Machine, repository: Repository) -> None:
    repository.stage("a.py", "clean\n")
    for command in (("tokenguard", "scan"), ("tokenguard-hook", "pre-commit")):
        modules = loaded(machine, repository, *command)
        assert not any(
            name.startswith(("detect_secrets", "tokenguard.bridge", "tokenguard.baselining")) for name in modules
        )
