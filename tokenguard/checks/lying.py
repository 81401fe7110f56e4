"""Tokens that lie in the clear, and files that others can read."""

from __future__ import annotations

import os
import shlex
import stat

from tokenguard.checks import whose
from tokenguard.core.ailment import MODE, PLAINTEXT, Ailment, Chmod
from tokenguard.core.blob import Unreadable
from tokenguard.core.kinds import ASKED_OF_THE_HUB
from tokenguard.core.places import DOTENV, EDITOR, GIT_REMOTE, HISTORY, NOTEBOOK, STORED_TOKENS, TOKEN_FILE
from tokenguard.core.places.plaintext import Plaintext
from tokenguard.home import INDEX
from tokenguard.render.places import place_of
from tokenguard.standing import known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.checks import Workstation
    from tokenguard.core.token import Token

# A repository's files have the modes that somebody's web server may depend on.
_OF_A_PROJECT = (DOTENV, NOTEBOOK, GIT_REMOTE, EDITOR)


def in_the_clear(workstation: Workstation) -> Iterator[Ailment | Unreadable]:
    """Each token once for each file that it lies in, and the files that cannot be read."""
    seen: dict[tuple[str, Token], int] = {}
    for lying in workstation.lying:
        if isinstance(lying, Plaintext):
            key = (lying.real_path, lying.token)
            seen[key] = seen.get(key, 0) + 1
    for lying in workstation.lying:
        if isinstance(lying, Unreadable):
            yield lying
        elif times := seen.pop((lying.real_path, lying.token), 0):
            entry, name = known(lying.token, workstation.remembered)
            often = f", {times} times" if times > 1 else ""
            yield Ailment(
                PLAINTEXT,
                f"{entry.masked}{whose(entry, name)} lies in the clear: {place_of(lying)}{often}",
                _why_not_in(lying.place),
                _way_out(lying, is_dead=entry.status == "invalid"),
                path=lying.path,
                line=lying.line,
                entry=entry,
                known_as=name,
            )


def modes(workstation: Workstation) -> Iterator[Ailment | Unreadable]:
    """Files with a token, and tokenguard's own, that other users can read or change."""
    if os.name == "nt":  # there, the folder of a user says who may
        return
    places = {lying.real_path: lying for lying in workstation.lying if isinstance(lying, Plaintext)}
    for path, lying in places.items():
        if lying.mode & 0o077:
            what = f"{lying.path} has a token in it, and the mode {lying.mode:o}"
            yield _loose(what, path, 0o600, is_safe=lying.place not in _OF_A_PROJECT)
    for path, mode in _own_files(workstation.home):
        there = _mode(path)
        if there & 0o077:
            yield _loose(f"{path} is tokenguard's own, and has the mode {there:o}", path, mode, is_safe=True)


def is_loose(home: str) -> bool:
    """Whether others can read or change what is tokenguard's own."""
    return any(_mode(path) & 0o077 for path, _ in _own_files(home))


def _way_out(lying: Plaintext, *, is_dead: bool) -> str:
    kind = lying.token.kind
    if kind is not None and kind.name.startswith("oauth-") and lying.place in (TOKEN_FILE, STORED_TOKENS):
        return "hf auth logout"  # huggingface_hub renews it there by itself
    if kind in ASKED_OF_THE_HUB:
        return "tokenguard import --delete" + (" --dead" if is_dead else "")
    return f"tokenguard redact {shlex.quote(lying.path)}"  # no program can log in with it alone


def _why_not_in(place: str) -> str:
    if place in (DOTENV, NOTEBOOK):
        return "every program of yours can read it, and it is one `git add` or upload away from being published"
    if place == GIT_REMOTE:
        return "`git remote -v` shows it, and so does every copy of this folder"
    if place == HISTORY:
        return "every program of yours can read it, and it goes along with backups and shared homes"
    return "every program of yours can read it, and so can whoever gets hold of a backup"


def _mode(path: str) -> int:
    # What cannot be looked at cannot be read, either, and whoever reads it says so.
    try:
        return stat.S_IMODE(os.lstat(path).st_mode)
    except OSError:
        return 0


def _own_files(home: str) -> Iterator[tuple[str, int]]:
    home = os.path.realpath(home)
    yield home, 0o700
    for name in (INDEX, "vault.json"):
        yield os.path.join(home, name), 0o600


def _loose(what: str, path: str, mode: int, *, is_safe: bool) -> Ailment:
    cure = Chmod(path, mode) if is_safe else None
    why = "other users of this machine can read it, or change it"
    return Ailment(MODE, what, why, f"chmod {mode:o} {shlex.quote(path)}", cure, path)
