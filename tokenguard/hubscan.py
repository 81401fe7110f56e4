"""What is scanned of the Hub: a repository with all its revisions, or all that an account has."""

from __future__ import annotations

from functools import partial

from tokenguard import config as configuration
from tokenguard.account import Account, Search
from tokenguard.core.hubname import parse_hub_name
from tokenguard.sources.hub import LARGEST, HubSource
from tokenguard.sources.hubreader import PATIENCE, HubReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.report import Report
    from tokenguard.core.token import Token
    from tokenguard.hub import Hub


def scan_hub(
    name: str,
    *,
    hub: Hub,
    token: Token | None = None,
    max_size: int | None = None,
    patience: float = PATIENCE,
    search: Search = Search(),
) -> Report:
    """Scans what `name` (`hf://acme`, `hf://acme/model`, `hf://datasets/acme/x`, …) is at `hub`.

    `token` reads, and goes to the Hub alone; without it, what everybody may see is read. `max_size` (bytes, None
    is LARGEST) leaves larger files unread, but for the headers of safetensors and GGUF. A rate limit is waited for
    up to `patience` seconds. No configuration holds: the one in a repository is by whoever wrote the rest of it.
    Raises UsageError where `name` is no name of the Hub; whatever cannot be read is Unreadable.
    """
    account = Account(search)
    entity = parse_hub_name(name)
    reader = HubReader(hub.endpoint, partial(hub.fetch, token=token), patience=patience)
    source = HubSource(reader, max_size=LARGEST if max_size is None else max_size, deep=search.deep)
    account.read_all(source.items(entity), configuration.Config())
    account.notes += source.notes
    return account.report()
