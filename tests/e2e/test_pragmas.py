"""A comment can allow a finding, in any language: what counts are the words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.machine import Machine

COMMENTS = (
    *("# {}", "// {}", "/* {} */", "<!-- {} -->", "-- {}", "; {}", "% {}", "' {}", "REM {}", "{{# {} #}}"),
    *("#{}", '"""{}"""', "# noqa: S105 {} # nosec"),
)


def test_a_pragma_on_the_line_allows_in_any_comment_style(machine: Machine) -> None:
    for at, comment in enumerate(COMMENTS):
        for words in ("pragma: allowlist secret", "tokenguard: allow"):
            machine.write(f"{at} {words[:6]}", f"x = '{machine.token()}'  {comment.format(words)}\n")
    scan = machine.scan()
    assert (scan.status, scan.paths, scan.files) == (0, [], 2 * len(COMMENTS))
    assert len(scan.document["allowed"]) == scan.document["summary"]["allowed"] == 2 * len(COMMENTS)


def test_a_pragma_above_allows_in_any_comment_style(machine: Machine) -> None:
    for at, comment in enumerate(COMMENTS):
        line = comment.format("pragma: allowlist nextline secret")
        machine.write(f"{at}", f"first\n{line}\nx = '{machine.token()}'\n")
    scan = machine.scan()
    assert (scan.status, scan.paths) == (0, [])
    assert len(scan.document["allowed"]) == len(COMMENTS)


def test_what_is_allowed_is_still_told(machine: Machine) -> None:
    token = machine.token()
    machine.write("a.py", f"\nx = '{token}'  # pragma: allowlist secret\n")
    scan = machine.scan("--verbose")
    (allowed,) = scan.document["allowed"]
    assert allowed["allowance"] == {"reason": "pragma: allowlist secret", "where": "a.py:2"}
    assert allowed["masked"] == f"hf_…{token[-4:]}"
    assert "1 allowed" in scan.talk
    assert "allowed: a.py:2:6: " in scan.talk


def test_a_pragma_covers_its_own_line_alone(machine: Machine) -> None:
    token = machine.token()
    machine.write("above.py", f"# pragma: allowlist secret\n{token}\n")
    machine.write("below.py", f"{token}\n# pragma: allowlist secret\n")
    machine.write("two above.py", f"# pragma: allowlist nextline secret\n\n{token}\n")
    machine.write("same line.py", f"{token} # pragma: allowlist nextline secret\n")
    machine.write("one of two.py", f"{token} # pragma: allowlist secret\n{token}\n")
    assert machine.scan().places == [
        ("above.py", 2, 1),
        ("below.py", 1, 1),
        ("one of two.py", 2, 1),
        ("same line.py", 1, 1),
        ("two above.py", 3, 1),
    ]


def test_other_words_allow_nothing(machine: Machine) -> None:
    for at, words in enumerate(
        ("noqa", "nosec", "gitleaks:allow", "pragma: allowlist secrets", "tokenguard: allowed")
    ):
        machine.write(f"{at}", f"{machine.token()}  # {words}\n")
    assert len(machine.scan().findings) == 5


def test_a_pragma_holds_whatever_ends_the_lines(machine: Machine) -> None:
    machine.write("dos.py", f"x\r\n{machine.token()} # pragma: allowlist secret\r\ny\r\n")
    machine.write("next.py", f"# pragma: allowlist nextline secret\r\n{machine.token()}\r\n")
    machine.write("no end.py", f"{machine.token()} # pragma: allowlist secret")
    scan = machine.scan()
    assert (scan.paths, len(scan.document["allowed"])) == ([], 3)


def test_a_pragma_holds_in_the_index_as_well(machine: Machine) -> None:
    repository = machine.repository()
    repository.stage("a.py", f"{machine.token()} # pragma: allowlist secret\n")
    assert machine.run("tokenguard-hook", "pre-commit", cwd=repository.top).status == 0
    repository.stage("a.py", f"{machine.token()}\n")
    repository.write("a.py", f"{machine.token()} # pragma: allowlist secret\n")
    assert machine.run("tokenguard-hook", "pre-commit", cwd=repository.top).status == 1
