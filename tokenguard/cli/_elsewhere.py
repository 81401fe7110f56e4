"""What of `tokenguard scan` is not on this machine: names on the Hub, and addresses that fsspec opens."""

from __future__ import annotations

import os

import click

from tokenguard.cli import _shared
from tokenguard.core.endpoint import read_endpoint
from tokenguard.core.fsurl import is_filesystem_url, local_path, parse_filesystem_url
from tokenguard.core.hubname import hub_name, is_hub_name, parse_hub_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenguard.account import Search
    from tokenguard.core.report import Report
    from tokenguard.hub import Hub


def part(paths: Sequence[str]) -> tuple[list[str], list[str]]:
    """Which of `paths` are here, and which elsewhere, each once. Raises UsageError where one cannot be read."""
    here = [local_path(path) for path in paths if not is_hub_name(path) and not is_filesystem_url(path)]
    names = [hub_name(parse_hub_name(path)) for path in paths if is_hub_name(path)]
    stores = [path for path in paths if is_filesystem_url(path)]
    endpoint = read_endpoint(os.environ.get("HF_ENDPOINT", "")) if stores else None
    urls = [parse_filesystem_url(path, endpoint).text for path in stores]
    return here, list(dict.fromkeys([*names, *urls]))


def scan(
    names: Sequence[str],
    *,
    hub: Hub | None,
    token: str | None,
    max_size: int | None,
    afresh: bool,
    quiet: bool,
    search: Search,
) -> Iterator[Report]:
    """What is found at each of `names`; those on the Hub are read with the token of the vault called `token`."""
    from tokenguard.hubscan import scan_hub, token_of
    from tokenguard.process import forbid_dumps

    reader = None
    if any(map(is_hub_name, names)):
        hub = hub or _shared.open_hub()
        reader = _shared.chosen_token(token) if token else token_of(os.environ)
        forbid_dumps()
    for name in names:
        if hub is not None and is_hub_name(name):
            with _shared.progress("files", quiet=quiet) as progress:
                yield scan_hub(
                    name,
                    hub=hub,
                    token=reader,
                    max_size=max_size,
                    afresh=afresh,
                    progress=progress,
                    search=search,
                )
        else:
            from tokenguard.filesystemscan import scan_filesystem

            with _shared.progress("files", quiet=quiet) as progress:
                yield scan_filesystem(name, max_size=max_size, progress=progress, search=search)


def expect_sensible(
    names: Sequence[str],
    here: Sequence[str],
    *,
    unfit: Sequence[str],
    of_files: Sequence[str],
    of_hub: Sequence[str],
) -> None:
    """Raises UsageError where options were given that do not go with what is read.

    `unfit` are those that go with nothing elsewhere, `of_files` with files here, and `of_hub` with the Hub.
    """
    if names and unfit:
        raise click.UsageError(f"{unfit[0]} goes with what is on this machine, and not with {names[0]}")
    if names and not here and of_files:
        raise click.UsageError(f"{of_files[0]} goes with files on this machine alone")
    if of_hub and not any(map(is_hub_name, names)):
        raise click.UsageError(f"{of_hub[0]} goes with hf:// alone")
