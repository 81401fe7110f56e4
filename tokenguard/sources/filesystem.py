"""What is kept in a store that fsspec opens: files below an address. The one door to fsspec.

Drivers are the user's own, raise what they like and wait as long as they like. What they list is by whoever writes
there. https://filesystem-spec.readthedocs.io/en/latest/api.html
"""

from __future__ import annotations

import errno
import re
import socket
from functools import partial
from typing import NamedTuple

from tokenguard.core.blob import Blob, Origin, Unreadable, in_memory
from tokenguard.core.fsurl import WEB
from tokenguard.core.redact import redact_suspects
from tokenguard.core.windows import Once, fill, windows_from
from tokenguard.deadline import DeadlineError, within
from tokenguard.errors import UsageError
from tokenguard.files import WINDOW
from tokenguard.sources.ahead import AT_ONCE, ahead
from tokenguard.sources.tensors import has_header, left_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    from tokenguard.core.fsurl import FilesystemUrl

    T = TypeVar("T")

LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is read, where nobody says otherwise: buckets have data sets in them."""

# Seconds: for a piece of a file or a folder, and for a bucket, which is listed as a whole.
_ANSWER = 120.0
_LISTING = 600.0
_AS_OFTEN = 4  # questions without an answer, after which there are no more
_MOST_FOLDERS = 100_000
_MOST_FILES = 5_000_000
_DEEPEST = 100
_LONGEST_REASON = 200
_NOT_THERE = "it is not there"
_STRANGE = "the store lists in it what is not in it"
_ANOTHER_SIZE = "the store lists {} bytes and gives another number"
_SLASH = "its name ends with a slash, and drivers do not open it"
# Whether fsspec's driver finds them or not; but those that lead nowhere, or to what is around the page.
_LINK = re.compile(rb"""<a\s+(?:[^>]*?\s+)?href\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_PAGES = ("text/html", "application/xhtml+xml")
_NO_LINK = re.compile(rb"(?:#|mailto:|javascript:|data:|\.\.?/?$|/$)", re.IGNORECASE)
# Of a large file: enough for most headers, then more.
_PIECES = (64 * 1024, 1024 * 1024, 8 * 1024 * 1024)


