"""What is done with named tokens, where the keyring is in memory and the Hub says what it is told to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.credentials import user_token
from tests.unit.vault.faults import Scene, put
from tokenguard import tokens
from tokenguard.core.entity import Entity
from tokenguard.core.entry import entry_of
from tokenguard.core.identity import Identity, Scope
from tokenguard.core.permissions import Permission
from tokenguard.core.token import Token
from tokenguard.errors import HubError, RejectedError, TokenguardError, UsageError, VaultError
from tokenguard.vault.keyring import KeyringError

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = (Token(user_token(seed)) for seed in range(2))
READ, WRITE = (Identity(account="alice", role=role) for role in ("read", "write"))


class Hub:
    """Says of each token what it was told to say."""

    class endpoint:  # noqa: N801 -- as the Hub's is called
        url = "https://huggingface.co"

    def __init__(self, **said: Identity | TokenguardError) -> None:
        self.said = {Token(user_token(int(seed[1:]))).fingerprint: answer for seed, answer in said.items()}

    def whoami(self, token: Token) -> Identity:
        answer = self.said[token.fingerprint]
        if isinstance(answer, TokenguardError):
            raise answer
        return answer

    def whoami_all(self, asked: list[Token]) -> list[Identity | TokenguardError]:
        return [self.said[token.fingerprint] for token in asked]


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    scene = Scene(tmp_path / "home", monkeypatch)
    scene.vault().put("work", OLD, entry_of(OLD, READ, Hub.endpoint.url), warn=pytest.fail)
    return scene


def rotate(scene: Scene, hub: Any, new: Token = NEW) -> tuple[bool, list[str]]:
    warnings: list[str] = []
    return tokens.rotate(scene.vault(), hub, "work", OLD, new, warn=warnings.append), warnings


def test_a_token_is_replaced_by_one_that_can_do_as_much(scene: Scene) -> None:
    assert rotate(scene, Hub(_0=READ, _1=WRITE)) == (True, [])
    assert scene.vault().get("work") == NEW
    assert scene.vault().index().entry("work").identity == WRITE


def test_one_that_the_page_has_invalidated_is_compared_by_what_was_known(scene: Scene) -> None:
    assert rotate(scene, Hub(_0=RejectedError("invalid"), _1=READ)) == (False, [])
    assert scene.vault().get("work") == NEW


def test_whether_the_old_one_is_valid_may_not_be_known(scene: Scene) -> None:
    still, warnings = rotate(scene, Hub(_0=HubError("no answer"), _1=READ))
    assert not still
    assert warnings == ["whether the old token is still valid is not known: no answer"]


def test_one_of_which_nothing_is_known_is_not_compared(scene: Scene) -> None:
    put(scene.vault(), "work", OLD, replace=True)
    _, warnings = rotate(scene, Hub(_0=RejectedError("invalid"), _1=READ))
    assert warnings == ["nothing is known of the old token to compare it with; the new one belongs to alice"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (READ, RejectedError("unknown to the Hub"), "unknown to the Hub"),
        (READ, HubError("no answer"), "no answer"),
        (READ, Identity(account="bob", role="write"), "belongs to bob, the old one to alice"),
        (WRITE, READ, "cannot do all that the old one could: role write"),
    ],
    ids=["unknown", "not known", "of another account", "can do less"],
)
def test_what_cannot_take_its_place_leaves_it(
    scene: Scene, old: Identity, new: Identity | TokenguardError, said: str
) -> None:
    with pytest.raises(TokenguardError, match=said):
        rotate(scene, Hub(_0=old, _1=new))
    assert scene.vault().get("work") == OLD


def test_the_old_token_is_no_new_one(scene: Scene) -> None:
    with pytest.raises(UsageError, match="that is the old token"):
        rotate(scene, Hub(), OLD)


WANTED = [Permission("repo.content.read", Entity(type="model", namespace="acme", repo="model"))]
JUST = Identity("alice", role="fineGrained", permissions=(Scope("acme/model", "model", ("repo.content.read",)),))

MORE = JUST._replace(permissions=(*JUST.permissions, Scope("acme/model", "model", ("repo.write",))))


def take(scene: Scene, identity: Identity) -> Any:
    hub: Any = Hub(_1=identity)
    return tokens.take_new(scene.vault(), hub, "new", NEW, WANTED, warn=pytest.fail)


def test_a_new_token_that_can_do_just_what_is_wanted_is_kept(scene: Scene) -> None:
    assert take(scene, JUST).name == "new"
    assert scene.vault().get("new") == NEW


@pytest.mark.parametrize(
    ("identity", "said"),
    [(JUST._replace(permissions=()), "repo.content.read"), (MORE, "can do more than was asked for: repo.write")],
    ids=["less", "more"],
)
def test_one_that_can_do_less_or_more_is_not_kept(scene: Scene, identity: Identity, said: str) -> None:
    with pytest.raises(TokenguardError, match=said) as caught:
        take(scene, identity)
    assert caught.value.hint.startswith("it was not kept")
    assert "new" not in scene.vault().index().tokens


def test_a_keyring_that_cannot_be_used_is_not_asked_again(scene: Scene) -> None:
    put(scene.vault(), "other", NEW)
    vault = scene.vault()
    assert [name for name, _ in tokens.held(vault, ["none", "work"])] == ["none", "work"]
    missing, there = (token for _, token in tokens.held(vault, ["none", "work"]))
    assert isinstance(missing, VaultError)
    assert there == OLD
    asked: list[str] = []

    def refuse(name: str) -> Token:
        asked.append(name)
        raise KeyringError("locked")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vault, "get", refuse)
        answers = [token for _, token in tokens.held(vault, ["work", "other"])]
    assert all(isinstance(answer, KeyringError) for answer in answers)
    assert asked == ["work"]


def test_what_the_vault_knows_completes_words(scene: Scene) -> None:
    scene.vault().put("fine", NEW, entry_of(NEW, JUST, Hub.endpoint.url), warn=pytest.fail)
    assert tokens.accounts(scene.vault()) == {"alice"}
    assert tokens.permission_names(scene.vault()) == {"repo.content.read"}
    scene.index.write_text("{")
    assert tokens.accounts(scene.vault()) == set()
