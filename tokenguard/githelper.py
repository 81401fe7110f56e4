"""Having git ask us for the tokens of the Hub, in its configuration, and taking that out again.

What git does with several helpers: it asks them in the order in which its configuration has them, and tells what
has worked to them all: one that keeps passwords in a file would keep the token (`credential_approve` in
credential.c). An empty helper is a reset: git forgets those before it (gitcredentials(7), "helper").
"""

from __future__ import annotations

import os
import re
import shlex
from typing import NamedTuple

from tokenguard import process
from tokenguard.errors import UsageError
from tokenguard.sources.git import Git, GitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

GLOBAL = "--global"
LOCAL = "--local"
"""Where it is written: for all repositories of this user, or for the one that the caller is in."""

_OPERATION = " git-credential"
_TRUE = ("true", "yes", "on", "1", None)


class Setting(NamedTuple):
    """A line of git's configuration: `key` as git writes it, `value` None where there is no `=`."""

    key: str
    value: str | None


class Helpers(NamedTuple):
    """Whom git asks for tokens for `url`, and tells about them, in this order.

    `program` is ours, None where it is not among them; `is_alive` whether it is still there. `others` are those
    that git asks as well; `silenced` those that it would ask, were ours not there.
    """

    url: str
    program: str | None
    is_alive: bool
    others: tuple[str, ...]
    silenced: tuple[str, ...]


def install(urls: Sequence[str], scope: str = GLOBAL) -> list[Helpers]:
    """Has git ask us, and nobody else, for what lies below `urls`; and tells how it stands with each then.

    What is in the configuration stays there. Raises UsageError where there is no repository for `LOCAL`, or git
    does not write its configuration.
    """
    git = _git(scope)
    command = _command()
    for url in urls:
        _install(git, scope, url, command)
    return status(urls)


def uninstall(scope: str = GLOBAL) -> list[str]:
    """Takes out what `install` put in, for whatever URLs, and nothing else; gives the URLs. Raises as it does."""
    git = _git(scope)
    ours = [setting.key for setting in _settings(git, scope) if _is_ours(setting)]
    urls = [_url(key) for key in dict.fromkeys(ours)]
    for url in urls:
        _take_out(git, scope, url)
    return urls


def status(urls: Sequence[str]) -> list[Helpers]:
    """How it stands with each of `urls` in the folder that the caller is in. Raises UsageError where git fails."""
    settings = _settings(Git(trusted=True))
    return [_helpers(url, settings) for url in urls]


def _install(git: Git, scope: str, url: str, command: str) -> None:
    key = f"credential.{url}.helper"
    settings = _settings(git, scope)
    helpers = [setting for setting in settings if setting.key == key]
    if [_is_reset(setting) for setting in helpers[-2:]] != [True, False] or not _is_ours(helpers[-1]):
        _take_out(git, scope, url)
        _config(git, scope, "--add", key, "")
        _config(git, scope, "--add", key, command)
    elif helpers[-1].value != command:  # it was installed from somewhere else
        _config(git, scope, key, command, _exactly(helpers[-1].value or ""))
    path = f"credential.{url}.usehttppath"
    held = [setting.value for setting in _settings(git, scope) if setting.key == path]
    if not held or held[-1] not in _TRUE:
        _config(git, scope, "--add", f"credential.{url}.useHttpPath", "true")


def _take_out(git: Git, scope: str, url: str) -> None:
    """Takes out our helper, the reset before it and the `useHttpPath` behind it: what was there comes earlier."""
    section = [setting for setting in _settings(git, scope) if _url(setting.key) == url]
    kept = list(section)
    for at in reversed([at for at, setting in enumerate(section) if _is_ours(setting)]):
        if [setting.key for setting in kept[at + 1 : at + 2]] == [f"credential.{url}.usehttppath"]:
            del kept[at + 1]
        del kept[at]
        if at and _is_reset(kept[at - 1]):
            del kept[at - 1]
    for key in dict.fromkeys(setting.key for setting in section):
        _reduce(git, scope, [one for one in section if one.key == key], [one for one in kept if one.key == key])


def _reduce(git: Git, scope: str, have: list[Setting], kept: list[Setting]) -> None:
    gone = [setting for setting in have if setting not in kept]
    if len(have) - len(gone) == len(kept) and len(set(gone)) == len(gone):
        for key, value in gone:
            _config(git, scope, "--unset", key, _exactly(value or ""))
        return
    # git cannot take out one of two that are the same, so they are all written anew.
    _config(git, scope, "--unset-all", have[0].key)
    for key, value in kept:
        _config(git, scope, "--add", key, "true" if value is None else value)


