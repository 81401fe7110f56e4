"""A store that speaks as much of S3 as reading takes: ListObjectsV2 in pages, HEAD, and GET by range.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.support.hub import Answer, Hub

if TYPE_CHECKING:
    from tests.support.hub import Request

_TIME = "2024-01-01T00:00:00.000Z"
_MODIFIED = "Mon, 01 Jan 2024 00:00:00 GMT"


class Bucket(Hub):
    """`name` and what is in it, by key. Listens while it is entered."""

    def __init__(self, name: str = "bucket", *, page: int = 3) -> None:
        super().__init__()
        self.name = name
        self.objects: dict[str, bytes] = {}
        self.refused: set[str] = set()
        """Keys of objects that whoever asks may not read."""
        self.claimed: dict[str, int] = {}
        """Sizes that are listed instead of those that there are."""
        self._page = page

    def __enter__(self) -> Bucket:  # noqa: PYI034 -- nothing derives from it, and Self is not in Python 3.10
        super().__enter__()
        return self

    @property
    def environment(self) -> dict[str, str]:
        """With which a client of S3 comes here."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "reader",
            "AWS_SECRET_ACCESS_KEY": "secret of the reader",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }

    def respond(self, request: Request) -> Answer:
        parts = urlsplit(request.path)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        if "reader/" not in request.headers.get("authorization", ""):
            return _error(403, "AccessDenied")
        if bucket != self.name:
            return _error(404, "NoSuchBucket")
        if not key:
            return self._list(parse_qs(parts.query, keep_blank_values=True))
        if key in self.refused:
            return _error(403, "AccessDenied")
        return _object(request, self.objects[key]) if key in self.objects else _error(404, "NoSuchKey")

    def _list(self, query: dict[str, list[str]]) -> Answer:
        prefix, delimiter = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
        after = query.get("continuation-token", [""])[0]
        keys: dict[str, bool] = {}
        for key in sorted(self.objects):
            if key.startswith(prefix):
                rest = key[len(prefix) :]
                is_folder = bool(delimiter) and delimiter in rest
                keys[prefix + rest.partition(delimiter)[0] + delimiter if is_folder else key] = is_folder
        waiting = [key for key in keys if key > after]
        page = waiting[: min(self._page, int(query.get("max-keys", ["1000"])[0]))]
        is_cut = len(waiting) > len(page)
        items = "".join(self._prefix(key) if keys[key] else self._content(key) for key in page)
        following = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if is_cut else ""
        told = f"<Name>{self.name}</Name><KeyCount>{len(page)}</KeyCount><EncodingType>url</EncodingType>"
        body = f"{told}<IsTruncated>{str(is_cut).lower()}</IsTruncated>{following}{items}"
        return _xml(200, f"<ListBucketResult>{body}</ListBucketResult>")

    def _content(self, key: str) -> str:
        size = self.claimed.get(key, len(self.objects[key]))
        told = f"<LastModified>{_TIME}</LastModified><ETag>&quot;0&quot;</ETag><Size>{size}</Size>"
        return f"<Contents><Key>{quote(key)}</Key>{told}<StorageClass>STANDARD</StorageClass></Contents>"

    @staticmethod
    def _prefix(key: str) -> str:
        return f"<CommonPrefixes><Prefix>{quote(key)}</Prefix></CommonPrefixes>"


def _object(request: Request, data: bytes) -> Answer:
    etag = hashlib.sha256(data).hexdigest()[:32]
    headers = {"ETag": f'"{etag}"', "Last-Modified": _MODIFIED, "Content-Type": "binary/octet-stream"}
    found = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
    if found is None or request.method == "HEAD":
        return Answer(200, data, headers)
    first, last = int(found[1]), min(int(found[2]), len(data) - 1)
    return Answer(206, data[first : last + 1], headers | {"Content-Range": f"bytes {first}-{last}/{len(data)}"})


def _error(status: int, code: str) -> Answer:
    return _xml(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>")


def _xml(status: int, body: str) -> Answer:
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return Answer(status, f"{head}{body}".encode(), {"Content-Type": "application/xml"})
