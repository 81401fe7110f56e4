"""Libraries, programs, shells and CI services get a token, as the Hub that it is sent to can tell."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.desk import DEFAULT, OLD_TOKEN, WORK, Desk, furnished
from tests.support.hub import REPOSITORY, WHOAMI, Hub, Request, ok, redirect, whoami_user
from tokenguard.exporters import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OLD = "HUGGING_FACE_HUB_TOKEN"
SHELLS = ("sh", "fish", "powershell", "cmd", "nu", "csh")

CONFIG = f"/{REPOSITORY}/resolve/main/config.json"
# Each asks twice: as a whole session does, and for a single time.
BY_REQUESTS = """
import sys, requests, tokenguard
with requests.Session() as session:
    session.auth = tokenguard.auth("work")
    for url in sys.argv[1:]:
        print(session.get(url).status_code, requests.get(url, auth=tokenguard.auth("work")).status_code)
"""
BY_HTTPX = """
import sys, httpx, tokenguard
with httpx.Client(follow_redirects=True) as client:
    client.auth = tokenguard.auth("work")
    for url in sys.argv[1:]:
        single = httpx.get(url, auth=tokenguard.auth("work"), follow_redirects=True)
        print(client.get(url).status_code, single.status_code)
"""
BY_ASYNC_HTTPX = """
import asyncio, sys, httpx, tokenguard
async def main():
    async with httpx.AsyncClient(auth=tokenguard.auth("work"), follow_redirects=True) as client:
        for url in sys.argv[1:]:
            single = await client.get(url, auth=tokenguard.auth("work"))
            print((await client.get(url)).status_code, single.status_code)
asyncio.run(main())
"""
LIBRARIES = {"requests": BY_REQUESTS, "httpx": BY_HTTPX, "asynchronous httpx": BY_ASYNC_HTTPX}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One for all tests: none of them changes what is kept."""
    with furnished(tmp_path_factory.mktemp("desk")) as desk:
        yield desk


@pytest.fixture
def other() -> Iterator[Hub]:
    """Another server, which knows the same tokens."""
    with Hub() as hub:
        yield hub


@pytest.fixture
def asked(desk: Desk) -> list[Request]:
    """What the Hub is asked in this test; empty as yet."""
    desk.hub.requests.clear()
    return desk.hub.requests


def python(desk: Desk, code: str, *arguments: str, **variables: str) -> list[str]:
    """The lines that a program prints, which are no secrets."""
    result = desk.run(sys.executable, "-c", code, *arguments, environment=variables)
    assert result.status == 0, result.talk
    return result.out.splitlines()


def tokens(requests: list[Request]) -> list[str | None]:
    return [request.token for request in requests]


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_sends_the_token_to_the_hub_alone(
    desk: Desk, asked: list[Request], other: Hub, library: str
) -> None:
    elsewhere = other.endpoint.replace("127.0.0.1", "localhost")
    known = ok(whoami_user())
    moved = [redirect(elsewhere, 307)] * 2 + [redirect(other.endpoint, 302)] * 2
    desk.hub.answer(WORK, *[known] * 2, *moved, known)
    urls = {
        desk.hub.endpoint + WHOAMI: "200 200",
        elsewhere + WHOAMI: "401 401",
        desk.hub.endpoint + WHOAMI + "?redirected": "401 401",
        desk.hub.endpoint + WHOAMI + "?redirected=again": "401 401",
        # In the clear, by way of a proxy.
        "http://huggingface.co" + WHOAMI: "404 404",
        "http://hub.example" + WHOAMI: "404 404",
        desk.hub.endpoint + CONFIG: "200 200",
    }
    proxy = {"http_proxy": other.endpoint, "no_proxy": "127.0.0.1,localhost"}
    assert python(desk, LIBRARIES[library], *urls, **proxy) == list(urls.values())
    assert tokens(asked) == [WORK] * 8
    assert len(other.requests) == 10
    assert not any("authorization" in request.headers for request in other.requests)


def test_a_host_that_is_added_gets_the_token(desk: Desk, other: Hub) -> None:
    code = """
import sys, requests, tokenguard
for hosts in ([], ["localhost"]):
    requests.get(sys.argv[1], auth=tokenguard.auth("work", hosts=hosts))
"""
    python(desk, code, other.endpoint.replace("127.0.0.1", "localhost") + WHOAMI)
    assert tokens(other.requests) == [None, WORK]


