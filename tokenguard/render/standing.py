"""Which token holds here, to people and to programs."""

from __future__ import annotations

from tokenguard.core.entry import Entry
from tokenguard.core.name import HF_TOKEN
from tokenguard.core.printable import printable
from tokenguard.core.redact import redact_values
from tokenguard.core.resolution import COLAB, NO_IMPLICIT, OIDC, TOKEN_FILE, TokenSource, is_same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokenguard.core.entry import Row
    from tokenguard.core.standing import Choice, Hooks, HookState, Standing, VaultState

SCHEMA = 1

_STATES = {
    "unset": "not set",
    "empty": "empty, which counts as not set",
    "blank": "white space alone, which is no token",
    "unreadable": "cannot be read, and huggingface_hub fails",
    "unknown": "known to the running program alone",
}
_LOCKED = {True: "locked", False: "open", None: "locked or not: not known"}
_NOTHING = "no token"


def lines(standing: Standing) -> Iterator[str]:
    """All of it, in groups."""
    yield _headline(standing)
    for pair in hidden(standing):
        yield printable(str(pair["message"]))
    if not standing.resolution.is_implicit:
        yield f"{NO_IMPLICIT} is set: a program sends a token only where it says so"
    yield ""
    yield "where huggingface_hub looks, in its order"
    yield from _table(standing)
    yield ""
    yield "what tokenguard chooses here"
    yield from (f"  {line}" for line in _choice(standing))
    yield ""
    yield "vault"
    yield f"  {printable(_vault(standing.vault))}"
    yield ""
    yield "git"
    yield f"  passwords for the Hub: {printable(', '.join(_helpers(standing))) or 'no credential helper'}"
    for name, at in standing.refusals:
        yield printable(
            f"  the Hub refused it {name} ({at}): `tokenguard validate {name} --fresh` says whether it lives"
        )
    yield from (f"  {printable(line)}" for line in _hooks(standing.hooks))
    if standing.unreadable:
        yield ""
        yield "what could not be read"
        yield from (f"  {printable(path)}: {printable(reason)}" for (path, *_), reason in standing.unreadable)


def document(standing: Standing) -> str:
    """The same as one JSON document."""
    import json

    resolution, hooks = standing.resolution, standing.hooks
    said = {
        "schema": SCHEMA,
        "uses": resolution.uses and _object(resolution.uses),
        "implicit": resolution.is_implicit,
        "sources": [_object(source) for source in resolution.sources],
        "hidden": hidden(standing),
        "chosen": _chosen_object(standing),
        "vault": standing.vault._asdict(),
        "hooks": [*_hook_objects("here", hooks.here), *_hook_objects("everywhere", hooks.everywhere)],
        "framework": hooks.framework,
        "credential_helpers": {
            "program": standing.helpers.program,
            "alive": standing.helpers.is_alive,
            "others": list(standing.helpers.others),
        },
        "refusals": [{"name": name, "at": at} for name, at in standing.refusals],
        "unreadable": [{"path": origin.path, "reason": reason} for origin, reason in standing.unreadable],
    }
    return json.dumps(redact_values(said), indent=2)


def _headline(standing: Standing) -> str:
    used = standing.resolution.uses
    if used is None:
        colab = standing.resolution.sources[-1].state == "unknown"
        where = f" outside of the notebook, which may be given the {COLAB}" if colab else ""
        return f"Hugging Face's libraries find no token here{where}"
    if used.state == "unreadable":
        return printable(f"Hugging Face's libraries fail here: {_called(used)}: {used.problem}")
    if used.name == OIDC:
        problem = f"; but {used.problem}" if used.problem else ""
        return f"Hugging Face's libraries exchange the identity of CI for a token here ({OIDC}){problem}"
    return printable(f"Hugging Face's libraries use {_called(used)}{_whose(used.entry, with_role=True)}")


def _table(standing: Standing) -> Iterator[str]:
    sources, used = standing.resolution.sources, standing.resolution.uses
    names = [printable(source.path or source.name) for source in sources]
    width = max(map(len, names))
    for name, source in zip(names, sources, strict=True):
        mark = "->" if source is used else "  "
        yield f"  {mark} {name.ljust(width)}  {printable(_said(source))}"


def _said(source: TokenSource) -> str:
    if source.entry is not None:
        said = ", ".join([source.entry.masked, *_facts(source.entry), *_vault_name(source)])
    else:
        said = _STATES.get(source.state, "set")
    if source.state == "passed over":
        said += f"; not looked at, since {HF_TOKEN} is white space alone"
    if source.name == COLAB and source.state == "unset":
        said = "this is no Colab"
    return f"{said}; {source.problem}" if source.problem else said


def _facts(entry: Entry) -> list[str]:
    identity = entry.identity
    facts = [identity.account or "whose is not known", identity.role or ""]
    if entry.status == "invalid":
        facts.append("rejected by the Hub")
    return [fact for fact in facts if fact]


def _vault_name(source: TokenSource) -> list[str]:
    return [f"in your vault as {source.known_as}"] if source.known_as else ["not in your vault"]


