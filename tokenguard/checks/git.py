"""git's hooks, its credential helpers, and what it tracks."""

from __future__ import annotations

import os
import shlex

from tokenguard import githooks
from tokenguard.core.ailment import GIT, HOOK, Ailment, Revive
from tokenguard.core.places.plaintext import Plaintext
from tokenguard.sources.git import Git, GitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.checks import Workstation

_FIX = "tokenguard doctor --fix"
# .env.example and the like are there to be shared.
_SAMPLES = ("example", "sample", "template", "dist", "defaults", "tpl")


def hooks(workstation: Workstation) -> Iterator[Ailment]:
    """Hooks of ours that are installed, and check nothing."""
    state = workstation.standing.hooks
    for hook in dict.fromkeys((*state.here, *state.everywhere)):
        if hook.state == "dead":
            what = f"the {hook.stage} hook is dead: {hook.path} may not run, or what it calls is gone"
            why = "git refuses all that it should check, or no longer has it checked"
            yield Ailment(HOOK, what, why, _FIX, Revive(hook.path), hook.path)
    for folder, instead, everywhere in githooks.idle(os.path.join(workstation.home, "hooks")):
        where = f"it looks in {instead}" if instead else "core.hooksPath is not set"
        what = f"git does not call tokenguard's hooks in {folder}: {where}"
        why = "they look installed, and check nothing" + ("" if everywhere else " in this repository")
        command = f"tokenguard hook install{' --global' if everywhere else ''}"
        yield Ailment(HOOK, what, why, command, path=folder)


def helpers(workstation: Workstation) -> Iterator[Ailment]:
    """Helpers that keep the Hub's password in the clear, or are not there any more."""
    program, is_alive, others = workstation.standing.helpers
    mends = "tokenguard git-credential install"
    if program is not None and not is_alive:
        yield _dead(program, mends)
    for helper in others:
        words = _words(helper)
        if words and os.path.basename(words[0]).removesuffix(".exe") in ("store", "git-credential-store"):
            why = "git writes the token for the Hub into a file, in the clear"
            yield Ailment(GIT, f"git has the credential helper {helper}", why, mends)
        elif words and os.path.isabs(words[0]) and not os.access(words[0], os.X_OK):
            yield _dead(words[0], "git config --show-origin --get-regexp '^credential'")


def _dead(program: str, command: str) -> Ailment:
    why = "git asks for a password instead, and programs without a terminal fail"
    return Ailment(GIT, f"git's credential helper is dead: {program} is not there", why, command)


def tracked(workstation: Workstation) -> Iterator[Ailment]:
    """The .env files that go along with every clone of the repository."""
    if workstation.standing.hooks.folder is None or workstation.folder is None:
        return
    try:
        top = Git(workstation.folder).text("rev-parse", "--show-toplevel")
        names = os.fsdecode(Git(top)("ls-files", "-z", "--", ":(glob)**/.env", ":(glob)**/.env.*")).split("\0")
    except GitError:
        return  # a bare repository has no files
    with_token = {lying.real_path for lying in workstation.lying if isinstance(lying, Plaintext)}
    for name in names[:-1]:
        if name.rpartition(".")[2] in _SAMPLES:
            continue
        path = os.path.join(top, name)
        has_token = os.path.realpath(path) in with_token
        what = f"git tracks {name}" + (", which has a token in it" if has_token else "")
        why = "every clone has it, and all of history" if has_token else "the next secret in it goes along"
        command = f"git rm --cached -- {shlex.quote(path)}" + ("; tokenguard scan --history" if has_token else "")
        yield Ailment(GIT, what, why, command, path=path, is_advice=not has_token)


def _words(helper: str) -> list[str]:
    try:
        return shlex.split(helper.removeprefix("!"))
    except ValueError:
        return []
