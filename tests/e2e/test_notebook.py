"""A real IPython and a real contents manager of Jupyter: tokens come in, and do not go out."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.server import Server
from tests.support.credentials import user_token
from tests.support.repository import TIMEOUT, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

# Runs cells as a notebook's kernel would; says how each has ended.
KERNEL = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in sys.stdin.read().split("\\n---\\n"):
    result = shell.run_cell(cell, store_history=True)
    print("ok" if result.success else "failed", flush=True)
"""
# Whose token huggingface_hub would send.
WHOSE = """
import huggingface_hub, hashlib, os
said = huggingface_hub.get_token()
old = "OLD" if "HUGGING_FACE_HUB_TOKEN" in os.environ else ""
print("uses", said and hashlib.sha256(said.encode()).hexdigest(), old)
"""
# Saves notebooks by Jupyter's own manager: a line of JSON each, and a line of what it answers.
SAVE = """
import sys, json
from traitlets.config import Config
from jupyter_server.services.contents.filemanager import FileContentsManager
from tornado.web import HTTPError
for line in sys.stdin:
    hook, root, content = json.loads(line)
    config = Config(FileContentsManager={"pre_save_hook": "tokenguard.jupyter." + hook})
    manager = FileContentsManager(config=config)
    manager.root_dir = root
    try:
        manager.save({"type": "notebook", "format": "json", "content": content}, "a.ipynb")
        print("saved", flush=True)
    except HTTPError as error:
        print(error.status_code, error.log_message % error.args, flush=True)
"""


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[bytes]]:
    """It takes more than a second to start, and keeps nothing from one notebook to the next."""
    process = subprocess.Popen(
        (sys.executable, "-c", SAVE),
        env=environment(tmp_path_factory.mktemp("jupyter")),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    yield process
    _, said = process.communicate(timeout=TIMEOUT)
    assert b"hf_" not in said.replace("hf_…".encode(), b"")


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.use_key()
    server.add("work", 1)
    server.add("home", 2, "--default")
    server.environment["HUGGING_FACE_HUB_TOKEN"] = "old"
    yield server
    server.forget()


def cells(server: Server, *sources: str) -> list[str]:
    result = server.run(sys.executable, "-c", KERNEL, stdin="\n---\n".join(sources).encode())
    assert result.status == 0, result.talk
    return result.out.splitlines()


def expect_nothing_written(server: Server) -> None:
    """Fails where a file has a token, IPython's history among them."""
    files = [path for path in server.home.rglob("*") if path.is_file()]
    assert any(path.name == "history.sqlite" for path in files)
    server.expect_hidden(b"".join(path.read_bytes() for path in files))


def fingerprint_of(seed: int) -> str:
    import hashlib

    return hashlib.sha256(user_token(seed).encode()).hexdigest()


def test_the_magic_sets_the_token_for_this_process_alone(server: Server) -> None:
    shown = cells(
        server,
        "%load_ext tokenguard",
        "%tokenguard",
        "%tokenguard work",
        "%tokenguard",
        WHOSE,
        "%tokenguard --unset",
        WHOSE,
        "%unload_ext tokenguard",
        "%tokenguard",
    )
    masked = f"hf_…{user_token(1)[-4:]}"
    expected = ["ok", "HF_TOKEN is not set", "ok", "ok", f"HF_TOKEN is {masked}, work in the vault", "ok"]
    assert shown[:6] == expected
    assert shown[6:11] == [f"uses {fingerprint_of(1)} ", "ok", "ok", "uses None ", "ok"]
    assert shown[11:] == ["ok", "failed"]
    expect_nothing_written(server)


def test_what_is_wrong_is_said_without_a_traceback(server: Server) -> None:
    token = server.token(9)
    shown = cells(server, "%load_ext tokenguard", "%tokenguard nobody", f"%tokenguard {token}", "%tokenguard a b")
    assert [line for line in shown if line in ("ok", "failed")] == ["ok", "failed", "failed", "failed"]
    assert not any("Traceback" in line for line in shown)


def test_login_sets_up_this_process_and_logout_takes_it_back(server: Server) -> None:
    steps = ("login('work')", "login()", "logout()")
    code = "import tokenguard\n" + "\n".join(f"tokenguard.{step}\n{WHOSE}" for step in steps)
    result = server.run(sys.executable, "-c", code, environment={"HF_TOKEN": user_token(3)})
    assert result.out.splitlines() == [f"uses {fingerprint_of(1)} ", f"uses {fingerprint_of(2)} ", "uses None "]
    warned = server.run(
        sys.executable,
        "-c",
        "import tokenguard; tokenguard.login()",
        environment={"HF_OIDC_RESOURCE": "acme/model"},
    )
    assert "UserWarning: HF_OIDC_RESOURCE is set" in warned.talk


def saved(
    jupyter: subprocess.Popen[bytes], server: Server, hook: str, source: str, *outputs: object
) -> tuple[str, str]:
    """What Jupyter answers, and what is on the disk then."""
    cell = {"cell_type": "code", "source": source, "metadata": {}, "execution_count": 1, "outputs": list(outputs)}
    document = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    assert jupyter.stdin
    assert jupyter.stdout
    jupyter.stdin.write(json.dumps([hook, str(server.folder), document]).encode() + b"\n")
    jupyter.stdin.flush()
    answer = jupyter.stdout.readline()
    path = server.folder / "a.ipynb"
    text = path.read_text() if path.exists() else ""
    server.expect_hidden(answer + text.encode())
    return answer.decode().strip(), text


def output(text: object) -> dict[str, object]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def test_outputs_are_redacted_and_all_else_is_as_it_was(jupyter: subprocess.Popen[bytes], server: Server) -> None:
    token = server.token(8)
    data = {"text/plain": [f"'{token}'\n", "next"], "application/json": {"a": [token]}}
    result = {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}
    error = {"output_type": "error", "ename": "E", "evalue": token, "traceback": [f"\x1b[31m{token}\x1b[0m", "b"]}
    answer, text = saved(jupyter, server, "redact_on_save", "print(1)", output(f"a {token}\nb"), result, error)
    assert answer == "saved"
    assert text.count(f"hf_\\u2026{token[-4:]}") + text.count(f"hf_…{token[-4:]}") == 5
    assert all(part in text for part in ("print(1)", "next", '"b"'))


@pytest.mark.parametrize("hook", ["redact_on_save", "refuse_on_save"])
def test_a_source_with_a_token_is_refused_and_a_clean_one_is_not(
    jupyter: subprocess.Popen[bytes], server: Server, hook: str
) -> None:
    token = server.token(8)
    answer, text = saved(jupyter, server, hook, f"x = '{token}'")
    assert answer.startswith("400 not saved: a Hugging Face credential in cell 1;")
    assert text == ""
    assert saved(jupyter, server, hook, "x = 1", output("clean"))[0] == "saved"
    # As in a scan, a comment allows one that is none.
    placeholder = user_token(11)
    assert saved(jupyter, server, hook, f"x = '{placeholder}'  # pragma: allowlist secret")[0] == "saved"


def test_an_output_with_a_token_is_refused_where_that_is_wanted(
    jupyter: subprocess.Popen[bytes], server: Server
) -> None:
    answer, text = saved(jupyter, server, "refuse_on_save", "x", output(["a\n", server.token(8)]))
    assert answer.startswith("400 not saved: a Hugging Face credential in output of cell 1;")
    assert text == ""


def test_what_cannot_be_looked_at_is_not_saved(server: Server) -> None:
    code = """
import sys
from tornado.web import HTTPError
from tokenguard import jupyter
deep = []
for _ in range(100_000): deep = [deep]
cell = {"source": "", "outputs": [{"data": deep}]}
for hook in (jupyter.redact_on_save, jupyter.refuse_on_save):
    try:
        hook(model={"type": "notebook", "content": {"cells": [cell]}}, path="a", contents_manager=None)
    except HTTPError as error:
        print(error.status_code)
    hook(model={"type": "file", "content": "text"}, path="a", contents_manager=None)
    hook(model={"type": "notebook", "content": None}, path="a", contents_manager=None)
"""
    assert server.run(sys.executable, "-c", code).out.split() == ["400", "400"]
