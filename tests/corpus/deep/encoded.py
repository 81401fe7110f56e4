"""Credentials in base64, hexadecimal and UTF-16, where people and programs leave them so."""

from __future__ import annotations

import base64
import codecs
import email.message
import email.policy
import json
import textwrap
from typing import TYPE_CHECKING

from tests.corpus.deep.cases import Place, leaking, once
from tests.support.credentials import every_kind

if TYPE_CHECKING:
    from tests.corpus.deep.cases import Recipes


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def wrapped(text: str | bytes, width: int, indent: str = "", end: str = "\n") -> str:
    """base64 in lines of `width`, each after `indent`."""
    return end.join(indent + line for line in textwrap.wrap(b64(text), width))


def dotenv(token: str) -> str:
    """A file of three lines; the token stands 55 characters from its beginning."""
    return f"HF_HOME=/data/huggingface\nLOG_LEVEL=info\nHF_TOKEN={token}\nTZ=UTC\n"


def manifest(name: str, value: str) -> str:
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: hub\ntype: Opaque\ndata:\n  {name}: {value}\n"


def registry(token: str, *, with_password: bool) -> str:
    """What `docker login` writes."""
    entry = {"auth": b64(f"alice:{token}")}
    if with_password:
        entry = {"username": "alice", "password": token, **entry}
    return json.dumps({"auths": {"registry.hf.space": entry}}, separators=(",", ":"))


def mail(token: str) -> bytes:
    """With an attachment, as Python's email has it: 13 lines of headers before its text."""
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["Subject"] = "settings"
    message["From"], message["To"] = "alice@example.com", "bob@example.com"
    message.set_content("See the attachment.\n")
    message.add_attachment(dotenv(token).encode(), maintype="application", subtype="octet-stream", filename="env")
    message.set_boundary("=-=-=")
    return message.as_bytes()


def jwt(token: str) -> str:
    parts = (
        b'{"alg":"HS256","typ":"JWT"}',
        json.dumps({"sub": "1", "hub": token, "exp": 1}).encode(),
        b"\xfb" * 32,
    )
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def ldif(token: str) -> str:
    value = "userPassword:: " + b64(token + ", for the hub, of the team in Paris")
    return f"dn: uid=alice,dc=example\nobjectClass: person\n{value[:60]}\n {value[60:]}\nsn: Alice\n"


def registry_hive(data: str, name: str = "HF_TOKEN") -> str:
    return f"Windows Registry Editor Version 5.00\r\n\r\n[HKEY_CURRENT_USER\\Environment]\r\n{name}={data}\r\n\r\n"


def commas(data: bytes, width: int = 10_000) -> str:
    """Bytes as regedit writes them, continued in further lines after `width` of them."""
    pairs = [f"{byte:02x}" for byte in data]
    return ",\\\r\n  ".join(",".join(pairs[at : at + width]) for at in range(0, len(pairs), width))


def plain_dump(data: bytes) -> str:
    """What `xxd -p` prints: 30 bytes a line."""
    return "".join(data[at : at + 30].hex() + "\n" for at in range(0, len(data), 30))


def session(token: str) -> str:
    """What a PowerShell redirect writes."""
    return f"PS> Get-ChildItem Env:\r\nPATH   C:\\Windows\r\nHF_TOKEN   {token}\r\n"


def kinds() -> Recipes:
    """Each kind of credential, in a manifest."""
    return {
        f"kubernetes/{kind}.yaml": leaking(
            lambda secret: manifest("credentials", b64(f"{secret}\n")), Place(7, ("base64",), kind=kind)
        )
        for kind in every_kind()
    }


