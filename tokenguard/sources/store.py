"""A store as a driver of fsspec shows it: what is listed, and what is in a file. The one door to fsspec.

Drivers are the user's own, raise what they like and wait as long as they like.
https://filesystem-spec.readthedocs.io/en/latest/api.html
"""

from __future__ import annotations

import errno
import re
import socket
from functools import partial
from typing import NamedTuple

from tokenguard.core.fsurl import WEB
from tokenguard.core.redact import redact_suspects
from tokenguard.deadline import DeadlineError, within
from tokenguard.errors import UsageError
from tokenguard.files import WINDOW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from tokenguard.core.fsurl import FilesystemUrl

    T = TypeVar("T")

# Seconds: for a piece of a file or a folder, and for a bucket, which is listed as a whole.
_ANSWER = 120.0
_LISTING = 600.0
_AS_OFTEN = 4  # questions without an answer, after which there are no more
_LONGEST_REASON = 200
_NOT_THERE = "it is not there"
_ANOTHER_SIZE = "the store lists {} bytes and gives another number"
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


class File(NamedTuple):
    """A file: what the driver calls it, how the user would, and how many bytes it has, if that is told."""

    name: str
    path: str
    size: int | None


class Driver:
    """What reads `scheme`, asked with as much patience as it deserves. Raises UsageError where there is none."""

    def __init__(self, scheme: str) -> None:
        self._kind = _kind(scheme)
        self._unanswered = 0

    def open(self, url: FilesystemUrl) -> Store:
        """The Store that `url` is about. Raises StoreError."""
        return Store(*self.ask(partial(_opened, self._kind, url)), is_web=url.scheme in WEB)

    def ask(self, call: Callable[[], T], *, listing: bool = False) -> T:
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


class Store:
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

    def piece(self, file: File, first: int, last: int) -> bytes:
        """The bytes from offset `first` to `last` of a file."""
        data = self._system.cat_file(file.name, start=first, end=last)
        return bytes(data)

    def open(self, file: File) -> Any:
        """A file whose size is not known, to be read from its beginning."""
        return self._system.open(file.name, "rb")


class Pieces:
    """A file, from its beginning on, in pieces that are asked for when they are read.

    Reading more than `most` bytes, where that is set, raises StoreError.
    """

    def __init__(self, driver: Driver, store: Store, file: File) -> None:
        self.most: int | None = None
        self.taken = 0
        """Bytes that were asked for."""
        self._driver = driver
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
            self._driver.ask(handle.close)

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
        data = self._driver.ask(partial(self._store.piece, self._file, self.taken, self.taken + count + is_last))
        if len(data) != count:
            raise StoreError(_ANOTHER_SIZE.format(self._file.size))
        self.taken += count
        return data

    def _take_some(self) -> bytes:
        """What comes next of a file that does not say how long it is."""
        if self._handle is None:
            self._handle = self._driver.ask(partial(self._store.open, self._file))
        data: bytes = self._driver.ask(partial(self._handle.read, _PIECES[1]))
        self.taken += len(data)
        if data and self._file.size == 0:
            raise StoreError(_ANOTHER_SIZE.format(0))
        if self.most is not None and self.taken > self.most:
            raise StoreError(f"larger than {self.most} bytes")
        return data


def _kind(scheme: str) -> Any:
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