def test_a_header_of_ones_own_is_kept_for_others(desk: Desk, other: Hub) -> None:
    code = """
import sys, requests, tokenguard
requests.get(sys.argv[1], auth=tokenguard.auth(), headers={"Authorization": "Basic eDp5"})
"""
    python(desk, code, other.endpoint.replace("127.0.0.1", "localhost") + WHOAMI)
    assert [request.headers["authorization"] for request in other.requests] == ["Basic eDp5"]


def test_python_gets_the_token_that_is_chosen(desk: Desk) -> None:
    code = """
import os, tokenguard
print(tokenguard.get_token(), tokenguard.get_token("work"))
os.environ["TOKENGUARD_TOKEN"] = "work"
print(tokenguard.get_token(), tokenguard.get_token("home"))
"""
    result = desk.hand_over(sys.executable, "-c", code)
    assert result.out.splitlines() == [f"{DEFAULT} {WORK}", f"{WORK} {DEFAULT}"], result.talk


def test_many_threads_get_the_token(desk: Desk) -> None:
    code = """
import tokenguard
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as executor:
    print(*set(executor.map(tokenguard.get_token, ["work"] * 24)))
"""
    result = desk.hand_over(sys.executable, "-c", code)
    if not desk.service.runs():
        # Under many that connect and go gnome-keyring itself ends now and then.
        desk.service.restart()
        result = desk.hand_over(sys.executable, "-c", code)
    assert result.out == f"{WORK}\n", result.talk


def test_python_is_told_what_is_wrong(desk: Desk) -> None:
    code = """
import tokenguard
for call in (tokenguard.get_token, tokenguard.auth):
    try:
        call("nobody")
    except tokenguard.VaultError as error:
        print(error.message)
"""
    assert python(desk, code) == ["there is no token called nobody"] * 2
    unreachable = python(desk, code.replace("nobody", "work"), DBUS_SESSION_BUS_ADDRESS="unix:path=/none")
    assert len(unreachable) == 2


def test_huggingface_hub_takes_what_python_gets(desk: Desk, asked: list[Request]) -> None:
    code = """
import huggingface_hub, tokenguard
print(huggingface_hub.HfApi(token=tokenguard.get_token("work")).whoami()["name"])
"""
    assert python(desk, code) == ["alice"]
    assert tokens(desk.hub.asked()) == [WORK]


def test_curl_reads_the_header(desk: Desk, asked: list[Request]) -> None:
    script = f'tokenguard token work --header | curl -sS --fail -H @- "$HF_ENDPOINT{WHOAMI}"'
    result = desk.run("sh", "-c", script)
    assert json.loads(result.out)["name"] == "alice", result.talk
    assert tokens(asked) == [WORK]


def test_a_raw_token_is_one_line(desk: Desk) -> None:
    assert desk.hand_over("tokenguard", "token", "work") == (0, f"{WORK}\n".encode(), b"")
    assert desk.hand_over("tokenguard", "token") == (0, f"{DEFAULT}\n".encode(), b"")
    header = desk.hand_over("tokenguard", "token", "work", "--header")
    assert header == (0, f"Authorization: Bearer {WORK}\n".encode(), b"")


@pytest.mark.parametrize("via", ["env", "file"])
def test_hf_says_who_one_is(desk: Desk, asked: list[Request], via: str) -> None:
    result = desk.tokenguard("run", "work", "--via", via, "--", "hf", "auth", "whoami")
    assert result.status == 0, result.talk
    assert "alice" in result.out
    assert WORK in tokens(asked)


def test_huggingface_hub_reads_the_variable(desk: Desk) -> None:
    code = "import huggingface_hub; print(huggingface_hub.get_token())"
    result = desk.hand_over(
        "tokenguard", "run", "work", "--", sys.executable, "-c", code, environment={OLD: OLD_TOKEN}
    )
    assert result.out == f"{WORK}\n", result.talk


@pytest.mark.parametrize("way", ["token=", "run --via file"])
def test_transformers_reads_a_private_repository(
    desk: Desk, asked: list[Request], way: str, tmp_path: Path
) -> None:
    given = "token=tokenguard.get_token('work')" if way == "token=" else ""
    code = (
        "import tokenguard; from transformers import AutoConfig\n"
        f"print(AutoConfig.from_pretrained({REPOSITORY!r}, {given}).hidden_size)"
    )
    through = ["tokenguard", *way.split(), "work", "--"] if not given else []
    result = desk.run(*through, sys.executable, "-c", code, environment={"HF_HOME": str(tmp_path)})
    assert (result.status, result.out) == (0, "32\n"), result.talk
    configs = [request for request in asked if request.path.endswith("/config.json")]
    assert configs
    assert set(tokens(configs)) == {WORK}
    for path in tmp_path.rglob("*"):
        if path.is_file():
            desk.expect_hidden(path.read_bytes())