class StoreError(OSError):
    """Something in the store could not be read."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EIO, reason)
        self.reason = reason


class _File(NamedTuple):
    """A file: what the driver calls it, how the user would, and how many bytes it has, if that is told."""

    name: str
    path: str
    size: int | None


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
        self._unanswered = 0
        self._driver = _driver(url.scheme)

    def items(self) -> Iterator[Blob | Unreadable]:
        """All that is in the file, or below the folder. A Blob is to be read before the next one is asked for."""
        try:
            store = _Store(*self._ask(partial(_opened, self._driver, self._url)), is_web=self._is_web)
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

    def _files(self, store: _Store, failures: list[Unreadable]) -> Iterator[_File]:
        """Every file, while it is listed; what could not be goes to `failures`."""
        try:
            found = self._ask(store.info)
            if found is not None and found.get("type") == "file":
                self.listed += 1
                yield _File(store.top, self._url.text, self._size(found))
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
                entries = self._ask(partial(store.list, folder), listing=store.is_flat)
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
                    yield _File(name, self._path(store, name), self._size(entry))

    def _expect_links(self, store: _Store, folder: str, failures: list[Unreadable]) -> None:
        """Says it where a page that lists nothing has links: they lead elsewhere, or no driver sees them."""
        try:
            links = self._ask(partial(store.links, folder))
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

    def _path(self, store: _Store, name: str) -> str:
        return self._url.text.rstrip("/") + name.removeprefix(store.root)

    def _small(self, store: _Store, file: _File) -> Blob | Unreadable | None:
        """What is in a file that fits into memory; None of a larger one."""
        most = min(WINDOW, self._max_size)
        if file.size is not None and file.size > most:
            return None
        origin = Origin(file.path)
        try:
            pieces = _Pieces(self, store, file)
            data = fill(pieces.read, most + 1)
            pieces.close()
        except StoreError as error:
            return Unreadable(origin, error.reason)
        return in_memory(origin, data) if len(data) <= most else None

    def _large(self, store: _Store, file: _File) -> Iterator[Blob | Unreadable]:
        """A file that is read in pieces while it is looked through."""
        origin = Origin(file.path)
        pieces = _Pieces(self, store, file)
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

    def _ask(self, call: Callable[[], T], *, listing: bool = False) -> T:
        """What the driver gives. Raises StoreError for whatever it raises, or where it does not come back."""
        if self._unanswered >= _AS_OFTEN:  # thousands of files would wait for nothing, one after the other
            raise StoreError("the store gives no answer, and was not asked again")
        try:
            answer = within(_LISTING if listing else _ANSWER, call)
        except DeadlineError as error:
            self._unanswered += 1
            raise StoreError(f"the store gives {error}") from None
        except FileNotFoundError as error:
            raise StoreError(_missing(error)) from None
        except (UsageError, StoreError):
            raise
        except Exception as error:  # noqa: BLE001 -- the driver's own, of any kind
            raise StoreError(_reason(error)) from None
        self._unanswered = 0
        return answer


class _Store:
    """A file system of fsspec's, and the `root` in it that is read, without a slash at its end.

    `top` is what the driver is asked for where the root is meant. `is_web`: folders have a slash at their ends.
    """

    def __init__(self, system: Any, root: str, *, is_web: bool = False) -> None:
        self._system = system
        self._is_web = is_web
        self.root = root.rstrip("/")
        self.top = root if is_web else self.root
        kind = type(system)
        # Object stores list all below a prefix, in pages: names such as `a//b` are on no other list.
        self.is_flat = bool(getattr(kind, "async_impl", False)) and _has_own(kind, "_find")
        self.is_parallel = bool(getattr(kind, "async_impl", False))

    def info(self) -> dict[str, Any] | None:
        """What there is at the root itself; None where an object store has no such object."""
        try:
            found = self._system.info(self.top or self._system.root_marker)
        except FileNotFoundError as error:
            if self.is_flat:
                return None
            if not self._is_web or self.top.endswith("/") or _missing(error) != _NOT_THERE:
                raise
            found = self._system.info(f"{self.top}/")
            self.top += "/"
        return found if isinstance(found, dict) else None

    def _asked(self, folder: str) -> str:
        return self.top if folder == self.root else f"{folder}/"

    def _page(self, name: str) -> list[dict[str, Any]]:
        try:
            return list(self._system.ls(name, detail=True))
        except FileNotFoundError:  # of a page without links, the driver asks once more without the slash
            if not name.endswith("/"):
                raise
            self._system.info(name)
            return []

    def list(self, folder: str) -> list[dict[str, Any]]:
        """What is in a folder; in an object store, all that is below it."""
        if self.is_flat:
            return list(self._system.find(folder, detail=True).values())
        if self._is_web:
            return self._page(self._asked(folder))
        listed = self._system.ls(folder or self._system.root_marker, detail=True)
        return [entry for entry in listed if isinstance(entry, dict)]

    def links(self, folder: str) -> int:
        """How many links that lead somewhere a web server's page has, in what fits into a window."""
        name = self._asked(folder)
        if str(self._system.info(name).get("mimetype") or _PAGES[0]).lower() not in _PAGES:
            return 0
        with self._system.open(name, "rb") as page:
            data = bytes(page.read(WINDOW))
        return len({link for link in _LINK.findall(data) if not _NO_LINK.match(link)})

    def is_below(self, name: str, folder: str) -> bool:
        """Whether `name` is something in `folder`; directly so, where it is no object store."""
        rest = name[len(folder) + 1 :]
        is_within = name.startswith(f"{folder}/") and bool(rest)
        return is_within and (self.is_flat or "/" not in rest.rstrip("/"))

    def piece(self, file: _File, first: int, last: int) -> bytes:
        """The bytes from offset `first` to `last` of a file."""
        data = self._system.cat_file(file.name, start=first, end=last)
        return bytes(data)

    def open(self, file: _File) -> Any:
        """A file whose size is not known, to be read from its beginning."""
        return self._system.open(file.name, "rb")


