"""Addresses for fsspec: what is one, what is not opened, and that no secret in one is said again."""

from __future__ import annotations

import pytest

from tests.support.credentials import user_token
from tokenguard.core.endpoint import read_endpoint
from tokenguard.core.fsurl import FilesystemUrl, is_filesystem_url, local_path, parse_filesystem_url
from tokenguard.errors import UsageError


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("s3://bucket", FilesystemUrl("s3://bucket", "s3")),
        ("S3://bucket/notebooks/", FilesystemUrl("s3://bucket/notebooks", "s3")),
        ("s3://bucket/a@b/c: d.txt", FilesystemUrl("s3://bucket/a@b/c: d.txt", "s3")),
        ("abfss://box@account.example.net/x", FilesystemUrl("abfss://box@account.example.net/x", "abfss")),
        ("sftp://alice@host:2222/srv", FilesystemUrl("sftp://alice@host:2222/srv", "sftp")),
        ("ftp://[::1]:21/x", FilesystemUrl("ftp://[::1]:21/x", "ftp")),
        ("https://example.org/x", FilesystemUrl("https://example.org/x", "https")),
        ("http://127.0.0.1:80/x", FilesystemUrl("http://127.0.0.1:80/x", "http")),
    ],
)
def test_what_is_to_be_opened(text: str, read: FilesystemUrl) -> None:
    assert is_filesystem_url(text)
    assert parse_filesystem_url(text) == read


@pytest.mark.parametrize(
    "text", ["src", "./s3:/x", "a::b.txt", "C://x", "hf://acme/model", "file:///srv", "a b://x", "://x"]
)
def test_what_is_not_for_fsspec(text: str) -> None:
    assert not is_filesystem_url(text)


def test_a_file_here_is_its_path() -> None:
    assert [local_path(text) for text in ("file:///srv/x", "local://x", "src")] == ["/srv/x", "x", "src"]


@pytest.mark.parametrize(
    "text",
    [
        "s3://",
        "s3:///x",
        "s3://bucket/a\nb",
        "s3://bucket/" + "a" * 2048,
        "ftp://host:port/x",
        "http://example.org/x",
        "http://localhost.example.org/x",
        "simplecache::s3://bucket/x",
        "zip://x::s3://bucket/a.zip",
        "s3://bucket/a::file:///etc",
        "git://x@host/y",
        "github://acme:model@main/",
        "reference://",
        "jupyter://host/x",
        "memory://x",
        "HF://acme/model",
        "pyscript://x/y",
        "nothing",
    ],
)
def test_what_is_not_opened(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_filesystem_url(text)
    assert raised.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "ftp://alice:{}@host/x",
        "s3://key:{}@bucket/x",
        "https://{}@host/x",
        "https://store.example.org/x?signature={}",
        "simplecache::ftp://alice:{}@host/x",
        "sftp://{}@host/x",
        "https://u%3a{}%40host/x",
    ],
)
def test_no_secret_is_taken_or_said(text: str) -> None:
    for secret in ("correct horse", user_token()):
        if secret == "correct horse" and text.startswith("sftp"):
            continue  # the name of a user
        with pytest.raises(UsageError) as raised:
            parse_filesystem_url(text.format(secret))
        assert secret not in raised.value.message + raised.value.hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("https://huggingface.co/acme/model", "scan hf://acme/model, and for its git: tokenguard sweep "),
        ("https://HuggingFace.co/datasets/acme/x/tree/main", "scan hf://datasets/acme/x, and"),
        ("https://hf.co/spaces/acme/demo/", "sweep https://hf.co/spaces/acme/demo"),
        ("https://huggingface.co/datasets/acme", "it is like hf://acme/model"),
        ("https://huggingface.co", "it is like hf://acme/model"),
        ("http://localhost:80/hub/acme/model", "sweep http://localhost:80/hub/acme/model"),
        ("https://github.com/acme/x", "tokenguard sweep https://github.com/acme/x"),
        ("https://gitlab.com/acme/x", "tokenguard sweep https://gitlab.com/acme/x"),
        ("https://example.org/x.git/", "tokenguard sweep https://example.org/x.git/"),
    ],
)
def test_a_page_about_a_repository_is_not_taken_for_it(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_filesystem_url(text, read_endpoint("http://localhost:80/hub"))
    assert hint in raised.value.hint
