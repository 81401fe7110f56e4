"""`tokenguard status`, beside huggingface_hub and git themselves."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.desk import Desk
from tests.support import credentials
from tests.support.credentials import fingerprint
from tests.support.hub import Hub, whoami_user
from tests.support.secret_service import SecretService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.machine import Machine, Result
    from tests.e2e.server import Server

# What the real huggingface_hub finds in each environment, and what `status` says there. Both read most variables
# once, so that each is asked in a process of its own; none loads anything anew.
ORACLE = """
import hashlib, io, json, os, sys
from tokenguard.cli import run
import tokenguard.standing, tokenguard.render.standing
with open("environments.json") as file:
    environments = json.load(file)
def real():
    try:
        from huggingface_hub import get_token
        token = get_token()
        return token and "sha256:" + hashlib.sha256(token.encode()).hexdigest()
    except Exception as error:
        return f"fails: {type(error).__name__}"
def said():
    sys.stdout = io.StringIO()
    run(["status", "--json"])
    return json.loads(sys.stdout.getvalue())
for environment in environments:
    for ask in real, said:
        process = os.fork()
        if process:
            os.waitpid(process, 0)
            continue
        os.environ.update(environment)
        answer = ask()
        os.write(1, json.dumps(answer).encode() + b"\\n")
        os._exit(0)
