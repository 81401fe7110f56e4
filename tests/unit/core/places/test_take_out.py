"""With a token goes the syntax around it, and every other byte stays; {T} and {U} stand for tokens."""

from __future__ import annotations

import base64

import pytest

from tests.support.credentials import user_token
from tokenguard.core.places import (
    DOCKER,
    DOTENV,
    EDITOR,
    GIT_CREDENTIALS,
    GIT_REMOTE,
    HISTORY,
    NETRC,
    START_FILE,
    STORED_TOKENS,
    TOKEN_FILE,
    WANDB,
    find,
    take_out,
)
from tokenguard.core.token import Token

T, U = user_token(1), user_token(2)
LOGIN = base64.b64encode(f"hf_user:{T}".encode()).decode()

# The place, the file's name, its content, what the token is called, and the content without it.
CASES = {
    "the token alone": (TOKEN_FILE, "token", "{T}", None, ""),
    "the token and a line end": (TOKEN_FILE, "token", "{T}\r\n", None, ""),
    "a token and something else": (TOKEN_FILE, "token", "{T}\nnote\n", None, "note\n"),
    "a section": (
        STORED_TOKENS,
        "stored_tokens",
        "[a]\nhf_token = x\n\n[lap top]\nhf_token = {T}\n\n[z]\nhf_token = y\n\n",
        "lap top",
        "[a]\nhf_token = x\n\n[z]\nhf_token = y\n\n",
    ),
    "the last section, without an end of line": (
        STORED_TOKENS,
        "stored_tokens",
        "# mine\r\n[a]\r\nhf_token = x\r\n\r\n[b]\r\n; why\r\nHF_Token: {T}\r\nexpires_at = 1",
        "b",
        "# mine\r\n[a]\r\nhf_token = x\r\n\r\n; why\r\n",
    ),
    "a name in brackets": (STORED_TOKENS, "stored_tokens", "[a [b]]\nhf_token={T}\n", "a [b]", ""),
    "a value on the next line": (
        STORED_TOKENS,
        "stored_tokens",
        "[a]\nhf_token =\n  {T}\n\n[b]\nx=1\n",
        "a",
        "[b]\nx=1\n",
    ),
    "a section with more in it": (
        STORED_TOKENS,
        "stored_tokens",
        "[a]\nhf_token = {T}\nendpoint = here\n",
        "a",
        "[a]\nendpoint = here\n",
    ),
    "a comment": (
        STORED_TOKENS,
        "stored_tokens",
        "[a]\n# was {T}\nhf_token = x\n",
        "a",
        "[a]\n# was hf_REDACTED\nhf_token = x\n",
    ),
    "an entry on a line": (
        NETRC,
        ".netrc",
        "# all\nmachine a login b password c\nmachine huggingface.co login me password {T}\nmachine d login e\n",
        "huggingface.co",
        "# all\nmachine a login b password c\nmachine d login e\n",
    ),
    "an entry on lines, with comments": (
        NETRC,
        ".netrc",
        "machine huggingface.co\n\tlogin me\n\t# mine\n\tpassword {T} # from laptop\nmachine d login e\n",
        "huggingface.co",
        "\t# mine\n\t# from laptop\nmachine d login e\n",
    ),
    "entries on one line": (
        NETRC,
        ".netrc",
        'machine a login b password c machine hf.co password "{T}" machine d login e',
        "hf.co",
        "machine a login b password c machine d login e",
    ),
    "an entry for all, and a macro": (
        NETRC,
        ".netrc",
        "macdef init\nmachine x\n\ndefault login {T} password x\r\n",
        None,
        "macdef init\nmachine x\n\n",
    ),
    "in a macro": (NETRC, ".netrc", "macdef init\nquote {T}\n\n", None, "macdef init\nquote hf_REDACTED\n\n"),
    "a credential of git's": (
        GIT_CREDENTIALS,
        ".git-credentials",
        "https://a:b@github.com\nhttps://me:{T}@huggingface.co\n",
        "huggingface.co",
        "https://a:b@github.com\n",
    ),
    "the last, without an end of line": (
        GIT_CREDENTIALS,
        ".git-credentials",
        "https://a:b@github.com\nhttps://{T}@huggingface.co:443",
        "huggingface.co",
        "https://a:b@github.com\n",
    ),
    "a remote": (
        GIT_REMOTE,
        "config",
        '[remote "origin"]\n\turl = https://me:{T}@huggingface.co/acme/m ; why\n\tfetch = x\n',
        "huggingface.co",
        '[remote "origin"]\n\turl = https://huggingface.co/acme/m ; why\n\tfetch = x\n',
    ),
    "a URL in quotes": (
        GIT_REMOTE,
        ".gitconfig",
        '[url "https://{T}@huggingface.co/"]\n\tinsteadOf = hf:\n',
        "huggingface.co",
        '[url "https://huggingface.co/"]\n\tinsteadOf = hf:\n',
    ),
    "a header": (
        GIT_REMOTE,
        "config",
        "[http]\n\textraHeader = Authorization: Bearer {T}\n\tx = y\n",
        "extraHeader",
        "[http]\n\tx = y\n",
    ),
    "elsewhere in a configuration": (
        GIT_REMOTE,
        "config",
        "[x]\n\ty = {T}\n",
        None,
        "[x]\n\ty = hf_REDACTED\n",
    ),
    "dotenv": (DOTENV, ".env", "A=1\nHF_TOKEN={T}\nB=2\n", "HF_TOKEN", "A=1\nB=2\n"),
    "dotenv, quoted, last": (DOTENV, ".env", 'A=1\r\nHF_TOKEN = "{T}"', "HF_TOKEN", "A=1\r\n"),
    "dotenv, off": (DOTENV, ".env", "#HF_TOKEN={T} # old\nB=2\n", "HF_TOKEN", "B=2\n"),
    "dotenv, with a comment": (DOTENV, ".env", "HF_TOKEN={T} # of ci\n", "HF_TOKEN", "# of ci\n"),
    "dotenv, a part of a value": (
        DOTENV,
        ".env",
        "URL=https://me:{T}@hf.co\n",
        None,
        "URL=https://me:hf_REDACTED@hf.co\n",
    ),
    "dotenv, a byte order mark": (DOTENV, ".env", "\ufeffHF_TOKEN={T}\nB=2\n", "HF_TOKEN", "\ufeffB=2\n"),
    "sh": (START_FILE, ".bashrc", "a\nexport HF_TOKEN='{T}';\nb", "HF_TOKEN", "a\nb"),
    "sh, declared": (START_FILE, ".zshrc", "typeset -gx HF_TOKEN={T}\n", "HF_TOKEN", ""),
    "sh, off": (START_FILE, ".bashrc", "  # export HF_TOKEN={T}\nb\n", "HF_TOKEN", "b\n"),
    "sh, alone in a block": (
        START_FILE,
        ".bashrc",
        "if x; then # y\n  # z\n  export HF_TOKEN={T}\nfi\n",
        "HF_TOKEN",
        "if x; then # y\n  # z\n  :\nfi\n",
    ),
    "sh, with others": (
        START_FILE,
        ".bashrc",
        "export A=1 HF_TOKEN={T} B=2\n",
        "HF_TOKEN",
        'export A=1 HF_TOKEN="${HF_TOKEN-}" B=2\n',
    ),
    "sh, over two lines": (
        START_FILE,
        ".profile",
        "export A=1 \\\n  HF_TOKEN={T}\n",
        "HF_TOKEN",
        'export A=1 \\\n  HF_TOKEN="${HF_TOKEN-}"\n',
    ),
    "sh, an alias": (
        START_FILE,
        ".bashrc",
        'alias c="HF_TOKEN={T} chat"\n',
        "HF_TOKEN",
        'alias c="HF_TOKEN=${HF_TOKEN-} chat"\n',
    ),
    "fish": (START_FILE, "config.fish", "set -gx HF_TOKEN {T}\nx\n", "HF_TOKEN", "x\n"),
    "fish, universal": (
        START_FILE,
        "fish_variables",
        "SETUVAR --export HF_TOKEN:{T}\nx\n",
        "HF_TOKEN",
        "x\n",
    ),
    "csh": (START_FILE, ".cshrc", "setenv HF_TOKEN {T}\nx\n", "HF_TOKEN", "x\n"),
    "PowerShell": (START_FILE, "profile.ps1", "$Env:HF_TOKEN = '{T}'\r\nx\r\n", "HF_TOKEN", "x\r\n"),
    "PowerShell, for good": (
        START_FILE,
        "profile.ps1",
        "[Environment]::SetEnvironmentVariable('HF_TOKEN', '{T}', 'User')\nx\n",
        "HF_TOKEN",
        "x\n",
    ),
    "nushell": (START_FILE, "env.nu", '$env.HF_TOKEN = "{T}"\nx\n', "HF_TOKEN", "x\n"),
    "INI": (WANDB, "settings", "[default]\nkey = {T}\nx = y\n", "key", "[default]\nx = y\n"),
    "a command": (HISTORY, ".bash_history", "a\nexport HF_TOKEN={T}\nb\n", "HF_TOKEN", "a\nb\n"),
    "a command with its time": (
        HISTORY,
        ".bash_history",
        "#1700000000\na\n#1700000001\nhf --token {T}\n#1700000002\nb\n",
        None,
        "#1700000000\na\n#1700000002\nb\n",
    ),
    "a line of a command with its time": (
        HISTORY,
        ".bash_history",
        "#1700000000\nfor a in {T}\ndo b; done\n#1700000002\nb\n",
        None,
        "#1700000000\ndo b; done\n#1700000002\nb\n",
    ),
    "zsh": (
        HISTORY,
        ".zsh_history",
        ": 1700000000:0;a\n: 1700000001:0;b \\\n  --token {T} \\\n  c\n: 1700000002:0;d\\\n",
        None,
        ": 1700000000:0;a\n: 1700000002:0;d\\\n",
    ),
    "fish's": (
        HISTORY,
        "fish_history",
        "- cmd: a\n  when: 1\n- cmd: x\\nhf --token {T}\n  when: 2\n  paths:\n    - b\n- cmd: c\n  when: 3\n",
        None,
        "- cmd: a\n  when: 1\n- cmd: c\n  when: 3\n",
    ),
    "fish's first and last": (HISTORY, "fish_history", "- cmd: x {T}\n  when: 2\n", None, ""),
    "PowerShell's": (
        HISTORY,
        "ConsoleHost_history.txt",
        "a\r\nb `\r\n{T} `\r\nc\r\nd\r\n",
        None,
        "a\r\nd\r\n",
    ),
    "settings": (
        EDITOR,
        "settings.json",
        '{\n  // mine\n  "terminal.env": {"HF_TOKEN": "{T}",},\n}',
        "HF_TOKEN",
        '{\n  // mine\n  "terminal.env": {"HF_TOKEN": "",},\n}',
    ),
    "a part of a setting": (
        EDITOR,
        "mcp.json",
        '{"Authorization": "Bearer {T}"}',
        "Authorization",
        '{"Authorization": "Bearer hf_REDACTED"}',
    ),
    "docker": (
        DOCKER,
        "config.json",
        '{\n\t"auths": {\n\t\t"registry.hf.space": {\n\t\t\t"auth": "{LOGIN}"\n\t\t}\n\t}\n}',
        "registry.hf.space",
        '{\n\t"auths": {\n\t\t"registry.hf.space": {\n\t\t\t"auth": ""\n\t\t}\n\t}\n}',
    ),
}


