"""`hf://…`: what of the Hub is meant, in the words of huggingface_hub's file system."""

from __future__ import annotations

from tokenguard.core.entity import Entity, parse
from tokenguard.errors import UsageError

SCHEME = "hf://"
KINDS = ("model", "dataset", "space", "bucket")
"""What has files on the Hub."""


def is_hub_name(text: str) -> bool:
    """Whether `text` means something on the Hub, and no file here."""
    return text.startswith(SCHEME)


def parse_hub_name(text: str) -> Entity:
    """The repository that `hf://acme/x` (a model), `hf://datasets/acme/x` and their like mean, or the account.

    Raises UsageError where it is neither. A revision or a path is no part of it: all of a repository is read.
    """
    shown = "this" if shows_secrets(text) else repr(text)
    hint = "write it like hf://acme, hf://acme/model or hf://datasets/acme/x; all revisions are read"
    if not is_hub_name(text):
        raise UsageError(f"{shown} is no name of the Hub", hint)
    try:
        entity = parse(text[len(SCHEME) :].rstrip("/"))
    except UsageError:
        raise UsageError(f"{shown} is no account and no repository of the Hub", hint) from None
    if entity.repo is None:
        return entity
    found = entity._replace(type=entity.type or "model")
    if found.type not in KINDS:
        raise UsageError(f"{shown} is a {found.type}, which has no files to read", hint)
    return found


def shows_secrets(text: str) -> bool:
    """Whether `text`, which is not what it should be, may have a secret in it: a password, a signature, a key."""
    return not {*"@?#%;"}.isdisjoint(text)


def hub_name(entity: Entity) -> str:
    """How the user would write `entity`."""
    return f"{SCHEME}{entity}"
