"""A shell that follows its folder: it has a token where one is bound, and elsewhere what it had before.

What is bound is in the index, on the user's side. Nothing that lies in a folder is read, or can have a say.
"""

from __future__ import annotations

import contextlib
import os
from typing import NamedTuple

from tokenguard.core.name import HF_TOKEN, OLD_HF_TOKEN
from tokenguard.core.printable import printable
from tokenguard.core.token import Token
from tokenguard.errors import TokenguardError, UsageError, VaultError
from tokenguard.exporters import exporter
from tokenguard.process import forbid_dumps, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenguard.vault.vault import Vault

EXPORTED = "TOKENGUARD_EXPORTED"
"""The fingerprint of the token that a shell has because of its folder; programs and shells in it see it, too."""

TOLD = "TOKENGUARD_TOLD"
"""The name of the token whose absence a shell has been told of."""

SHELLS = ("bash", "zsh", "fish")


class Change(NamedTuple):
    """What a shell is to do: lines for it, and what there is to say to whoever sits there."""

    lines: str
    message: str = ""
    hint: str = ""


def change(shell: str, vault: Vault, environment: Mapping[str, str], folder: str | None) -> Change:
    """What brings `shell`, which has `environment`, to the token that is bound in `folder`.

    Nobody is asked for a password: where that would have to be, it is said, once.
    """
    from tokenguard.tokens import bound

    form = exporter("fish" if shell == "fish" else "sh")
    before = environment.get(EXPORTED)
    leaving = _leaving(form.unset([EXPORTED]), before, environment)
    told = environment.get(TOLD, "")
    name = ""
    try:
        index = vault.index()
        name = (folder and bound(index, folder)) or ""
        if not name:
            return Change(leaving + (_telling(shell, "") if told else ""))
        fingerprint = index.entry(name).fingerprint
        if before == fingerprint and _fingerprint(environment) == fingerprint:
            return Change("")
        token = _held(vault, name)
    except TokenguardError as error:
        if told == (name or "?"):
            return Change(leaving)
        return Change(leaving + _telling(shell, name or "?"), error.message, error.hint)
    lines = "" if before else "__tokenguard_keep\n"
    lines += form.export([HF_TOKEN], token.reveal()) + form.export([EXPORTED], token.fingerprint)
    if OLD_HF_TOKEN in environment:
        lines += form.unset([OLD_HF_TOKEN])
    return Change(lines + (_telling(shell, "") if told else ""))


def say_and_write(shell: str, folder: str | None) -> int:
    """What a shell calls when it is in another folder: writes lines for it, says what there is to say."""
    from tokenguard.home import home
    from tokenguard.process import write
    from tokenguard.vault.vault import Vault

    _expect_known(shell)
    forbid_dumps()
    _let_go_of_terminal()
    # Nobody waits for a prompt of a keyring before each prompt of the shell.
    unattended = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    changed = change(shell, Vault(home(), unattended), os.environ, folder)
    if changed.message:
        say(f"tokenguard: {printable(changed.message)}")
        if changed.hint:
            say(f"  {printable(changed.hint)}")
    write(changed.lines)
    return 0


def _held(vault: Vault, name: str) -> Token:
    _, locked, problem = vault.backend()
    if locked or problem:
        raise VaultError(
            f"{problem or 'the vault is locked'}: {name}, which is bound here, is not exported",
            "`tokenguard vault unlock`, or unlock the keyring; then it is",
        )
    return vault.get(name)


def _leaving(forget: str, before: str | None, environment: Mapping[str, str]) -> str:
    """What takes the token back, unless somebody has meanwhile put another one in its place."""
    if not before:
        return ""
    return ("__tokenguard_restore\n" if _fingerprint(environment) == before else "__tokenguard_forget\n") + forget


def _telling(shell: str, name: str) -> str:
    # A name has no character that a shell takes for more (`core.name`).
    return f"set -g __tokenguard_told '{name}'\n" if shell == "fish" else f"__tokenguard_told='{name}'\n"


def _fingerprint(environment: Mapping[str, str]) -> str | None:
    value = environment.get(HF_TOKEN)
    return Token(value).fingerprint if value else None


def _let_go_of_terminal() -> None:
    """Leaves nothing to ask for a passphrase at."""
    with contextlib.suppress(ImportError, OSError):
        import fcntl
        import termios

        descriptor = os.open("/dev/tty", os.O_RDWR)
        fcntl.ioctl(descriptor, termios.TIOCNOTTY)
        os.close(descriptor)