def content(text: str) -> bytes:
    return text.replace("{LOGIN}", LOGIN).replace("{T}", T).replace("{U}", U).encode()


@pytest.mark.parametrize("case", CASES)
def test_with_a_token_goes_what_belongs_to_it(case: str) -> None:
    place, name, before, called, after = CASES[case]
    data = content(before)
    assert [(spot.token, spot.name) for spot in find(place, name, data)] == [(Token(T), called)]
    assert take_out(place, name, data, lambda _: True) == content(after)


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_to_be_taken_stays(case: str) -> None:
    place, name, before, _, _ = CASES[case]
    assert take_out(place, name, content(before), lambda _: False) == content(before)


@pytest.mark.parametrize(
    ("place", "name", "before", "after"),
    [
        (HISTORY, ".bash_history", "a\nx {T} {U}\n", "a\nx hf_REDACTED {U}\n"),
        (NETRC, ".netrc", "machine a login {U} password {T}\n", "machine a login {U} password hf_REDACTED\n"),
        (DOTENV, ".env", "A={T}\nB={U}\n", "B={U}\n"),
        (TOKEN_FILE, "token", "{U}\n{T}\n", "{U}\n"),
        (STORED_TOKENS, "stored_tokens", "[a]\nhf_token={U}\n[b]\nhf_token={T}\n", "[a]\nhf_token={U}\n"),
        (
            STORED_TOKENS,
            "stored_tokens",
            "[a]\nhf_token={T}\nrefresh_token={U}\n",
            "[a]\nhf_token=hf_REDACTED\nrefresh_token={U}\n",
        ),
    ],
)
def test_a_token_that_stays_keeps_what_it_shares(place: str, name: str, before: str, after: str) -> None:
    assert take_out(place, name, content(before), lambda token: token == Token(T)) == content(after)


@pytest.mark.parametrize(
    ("place", "before", "after"),
    [
        (HISTORY, "a\nx {T} {U}\nb\n", "a\nb\n"),
        (NETRC, "machine a login {U} password {T}\n", ""),
        (STORED_TOKENS, "[a]\nhf_token={T}\n\n[b]\nhf_token={U}\n", ""),
        (START_FILE, "if x; then\n export A={T}\n export B={U}\nfi\n", "if x; then\n :\nfi\n"),
    ],
)
def test_two_that_lie_side_by_side_both_go(place: str, before: str, after: str) -> None:
    assert take_out(place, ".bashrc", content(before), lambda _: True) == content(after)


def test_a_login_of_docker_that_is_no_base64_is_none() -> None:
    assert find(DOCKER, "config.json", b'{"auths": {"a": {"auth": "abc"}, "b": {"auth": "YTpi"}}}') == []


def test_of_several_lines_each_is_its_own() -> None:
    data = content("A={T}\nB={U}\n# {T}\n")
    assert [spot.name for spot in find(DOTENV, ".env", data)] == ["A", "B", None]
    assert take_out(DOTENV, ".env", data, lambda _: True) == b"# hf_REDACTED\n"
