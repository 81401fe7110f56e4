"""What is scanned of stores that fsspec opens: buckets, servers, shares."""

from __future__ import annotations

from tokenguard import config as configuration
from tokenguard.account import Account, Search
from tokenguard.core.fsurl import parse_filesystem_url
from tokenguard.sources.filesystem import LARGEST, FilesystemSource
from tokenguard.sources.progress import telling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.report import Report
    from tokenguard.sources.progress import Progress


def scan_filesystem(
    url: str,
    *,
    max_size: int | None = None,
    progress: Progress | None = None,
    search: Search = Search(),
) -> Report:
    """Scans the file or the folder that `url` (`s3://bucket/notebooks`, `sftp://host/srv`, …) is.

    The driver finds its credentials by itself. `max_size` (bytes, None is LARGEST) leaves larger files unread, but
    for the headers of safetensors and GGUF. No configuration holds: one that lies there is by whoever wrote the
    rest. Raises UsageError where `url` is not to be opened, or there is no driver for it; whatever cannot be read
    is Unreadable.
    """
    account = Account(search)
    source = FilesystemSource(
        parse_filesystem_url(url), max_size=LARGEST if max_size is None else max_size, deep=search.deep
    )
    told = telling(source.items(), source, lambda: account.bytes, progress)
    account.read_all(told, configuration.Config())
    account.notes += source.notes
    return account.report()