"""


def status(machine: Machine, cwd: Path | None = None, **environment: str) -> tuple[Result, dict[str, Any]]:
    result = machine.run("tokenguard", "status", "--json", cwd=cwd, environment=environment)
    assert result.status in (0, 3), result.talk
    document: dict[str, Any] = json.loads(result.stdout.decode("ascii"))
    assert document["schema"] == 1
    return result, document


@pytest.fixture
def many(machine: Machine) -> list[dict[str, str]]:
    """Environments in which huggingface_hub finds another token, none, or fails."""
    first, old, file, other = (machine.token(seed) for seed in range(4))
    home = machine.home
    for path, text in {
        home / ".cache/huggingface/token": file + "\n",
        home / "elsewhere/token": f"  {other}\r\n",
        home / "relative": other,
        home / ".cache/huggingface_staging/token": first,
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (home / "latin").write_bytes(b"\xff\xfe")
    (home / "blank").write_text(" \n")
    (home / "linked").symlink_to(home / "elsewhere/token")
    (machine.folder / "token").write_text(old)
    nowhere = {"HF_TOKEN_PATH": str(home / "not there")}
    return [
        {},
        {"HF_TOKEN": first},
        {"HF_TOKEN": "", "HUGGING_FACE_HUB_TOKEN": old},
        {"HF_TOKEN": " ", "HUGGING_FACE_HUB_TOKEN": old},
        {"HF_TOKEN": " ", "HUGGING_FACE_HUB_TOKEN": old} | nowhere,
        {"HF_TOKEN": f" {first}\n", "HUGGING_FACE_HUB_TOKEN": old},
        {"HUGGING_FACE_HUB_TOKEN": f"{old[:9]}\n{old[9:]}"},
        {"HF_OIDC_RESOURCE": "acme/model", "HF_TOKEN": first},
        {"HF_OIDC_RESOURCE": "", "HF_TOKEN": first},
        {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1", "HF_TOKEN": first},
        nowhere,
        {"HF_TOKEN_PATH": str(home / "elsewhere/token")},
        {"HF_TOKEN_PATH": "~/elsewhere/token"},
        {"HF_TOKEN_PATH": "$HOME/elsewhere/token"},
        {"HF_TOKEN_PATH": str(home / "linked")},
        {"HF_TOKEN_PATH": str(home / "latin")},
        {"HF_TOKEN_PATH": str(home / "blank")},
        {"HF_TOKEN_PATH": str(home / "elsewhere")},
        {"HF_TOKEN_PATH": str(home / "blank/token")},
        {"HF_TOKEN_PATH": ""},
        {"HF_HOME": str(home / "elsewhere")},
        {"HF_HOME": "~/elsewhere"},
        {"HF_HOME": ""},
        {"HF_HOME": str(home / "elsewhere"), "HF_TOKEN_PATH": str(home / "relative")},
        {"XDG_CACHE_HOME": str(home)},
        {"XDG_CACHE_HOME": str(home / ".cache"), "HUGGINGFACE_CO_STAGING": "yes"},
        {"HF_TOKEN_PATH": str(home / "relative"), "HUGGINGFACE_CO_STAGING": "1"},
    ]


@pytest.mark.unmeasured
def test_it_says_what_huggingface_hub_does(machine: Machine, many: list[dict[str, str]]) -> None:
    machine.write("environments.json", json.dumps(many))
    asked = machine.run(sys.executable, "-c", ORACLE)
    answers = [json.loads(line) for line in asked.stdout.splitlines()]
    assert len(answers) == 2 * len(many), asked.talk
    expected, said = answers[::2], answers[1::2]
    # Neither the list nor the comparison is empty.
    assert len(set(map(str, expected))) > 6
    for environment, real, document in zip(many, expected, said, strict=True):
        names = sorted(environment)
        used = document["uses"]
        if real is None:
            assert used is None, names
        elif real.startswith("fails"):
            assert used["fingerprint"] is None, names
            assert "fails" in used["problem"] or used["state"] == "unreadable", names
        else:
            assert used["fingerprint"] == real, names
        assert document["implicit"] is ("HF_HUB_DISABLE_IMPLICIT_TOKEN" not in environment)


def test_the_line_that_was_missed_for_years(server: Server) -> None:
    server.use_key()
    lab = server.add("lab", 0, "--default")
    result = server.tokenguard("status", environment={"HF_TOKEN": server.token(1)})
    assert result.status == 0
    assert f"HF_TOKEN in your environment (hf_…{server.token(1)[-4:]}) hides the default token lab" in result.out
    _, document = status(server, HF_TOKEN=lab)
    assert document["hidden"] == []
    assert document["uses"]["known_as"] == "lab"
    assert (document["chosen"]["name"], document["chosen"]["by"]) == ("lab", "default")
    assert document["chosen"]["fingerprint"] == document["uses"]["fingerprint"] == fingerprint(lab)


def test_a_bound_folder_and_a_named_token_are_chosen(server: Server) -> None:
    server.use_key()
    server.add("lab", 0, "--default")
    server.add("work", 1)
    folder = server.folder / "project" / "deep"
    folder.mkdir(parents=True)
    assert server.run("tokenguard", "use", "work", "--here", cwd=folder.parent).status == 0
    _, document = status(server, cwd=folder)
    assert (document["chosen"]["name"], document["chosen"]["folder"]) == ("work", str(folder.parent.resolve()))
    _, document = status(server, cwd=folder, TOKENGUARD_TOKEN="lab")
    assert (document["chosen"]["name"], document["chosen"]["by"]) == ("lab", "TOKENGUARD_TOKEN")
    result = server.run("tokenguard", "status", cwd=folder, environment={"TOKENGUARD_TOKEN": "gone"})
    assert result.status == 0
    assert "there is no token called gone" in result.out
    result = server.run("tokenguard", "status", cwd=folder, environment={"TOKENGUARD_TOKEN": server.token(1)})
    assert "TOKENGUARD_TOKEN does not hold a name" in result.out


def test_what_the_hub_refused_to_git_is_told(server: Server) -> None:
    server.use_key()
    question = f"protocol=https\nhost=huggingface.co\nusername=alice\npassword={server.add('work')}\n\n"
    assert server.tokenguard("git-credential", "erase", stdin=question).status == 0
    _, document = status(server)
    assert [refusal["name"] for refusal in document["refusals"]] == ["work"]
    assert "the Hub refused it work" in server.tokenguard("status").out


def test_a_program_started_by_run_sees_its_own_token(server: Server) -> None:
    server.use_key()
    lab = server.add("lab")
    for via in ("env", "file"):
        result = server.run("tokenguard", "run", "lab", "--via", via, "--", "tokenguard", "status", "--json")
        document = json.loads(result.stdout)
        assert document["uses"]["fingerprint"] == fingerprint(lab)
        assert document["uses"]["name"] == ("HF_TOKEN" if via == "env" else "token file")


def test_an_oauth_token_that_ends_soon_is_exchanged_by_the_libraries(machine: Machine) -> None:
    token = machine.secret(credentials.signed_token("hf_oauth" + "_"))
    folder = machine.home / ".cache" / "huggingface"
    folder.mkdir(parents=True)
    (folder / "token").write_text(token)
    for expires_at, is_due in (("1", True), ("99999999999", False), ("soon", False)):
        stored = f"[browser]\nhf_token = {token}\nrefresh_token = {machine.secret(credentials.refresh_token())}\n"
        (folder / "stored_tokens").write_text(f"{stored}expires_at = {expires_at}\n")
        _, document = status(machine)
        assert ("exchanges it" in (document["uses"]["problem"] or "")) is is_due
    (folder / "stored_tokens").write_text("no ini at all")
    _, document = status(machine)
    assert document["uses"]["problem"] is None


def test_a_pipe_is_not_read(machine: Machine) -> None:
    os.mkfifo(machine.folder / "pipe")
    result, document = status(machine, HF_TOKEN_PATH=str(machine.folder / "pipe"))
    assert result.status == 3
    assert document["uses"]["state"] == "unreadable"
    assert document["unreadable"] == [
        {"path": str(machine.folder / "pipe"), "reason": "it cannot be read: is not a regular file"}
    ]


def test_a_damaged_index_is_told_and_the_rest_as_well(machine: Machine) -> None:
    machine.home.joinpath("tokenguard").mkdir(mode=0o700)
    machine.home.joinpath("tokenguard/index.json").write_text("{")
    result = machine.run("tokenguard", "status", environment={"HF_TOKEN": machine.token()})
    assert result.status == 3
    assert "index.json is damaged" in result.out
    assert "libraries use HF_TOKEN" in result.out


def test_what_others_have_written_cannot_speak_to_the_terminal(machine: Machine) -> None:
    folder = machine.folder / "\x1b[31mred"
    folder.mkdir()
    machine.run("git", "config", "--global", "credential.helper", "!\x1b[2J")
    result = machine.run("tokenguard", "status", cwd=folder, environment={"HF_TOKEN_PATH": str(folder / "token")})
    assert result.status == 0
    assert b"\x1b" not in result.stdout


def test_hooks_and_the_framework_are_told(machine: Machine) -> None:
    repository = machine.repository()
    machine.prepare("hook", "install", cwd=repository.top)
    repository.write(".pre-commit-config.yaml", "repos: [{hooks: [{id: tokenguard}]}]")
    _, document = status(machine, cwd=repository.top)
    assert {(hook["where"], hook["stage"], hook["state"]) for hook in document["hooks"]} == {
        ("here", stage, "installed") for stage in ("pre-commit", "pre-merge-commit", "commit-msg", "pre-push")
    }
    assert document["framework"] is True


CONTEXTS = (
    "",
    ".https://huggingface.co",
    ".http://huggingface.co",
    ".huggingface.co",
    ".https://*.co",
    ".https://*",
)


@pytest.mark.parametrize("reset", [None, *CONTEXTS[:3]])
def test_the_helpers_are_those_that_git_asks(machine: Machine, reset: str | None) -> None:
    for number, context in enumerate(CONTEXTS):
        helper = f"!echo asked-{number} >&2; :"
        machine.run("git", "config", "--global", "--add", f"credential{context}.helper", helper)
    if reset is not None:
        machine.run("git", "config", "--global", "--add", f"credential{reset}.helper", "")
        machine.run("git", "config", "--global", "--add", "credential.helper", "!echo asked-last >&2; :")
    asked = machine.run(
        "git",
        *("credential", "fill"),
        stdin=b"protocol=https\nhost=huggingface.co\n\n",
        environment={"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true"},
    )
    real = [line for line in asked.talk.splitlines() if line.startswith("asked-")]
    _, document = status(machine)
    assert [helper.split()[1] for helper in document["credential_helpers"]["others"]] == real
    assert real


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One for the tests below, which do not change it."""
    with Hub() as hub, SecretService() as service:
        yield Desk(tmp_path_factory.mktemp("desk"), hub, service)


def test_accounts_and_roles_are_remembered_and_nobody_is_asked(desk: Desk) -> None:
    work = desk.add("work", None, whoami_user("write", name="alice"))
    desk.add("lab", None, whoami_user("read", name="bob"), "--default")
    asked = len(desk.hub.requests)
    result = desk.tokenguard("status", environment={"HF_TOKEN": work})
    assert (
        "HF_TOKEN in your environment (alice, write) hides the default token lab (bob)" in result.out.splitlines()
    )
    _, document = status(desk, HF_TOKEN=work)
    assert [(row["by"], row["source"], row["name"], row["account"]) for row in document["hidden"]] == [
        ("HF_TOKEN", "tokenguard", "lab", "bob")
    ]
    assert document["vault"] == document["vault"] | {"kind": "keyring", "locked": False, "tokens": 2}
    assert len(desk.hub.requests) == asked
