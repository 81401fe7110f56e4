"""Variables that hide a token, or in which one does not reach who it was meant for."""

from __future__ import annotations

import os
import shlex

from tokenguard.checks import whose
from tokenguard.core.ailment import VARIABLE, Ailment
from tokenguard.core.misspelt import LANGCHAIN, is_misspelt
from tokenguard.core.name import HF_TOKEN
from tokenguard.core.resolution import NO_IMPLICIT, OIDC, TOKEN_FILE, token_in
from tokenguard.render.standing import hidden
from tokenguard.standing import known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenguard.checks import Workstation
    from tokenguard.core.resolution import TokenSource

_CHOICE = "TOKENGUARD_TOKEN"


def shadowing(workstation: Workstation) -> Iterator[Ailment]:
    """What keeps the libraries, or tokenguard, from the token that somebody would expect."""
    state = workstation.standing
    for pair in hidden(state):
        by = str(pair["by"])
        command = "tokenguard import --delete" if by == TOKEN_FILE else _unset(by)
        yield Ailment(VARIABLE, str(pair["message"]), "what you start here acts as somebody else", command)
    for source in state.resolution.sources:
        yield from _odd(source)
    used = state.resolution.uses
    if used is not None and used.entry is not None and used.entry.status == "invalid":
        where = f"the token file {used.path}" if used.name == TOKEN_FILE else used.name
        what = f"the Hub has rejected the token in {where}, {used.entry.masked}"
        command = "tokenguard import --delete --dead" if used.name == TOKEN_FILE else _unset(used.name)
        why = "the libraries use it, and even public repositories are refused to them"
        yield Ailment(VARIABLE, what, why, command, entry=used.entry, known_as=used.known_as)
    if not state.resolution.is_implicit:
        what = f"{NO_IMPLICIT} is set"
        why = "programs send a token only where they say so, and find public repositories alone"
        yield Ailment(VARIABLE, what, why, _unset(NO_IMPLICIT), is_advice=True)
    if state.no_choice is not None and workstation.environment.get(_CHOICE):
        what = f"{_CHOICE} is of no use: {state.no_choice.message}"
        yield Ailment(VARIABLE, what, "commands to which no name is given fail", _unset(_CHOICE))


def misspelt(workstation: Workstation) -> Iterator[Ailment]:
    """Tokens in variables that the libraries do not read."""
    used = workstation.standing.resolution.uses
    for name, value in sorted(workstation.environment.items()):
        token = token_in(value.strip()) if is_misspelt(name) else None
        if token is None:
            continue
        entry, known_as = known(token, workstation.remembered)
        is_used = bool(used and used.entry and used.entry.fingerprint == entry.fingerprint)
        if name == LANGCHAIN:
            why = "LangChain reads it, Hugging Face's libraries do not"
            command = f"tokenguard run --var {name} -- COMMAND"
        else:
            why = f"Hugging Face's libraries do not read it: they read {HF_TOKEN}"
            command = f"{_unset(name)}; tokenguard run -- COMMAND"
        what = f"{name} has a token, {entry.masked}{whose(entry, known_as)}"
        is_advice = is_used or name == LANGCHAIN
        yield Ailment(VARIABLE, what, why, command, entry=entry, known_as=known_as, is_advice=is_advice)


def _odd(source: TokenSource) -> Iterator[Ailment]:
    where = source.path if source.name == TOKEN_FILE else source.name
    command = _unset(source.name) if source.is_in_environment else f"rm {shlex.quote(str(where))}"
    if source.state == "blank" and source.is_in_environment:
        why = "it counts as no token, and looks as if it were set"
        yield Ailment(VARIABLE, f"{where} is white space alone", why, command)
    elif source.state == "set" and source.entry is None:
        why = "Hugging Face's libraries send it all the same, and the Hub rejects it"
        yield Ailment(VARIABLE, f"what is in {where} is no Hugging Face token", why, command)
    elif source.name == OIDC and source.problem:
        yield Ailment(VARIABLE, f"{OIDC} is set: {source.problem}", "it comes before every token", command)


def _unset(name: str) -> str:
    return f"Remove-Item Env:{name}" if os.name == "nt" else f"unset {name}"
