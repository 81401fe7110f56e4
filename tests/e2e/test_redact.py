"""`tokenguard redact`: what was in a file comes from the environment now, and whatever fails, the file stands."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.credentials import s3_access_key
from tests.support.repository import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.desk import Desk
    from tests.e2e.machine import Machine
    from tests.support.repository import Repository


def test_a_program_gets_the_same_value_from_the_environment(machine: Machine) -> None:
    token = machine.token()
    path = machine.write(
        "a.py", f'import hashlib\r\nx = "Bearer {token}"\r\nprint(hashlib.md5(x.encode()).digest())\r\n'
    )
    path.chmod(0o750)
    before = machine.run(sys.executable, path)
    result = machine.run("tokenguard", "redact", "a.py")
    assert result.status == 0, result.talk
    assert result.out == f"a.py:2:13: user-access-token hf_…{token[-4:]} -> os.environ['HF_TOKEN']\n"
    assert "took 1 secret out of 1 file" in result.talk
    assert "tokenguard revoke" in result.talk
    assert "\n" not in path.read_bytes().decode().replace("\r\n", "")
    assert path.stat().st_mode & 0o777 == 0o750
    after = machine.run(sys.executable, path, environment={"HF_TOKEN": token})
    assert (after.status, after.out) == (0, before.out)
    assert machine.scan().status == 0
    again = machine.run("tokenguard", "redact", "a.py")
    assert (again.status, again.out) == (0, "")
    assert "nothing to take out" in again.talk


def test_a_script_gets_it_too_and_fails_without_it(machine: Machine) -> None:
    token = machine.token()
    path = machine.write("a.sh", f'[ \'a {token}\' = "a $OTHER" ] && [ {token} = "$OTHER" ]\n')
    assert machine.run("tokenguard", "redact", ".").status == 0
    for shell in ("bash", "sh"):
        environment = {"HF_TOKEN": token, "OTHER": token}
        assert machine.run(shell, path, environment=environment).status == 0
        assert machine.run(shell, path, environment={"OTHER": token}).status != 0


def test_a_diff_shows_no_token_and_nothing_is_written(machine: Machine) -> None:
    token, other = machine.token(), machine.token(1)
    text = f"\x1b[2Ja: {token}\nb: {other} # tokenguard: allow\n" + "c: 1\n" * 9
    path = machine.write("a.yaml", text)
    result = machine.run("tokenguard", "redact", "--dry-run", ".")
    assert result.status == 0, result.talk
    assert result.out.splitlines()[3:6] == [
        f"-\\x1b[2Ja: hf_…{token[-4:]}",
        "+\\x1b[2Ja: hf_REDACTED",
        f" b: hf_…{other[-4:]} # tokenguard: allow",
    ]
    assert path.read_text() == text
    assert os.listdir(machine.folder) == ["a.yaml"]


def test_what_is_allowed_on_its_line_stays_there(machine: Machine) -> None:
    token = machine.token()
    path = machine.write("a.env", f"A={token}\nB={token} # tokenguard: allow\n")
    result = machine.run("tokenguard", "redact", "a.env")
    assert result.status == 0, result.talk
    assert "1 allowed, and left alone" in result.talk
    assert path.read_text() == f"A=hf_REDACTED\nB={token} # tokenguard: allow\n"


def read_only(path: Path) -> None:
    path.chmod(0o444)


def linked(path: Path) -> None:
    os.link(path, path.with_suffix(".other"))


def link(path: Path) -> None:
    os.replace(path, path.with_suffix(".other"))
    path.symlink_to(path.with_suffix(".other"))


def damaged(path: Path) -> None:
    os.replace(path, path.with_suffix(".ipynb"))


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (read_only, "is read-only"),
        (linked, "hard links"),
        (link, "is a symbolic link"),
        (damaged, "its JSON is damaged"),
    ],
)
def test_a_file_that_must_not_be_rewritten_stays_and_the_others_are_done(
    machine: Machine, happens: Callable[[Path], None], said: str
) -> None:
    token = machine.token()
    for number in range(19):
        machine.write(f"{number}.txt", token)
    path = machine.write("odd.py", f"x = '{token}'\n")
    happens(path)
    names = [str(p) for p in machine.folder.iterdir() if p.suffix != ".other"]
    result = machine.run("tokenguard", "redact", *names)
    assert result.status == 3
    assert said in result.talk
    assert len(result.out.splitlines()) == 19
    rest = [p for p in machine.folder.iterdir() if token in p.read_text()]
    assert {p.stem for p in rest} == {"odd"}
    assert not [p for p in machine.folder.iterdir() if p.name.startswith(".")]


def test_a_file_of_git_itself_is_not_touched(machine: Machine, repository: Repository) -> None:
    config = repository.top / ".git" / "config"
    config.write_text(config.read_text() + f"# {machine.token()}\n")
    before = config.read_bytes()
    assert machine.run("tokenguard", "redact", config).status == 3
    assert config.read_bytes() == before


def test_what_is_staged_still_has_it(machine: Machine, repository: Repository) -> None:
    repository.stage("a.py", f"x = '{machine.token()}'\n")
    result = machine.run("tokenguard", "redact", ".", cwd=repository.top)
    assert result.status == 0
    assert "a.py is staged with the credential in it" in result.talk


def test_one_of_several_is_chosen_by_its_fingerprint(machine: Machine) -> None:
    one, other = machine.token(), machine.token(1)
    path = machine.write("a.txt", f"{one}\n{other}\n")
    result = machine.run("tokenguard", "redact", "--var", "MINE", "a.txt")
    assert result.status == 2
    assert "choose one with --fingerprint: sha256:" in result.talk
    fingerprint = machine.scan().findings[1]["fingerprint"]
    assert machine.run("tokenguard", "redact", "--fingerprint", fingerprint[:15], "a.txt").status == 0
    assert path.read_text() == f"{one}\nhf_REDACTED\n"
    assert machine.run("tokenguard", "redact", "--fingerprint", fingerprint, "a.txt").status == 2


def test_a_killed_one_leaves_the_old_or_the_new(machine: Machine) -> None:
    token = machine.token()
    text = f"a\n{token}\n"
    for number in range(60):
        machine.write(f"{number}.txt", text)
    process = subprocess.Popen(
        ["tokenguard", "redact", "."], cwd=machine.folder, env=machine.environment, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=TIMEOUT)
    contents = {path.read_text() for path in machine.folder.glob("*.txt")}
    assert contents <= {text, "a\nhf_REDACTED\n"}
    assert "a\nhf_REDACTED\n" in contents


def test_a_token_is_in_the_vault_before_it_is_out_of_the_file(desk: Desk) -> None:
    token = desk.token()
    path = desk.write("a.py", f"x = '{token}'\n")
    result = desk.tokenguard("redact", "a.py", "--add", "work", "--no-validate")
    assert result.status == 0, result.talk
    assert desk.kept() == {"work": token}
    desk.write("b.txt", token)
    again = desk.tokenguard("redact", "b.txt", "--add", "other", "--no-validate")
    assert again.status == 0
    assert "in the vault already, as work" in again.talk
    assert desk.kept() == {"work": token}
    desk.service.lock()
    path.write_text(f"x = '{desk.token(1)}'\n")
    before = path.read_bytes()
    assert desk.tokenguard("redact", "a.py", "--add", "third", "--no-validate").status == 4
    assert path.read_bytes() == before


def test_it_is_handed_over_under_the_name_it_was_added(desk: Desk) -> None:
    desk.add("other", None, None, "--default")
    token = desk.token(77)
    desk.write("a.py", f"x = '{token}'\n")
    result = desk.tokenguard("redact", "--add", "new", "--no-validate", "a.py")
    assert "`tokenguard run new -- COMMAND` sets HF_TOKEN" in result.talk, result.talk
    desk.write("b.py", f'x = "{token}"\n')
    again = desk.tokenguard("redact", "b.py")
    assert "`tokenguard run new -- COMMAND` sets HF_TOKEN" in again.talk, again.talk


def test_a_key_for_storage_is_not_handed_over_as_a_token(machine: Machine) -> None:
    key, secret = s3_access_key()
    machine.secret(secret)
    machine.write("a.py", f'key = "{key}"\nsecret = "{secret}"\n')
    result = machine.run("tokenguard", "redact", "a.py")
    assert (result.status, "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY" in result.talk) == (0, True), result.talk
    assert "tokenguard run" not in result.talk