def test_a_shell_takes_the_token_in_and_lets_go_of_it(desk: Desk, asked: list[Request]) -> None:
    script = f"""
export {OLD}=old
eval "$(tokenguard export work)"
hf auth whoami
env | grep -c '^HF_TOKEN='
env | grep -c '^{OLD}='
export {OLD}=old
eval "$(tokenguard export --unset)"
env | grep -c -e '^HF_TOKEN=' -e '^{OLD}='
"""
    result = desk.run("sh", "-c", script)
    assert "alice" in result.out, result.talk
    assert result.out.splitlines()[-3:] == ["1", "0", "0"]
    assert WORK in tokens(asked)


def test_fish_takes_the_token_in(desk: Desk) -> None:
    script = (
        "tokenguard export work --format fish --var HF_TOKEN --var OTHER | source; env | string match '*OKEN=*'"
    )
    result = desk.hand_over("fish", "--no-config", "-c", script + "; printenv OTHER")
    assert (result.out.splitlines()[-1], f"HF_TOKEN={WORK}" in result.out) == (WORK, True)


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "github"])
def test_every_format_takes_the_variables_out_again(desk: Desk, form: str) -> None:
    """For which nobody needs a token, or a keyring."""
    bare = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/none", "TOKENGUARD_HOME": str(desk.folder / "none")}
    result = desk.tokenguard("export", "--unset", "--format", form, environment=bare | {OLD: OLD_TOKEN})
    assert (result.status, result.stderr) == (0, b"")
    assert "HF_TOKEN" in result.out
    assert (OLD in result.out) == (form in SHELLS)
    assert not (desk.folder / "none").exists()


def test_unset_is_the_same_for_every_name(desk: Desk) -> None:
    """What was exported is taken back by the same command with one word more."""
    assert desk.tokenguard("export", "work", "--unset").out == desk.tokenguard("export", "--unset").out


@pytest.mark.parametrize("variable", ["1A", "A;rm", ""])
def test_what_is_no_variable_is_exported_nowhere(desk: Desk, variable: str) -> None:
    result = desk.tokenguard("export", "--var", "HF_TOKEN", "--var", variable)
    assert (result.status, result.stdout) == (2, b"")


def test_what_keeps_libraries_from_the_token_is_warned_about(desk: Desk) -> None:
    result = desk.hand_over("tokenguard", "export", environment={"HF_OIDC_RESOURCE": "acme/model"})
    assert (result.status, result.out.count(DEFAULT)) == (0, 1)
    assert "HF_OIDC_RESOURCE is set" in result.talk


def test_a_workflow_is_told_to_mask_the_token_and_gets_it(desk: Desk) -> None:
    file = desk.write("github env", "BEFORE=1\n")
    there = {"GITHUB_ENV": str(file), OLD: OLD_TOKEN}
    result = desk.hand_over("tokenguard", "export", "work", "--format", "github", environment=there)
    assert (result.status, result.out, result.talk) == (0, f"::add-mask::{WORK}\n", "")
    before, begin, token, end = file.read_text().splitlines()
    assert (before, token) == ("BEFORE=1", WORK)
    assert begin == f"HF_TOKEN<<{end}"
    assert "add-mask" not in file.read_text()

    again = desk.hand_over("tokenguard", "export", "home", "--format", "github", environment=there)
    assert again.out == f"::add-mask::{DEFAULT}\n"
    lines = file.read_text().splitlines()
    assert (len(lines), lines[5]) == (7, DEFAULT)
    assert lines[6] not in lines[:4]

    unset = desk.tokenguard("export", "--unset", "--format", "github", environment=there)
    assert (unset.status, unset.stdout) == (0, b"")
    assert file.read_text().splitlines()[7:] == ["HF_TOKEN="]


def test_a_workflow_masks_before_it_gets_the_token(desk: Desk) -> None:
    there = {"GITHUB_ENV": "/dev/stdout"}
    result = desk.hand_over("tokenguard", "export", "work", "--format", "github", environment=there)
    assert result.out.splitlines()[0] == f"::add-mask::{WORK}"
    assert result.out.splitlines()[2] == WORK


def test_outside_of_a_workflow_nothing_is_exported_to_one(desk: Desk) -> None:
    for arguments in (["work"], ["--unset"]):
        result = desk.tokenguard("export", *arguments, "--format", "github", environment={"GITHUB_ENV": ""})
        assert (result.status, result.stdout) == (2, b"")
        assert "GITHUB_ENV" in result.talk
