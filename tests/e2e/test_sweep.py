"""`tokenguard sweep`: many repositories, one answer, and none that could not be read is taken for clean."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.e2e.fleet import OWNER, Fleet, expect_quiet, leaks, leavings, sweep
from tests.e2e.machine import write_script
from tests.e2e.past import add_submodule, commit, leak
from tests.e2e.terminal import at_terminal
from tests.support.hub import Answer, broken, redirect, slow

if TYPE_CHECKING:
    from tests.e2e.machine import Machine

# How servers answer that give nothing, and what is said of that.
REFUSALS = {
    "missing": (Answer(404), "not found"),
    "private": (Answer(401, b"", {"WWW-Authenticate": 'Basic realm="x"'}), "wants credentials"),
    "page": (Answer(200, b"<html>sign in</html>", {"Content-Type": "text/html"}), "no git server"),
}


def test_folders_and_servers_make_one_report(machine: Machine, fleet: Fleet) -> None:
    token = machine.token()
    leak(machine.repository("local"), token)
    bare = fleet.serve("model", token)
    fleet.serve("clean")
    swept = sweep(machine, "local", bare.top, fleet.url("model"), fleet.url("clean"))
    assert swept.status == 1
    assert swept.places == leaks(["local", str(bare.top), fleet.url("model")], token)
    pushed = {finding["path"]: finding["pushed"] for finding in swept.document["findings"]}
    assert pushed == {path: path.startswith("http") for path, _ in swept.places}
    assert swept.unreadable == {}
    assert leavings(machine) == []


def test_every_form_has_each_credential_once(machine: Machine, fleet: Fleet) -> None:
    token = machine.token()
    for name in ("a", "b", "c"):
        fleet.serve(name, token)
    fleet.serve("d", machine.token(1))
    files = {form: machine.folder / f"a.{form}" for form in ("json", "sarif", "html")}
    reports = [f"--report={form}={file}" for form, file in files.items()]
    result = machine.run("tokenguard", "sweep", *reports, *map(fleet.url, "abcd"))
    assert result.status == 1
    assert result.out.count("user-access-token") == 2
    assert result.out.splitlines()[0].endswith("in 3 files, possibly live")
    assert "1. user-access-token" in result.talk
    assert "A U Thor" in result.talk
    assert "2 leaked credentials in 4 places" in result.talk
    for file in files.values():
        machine.expect_hidden(file.read_bytes())
    told = json.loads(files["json"].read_text())["credentials"]
    assert [one["places"] for one in told] == [3, 1]
    assert {one["owner"] for one in told} == {"ask A U Thor <author@example.com>, who brought it in"}
    (run,) = json.loads(files["sarif"].read_text())["runs"]
    assert len(run["results"]) == 4
    page = files["html"].read_text()
    assert all(fleet.url(name) in page for name in "abcd")


def test_a_list_names_targets(machine: Machine, fleet: Fleet) -> None:
    token = machine.token()
    fleet.serve("model", token)
    leak(machine.repository("local"), token)
    listed = f"\ufeff# all of it\r\n\r\n  {fleet.url('model')}\r\nlocal\nlocal\n"
    machine.write("list", listed)
    swept = sweep(machine, "--from", "list")
    assert (swept.status, swept.places) == (1, leaks(["local", fleet.url("model")], token))
    assert "swept 2 targets" in swept.talk
    assert sweep(machine, "--from", "-", stdin=b"local\n").places == leaks(["local"], token)


@pytest.mark.parametrize("text", ["ext::sh -c 'touch {}'", "--upload-pack=touch {}", "file://{}", "git@-x:{}"])
def test_what_is_no_target_is_refused_before_anything_is_read(machine: Machine, fleet: Fleet, text: str) -> None:
    fleet.serve("model")
    canary = machine.folder / "canary"
    machine.write("list", f"{fleet.url('model')}\n{text.format(canary)}\n")
    result = machine.run("tokenguard", "sweep", "--from", "list")
    assert (result.status, result.stdout) == (2, b"")
    assert "list, line 2" in result.talk
    assert fleet.paths == []
    assert not canary.exists()


def test_a_folder_without_a_repository_is_not_that_around_it(machine: Machine, fleet: Fleet) -> None:
    repository = machine.repository("outer")
    leak(repository, machine.token())
    (repository.top / "inner").mkdir()
    swept = sweep(machine, "outer/inner", "nowhere")
    assert (swept.status, swept.places) == (3, set())
    assert swept.unreadable == {
        "outer/inner": "this is no git repository",
        "nowhere": "there is no such folder",
    }


def test_what_a_server_refuses_is_not_clean_and_asked_for_once(machine: Machine, fleet: Fleet) -> None:
    token = machine.token()
    fleet.serve("model", token)
    fleet.answers |= {name: [answer] for name, (answer, _) in REFUSALS.items()}
    swept = sweep(machine, *map(fleet.url, REFUSALS), fleet.url("model"))
    assert swept.status == 3
    for name, (_, reason) in REFUSALS.items():
        assert reason in swept.unreadable[fleet.url(name)]
        assert 1 <= len(fleet.asked_for(name)) <= 2  # git asks for other addresses of the same
    assert swept.places == leaks([fleet.url("model")], token)
    assert leavings(machine) == []


def test_a_redirect_elsewhere_is_not_followed(machine: Machine, fleet: Fleet) -> None:
    with Fleet(machine, "elsewhere") as other:
        fleet.answers["moved"] = [redirect(other.endpoint)]
        swept = sweep(machine, fleet.url("moved"))
    assert swept.status == 3
    assert "another address" in swept.unreadable[fleet.url("moved")]
    assert other.paths == []


def test_what_may_pass_is_tried_again(machine: Machine, fleet: Fleet) -> None:
    token = machine.token()
    fleet.serve("model", token)
    real = fleet.respond
    failures = [broken(503)]
    fleet.respond = lambda request: failures.pop() if failures else real(request)  # type: ignore[method-assign]
    swept = sweep(machine, fleet.url("model"))
    assert (swept.status, swept.places) == (1, leaks([fleet.url("model")], token))
    assert failures == []


def test_one_that_hangs_or_serves_forever_is_given_up(machine: Machine, fleet: Fleet) -> None:
    token = machine.token()
    bad = {"silent": "info/refs", "slow": "git-upload-pack", "endless": ""}
    for name in ("model", *bad):
        fleet.serve(name, token)
    real = fleet.respond
    hangs = slow(600)
    head = {"Content-Type": "application/x-git-upload-pack-advertisement"}
    fleet.answers["endless"] = [
        Answer(200, b"001e# service=git-upload-pack\n0000" + b"0" * 100_000, head, pace=0.01, sized=False)
    ]
    fleet.respond = lambda request: (  # type: ignore[method-assign]
        hangs if any(at and f"/{name}.git" in request.path and at in request.path for name, at in bad.items())
        else real(request)
    )  # fmt: skip
    swept = sweep(machine, "--timeout", "4", "--jobs", "4", *map(fleet.url, bad), fleet.url("model"))
    assert swept.status == 3
    assert swept.unreadable == dict.fromkeys(map(fleet.url, bad), "not done within 4 seconds")
    assert swept.places == leaks([fleet.url("model")], token)
    assert leavings(machine) == []
    expect_quiet(fleet.endpoint)


def test_one_that_is_too_large_is_given_up(machine: Machine, fleet: Fleet) -> None:
    fleet.serve("large", machine.token(), os.urandom(3_000_000))
    swept = sweep(machine, "--max-size", "1000000", fleet.url("large"))
    assert (swept.status, list(swept.unreadable)) == (3, [fleet.url("large")])
    assert leavings(machine) == []


def test_submodules_are_not_fetched(machine: Machine, fleet: Fleet) -> None:
    token = machine.token()
    inner = fleet.serve("inner", machine.token(1))
    outer = fleet.serve("outer", token)
    add_submodule(outer, inner.top, "inner")
    outer.git("config", "-f", ".gitmodules", "submodule.inner.url", fleet.url("inner"))
    outer.git("add", ".gitmodules")
    commit(outer)
    fleet.publish("outer", outer)
    swept = sweep(machine, fleet.url("outer"))
    assert (swept.status, swept.places) == (1, leaks([fleet.url("outer")], token))
    assert fleet.asked_for("inner") == []


def test_all_refs_are_read(machine: Machine, fleet: Fleet) -> None:
    token = machine.token()
    forms = ["sha1", "sha256"]
    for form in forms:
        repository = machine.repository(form, f"--object-format={form}")
        commit(repository)
        repository.git("checkout", "--quiet", "-b", "side")
        name = leak(repository, token)
        repository.git("update-ref", "refs/pull/7/head", name)
        repository.git("checkout", "--quiet", "main")
        repository.git("branch", "--quiet", "-D", "side")
        fleet.publish(form, repository)
    swept = sweep(machine, *map(fleet.url, forms))
    assert (swept.status, swept.places) == (1, leaks(map(fleet.url, forms), token))


def test_a_repository_does_not_say_how_it_is_scanned(machine: Machine, fleet: Fleet) -> None:
    token = machine.token()
    repository = machine.repository("local")
    repository.stage(".tokenguard.toml", 'exclude = ["leak.py"]\n')
    leak(repository, token)
    assert sweep(machine, "local").places == leaks(["local"], token)


def test_git_finds_its_credentials_by_itself(machine: Machine, fleet: Fleet) -> None:
    token, password = machine.token(), machine.secret("x" * 40)
    fleet.serve("model", token)
    fleet.let_in("", "nobody")
    fleet.let_in(password, OWNER)
    store = machine.home / "credentials"
    store.write_text(fleet.endpoint.replace("://", f"://alice:{password}@") + "\n")
    machine.run("git", "config", "--global", "credential.helper", f"store --file {store}")
    swept = sweep(machine, fleet.url("model"))
    assert (swept.status, swept.places) == (1, leaks([fleet.url("model")], token))
    assert password in fleet.tokens
    for path in (machine.home / "tokenguard").rglob("*"):
        if path.is_file():
            machine.expect_hidden(path.read_bytes())


def test_progress_names_what_is_slow(machine: Machine, fleet: Fleet) -> None:
    fleet.serve("model", machine.token())
    fleet.answers["slow"] = [slow(600)]
    result = at_terminal(machine, "tokenguard", "sweep", "--timeout", "2", fleet.url("slow"), fleet.url("model"))
    assert result.status == 3
    assert b"targets  [" in result.stdout
    assert b"slow.git 1 s" in result.stdout
    assert b"2/2" in result.stdout


def test_over_ssh(machine: Machine, fleet: Fleet) -> None:
    """The command that git has for ssh is one that stays on this machine."""
    token = machine.token()
    work = fleet.serve("model", token)
    script = write_script(machine.folder / "ssh", 'for last; do :; done; echo "$last" >> "$0.log"; eval "$last"')
    machine.run("git", "config", "--global", "core.sshCommand", str(script))
    targets = [f"git@git.example.com:{work.top}", f"ssh://git.example.com{work.top}"]
    swept = sweep(machine, *targets)
    assert (swept.status, swept.places) == (1, leaks(targets, token))
    assert set(script.with_suffix(".log").read_text().split()) == {"git-upload-pack", f"'{work.top}'"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a TARGET"),
        (["--from", "missing"], "missing cannot be read"),
        (["--from", "binary"], "binary is not UTF-8"),
        (["--jobs", "0", "x"], "--jobs"),
        (["--timeout", "0", "x"], "--timeout"),
        (["--report", "x", "x"], "FORMAT=FILE"),
        (["--token", "no name", "hf://x"], "cannot be the name of a token"),
        (["--report", "csv=x", "--report", "html=./x", "x"], "to one file"),
    ],
)
def test_what_is_said_wrongly(machine: Machine, arguments: list[str], said: str) -> None:
    machine.write("binary", b"\xff\xfe")
    result = machine.run("tokenguard", "sweep", *arguments)
    assert (result.status, result.stdout) == (2, b"")
    assert said in result.talk
