"""Whenever a change fails, or the process dies in it, no token is lost, and index and keyring agree again.

Every call to the keyring, and every writing of the index, is tried as the one that fails: before it has its
effect, and after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.credentials import user_token
from tests.unit.vault.faults import KilledError, Scene, State, put
from tokenguard.core.token import Token
from tokenguard.errors import VaultError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tokenguard.vault.vault import Vault

WORK, OTHER, NEW = (Token(user_token(seed)) for seed in range(3))
KEPT = {"work": WORK, "other": OTHER}
HERE = {"/here": "work"}
BEFORE = State(KEPT, "work", HERE)

# What is done, and what is there afterwards.
CHANGES: dict[str, tuple[Callable[[Vault], object], State]] = {
    "put new": (lambda vault: put(vault, "new", NEW), BEFORE._replace(tokens=KEPT | {"new": NEW})),
    "put new, the default": (
        lambda vault: put(vault, "new", NEW, default=True),
        State(KEPT | {"new": NEW}, "new", HERE),
    ),
    "replace": (
        lambda vault: put(vault, "other", NEW, replace=True),
        BEFORE._replace(tokens=KEPT | {"other": NEW}),
    ),
    "replace the default": (
        lambda vault: put(vault, "work", NEW, replace=True),
        BEFORE._replace(tokens=KEPT | {"work": NEW}),
    ),
    "rename": (
        lambda vault: vault.rename("work", "acme"),
        State({"acme": WORK, "other": OTHER}, "acme", {"/here": "acme"}),
    ),
    "rename another": (
        lambda vault: vault.rename("other", "acme"),
        BEFORE._replace(tokens={"work": WORK, "acme": OTHER}),
    ),
    "remove": (lambda vault: vault.remove(["work"]), State({"other": OTHER}, None, {})),
    "remove two": (lambda vault: vault.remove(["other", "work"]), State({}, None, {})),
}
REPLACEMENTS = [name for name in CHANGES if name.startswith("replace")]
# Of the calls that change something, the first is the last whose failure must leave all as it was.
FIRST_CHANGE = ("set", "delete")

each_change = pytest.mark.parametrize("change", CHANGES)
before_or_after = pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
once_or_for_good = pytest.mark.parametrize("lasts", [False, True], ids=["once", "for good"])
losing_or_not = pytest.mark.parametrize("loses", [False, True], ids=["keeps", "deletes first"])


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """With two tokens, one of which is the default, and bound."""
    scene = Scene(tmp_path / "home", monkeypatch)
    for name, token in KEPT.items():
        put(scene.vault(), name, token, default=name == "work")
    scene.vault().change(lambda index: index.bindings.update(HERE))
    assert scene.keep() == BEFORE
    return scene


def do(scene: Scene, change: str) -> None:
    CHANGES[change][0](scene.vault())


def calls(scene: Scene, change: str) -> list[str]:
    """What a change calls, where nothing goes wrong; then all is as it was again."""
    scene.reset()
    made = scene.trouble().calls
    do(scene, change)
    scene.trouble()
    assert scene.state() == CHANGES[change][1]
    scene.reset()
    return made


def killed(scene: Scene, change: str, *, is_after: bool) -> Iterator[int]:
    """Has a change die in each of its calls, one after the other."""
    for at in range(1, len(calls(scene, change)) + 1):
        scene.reset()
        scene.trouble(at, is_after=is_after, kills=True)
        with pytest.raises(KilledError):
            do(scene, change)
        scene.trouble()
        yield at


def attempted(scene: Scene, change: str, at: int, *, is_after: bool, lasts: bool = False) -> VaultError | None:
    """Has one of the calls of a change fail, and gives what is said of it; None where it is done all the same."""
    scene.reset()
    scene.trouble(at, is_after=is_after, lasts=lasts)
    try:
        do(scene, change)
    except VaultError as error:
        return error
    finally:
        scene.trouble()
    return None


def failed(scene: Scene, change: str, at: int, *, is_after: bool, lasts: bool = False) -> VaultError:
    """Has a change fail in one of its calls, and gives what is said of it."""
    error = attempted(scene, change, at, is_after=is_after, lasts=lasts)
    assert error is not None
    return error


def expect_whole(scene: Scene, change: str, at: int) -> None:
    """Fails unless each name holds what it held or is to hold, and nothing is lost or dangles."""
    state = scene.state()
    scene.vault().change(lambda _: None)  # one more change alters nothing
    assert scene.state() == state, at
    before, after = BEFORE.tokens, CHANGES[change][1].tokens
    for name in {*before, *after, *state.tokens}:
        assert state.tokens.get(name) in (before.get(name), after.get(name)), (name, at)
    assert set(before.values()) & set(after.values()) <= set(state.tokens.values()), at
    if change in REPLACEMENTS:
        assert set(state.tokens) == set(before), at
    for pointed_to in (state.default, *state.bindings.values()):
        assert pointed_to is None or pointed_to in state.tokens, at
    done = CHANGES[change][1]
    assert state.default in (BEFORE.default, done.default), at
    assert state.bindings in (BEFORE.bindings, done.bindings), at


# Whoever is killed.


@before_or_after
@each_change
def test_whoever_is_killed_loses_nothing(scene: Scene, change: str, is_after: bool) -> None:
    for at in killed(scene, change, is_after=is_after):
        expect_whole(scene, change, at)


@before_or_after
@each_change
def test_so_does_whoever_is_killed_mending_it(scene: Scene, change: str, is_after: bool) -> None:
    mended = 0
    for at in killed(scene, change, is_after=is_after):
        left = scene.index.read_bytes(), dict(scene.backend.entries)
        trouble = scene.trouble()
        scene.vault().index()
        for step in range(1, len(trouble.calls) + 1):
            scene.index.write_bytes(left[0])
            scene.backend.entries = dict(left[1])
            scene.trouble(step, is_after=is_after, kills=True)
            with pytest.raises(KilledError):
                scene.vault().index()
            scene.trouble()
            expect_whole(scene, change, at)
            mended += 1
    assert mended


@pytest.mark.parametrize("change", REPLACEMENTS)
def test_what_dies_with_a_keyring_that_deletes_first_is_told_and_can_be_put_back(
    scene: Scene, change: str
) -> None:
    scene.backend.loses = True
    at = calls(scene, change).index("set") + 1
    scene.trouble(at, is_after=True, kills=True)
    with pytest.raises(KilledError):
        do(scene, change)
    scene.trouble()
    expect_missing(scene, "other" if change == "replace" else "work")


def expect_missing(scene: Scene, name: str) -> None:
    """Fails unless it is told that `name` is missing, and a token put there has all that pointed to it."""
    with pytest.raises(VaultError, match=f"no longer has {name}") as caught:
        scene.vault().get(name)
    assert f"tokenguard add {name} --replace" in caught.value.hint
    put(scene.vault(), name, BEFORE.tokens[name], replace=True)
    assert scene.state() == BEFORE


# Whatever fails.


@losing_or_not
@each_change
def test_what_fails_before_there_is_a_change_leaves_all_as_it_was(scene: Scene, change: str, loses: bool) -> None:
    scene.backend.loses = loses
    made = calls(scene, change)
    first = min(made.index(kind) for kind in FIRST_CHANGE if kind in made)
    for at in range(1, first + 2):
        error = failed(scene, change, at, is_after=False)
        assert scene.state() == BEFORE, at
        assert "gone with it" not in error.message


@losing_or_not
@before_or_after
@pytest.mark.parametrize("change", REPLACEMENTS)
def test_a_replacement_that_the_keyring_fails_is_undone(
    scene: Scene, change: str, is_after: bool, loses: bool
) -> None:
    """The old token is back, and still the default and bound where it was."""
    scene.backend.loses = loses
    for at, kind in enumerate(calls(scene, change), 1):
        if kind != "write":
            failed(scene, change, at, is_after=is_after)
            assert scene.state() == BEFORE, at


@once_or_for_good
@before_or_after
@each_change
def test_what_fails_leaves_the_old_or_the_new(scene: Scene, change: str, is_after: bool, lasts: bool) -> None:
    for at in range(1, len(calls(scene, change)) + 1):
        error = attempted(scene, change, at, is_after=is_after, lasts=lasts)
        expect_whole(scene, change, at)
        if error is None:
            assert change.startswith(("remove", "rename")), at
            assert scene.state() == CHANGES[change][1], at


@pytest.mark.parametrize("change", REPLACEMENTS)
def test_a_keyring_that_loses_what_it_had_and_goes_is_told(scene: Scene, change: str) -> None:
    scene.backend.loses = True
    name = "other" if change == "replace" else "work"
    at = calls(scene, change).index("set") + 1
    for is_after, step in [(True, at), (False, at + 1)]:
        error = failed(scene, change, step, is_after=is_after, lasts=True)
        assert f"what was kept under {name} may be gone with it" in error.message
        assert f"tokenguard add {name} --replace" in error.hint
        expect_missing(scene, name)


def test_a_removal_that_fails_can_be_tried_again(scene: Scene) -> None:
    for at in range(1, len(calls(scene, "remove")) + 1):
        if attempted(scene, "remove", at, is_after=False):
            # Where only the last word could not be written, it is done.
            assert scene.state() in (BEFORE, CHANGES["remove"][1]), at
            if scene.state() == BEFORE:
                do(scene, "remove")
        assert scene.state() == CHANGES["remove"][1], at


@before_or_after
def test_a_renaming_that_was_killed_is_done_or_not_begun(scene: Scene, is_after: bool) -> None:
    for _ in killed(scene, "rename", is_after=is_after):
        assert scene.state() in (BEFORE, CHANGES["rename"][1])


# Names that some keyrings take for one.


@pytest.mark.parametrize(
    "change",
    [
        lambda vault: put(vault, "WORK", NEW),
        lambda vault: put(vault, "Work", NEW, replace=True),
        lambda vault: put(vault, "WORK", WORK, replace=True),
        lambda vault: vault.rename("other", "wORK"),
        lambda vault: vault.rename("work", "Work"),
        lambda vault: vault.expect_free("WORK", replace=False),
        lambda vault: vault.expect_free("WORK", replace=True),
    ],
    ids=["put", "replace", "replace with itself", "rename", "rename itself", "ask", "ask to replace"],
)
@pytest.mark.parametrize("folds", [False, True], ids=["apart", "one"])
def test_names_alike_but_for_case_are_one(scene: Scene, change: Callable[[Vault], object], folds: bool) -> None:
    scene.backend.folds = folds
    with pytest.raises(VaultError, match="already a token called work"):
        change(scene.vault())
    assert scene.state() == BEFORE


def test_a_name_is_free_again_once_it_has_gone(scene: Scene) -> None:
    scene.vault().remove(["work"])
    put(scene.vault(), "WORK", NEW)
    assert scene.state() == State({"other": OTHER, "WORK": NEW}, None, {})