BASE64: Recipes = {
    **kinds(),
    "kubernetes/alone.yaml": once(7, lambda token: manifest("HF_TOKEN", b64(token)), "base64"),
    "kubernetes/quoted.yaml": once(7, lambda token: manifest("HF_TOKEN", f'"{b64(token)}"'), "base64"),
    "kubernetes/dotenv.yaml": once(7, lambda token: manifest(".env", b64(dotenv(token))), "base64"),
    # In the second of the lines of 64 characters, below the one with the name.
    "kubernetes/block.yaml": once(
        9, lambda token: manifest(".env", "|\n" + wrapped(dotenv(token), 64, "    ")), "base64"
    ),
    "kubernetes/list.json": once(
        1, lambda token: json.dumps({"items": [{"kind": "Secret", "data": {"token": b64(token)}}]}), "base64"
    ),
    "kubernetes/pull-secret.yaml": once(
        7,
        lambda token: manifest(".dockerconfigjson", b64(registry(token, with_password=False))),
        "base64",
        "base64",
    ),
    "kubernetes/login.yaml": leaking(
        lambda token: manifest(".dockerconfigjson", b64(registry(token, with_password=True))),
        Place(7, ("base64",)),
        Place(7, ("base64", "base64"), secret=0),
    ),
    # What was put into `data` was base64 already.
    "kubernetes/twice.yaml": once(7, lambda token: manifest("token", b64(b64(token) + "\n")), "base64", "base64"),
    "kubernetes/three-times.yaml": once(
        7, lambda token: manifest("token", b64(b64(b64(dotenv(token))))), "base64", "base64", "base64"
    ),
    "docker/config.json": once(
        4,
        lambda token: json.dumps({"auths": {"hub": {"auth": b64(f"alice:{token}")}}}, indent=2),
        "base64",
    ),
    "http/request.txt": once(
        3,
        lambda token: (
            f"GET /api HTTP/1.1\r\nHost: huggingface.co\r\nAuthorization: Basic {b64('alice:' + token)}\r\n\r\n"
        ),
        "base64",
    ),
    "http/curl.log": once(
        2, lambda token: f"> GET / HTTP/2\n> authorization: Basic {b64(':' + token)}\n", "base64"
    ),
    "http/jwt.txt": once(2, lambda token: f"\nSet-Cookie: session={jwt(token)}; HttpOnly\n", "base64"),
    "http/page.html": once(
        2,
        lambda token: (
            f'<p>\n<a download href="data:text/plain;charset=utf-8;base64,{b64(dotenv(token))}">env</a>\n'
        ),
        "base64",
    ),
    "http/query.txt": once(
        1, lambda token: f"https://example.com/login?state={b64('t=' + token).replace('=', '%3D')}&x=1\n", "base64"
    ),
    "logs/github-actions.log": once(
        2,
        lambda token: (
            "2026-01-05T10:11:12.1234567Z ##[group]Run login\n"
            f"2026-01-05T10:11:12.1234568Z \x1b[36;1mecho {b64(token + chr(10))} | base64 -d > token\x1b[0m\n"
            "2026-01-05T10:11:12.1234569Z ##[endgroup]\n"
        ),
        "base64",
    ),
    "logs/api.json": once(
        1,
        lambda token: json.dumps({"name": ".env", "encoding": "base64", "content": wrapped(dotenv(token), 60)}),
        "base64",
    ),
    "mail/attachment.eml": once(19, mail, "base64"),
    "mail/directory.ldif": once(3, ldif, "base64"),
    "files/armour.pem": once(
        3, lambda token: f"-----BEGIN SECRET-----\n{wrapped(dotenv(token), 64)}\n-----END SECRET-----\n", "base64"
    ),
    "files/crlf.b64": once(2, lambda token: wrapped(dotenv(token), 64, end="\r\n") + "\r\n", "base64"),
    "files/settings.plist": once(
        4,
        lambda token: (
            "<plist><dict>\n\t<key>env</key><data>\n" + wrapped(dotenv(token), 52, "\t") + "\n\t</data></dict>\n"
        ),
        "base64",
    ),
    "files/cloud-init.yaml": once(
        5,
        lambda token: (
            f"#cloud-config\nwrite_files:\n  - path: /.env\n    encoding: b64\n    content: {b64(dotenv(token))}\n"
        ),
        "base64",
    ),
    "files/loader.py": once(
        2,
        lambda token: f"import base64\nKEY = {base64.urlsafe_b64encode(b'~~?>' + token.encode() + b'>>?~')!r}\n",
        "base64",
    ),
    "files/unpadded.js": once(1, lambda token: f"const key = atob('{b64(token).rstrip('=')}');\n", "base64"),
    "files/alignments.txt": leaking(
        lambda *tokens: "".join(
            b64("x" * shift + " " + token + " .") + "\n" for shift, token in enumerate(tokens)
        ),
        *(Place(line, ("base64",)) for line in (1, 2, 3)),
    ),
    "files/command.ps1": once(
        2,
        lambda token: "# start\r\npowershell -EncodedCommand " + b64(session(token).encode("utf-16-le")) + "\r\n",
        "base64",
        "utf-16",
    ),
    "files/hex-in-base64.txt": once(1, lambda token: b64(token.encode().hex()) + "\n", "base64", "hex"),
}

HEX: Recipes = {
    "files/dump.sql": once(
        2, lambda token: f"-- users\nINSERT INTO t VALUES (1, 0x{token.encode().hex()});\n", "hex"
    ),
    "files/literal.sql": once(1, lambda token: f"SELECT X'{token.encode().hex().upper()}';\n", "hex"),
    "files/bytea.sql": once(1, lambda token: f"COPY t FROM stdin;1\t\\\\x{dotenv(token).encode().hex()}\n", "hex"),
    # The first token begins in the second of its lines of 30 bytes.
    "files/xxd.txt": once(3, lambda token: "$ xxd -p .env\n" + plain_dump(dotenv(token).encode()), "hex"),
    "files/from-hex.py": once(1, lambda token: f'KEY = bytes.fromhex("{token.encode().hex()}")\n', "hex"),
    "files/base64-in-hex.txt": once(1, lambda token: b64(token).encode().hex() + "\n", "hex", "base64"),
    "windows/expanded.reg": once(
        4, lambda token: registry_hive("hex(2):" + commas((token + "\0").encode("utf-16-le"))), "hex", "utf-16"
    ),
    "windows/binary.reg": once(4, lambda token: registry_hive(f"hex:{commas(token.encode(), 20)}"), "hex"),
}

UTF16: Recipes = {
    "windows/redirect.txt": once(3, lambda token: session(token).encode("utf-16"), "utf-16"),
    "windows/no-mark.txt": once(3, lambda token: session(token).encode("utf-16-le"), "utf-16"),
    "windows/big-endian.txt": once(
        3, lambda token: codecs.BOM_UTF16_BE + session(token).encode("utf-16-be"), "utf-16"
    ),
    "windows/big-endian-no-mark.txt": once(3, lambda token: session(token).encode("utf-16-be"), "utf-16"),
    "windows/chinese.txt": once(2, lambda token: f"令牌管理\r\n令牌 {token}。\r\n".encode("utf-16"), "utf-16"),
    "windows/environment.reg": once(
        4, lambda token: registry_hive(f'"{token}"', '"HF_TOKEN"').encode("utf-16"), "utf-16"
    ),
    # A resource of a program begins anywhere.
    "windows/odd-offset.bin": once(
        1, lambda token: b"\1\2\3" * 333 + token.encode("utf-16-le") + b"\3\4", "utf-16"
    ),
    "windows/wide-base64.txt": once(
        1, lambda token: f"$key = '{b64(token)}'\r\n".encode("utf-16"), "utf-16", "base64"
    ),
}

RECIPES: Recipes = {**BASE64, **HEX, **UTF16}