class _Pieces:
    """A file, from its beginning on, in pieces that are asked for when they are read.

    Reading more than `most` bytes, where that is set, raises StoreError.
    """

    def __init__(self, source: FilesystemSource, store: _Store, file: _File) -> None:
        self.most: int | None = None
        self.taken = 0
        """Bytes that were asked for."""
        self._ask = source._ask  # noqa: SLF001 -- it is a part of it
        self._store = store
        self._file = file
        self._handle: Any = None
        self._data = memoryview(b"")
        self._sizes = iter(_PIECES if (file.size or 0) > WINDOW else ())
        self._size = WINDOW

    def read(self, most: int) -> bytes:
        """Up to `most` bytes, none at the end."""
        if not self._data:
            self._data = memoryview(self._take())
        data = bytes(self._data[:most])
        self._data = self._data[most:]
        return data

    def close(self) -> None:
        """Lets go of what was opened."""
        handle, self._handle = self._handle, None
        if handle is not None:
            self._ask(handle.close)

    def _take(self) -> bytes:
        if not self._file.size:  # or one of which none are listed: stores refuse to give a piece of nothing
            return self._take_some()
        count = min(next(self._sizes, self._size), self._file.size - self.taken)
        if not count:
            return b""
        if self.most is not None and self.taken >= self.most:
            raise StoreError(f"its header is larger than {self.most} bytes")
        is_last = self.taken + count == self._file.size
        # Of the last piece a byte more is asked for, which tells that there is one.
        data = self._ask(partial(self._store.piece, self._file, self.taken, self.taken + count + is_last))
        if len(data) != count:
            raise StoreError(_ANOTHER_SIZE.format(self._file.size))
        self.taken += count
        return data

    def _take_some(self) -> bytes:
        """What comes next of a file that does not say how long it is."""
        if self._handle is None:
            self._handle = self._ask(partial(self._store.open, self._file))
        data: bytes = self._ask(partial(self._handle.read, _PIECES[1]))
        self.taken += len(data)
        if data and self._file.size == 0:
            raise StoreError(_ANOTHER_SIZE.format(0))
        if self.most is not None and self.taken > self.most:
            raise StoreError(f"larger than {self.most} bytes")
        return data


def _driver(scheme: str) -> Any:
    """The class of fsspec's that reads `scheme`."""
    try:
        from fsspec.registry import get_filesystem_class

        driver = get_filesystem_class(scheme)
    except ValueError:
        raise UsageError(f"fsspec knows no {scheme}://", "is the package installed that reads it?") from None
    except ImportError as error:  # in fsspec's words, or those of what a driver is made of
        hint = "pip install 'hf-tokenguard[s3]'" if scheme in ("s3", "s3a") else _reason(error)
        raise UsageError(f"what reads {scheme}:// is not installed", hint) from None
    from fsspec.implementations.local import LocalFileSystem

    if issubclass(driver, LocalFileSystem):
        raise UsageError(f"{scheme}:// is not read", "it is no store elsewhere: name the path")
    return driver


def _opened(driver: Any, url: FilesystemUrl) -> tuple[Any, str]:
    """The file system, with the credentials that the driver finds by itself, and the path in it."""
    options = driver._get_kwargs_from_urls(url.text)  # noqa: SLF001 -- as fsspec.core.url_to_fs does
    # Nothing of an earlier time: who scans wants to know what is there now.
    system = driver(**options, skip_instance_cache=True, use_listings_cache=False)
    return system, driver._strip_protocol(url.text)  # noqa: SLF001 -- the same


def _has_own(kind: type, method: str) -> bool:
    """Whether a driver has a `method` of its own, and not that of fsspec's for all."""
    owner = next(one for one in kind.__mro__ if method in vars(one))
    return not owner.__module__.startswith(("fsspec.asyn", "fsspec.spec"))


def _missing(error: FileNotFoundError) -> str:
    """What has happened: fsspec's driver for web servers says of all that fails that there is no such file."""
    cause = error.__cause__ or error.__context__
    status = getattr(cause, "status", None)
    if cause is None or isinstance(cause, FileNotFoundError) or status in (404, 410):
        return _NOT_THERE
    if isinstance(status, int) and status:
        return f"the server answers {status}"
    if not type(cause).__module__.startswith("aiohttp"):
        return _NOT_THERE if not isinstance(cause, TimeoutError) else "the server gives no answer"
    host, port = getattr(cause, "host", None), getattr(cause, "port", None)
    if "Certificate" in type(cause).__name__ or "SSL" in type(cause).__name__:
        return f"the certificate of {host}:{port} is not valid, or there is none"
    if isinstance(getattr(cause, "os_error", None), socket.gaierror):
        return f"the name {host} cannot be resolved"
    return f"there is no connection to {host}:{port}" if host else _reason(cause)


def _reason(error: BaseException) -> str:
    said = re.sub(r"\?[^\s'\"]+", "?…", str(error).strip().partition("\n")[0])  # what signs an address
    said = redact_suspects(said)[:_LONGEST_REASON]
    return said or type(error).__name__