def _helpers(url: str, settings: Sequence[Setting]) -> Helpers:
    asked = [one for one in settings if one.key.endswith(".helper") and _is_about(_url(one.key), url)]
    now = _in_force(asked)
    ours = next((one for one in reversed(now) if _is_ours(one)), None)
    program = None if ours is None else _program(ours.value or "")
    without = [
        one
        for at, one in enumerate(asked)
        if not _is_ours(one) and not (_is_reset(one) and any(map(_is_ours, asked[at + 1 : at + 2])))
    ]
    others = tuple(one.value or "" for one in now if not _is_ours(one))
    silenced = tuple(value for one in _in_force(without) if (value := one.value or "") not in others)
    return Helpers(url, program, program is not None and os.access(program, os.X_OK), others, silenced)


def _in_force(helpers: Sequence[Setting]) -> list[Setting]:
    last = max((at for at, setting in enumerate(helpers) if _is_reset(setting)), default=-1)
    return list(helpers[last + 1 :])


def _is_about(pattern: str, url: str) -> bool:
    """Whether git may apply what is configured for `pattern` below `url`; git-config(1), "http.<url>.*"."""
    scheme, _, host = url.partition("://")
    wanted, separator, rest = pattern.partition("://")
    place = (rest if separator else pattern).partition("/")[0].rpartition("@")[2].lower()
    return (not separator or wanted.lower() == scheme) and (not place or _fits(place, host))


def _fits(pattern: str, host: str) -> bool:
    """Whether it is the host; a `*` stands for all between two dots."""
    parts, names = pattern.split("."), host.split(".")
    return len(parts) == len(names) and all(part in ("*", name) for part, name in zip(parts, names, strict=True))


def _git(scope: str) -> Git:
    git = Git(trusted=True)
    if scope == LOCAL:
        try:
            git("rev-parse", "--git-dir")
        except GitError as error:
            raise UsageError(
                f"there is no repository to configure: {error.message}", "go to one, or leave out --local"
            ) from None
    return git


def _settings(git: Git, *scope: str) -> list[Setting]:
    """All about credentials that git has read, in its order: in one scope, or in all of them."""
    running = git.start("config", *scope, "-z", "--get-regexp", r"^credential\.")
    output = os.fsdecode(running.finish())
    if running.has_failed and running.complaints:
        raise UsageError(f"git does not read its configuration: {running.complaints[0].removeprefix('fatal: ')}")
    settings = []
    for item in output.split("\0")[:-1]:
        key, newline, value = item.partition("\n")
        settings.append(Setting(key, value if newline else None))
    return settings


def _config(git: Git, scope: str, *arguments: str) -> None:
    try:
        git("config", scope, *arguments)
    except GitError as error:
        raise UsageError(f"git does not write its configuration: {error.message}") from None


def _url(key: str) -> str:
    """What stands between the first and the last dot of a key: the URL that it is about, or nothing."""
    return key.partition(".")[2].rpartition(".")[0]


def _is_reset(setting: Setting) -> bool:
    return setting.key.endswith(".helper") and setting.value == ""


def _is_ours(setting: Setting) -> bool:
    return setting.key.endswith(".helper") and _program(setting.value or "") is not None


def _command() -> str:
    # git gives it to a shell, the operation behind it; what does not begin with `!` or `/` it would take for the
    # name of a command of its own.
    return f"!{shlex.quote(process.installed('tokenguard'))}{_OPERATION}"


def _program(value: str) -> str | None:
    """The path of our program in a helper that `install` has written; None where it is somebody else's."""
    if not (value.startswith("!") and value.endswith(_OPERATION)):
        return None
    try:
        words = shlex.split(value[1:].removesuffix(_OPERATION))
    except ValueError:
        return None
    is_ours = len(words) == 1 and os.path.basename(words[0]).lower() in ("tokenguard", "tokenguard.exe")
    return words[0] if is_ours else None


def _exactly(value: str) -> str:
    """An extended regular expression, as git takes it for a value, that nothing else fits."""
    return "^" + re.sub(r"[][.^$*+?(){}\\|]", r"\\\g<0>", value) + "$"