def _called(source: TokenSource) -> str:
    if source.name == OIDC:
        return f"{OIDC} in your environment"
    if source.name == TOKEN_FILE:
        return f"the token file {source.path}"
    return f"{source.name} in your environment" if source.is_in_environment else f"the {source.name}"


def _whose(entry: Entry | None, *, with_role: bool) -> str:
    if entry is None:
        return ""
    identity = entry.identity
    if identity.account is None:
        return f" ({entry.masked})"
    role = f", {identity.role}" if with_role and identity.role else ""
    return f" ({identity.account}{role})"


def hidden(standing: Standing) -> list[dict[str, object]]:
    """What is not used since something else is, with a sentence on it."""
    found = [
        {
            "by": hiding.name,
            "source": source.name,
            "name": source.known_as,
            **_token(source.entry),
            "message": f"{_hides(hiding)} {_called(source)}{_whose(source.entry, with_role=False)}",
        }
        for hiding, source in standing.resolution.hidden
    ]
    used, row, choice = standing.resolution.uses, standing.row, standing.choice
    if used is None or row is None or choice is None or is_same(used, TokenSource("", entry=row.entry)):
        return found
    what = {"default": "the default token", "binding": "the token bound here,"}.get(choice.by, "the chosen token")
    found.append(
        {
            "by": used.name,
            "source": "tokenguard",
            "name": choice.name,
            **_token(row.entry),
            "message": f"{_hides(used)} {what} {choice.name}{_whose(row.entry, with_role=False)}",
        }
    )
    return found


def _hides(hiding: TokenSource) -> str:
    blank = ", white space alone," if hiding.state == "blank" else ""
    return f"{_called(hiding)}{blank}{_whose(hiding.entry, with_role=True)} hides"


def _choice(standing: Standing) -> Iterator[str]:
    choice, row, reason = standing.choice, standing.row, standing.no_choice
    if choice is None:
        yield printable(reason.message) if reason else _NOTHING
    else:
        yield printable(f"{choice.name}{_whose(row.entry, with_role=True) if row else ''}: {_why(choice)}")
        if row is None and reason:
            yield printable(f"but {reason.message}")
    if row is None:
        if reason and reason.hint:
            yield printable(reason.hint)
        return
    used = standing.resolution.uses
    if used is not None and is_same(used, TokenSource("", entry=row.entry)):
        yield "it is the one that the libraries use here anyway"
    elif used is not None and used.name == OIDC:
        yield f"`tokenguard run -- COMMAND` does not change what the libraries use: {OIDC} comes first"
    else:
        yield f"`tokenguard run -- COMMAND` has a program use it, as {HF_TOKEN}"


def _why(choice: Choice) -> str:
    if choice.by == "binding":
        return f"it is bound to {choice.folder}"
    return "it is the default" if choice.by == "default" else f"{choice.by} says so"


def _vault(vault: VaultState) -> str:
    if vault.kind is None:
        return str(vault.problem)
    where = vault.path or vault.backend
    if not vault.tokens and not vault.problem:
        return f"empty; tokens would go to the {vault.kind} ({where})"
    said = f"{vault.kind}: {where}, {_LOCKED[vault.locked]}, {_count(vault.tokens, 'token')}"
    return f"{said}; {vault.problem}" if vault.problem else said


def _helpers(standing: Standing) -> Iterator[str]:
    program, is_alive, others = standing.helpers
    if program is not None:
        yield program if is_alive else f"{program}, which is not there"
    yield from others


def _hooks(hooks: Hooks) -> Iterator[str]:
    if hooks.folder is None:
        yield "hooks here: this is no repository"
    else:
        framework = "; the pre-commit framework has tokenguard" if hooks.framework else ""
        yield f"hooks here ({hooks.folder}): {_stages(hooks.here)}{framework}"
    yield f"hooks for all repositories: {_stages(hooks.everywhere) if hooks.everywhere else 'not installed'}"


def _stages(states: Iterable[HookState]) -> str:
    by_state: dict[str, list[str]] = {}
    for state in states:
        by_state.setdefault(state.state, []).append(state.stage)
    return "; ".join(f"{state}: {', '.join(stages)}" for state, stages in by_state.items())


def _object(source: TokenSource) -> dict[str, object]:
    return {
        "name": source.name,
        "state": source.state,
        "path": source.path,
        "known_as": source.known_as,
        **_token(source.entry),
        "problem": source.problem,
    }


def _token(entry: Entry | None) -> dict[str, object]:
    entry = entry or Entry("", "", status="unknown")
    identity = entry.identity
    return {
        "kind": entry.kind,
        "fingerprint": entry.fingerprint or None,
        "masked": entry.masked or None,
        "account": identity.account,
        "role": identity.role,
        "expires_at": identity.expires_at,
        "status": entry.status,
    }


def _chosen_object(standing: Standing) -> dict[str, object] | None:
    choice, row = standing.choice, standing.row
    if choice is None:
        return None
    return {**choice._asdict(), **_token(_entry(row)), "command": "tokenguard run -- COMMAND"}


def _entry(row: Row | None) -> Entry | None:
    return row.entry if row else None


def _hook_objects(where: str, states: Iterable[HookState]) -> list[dict[str, object]]:
    return [{"where": where, **state._asdict()} for state in states]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
