"""What is scanned of the Hub: a repository with all its revisions, or all that an account has."""

from __future__ import annotations

from contextlib import closing
from functools import partial

from tokenguard import config as configuration
from tokenguard.account import Account, Search
from tokenguard.core.hubname import parse_hub_name
from tokenguard.core.name import HF_TOKEN, OLD_HF_TOKEN
from tokenguard.core.resolution import NO_IMPLICIT, is_true, token_in
from tokenguard.errors import UsageError
from tokenguard.sources.hub import LARGEST, HubSource
from tokenguard.sources.hubmemory import HubMemory
from tokenguard.sources.hubreader import PATIENCE, HubReader
from tokenguard.sources.progress import telling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenguard.core.report import Report
    from tokenguard.core.token import Token
    from tokenguard.hub import Hub
    from tokenguard.sources.progress import Progress

ANONYMOUS = "the Hub was read without a token, so that nothing private was seen: --token NAME, or HF_TOKEN"
"""The note where there was none."""


def scan_hub(
    name: str,
    *,
    hub: Hub,
    token: Token | None = None,
    max_size: int | None = None,
    patience: float = PATIENCE,
    afresh: bool = False,
    progress: Progress | None = None,
    search: Search = Search(),
) -> Report:
    """Scans what `name` (`hf://acme`, `hf://acme/model`, `hf://datasets/acme/x`, …) is at `hub`.

    `token` reads, and goes to the Hub alone; without it, what everybody may see is read. `max_size` (bytes, None
    is LARGEST) leaves larger files unread, but for the headers of safetensors and GGUF. A rate limit is waited for
    up to `patience` seconds. What was read before and had nothing in it is not read again, unless it is to be read
    `afresh`. No configuration holds: the one in a repository is by whoever wrote the rest of it.
    Raises UsageError where `name` is no name of the Hub; whatever cannot be read is Unreadable.
    """
    account = Account(search)
    entity = parse_hub_name(name)
    reader = HubReader(hub.endpoint, partial(hub.fetch, token=token), patience=patience)
    memory = partial(HubMemory, hub.endpoint, afresh=afresh or search.detectors is not None)
    source = HubSource(
        reader,
        max_size=LARGEST if max_size is None else max_size,
        deep=search.deep,
        # Who looks less deep has not learnt that anything is clean, and reads what others leave out.
        memory=memory if search.deep else None,
        booked=lambda: account.booked,
    )
    # Closed even where somebody ends the scan: then it remembers what it has learnt.
    with closing(source.items(entity)) as items:
        told = telling(items, source, lambda: account.bytes, progress)
        account.read_all(told, configuration.Config())
    account.remembered += source.remembered
    account.notes += source.notes
    if token is None:
        account.notes.append(ANONYMOUS)
    return account.report()


def token_of(environment: Mapping[str, str]) -> Token | None:
    """The Token that huggingface_hub would take from `environment`, None where it would take none from there.

    That is `HF_TOKEN`, then `HUGGING_FACE_HUB_TOKEN`, unless `HF_HUB_DISABLE_IMPLICIT_TOKEN` forbids it. Raises
    UsageError where the variable holds something else.
    """
    name = next((name for name in (HF_TOKEN, OLD_HF_TOKEN) if environment.get(name)), None)
    if name is None or is_true(environment.get(NO_IMPLICIT)):
        return None
    value = environment[name].replace("\r", "").replace("\n", "").strip()
    if not value:  # which has huggingface_hub look no further
        return None
    token = token_in(value)
    if token is None:
        raise UsageError(f"{name} holds no Hugging Face token", "unset it, or name a token of the vault")
    return token
