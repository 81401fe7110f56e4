"""`tokenguard list` and `show`: all that is known about tokens but their secrets, without asking anybody."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.support.credentials import fingerprint
from tests.support.hub import (
    closed_port,
    ok,
    organization,
    scope,
    unauthorized,
    whoami_fine_grained,
    whoami_oauth,
    whoami_user,
)

if TYPE_CHECKING:
    from tests.e2e.desk import Desk

HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202ednuora\nNAME\r\x9b31m"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_json_is_the_documented_document(desk: Desk) -> None:
    ours, theirs = organization("acme", "admin"), organization("other", "read", ["mfa", "sso"])
    granted = [scope("repo.content.read", "repo.write"), scope("org.read", kind="org", name="acme")]
    body = whoami_fine_grained(
        granted, ["post.write"], gated=True, name="älice", orgs=[ours, theirs], label="Läptop ☃"
    )
    token = desk.add("work", None, body, "--default")
    desk.tokenguard("use", "work", "--here")
    result = desk.tokenguard("list", "--json")
    assert (result.status, result.stderr) == (0, b"")
    assert result.stdout.isascii()
    document = json.loads(result.stdout)
    assert list(document) == ["schema", "tokens"]
    assert document["schema"] == 1
    (row,) = document["tokens"]
    assert TIME.fullmatch(row.pop("validated_at"))
    for org in row["orgs"]:
        assert org.pop("resource_groups") == []  # more than the contract has
    assert row == {
        "name": "work",
        "fingerprint": fingerprint(token),
        "masked": f"hf_…{token[-4:]}",
        "kind": "user-access-token",
        "account": "älice",
        "account_type": "user",
        "role": "fineGrained",
        "display_name": "Läptop ☃",
        "created_at": "2024-01-01T00:00:00.000Z",
        "expires_at": None,
        "status": "valid",
        "orgs": [
            {"name": "acme", "role": "admin", "restrictions": []},
            {"name": "other", "role": "read", "restrictions": ["mfa", "sso"]},
        ],
        "permissions": [
            {"entity": "alice", "type": "user", "permissions": ["repo.content.read", "repo.write"]},
            {"entity": "acme", "type": "org", "permissions": ["org.read"]},
        ],
        "global_permissions": ["post.write"],
        "gated": True,
        "default": True,
        "bound": [str(desk.folder.resolve())],
    }
    assert desk.tokenguard("show", "work", "--json").stdout == result.stdout
    assert desk.tokenguard("show", "--json").stdout == result.stdout


def test_a_vault_without_tokens(desk: Desk) -> None:
    assert json.loads(desk.tokenguard("list", "--json").stdout) == {"schema": 1, "tokens": []}
    result = desk.tokenguard("list")
    assert (result.status, result.stdout) == (0, b"")
    assert "tokenguard add" in result.talk
    assert not desk.index.exists()


def test_every_status_is_listed_by_name_with_nothing_but_the_index(desk: Desk) -> None:
    desk.add("valid", None, whoami_oauth())
    gone = desk.add("gone")
    desk.tokenguard("add", "B", "--stdin", "--no-validate", stdin=desk.token(1))
    desk.tokenguard("use", "B")
    desk.hub.answer(gone, unauthorized())
    assert desk.tokenguard("validate", "gone").status == 1
    desk.environment["HF_ENDPOINT"] = closed_port()
    desk.service.kill()
    asked = len(desk.hub.requests)
    rows = desk.listed()
    # In the order of code points, capitals first.
    assert [(name, row["status"]) for name, row in rows.items()] == [
        ("B", "unchecked"),
        ("gone", "invalid"),
        ("valid", "valid"),
    ]
    # What is known of a token that is no longer valid is still known.
    assert (rows["gone"]["account"], rows["valid"]["expires_at"]) == ("alice", "2030-12-01T00:00:00.000Z")
    heading, *lines = desk.tokenguard("list").out.splitlines()
    assert heading.split() == ["NAME", "ACCOUNT", "ROLE", "AGE", "EXPIRES", "VALIDATED"]
    assert [line.split()[0] for line in lines] == ["B", "gone", "valid"]
    assert [line.endswith("  default") for line in lines] == [True, False, False]
    shown = desk.tokenguard("show")
    assert shown.status == 0
    assert "unchecked" in shown.out
    assert len(desk.hub.requests) == asked


def test_show_says_what_restricts_the_token(desk: Desk) -> None:
    granted = [scope("repo.write", kind="model", name="acme/x"), scope("inference.serverless.write")]
    orgs = [organization("acme", "write", ["ip", "token-revoked"])]
    token = desk.add("work", None, whoami_fine_grained(granted, ["discussion.write"], orgs=orgs))
    lines = desk.tokenguard("show", "work").out.splitlines()
    facts = [tuple(line.split(maxsplit=1)) for line in lines]
    assert ("name", "work") in facts
    assert ("fingerprint", fingerprint(token)) in facts
    assert ("account", "alice (user)") in facts
    assert ("gated", "cannot read") in facts
    assert ("may", "model acme/x: repo.write") in facts
    assert ("may", "user alice: inference.serverless.write") in facts
    assert ("may", "everywhere: discussion.write") in facts
    (org,) = [value for what, value in facts if what == "org"]
    assert "acme" in org
    assert "ip, token-revoked" in org


def test_what_the_hub_says_cannot_command_the_terminal(desk: Desk) -> None:
    granted = [scope(HOSTILE, kind=HOSTILE, name=HOSTILE)]
    body: dict[str, Any] = whoami_fine_grained(
        granted, [HOSTILE], name=HOSTILE, orgs=[organization(HOSTILE, HOSTILE, [HOSTILE])], label=HOSTILE
    )
    body["type"] = body["auth"]["accessToken"]["createdAt"] = body["auth"]["expiresAt"] = HOSTILE
    token = desk.token()
    desk.hub.answer(token, ok(body))
    results = [
        desk.tokenguard(*command, stdin=token)
        for command in [
            ("add", "work", "--stdin"),
            ("list",),
            ("show", "work"),
            ("validate", "work"),
            ("validate", "work", "--can", "repo.write:acme"),
        ]
    ]
    assert [result.status for result in results] == [0, 0, 0, 0, 1]
    for result in results:
        shown = result.out + result.talk
        assert shown.replace("\n", "").isprintable(), ascii(shown)
        assert "NAME\n" not in result.out.replace("\nNAME ", "")
    # Programs get it as it is.
    assert desk.listed()["work"]["display_name"] == HOSTILE


def test_a_token_among_what_the_hub_says_is_not_shown(desk: Desk) -> None:
    """Somebody has named a token after its value."""
    token = desk.token()
    desk.add("work", token, whoami_user(label=token))
    for command in [("list",), ("show", "work"), ("validate", "work")]:
        assert desk.tokenguard(*command).status == 0


def test_names_that_are_not_there(desk: Desk) -> None:
    empty = desk.tokenguard("show", "work")
    assert empty.status == 4
    assert "tokenguard add" in empty.talk
    nobody = desk.tokenguard("show")
    assert nobody.status == 4
    assert "tokenguard add" in nobody.talk
    desk.add("work-laptop")
    unknown = desk.tokenguard("show", "work-labtop")
    assert (unknown.status, unknown.stdout) == (4, b"")
    assert "no token called work-labtop" in unknown.talk
    assert "work-laptop" in unknown.talk
    # One token is no choice yet.
    unchosen = desk.tokenguard("show")
    assert unchosen.status == 4
    assert "tokenguard use" in unchosen.talk
