"""Files below an address, in a store that fsspec opens. What is listed there is by whoever may write to it."""

from __future__ import annotations

from functools import partial

from tokenguard.core.blob import Blob, Origin, Unreadable, in_memory
from tokenguard.core.fsurl import WEB
from tokenguard.core.windows import Once, fill, windows_from
from tokenguard.files import WINDOW
from tokenguard.sources.ahead import AT_ONCE, ahead
from tokenguard.sources.store import Driver, File, Pieces, StoreError
from tokenguard.sources.tensors import has_header, left_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from tokenguard.core.fsurl import FilesystemUrl
    from tokenguard.sources.store import Store

LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is read, where nobody says otherwise: buckets have data sets in them."""

_MOST_FOLDERS = 100_000
_MOST_FILES = 5_000_000
_DEEPEST = 100
_STRANGE = "the store lists in it what is not in it"
_SLASH = "its name ends with a slash, and drivers do not open it"


class FilesystemSource:
    """What there is at `url`, files of up to `max_size` bytes. Raises UsageError where there is no driver for it.

    `deep`: of safetensors and GGUF files that are larger than a window, no more than the header is read. `notes`
    say afterwards what was left out that is no Unreadable.
    """

    def __init__(self, url: FilesystemUrl, *, max_size: int = LARGEST, deep: bool = True) -> None:
        self.listed = 0
        """Files that were listed so far."""
        self.done = 0
        """How many of them were read, or could not be."""
        self._url = url
        self._max_size = max_size
        self._deep = deep
        self._headers = 0
        self._left_out = 0
        self._links = 0
        self._has_pages = False
        self._led_away = 0
        self._driver = Driver(url.scheme)

    def items(self) -> Iterator[Blob | Unreadable]:
        """All that is in the file, or below the folder. A Blob is to be read before the next one is asked for."""
        try:
            store = self._driver.open(self._url)
        except StoreError as error:
            yield Unreadable(Origin(self._url.text), error.reason)
            return
        failures: list[Unreadable] = []
        files = self._files(store, failures)
        for file, item in ahead(partial(self._small, store), files, AT_ONCE if store.is_parallel else 1):
            if item is not None:
                yield item
            else:
                yield from self._large(store, file)
            self.done += 1
        yield from failures
        if not self.listed and not failures:
            yield Unreadable(Origin(self._url.text), "there is nothing of this name, or it is not shown")

    @property
    def notes(self) -> list[str]:
        """What the user should know of how it was read."""
        notes = []
        if self._headers:
            notes.append(left_out(self._headers, self._left_out))
        if self._links:
            notes.append(f"{self._links} links in {self._url.text} were not followed")
        if self._led_away:
            notes.append(f"{self._led_away} links in {self._url.text} were not followed, since none lies below it")
        if self._is_web and self._has_pages:
            notes.append(f"of {self._url.text} what its pages link to was read, as far as it lies below it")
        return notes

    def _files(self, store: Store, failures: list[Unreadable]) -> Iterator[File]:
        """Every file, while it is listed; what could not be goes to `failures`."""
        try:
            found = self._driver.ask(store.info)
            if found is not None and found.get("type") == "file":
                self.listed += 1
                yield File(store.top, self._url.text, self._size(found))
                if not store.is_flat and not self._is_web:  # to which a page with links is a file as well
                    return
        except StoreError as error:
            failures.append(Unreadable(Origin(self._url.text), error.reason))
            return
        folders = [(store.root, 0)]
        seen = {store.root}
        while folders:
            folder, depth = folders.pop()
            try:
                entries = self._driver.ask(partial(store.list, folder), listing=store.is_flat)
            except StoreError as error:
                failures.append(Unreadable(Origin(self._path(store, folder)), error.reason))
                continue
            self._has_pages |= bool(entries)
            if self._is_web and not entries:
                self._expect_links(store, folder, failures)
            for entry in entries:
                name, kind = entry.get("name"), entry.get("type")
                if not isinstance(name, str) or not store.is_below(name, folder):
                    is_itself = isinstance(name, str) and name.rstrip("/") == folder  # which some list, too
                    if not is_itself or (str(name).endswith("/") and entry.get("size")):
                        failures.append(Unreadable(Origin(self._path(store, folder)), _STRANGE))
                elif name.rstrip("/") in seen and kind != "file":
                    continue
                elif kind == "directory":
                    seen.add(name.rstrip("/"))
                    folders.append((name.rstrip("/"), depth + 1))
                    if depth >= _DEEPEST or len(seen) > _MOST_FOLDERS:
                        folders.pop()
                        reason = (
                            f"folders in more than {_DEEPEST} others are not read, nor more than {_MOST_FOLDERS}"
                        )
                        failures.append(Unreadable(Origin(self._path(store, name)), reason))
                        if len(seen) > _MOST_FOLDERS:
                            return
                elif kind == "link":
                    self._links += 1
                elif name.endswith("/") and entry.get("size"):
                    failures.append(Unreadable(Origin(self._path(store, name)), _SLASH))
                elif kind != "file":
                    failures.append(Unreadable(Origin(self._path(store, name)), "it is neither file nor folder"))
                elif name.endswith("/") and entry.get("size") == 0:
                    continue  # how consoles of object stores make an empty folder
                elif self.listed >= _MOST_FILES:
                    failures.append(Unreadable(Origin(self._url.text), f"there are more than {_MOST_FILES} files"))
                    return
                else:
                    self.listed += 1
                    yield File(name, self._path(store, name), self._size(entry))

    def _expect_links(self, store: Store, folder: str, failures: list[Unreadable]) -> None:
        """Says it where a page that lists nothing has links: they lead elsewhere, or no driver sees them."""
        try:
            links = self._driver.ask(partial(store.links, folder))
        except StoreError as error:
            failures.append(Unreadable(Origin(self._path(store, folder)), error.reason))
            return
        if (
            links and folder == store.root and self._url.text.lower().endswith((".html", ".htm"))
        ):  # it is the page itself that was meant
            self._led_away = links
        elif links:
            reason = f"of its {links} links none lies below it, and nothing else was read"
            failures.append(Unreadable(Origin(self._path(store, folder)), reason))

    def _size(self, entry: dict[str, Any]) -> int | None:
        """Bytes; what a web server says may be that of something compressed."""
        size = entry.get("size")
        return size if isinstance(size, int) and size >= 0 and not self._is_web else None

    @property
    def _is_web(self) -> bool:
        return self._url.scheme in WEB

    def _path(self, store: Store, name: str) -> str:
        return self._url.text.rstrip("/") + name.removeprefix(store.root)

    def _small(self, store: Store, file: File) -> Blob | Unreadable | None:
        """What is in a file that fits into memory; None of a larger one."""
        most = min(WINDOW, self._max_size)
        if file.size is not None and file.size > most:
            return None
        origin = Origin(file.path)
        try:
            pieces = Pieces(self._driver, store, file)
            data = fill(pieces.read, most + 1)
            pieces.close()
        except StoreError as error:
            return Unreadable(origin, error.reason)
        return in_memory(origin, data) if len(data) <= most else None

    def _large(self, store: Store, file: File) -> Iterator[Blob | Unreadable]:
        """A file that is read in pieces while it is looked through."""
        origin = Origin(file.path)
        pieces = Pieces(self._driver, store, file)
        once = Once(pieces.read)
        try:
            if file.size is not None and self._deep and has_header(file.path, file.size, once, self._max_size):
                pieces.most = self._max_size
                yield Blob(origin, (), lambda: once)
                self._headers += 1
                self._left_out += file.size - pieces.taken
            elif file.size is not None and file.size > self._max_size:
                yield Unreadable(origin, f"larger than {self._max_size} bytes")
            else:
                pieces.most = self._max_size
                yield Blob(origin, windows_from(once.read), lambda: once)
        except StoreError as error:
            yield Unreadable(origin, error.reason)
        finally:
            pieces.close()
