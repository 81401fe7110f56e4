"""Whenever an import fails, or its process dies, each token is in the vault, where it lay, or in both.

Every call to the keyring, every writing of the index, every replacing and removing of a file is tried as the one
that fails: before it has its effect, and after.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from tests.support.credentials import refresh_token, signed_token, user_token
from tests.unit.vault.faults import KilledError, Scene, put
from tokenguard import files, importing
from tokenguard.core.endpoint import read_endpoint
from tokenguard.core.identity import Identity
from tokenguard.core.places.plaintext import DEAD, FOREIGN, HELD, NEW, UNKNOWN
from tokenguard.core.token import Token
from tokenguard.errors import ExitCode, HubError, RejectedError
from tokenguard.hub import Hub
from tokenguard.plaintext import plaintext

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tokenguard.errors import TokenguardError
    from tokenguard.importing import Outcome

HELD_TOKEN, LAPTOP, CI, OTHER = (Token(user_token(seed)) for seed in range(4))

BEFORE = {
    ".cache/huggingface/token": f"{LAPTOP.reveal()}",
    ".cache/huggingface/stored_tokens": f"[a]\nhf_token = {LAPTOP.reveal()}\n\n[b]\nhf_token = {CI.reveal()}\n\n",
    ".bashrc": f"# mine\nexport HF_TOKEN={HELD_TOKEN.reveal()}\n",
}
AFTER = {".cache/huggingface/stored_tokens": "", ".bashrc": "# mine\n"}
# What is left of the second file where the vault did not take both.
SECTIONS = (
    f"[a]\nhf_token = {LAPTOP.reveal()}\n\n",
    f"[b]\nhf_token = {CI.reveal()}\n\n",
)
ALL = {HELD_TOKEN, LAPTOP, CI}

before_or_after = pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])


class Person:
    """Somebody with a vault, and a home in which tokens lie about."""

    def __init__(self, top: Path, patch: pytest.MonkeyPatch) -> None:
        self.home = top / "home"
        self.scene = Scene(top / "vault", patch)
        put(self.scene.vault(), "work", HELD_TOKEN)
        self.scene.keep()
        self.lay(BEFORE)
        for name in ("replace", "remove"):
            patch.setattr(os, name, self._troubled(name))

    def lay(self, contents: dict[str, str]) -> None:
        """Has these files, and no others, in the home."""
        for path in self.contents():
            (self.home / path).unlink()
        for path, content in contents.items():
            (self.home / path).parent.mkdir(parents=True, exist_ok=True)
            (self.home / path).write_bytes(content.encode())

    def contents(self) -> dict[str, str]:
        found = [path for path in self.home.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.home)): path.read_bytes().decode() for path in found}

    def plan(self, hub: Hub | None = None) -> importing.Plan:
        return importing.plan(self.scene.vault(), hub, plaintext({"HOME": str(self.home)}, str(self.home)))

    def bring_in(self, hub: Hub | None = None, *, delete: bool = True, dead: bool = False) -> Outcome:
        return importing.carry_out(
            self.plan(hub), self.scene.vault(), delete=delete, dead=dead, tell=lambda _: None, warn=pytest.fail
        )

    def reset(self) -> None:
        self.scene.reset()
        self.lay(BEFORE)

    def expect_whole(self, at: int) -> None:
        """Fails unless every file is as it was or as it is to be, and each token in the vault or where it lay."""
        self.scene.trouble()
        kept = set(self.scene.state().tokens.values())
        contents = self.contents()
        for path, before in BEFORE.items():
            assert contents.get(path) in (before, AFTER.get(path), *SECTIONS), at
            for token in ALL - kept:
                assert (token.reveal() in contents.get(path, "")) == (token.reveal() in before), at
        assert set(contents) <= set(BEFORE), at

    def _troubled(self, name: str) -> Callable[..., None]:
        genuine: Callable[..., None] = getattr(os, name)

        def called(*arguments: object) -> None:
            path = str(arguments[-1])
            if ".tokenguard." in path:  # tidying up, which nobody who is killed does
                with contextlib.suppress(FileNotFoundError):
                    genuine(*arguments)
                return
            if not path.startswith(str(self.home)):
                genuine(*arguments)
                return
            with self.scene.backend.trouble.call(name, OSError(5, "the disk is gone")):
                genuine(*arguments)

        return called


class Oracle(Hub):
    """Says of each token what it is told to."""

    def __init__(self, answers: dict[Token, Identity | TokenguardError]) -> None:
        super().__init__(read_endpoint("https://hub.example"))
        self._said = answers
        self.asked: list[Token] = []

    def whoami_all(self, tokens: Sequence[Token]) -> list[Identity | TokenguardError]:
        self.asked += tokens
        return [self._said[token] for token in tokens]


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    return Person(tmp_path, monkeypatch)


def calls(person: Person) -> int:
    trouble = person.scene.trouble()
    assert person.bring_in().exit_code == 0
    made = len(trouble.calls)
    assert {"set", "write", "replace", "remove"} <= set(trouble.calls)
    expect_done(person)
    person.reset()
    return made


def expect_done(person: Person) -> None:
    person.scene.trouble()
    assert set(person.scene.state().tokens.values()) == ALL
    assert person.contents() == AFTER


@before_or_after
def test_whoever_is_killed_loses_nothing_and_can_go_on(person: Person, is_after: bool) -> None:
    for at in range(1, calls(person) + 1):
        person.reset()
        person.scene.trouble(at, is_after=is_after, kills=True)
        with pytest.raises(KilledError):
            person.bring_in()
        person.expect_whole(at)
        assert person.bring_in().exit_code == 0
        expect_done(person)


@pytest.mark.parametrize("lasts", [False, True], ids=["once", "for good"])
@before_or_after
def test_what_fails_loses_nothing_and_is_told(person: Person, is_after: bool, lasts: bool) -> None:
    for at in range(1, calls(person) + 1):
        person.reset()
        person.scene.trouble(at, is_after=is_after, lasts=lasts)
        outcome = person.bring_in()
        person.expect_whole(at)
        left = {token for token in ALL if any(token.reveal() in text for text in person.contents().values())}
        assert bool(outcome.refused or outcome.left) or not left, at
        assert outcome.exit_code in ((0, 3, 4) if is_after else (3, 4)), at
        assert person.bring_in().exit_code == 0
        expect_done(person)


def test_without_delete_all_stays_where_it_lay(person: Person) -> None:
    outcome = person.bring_in(delete=False)
    assert [candidate.name for candidate in outcome.kept] == ["a", "b"]
    assert person.contents() == BEFORE
    assert set(person.scene.state().tokens.values()) == ALL


def test_a_vault_that_has_lost_what_it_says_it_has_is_not_believed(person: Person) -> None:
    person.scene.backend.entries.clear()
    outcome = person.bring_in()
    assert [(candidate.token, error.exit_code) for candidate, error in outcome.refused] == [(HELD_TOKEN, 4)]
    assert HELD_TOKEN.reveal() in person.contents()[".bashrc"]
    assert outcome.exit_code == ExitCode.VAULT


def test_each_token_is_asked_about_once_and_stays_where_the_hub_does_not_say_yes(person: Person) -> None:
    person.lay({**BEFORE, ".netrc": f"machine hf.co login a password {OTHER.reveal()}\n"})
    hub = Oracle(
        {
            LAPTOP: Identity("alice", "user", "write", "my laptop"),
            CI: HubError("the Hub answers 500"),
            OTHER: RejectedError("the Hub does not know this token"),
        }
    )
    plan = person.plan(hub)
    assert {candidate.token: (candidate.state, candidate.name) for candidate in plan.candidates} == {
        LAPTOP: (NEW, "alice-my-laptop"),
        CI: (UNKNOWN, None),
        OTHER: (DEAD, None),
        HELD_TOKEN: (HELD, "work"),
    }
    assert sorted(map(hash, hub.asked)) == sorted(map(hash, [LAPTOP, CI, OTHER]))
    assert (plan.exit_code(dead=False), plan.exit_code(dead=True)) == (5, 5)
    outcome = person.bring_in(hub)
    assert outcome.exit_code == 0
    assert person.contents() == {
        ".cache/huggingface/stored_tokens": f"[b]\nhf_token = {CI.reveal()}\n\n",
        ".bashrc": "# mine\n",
        ".netrc": f"machine hf.co login a password {OTHER.reveal()}\n",
    }
    assert person.bring_in(hub, dead=True).exit_code == 0
    assert person.contents()[".netrc"] == ""
    assert OTHER not in person.scene.state().tokens.values()


def test_the_status_is_that_of_what_the_hub_rejects(person: Person) -> None:
    yes, no = Identity("alice"), RejectedError("the Hub does not know this token")
    plan = person.plan(Oracle({LAPTOP: yes, CI: no}))
    assert (plan.exit_code(dead=False), plan.exit_code(dead=True)) == (1, 0)


def test_a_login_that_is_renewed_by_itself_stays(person: Person) -> None:
    access, refresh = signed_token("hf_oauth" + "_"), refresh_token()
    section = f"[o]\nhf_token = {access}\nrefresh_token = {refresh}\nexpires_at = 1\n"
    lying = {".cache/huggingface/token": access, ".cache/huggingface/stored_tokens": section}
    person.lay(lying)
    plan = person.plan(Oracle({}))
    assert [(candidate.state, bool(candidate.reason)) for candidate in plan.candidates] == [(FOREIGN, True)] * 2
    assert person.bring_in().exit_code == 0
    assert person.contents() == lying


def test_a_file_that_somebody_writes_to_meanwhile_is_read_again(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = person.home / ".bash_history"
    genuine = files.rewrite
    written: list[int] = []

    def rewrite(path: str, before: bytes, after: bytes) -> None:
        if path == str(history) and len(written) < 2:
            written.append(history.write_bytes(history.read_bytes() + b"more\n"))
        genuine(path, before, after)

    monkeypatch.setattr(files, "rewrite", rewrite)
    person.lay({".bash_history": f"a\nhf --token {CI.reveal()}\n"})
    assert person.bring_in().exit_code == 0
    assert person.contents() == {".bash_history": "a\nmore\nmore\n"}


def test_what_is_read_only_or_has_two_names_stays(person: Person) -> None:
    person.lay({".netrc": f"machine a password {CI.reveal()}", ".bashrc": f"export HF_TOKEN={OTHER.reveal()}\n"})
    (person.home / ".netrc").chmod(0o400)
    os.link(person.home / ".bashrc", person.home / "second")
    before = person.contents()
    outcome = person.bring_in()
    assert sorted(reason for _, reason in outcome.left) == [
        "has several names (hard links), and the others would keep what it holds",
        "is read-only",
    ]
    assert outcome.exit_code == ExitCode.INCOMPLETE
    assert person.contents() == before


def test_what_is_part_of_a_longer_word_is_told(person: Person) -> None:
    person.lay({".env": f"A={CI.reveal()}\nB=x{CI.reveal()}\n"})
    outcome = person.bring_in()
    assert [reason for _, reason in outcome.left] == ["still has it, as part of a longer word"]
    assert person.contents() == {".env": f"B=x{CI.reveal()}\n"}
