"""What a sweep reads: nothing that git, ssh or a shell could take for something else."""

import pytest

from tests.support.credentials import user_token
from tokenguard.core.target import FILESYSTEM, FOLDER, HTTP, HTTPS, HUB, SSH, Target, read_target
from tokenguard.errors import UsageError

TARGETS = {
    "model": FOLDER,
    ".": FOLDER,
    "/srv/git/a b.git": FOLDER,
    "../ä": FOLDER,
    "./-c": FOLDER,
    "./a:b": FOLDER,
    "a/b:c": FOLDER,
    "C:\\src\\model": FOLDER,
    "https://git.example.com/acme/model.git": HTTPS,
    "https://git.example.com:8443/~alice/model": HTTPS,
    "https://[2001:db8::1]/model": HTTPS,
    "http://127.0.0.1:8000/model": HTTP,
    "http://localhost/model": HTTP,
    "ssh://git@git.example.com:22/acme/model.git": SSH,
    "ssh://git.example.com/acme/model.git": SSH,
    "git@git.example.com:acme/model.git": SSH,
    "git@git.example.com:/srv/model.git": SSH,
    "hf://acme": HUB,
    "hf://acme/model": HUB,
    "hf://datasets/acme/data": HUB,
    "s3://bucket": FILESYSTEM,
    "s3://bucket/notebooks/2024": FILESYSTEM,
    "gs://bucket/a.b/": FILESYSTEM,
    "abfs://container/x": FILESYSTEM,
}


@pytest.mark.parametrize("text", TARGETS)
def test_what_is_a_target(text: str) -> None:
    target = read_target(text)
    assert target == (text, TARGETS[text])
    assert target.is_address is (TARGETS[text] in (HTTP, HTTPS, SSH))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "--upload-pack=touch /tmp/x",
        "-c",
        "--",
        "ext::sh -c touch% /tmp/x",
        "fd::3",
        "transport::https://git.example.com/a",
        "file:///srv/git/model.git",
        "FILE:///srv/git/model.git",
        "git://git.example.com/model.git",
        "ftp://git.example.com/model.git",
        "http://git.example.com/model.git",
        "http://127.0.0.1.example.com/model.git",
        "https://-oProxyCommand=x/model",
        "ssh://-oProxyCommand=x/model",
        "ssh://git@-oProxyCommand=x/model",
        "-oProxyCommand=x:model",
        "git@-oProxyCommand=x:model",
        "git@git.example.com:--upload-pack=x",
        "git@git.example.com:a b",
        "git@git.example.com:`x`",
        "git.example.com:model",
        "https://alice:password@git.example.com/model",
        "https://alice@git.example.com/model",
        "ssh://git:password@git.example.com/model",
        "https://git.example.com\\@evil.example.com/model",
        "https://git.example.com/model?x=y",
        "https://git.example.com/model#x",
        "https://git.example.com/a%0ab",
        "https://git.example.com:99999/model",
        "https://git.example.com:/model",
        "https://git.example.com",
        "https:///model",
        "https://git.example.com/a\nb",
        "model\n",
        "model\0",
        "model\x1b[2J",
        "mod\u202eel",
        "hf://",
        "hf://acme/../../x",
        "hf://acme/mo del",
        "hf://models",
        "hf://collections/acme/x",
        "hf://acme/model@main",
        "s3://",
        "s3:///x",
        "s3://key:secret@bucket/x",
        "s3://bucket/../x",
        "s3://bucket/x?versionId=1",
        "s3://bucket/x::file:///etc",
        "simplecache::s3://bucket/x",
        "s3://bucket/*",
        "memory://x",
        "github://acme:model@main/x",
        "x" * 3000,
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(UsageError):
        read_target(text)


def test_a_name_of_the_hub_has_one_form() -> None:
    targets = {read_target(f"hf://{name}") for name in ("acme/x", "acme/x/", "models/acme/x", "model/acme/x")}
    assert targets == {Target("hf://acme/x", HUB)}
    assert not Target("hf://acme/x", HUB).is_account
    assert read_target("hf://acme/").is_account
    assert not read_target("acme").is_account


@pytest.mark.parametrize("form", ["{}", "./{}", "https://{}@git.example.com/a", "https://git.example.com/{}"])
def test_a_secret_is_refused_and_not_repeated(form: str) -> None:
    token = user_token()
    with pytest.raises(UsageError) as caught:
        read_target(form.format(token))
    assert token[5:] not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    "text",
    [
        *("s3://KEYID:{}@b/x", "https://ex.com/a?token={}", "s3://b/x?X-Amz-Signature={}", "az://c/x?sig={}"),
        *("ftp://u:{}@h/x", "HTTPS://u:{}@h/x", "https:u:{}@h/x", "u:{}@h:x", "hf://u:{}@acme/model"),
        *("https://alice:{}@git.example.com/model", "ssh://{}@@h/x", "-x{}@h", "https://h/x;{}\n", "x::{}@h"),
    ],
)
def test_what_may_be_a_password_is_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_target(text.format("sesame"))
    said = f"{caught.value.message} {caught.value.hint}"
    assert "sesame" not in said
    scheme = text.lower().partition("://")[0]
    assert "://" not in text or f"{scheme}://" in said