def _expect_known(shell: str) -> None:
    if shell not in SHELLS:
        raise UsageError(f"there is no hook for {shell!r}", f"there is one for {', '.join(SHELLS)}")


def script(shell: str) -> str:
    """What a shell evaluates when it starts. Raises UsageError where it is none of SHELLS."""
    _expect_known(shell)
    if shell == "fish":
        return _FISH
    return _POSIX.replace("SHELL", shell) + (_BASH if shell == "bash" else _ZSH)


# `tokenguard` is a function as well, so that what it changes counts at the next prompt; in fish, at once. Tracing
# (`set -x`) ends while the token is in what is evaluated, and so does the export of all that is set (`set -a`).
_POSIX = r"""
__tokenguard_keep() {
    unset __tokenguard_new __tokenguard_old
    if [ -n "${HF_TOKEN+x}" ]; then __tokenguard_new=$HF_TOKEN; fi
    if [ -n "${HUGGING_FACE_HUB_TOKEN+x}" ]; then __tokenguard_old=$HUGGING_FACE_HUB_TOKEN; fi
}
__tokenguard_forget() {
    unset __tokenguard_new __tokenguard_old
}
__tokenguard_restore() {
    unset HF_TOKEN
    if [ -n "${__tokenguard_new+x}" ]; then export HF_TOKEN="$__tokenguard_new"; fi
    if [ -n "${__tokenguard_old+x}" ]; then export HUGGING_FACE_HUB_TOKEN="$__tokenguard_old"; fi
    __tokenguard_forget
}
__tokenguard_change() {
    local __tokenguard_status=$?
    if [ "${__tokenguard_at-}" != "$PWD" ]; then
        local __tokenguard_flags=$-
        { set +x; set +a; } 2>/dev/null
        __tokenguard_at=$PWD
        eval "$(TOKENGUARD_TOLD=${__tokenguard_told-} command tokenguard shell-hook SHELL --change)"
        case $__tokenguard_flags in *a*) set -a ;; esac
        case $__tokenguard_flags in *x*) set -x ;; esac
    fi
    return "$__tokenguard_status"
}
tokenguard() {
    unset __tokenguard_at
    command tokenguard "$@"
}
"""

_BASH = r"""
if [[ "$(declare -p PROMPT_COMMAND 2>/dev/null)" == "declare -a"* ]]; then
    if [[ " ${PROMPT_COMMAND[*]-} " != *" __tokenguard_change "* ]]; then
        PROMPT_COMMAND=(__tokenguard_change ${PROMPT_COMMAND[@]+"${PROMPT_COMMAND[@]}"})
    fi
elif [[ "${PROMPT_COMMAND-}" != *__tokenguard_change* ]]; then
    PROMPT_COMMAND="__tokenguard_change${PROMPT_COMMAND:+; $PROMPT_COMMAND}"
fi
"""

_ZSH = r"""
typeset -ga precmd_functions chpwd_functions
(( ${precmd_functions[(I)__tokenguard_change]} )) || precmd_functions+=(__tokenguard_change)
(( ${chpwd_functions[(I)__tokenguard_change]} )) || chpwd_functions+=(__tokenguard_change)
"""

_FISH = r"""
function __tokenguard_keep
    __tokenguard_forget
    if set -qx HF_TOKEN; set -g __tokenguard_new $HF_TOKEN; end
    if set -qx HUGGING_FACE_HUB_TOKEN; set -g __tokenguard_old $HUGGING_FACE_HUB_TOKEN; end
end
function __tokenguard_forget
    set -e __tokenguard_new
    set -e __tokenguard_old
    true
end
function __tokenguard_restore
    set -eg HF_TOKEN
    if set -q __tokenguard_new; set -gx HF_TOKEN $__tokenguard_new; end
    if set -q __tokenguard_old; set -gx HUGGING_FACE_HUB_TOKEN $__tokenguard_old; end
    __tokenguard_forget
end
function __tokenguard_change --on-variable PWD --on-event fish_prompt
    if test "$__tokenguard_at" = "$PWD"; return; end
    set -l fish_trace
    set -g __tokenguard_at $PWD
    TOKENGUARD_TOLD="$__tokenguard_told" command tokenguard shell-hook fish --change | source
end
function tokenguard
    command tokenguard $argv
    set -l tokenguard_status $status
    set -e __tokenguard_at
    __tokenguard_change
    return $tokenguard_status
end
"""
