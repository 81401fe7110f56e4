"""`tokenguard sweep` of what is elsewhere: an account is a target for each repository; which leaks are live."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.e2e.fleet import Fleet, command_lines, leaks, leavings, sweep
from tests.support.bucket import Bucket
from tests.support.credentials import fingerprint
from tests.support.hub import ok, whoami_user
from tests.support.hubsource import Library, truncated

if TYPE_CHECKING:
    from tests.e2e.machine import Machine
    from tests.support.hub import Answer, Request


def test_an_account_and_a_server_make_one_report(machine: Machine, fleet: Fleet, library: Library) -> None:
    reader, live, dead = (machine.token(seed) for seed in range(3))
    library.add("acme/model", run__py=f"{live}\n".encode())
    library.add("acme/x", "dataset", README__md=f"{live} {dead}\n".encode())
    library.answer(live, ok(whoami_user(name="carol")))
    fleet.serve("model", live)
    seen: list[str] = []
    real = library.respond

    def respond(request: Request) -> Answer:
        seen.extend(command_lines())
        return real(request)

    library.respond = respond  # type: ignore[method-assign]
    machine.environment["HF_TOKEN"] = reader
    swept = sweep(
        machine, "--only", "live", "--jobs", "1", "--report", "html=a.html", "hf://acme", fleet.url("model")
    )
    assert swept.status == 1, swept.talk
    places = {(f"hf://{path}", fingerprint(live)) for path in ("acme/model/run.py", "datasets/acme/x/README.md")}
    assert swept.places == places | leaks([fleet.url("model")], live)
    assert "not shown: 1 dead" in swept.talk
    (credential,) = swept.document["credentials"]
    assert (credential["owner"], credential["places"]) == ("of carol", 3)
    assert "of carol" in (machine.folder / "a.html").read_text()
    assert sorted(str(request.token) for request in library.asked()) == sorted([live, dead])
    # huggingface_hub has a question of its own, without a token.
    assert {request.token for request in library.requests} - {None} == {reader, live, dead}
    assert any("tokenguard.task" in line for line in seen)
    machine.expect_hidden("\n".join(seen).encode())
    for path in (machine.home / "tokenguard").rglob("*"):
        if path.is_file():
            machine.expect_hidden(path.read_bytes())
    assert leavings(machine) == []


def test_a_bucket_is_a_target(machine: Machine, fleet: Fleet) -> None:
    token = machine.token()
    with Bucket() as bucket:
        machine.environment |= bucket.environment
        bucket.objects |= {"notebooks/leak.py": f"{token}\n".encode(), "other/leak.py": f"{token}\n".encode()}
        swept = sweep(machine, "s3://bucket/notebooks", "s3://elsewhere")
    assert swept.places == leaks(["s3://bucket/notebooks"], token)
    assert (swept.status, list(swept.unreadable)) == (3, ["s3://elsewhere"])


def test_a_hub_that_lies_or_stops_makes_nothing_clean(machine: Machine, fleet: Fleet, library: Library) -> None:
    for name in ("lying", "stopping"):
        library.add(f"acme/{name}", a=b"clean\n")
    library.say("/acme/lying/resolve/", truncated(b"other\n", 6))
    library.say("/api/models/acme/stopping/refs", truncated(json.dumps({"branches": []}).encode()[:9], 99))
    swept = sweep(machine, "hf://acme/lying", "hf://acme/stopping", "hf://nobody/x")
    assert swept.status == 3
    assert {path.removeprefix("hf://").split("/")[1] for path in swept.unreadable} >= {"lying", "x"}
    assert swept.unreadable["hf://acme/lying/a"] == "the Hub gives another content than it lists"
