"""Which token holds where somebody works: for Hugging Face's libraries, for tokenguard and for git."""

from __future__ import annotations

import os
import time

from tokenguard import files, githelper, githooks, tokens, vaults
from tokenguard.core.blob import Origin, Unreadable
from tokenguard.core.endpoint import OFFICIAL
from tokenguard.core.entry import entry_of
from tokenguard.core.resolution import (
    HF_HOME,
    STAGING,
    TOKEN_PATH,
    Resolution,
    TokenFile,
    is_due,
    is_true,
    resolve,
)
from tokenguard.core.standing import CredentialHelpers, Standing, VaultState
from tokenguard.errors import TokenguardError, UsageError, VaultError
from tokenguard.sources.git import GitError
from tokenguard.vault.index import Index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenguard.core.entry import Entry, Row
    from tokenguard.core.standing import Choice
    from tokenguard.core.token import Token
    from tokenguard.vault.vault import Vault

_LARGEST = 1 << 20


def standing(vault: Vault, environment: Mapping[str, str], folder: str | None, home: str) -> Standing:
    """How it stands in `folder`; tokenguard's own folder is `home`. Neither the Hub nor a person is asked."""
    unreadable: list[Unreadable] = []
    index = Index()
    choice: Choice | None = None
    row: Row | None = None
    reason: TokenguardError | None = None
    try:
        index = vault.index()
        choice = tokens.choice(index, environment, folder)
        row = index.row(choice.name)
    except VaultError as error:
        reason = error
    except UsageError as error:
        reason = error
    state = _vault_state(vault, unreadable, home)
    resolution = libraries(index, environment)
    unreadable += [
        Unreadable(Origin(source.path), source.problem or "")
        for source in resolution.sources
        if source.state == "unreadable" and source.path is not None
    ]
    return Standing(
        resolution,
        choice,
        row,
        reason,
        state,
        githooks.status(os.path.join(home, "hooks")),
        _credential_helpers(unreadable),
        _refusals(index),
        tuple(unreadable),
    )


def libraries(index: Index, environment: Mapping[str, str]) -> Resolution:
    """Which token huggingface_hub uses in this process' folder, and what `index` knows of each there is."""
    path, stored = _paths(environment)
    file = _token_file(path)
    return resolve(environment, file, lambda token: known(token, index), is_refreshed=_is_refreshed(file, stored))


def known(token: Token, index: Index) -> tuple[Entry, str | None]:
    """What `index` knows of a token, and its name there."""
    name = index.name_of(token.fingerprint)
    if name is not None:
        return index.tokens[name], name
    return index.answers.get(token.fingerprint) or entry_of(token), None


def _credential_helpers(unreadable: list[Unreadable]) -> CredentialHelpers:
    try:
        (asked,) = githelper.status([OFFICIAL])
    except (GitError, UsageError) as error:
        unreadable.append(Unreadable(Origin("git"), error.message))
        return CredentialHelpers()
    return CredentialHelpers(asked.program, asked.is_alive, asked.others)


def _refusals(index: Index) -> tuple[tuple[str, str], ...]:
    return tuple((name, at) for name in sorted(index.tokens) if (at := index.refused_at(name)) is not None)


def _vault_state(vault: Vault, unreadable: list[Unreadable], home: str) -> VaultState:
    try:
        return vaults.status(vault)
    except VaultError as error:
        unreadable.append(Unreadable(Origin(home), error.message))
        return VaultState(None, None, None, None, 0, error.message)


def _paths(environment: Mapping[str, str]) -> tuple[str, str]:
    """huggingface_hub's token file, and its `stored_tokens`, as its `constants.py` finds them."""
    cache = environment.get("XDG_CACHE_HOME", os.path.join(os.path.expanduser("~"), ".cache"))
    folder = _expanded(environment.get(HF_HOME, os.path.join(cache, "huggingface")))
    path = _expanded(environment.get(TOKEN_PATH, os.path.join(folder, "token")))
    stored = os.path.join(os.path.dirname(path), "stored_tokens")
    if is_true(environment.get(STAGING)):
        path = os.path.join(os.path.expanduser("~"), ".cache", "huggingface_staging", "token")
    return path, stored


def _expanded(path: str) -> str:
    return os.path.expandvars(os.path.expanduser(path))


def _token_file(path: str) -> TokenFile:
    if not path:
        return TokenFile(path, problem=f"{TOKEN_PATH} is empty, and huggingface_hub fails")
    try:
        return TokenFile(path, files.read_linked(path, _LARGEST).decode())
    except FileNotFoundError:
        return TokenFile(path)
    except UnicodeDecodeError:
        return TokenFile(path, problem="it is no text, and huggingface_hub fails")
    except OSError as error:
        return TokenFile(path, problem=f"it cannot be read: {error.strerror or error}")


def _is_refreshed(file: TokenFile, stored: str) -> bool:
    """Whether huggingface_hub exchanges the token in the file for the next, since it ends soon."""
    if not (file.text or "").startswith("hf_oauth_"):
        return False
    import configparser

    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(files.read_linked(stored, _LARGEST).decode())
    except (OSError, UnicodeDecodeError, configparser.Error):
        return False  # then it does not, either
    sections = [dict(parser.items(name)) for name in parser.sections()]
    same = [section for section in sections if section.get("hf_token") == (file.text or "").strip()]
    return any("refresh_token" in section and is_due(section.get("expires_at"), time.time()) for section in same)
