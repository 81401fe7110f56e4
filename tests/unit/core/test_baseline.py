"""detect-secrets' baseline: read, matched and written without detect-secrets."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from tests.support.credentials import user_token
from tokenguard.core import baseline as baselines
from tokenguard.core.baseline import DamagedError, Secret
from tokenguard.core.token import Token

NOW = "2026-01-02T03:04:05Z"
DIGEST = "a" * 40
OTHER = {
    "type": "Secret Keyword",
    "filename": "b.py",
    "hashed_secret": "b" * 40,
    "is_verified": False,
    "line_number": 7,
}


def document(**changes: Any) -> dict[str, Any]:
    return {
        "version": "1.5.0",
        "plugins_used": [{"name": "KeywordDetector", "keyword_exclude": ""}],
        "filters_used": [],
        "results": {"b.py": [OTHER]},
        "generated_at": "2025-01-01T00:00:00Z",
        **changes,
    }


def encoded(value: Any, **options: Any) -> bytes:
    return (json.dumps(value, **{"indent": 2, **options}) + "\n").encode()


def updated(before: baselines.Baseline, *secrets: Secret, searched: tuple[str, ...] = ("a.py", "b.py")) -> bytes:
    after = baselines.updated(before, secrets, searched=lambda name: name in searched, plugins={}, now=NOW)
    return baselines.write(after)


def test_a_secret_is_known_by_its_sha_1() -> None:
    token = user_token()
    assert baselines.digest_of(Token(token)) == hashlib.sha1(token.encode()).hexdigest()


@pytest.mark.parametrize(
    "options",
    [{}, {"indent": 4}, {"indent": "\t"}, {"indent": None}, {"ensure_ascii": False}, {"separators": (",", ":")}],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_is_read_is_written_as_it_was(options: dict[str, Any], newline: str) -> None:
    data = encoded(document(unknown={"é": 1.5}), **options).replace(b"\n", newline.encode())
    assert baselines.write(baselines.read(data)) == data


def test_names_are_the_same_with_both_kinds_of_slashes() -> None:
    read = baselines.read(encoded(document(results={"x\\b.py": [OTHER], "./c.py": [OTHER]})))
    assert set(baselines.known(read)) == {("x/b.py", "b" * 40), ("c.py", "b" * 40)}


def test_what_an_audit_said_is_known_whichever_detector_it_was_about() -> None:
    entries = [OTHER, {**OTHER, "type": "X", "is_secret": True}, {**OTHER, "type": "Y", "is_secret": False}]
    read = baselines.read(encoded(document(results={"b.py": entries})))
    assert baselines.known(read)["b.py", "b" * 40].is_real is True


def test_a_secret_is_added_among_the_files_in_order_and_the_rest_stays() -> None:
    before = document(results={"b.py": [OTHER], "d.py": [OTHER]}, unknown=[1])
    after = json.loads(updated(baselines.read(encoded(before)), Secret("c.py", DIGEST, 3)))
    assert list(after["results"]) == ["b.py", "c.py", "d.py"]
    assert after["results"]["b.py"] == [OTHER]
    assert after["unknown"] == [1]
    assert after["generated_at"] == NOW
    (entry,) = after["results"]["c.py"]
    assert entry == {
        "type": "Base64 High Entropy String",
        "filename": "c.py",
        "hashed_secret": DIGEST,
        "is_verified": False,
        "line_number": 3,
    }
    assert {"name": "Base64HighEntropyString", "limit": 4.0} in after["plugins_used"]


def test_what_the_plugin_of_ours_is_named_for_has_its_type() -> None:
    plugins = [{"name": baselines.PLUGIN, "path": "file://x.py"}]
    after = json.loads(updated(baselines.read(encoded(document(plugins_used=plugins))), Secret("c.py", DIGEST, 3)))
    assert after["results"]["c.py"][0]["type"] == baselines.SECRET_TYPE
    assert after["plugins_used"] == plugins


def test_a_secret_of_another_detector_is_not_added_again() -> None:
    data = encoded(document())
    assert updated(baselines.read(data), Secret("b.py", "b" * 40, 9)) == data


def test_moved_lines_change_nothing_and_labels_stay() -> None:
    once = json.loads(updated(baselines.read(encoded(document())), Secret("a.py", DIGEST, 3)))
    once["results"]["a.py"][0]["is_secret"] = False
    data = encoded(once)
    assert updated(baselines.read(data), Secret("a.py", DIGEST, 30)) == data
    more = json.loads(updated(baselines.read(data), Secret("a.py", DIGEST, 30), Secret("a.py", "c" * 40, 1)))
    assert [(entry["line_number"], entry.get("is_secret")) for entry in more["results"]["a.py"]] == [
        (1, None),
        (30, False),
    ]


def test_what_is_ours_and_gone_is_removed_and_nothing_else() -> None:
    foreign = {**OTHER, "type": "Base64 High Entropy String", "filename": "a.py"}
    before = document(results={"a.py": [foreign], "b.py": [OTHER]})
    data = updated(baselines.read(encoded(before)), Secret("a.py", DIGEST, 3), Secret("z.py", DIGEST, 3))
    after = json.loads(updated(baselines.read(data), searched=("a.py",)))
    assert after["results"]["a.py"] == [foreign]
    assert after["results"]["z.py"][0]["hashed_secret"] == DIGEST
    assert json.loads(updated(baselines.read(data), searched=("a.py", "z.py")))["results"] == before["results"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is not JSON"),
        (b"\xff", "it is not UTF-8"),
        (b"[]", "it is not a JSON object"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b"{}", "it names no version"),
        (b'{"version": "1.5.0"}', "it has no results"),
        (b'{"version": "1.5.0", "results": []}', "it has no results"),
        (b'{"version": "1.5.0", "results": {"a": [{}]}}', "what it has of 'a' is no list of secrets"),
        (b'{"version": "1.5.0", "results": {}, "plugins_used": [1]}', "plugins_used is not a list of objects"),
        (b'{"version": "1.5.0", "results": {"a": [], "a": []}}', "it has 'a' twice"),
        (b'{\n<<<<<<< HEAD\n  "version": "1.5.0",\n', "it has a merge conflict in it"),
    ],
)
def test_a_damaged_one_is_told_apart(data: bytes, reason: str) -> None:
    with pytest.raises(DamagedError, match=reason):
        baselines.read(data)
