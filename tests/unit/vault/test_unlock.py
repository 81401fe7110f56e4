"""What is looked for, and in which order, before somebody is asked."""

from __future__ import annotations

import base64
import errno
import getpass
import os
import socket
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from tokenguard.errors import ExitCode, UsageError, VaultError
from tokenguard.vault import unlock
from tokenguard.vault.sealed import KEY, PASSPHRASE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY_TEXT = base64.b64encode(bytes(range(32)))


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """One that names all that can be named; only the variable has something in it at first."""
    for folder in ("credentials", "run"):
        (tmp_path / folder).mkdir()
    monkeypatch.setattr(unlock, "_CONTAINER_SECRET", str(tmp_path / "run" / "tokenguard"))
    return {
        "TOKENGUARD_PASSPHRASE": "another",
        "TOKENGUARD_PASSPHRASE_FILE": str(tmp_path / "named"),
        "CREDENTIALS_DIRECTORY": str(tmp_path / "credentials"),
        "TOKENGUARD_KEY_FILE": str(tmp_path / "key"),
    }


PLACES = ("credentials/tokenguard", "run/tokenguard", "named")


def taken(environment: dict[str, str]) -> list[tuple[str, str, bytes]]:
    """All that is there, and what it gives."""
    return [(way.kind, way.source, way.take()) for way in unlock.ways(environment)]


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "gone": (lambda path: None, "cannot be read: No such"),
    "a folder": (lambda path: path.mkdir(), "cannot be read: Is a directory"),
    "a loop": (lambda path: path.symlink_to(path), "cannot be read: Too many"),
}
EMPTY: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.touch(), "is empty"),
    "only lines": (lambda path: path.write_bytes(b"\r\n\n"), "is empty"),
    "too large": (lambda path: path.write_bytes(b"x" * (64 * 1024 + 1)), "is larger than 65536 bytes"),
}


def test_the_order(environment: dict[str, str], tmp_path: Path) -> None:
    paths = [tmp_path / place for place in PLACES]
    for path in paths:
        path.write_text(f"from {path}\n")
    (tmp_path / "key").write_bytes(KEY_TEXT)
    expected = [(KEY, "TOKENGUARD_KEY_FILE", KEY_TEXT)]
    sources = [str(paths[0]), str(paths[1]), "TOKENGUARD_PASSPHRASE_FILE"]
    expected += [
        (PASSPHRASE, source, f"from {path}".encode()) for source, path in zip(sources, paths, strict=True)
    ]
    expected.append((PASSPHRASE, "TOKENGUARD_PASSPHRASE", b"another"))
    assert taken(environment) == expected
    # Each is there without the others.
    for name, value in environment.items():
        found = [way.source for way in unlock.ways({name: value})]
        assert len(found) == 2
        assert str(tmp_path / "run" / "tokenguard") in found
    (tmp_path / "run" / "tokenguard").unlink()
    assert taken(dict.fromkeys(environment, "")) == taken({}) == []


def test_what_comes_later_is_not_even_looked_for(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One that serves is enough: that a disk does not answer, on which another is, is no reason to wait."""
    (tmp_path / "key").write_bytes(KEY_TEXT)
    looked: list[str] = []

    def isfile(path: str) -> bool:
        looked.append(path)
        return False

    monkeypatch.setattr(os.path, "isfile", isfile)
    found = unlock.ways(environment)
    assert (next(found).take(), looked) == (KEY_TEXT, [])
    assert len(list(found)) == len(looked) == 2


def test_none_is_read_before_it_is_taken(environment: dict[str, str], tmp_path: Path) -> None:
    """A pipe gives what is in it once."""
    for place in PLACES:
        (tmp_path / place).write_text("before")
    found = list(unlock.ways(environment))
    for place in PLACES:
        (tmp_path / place).write_text(f"after {place}")
    (tmp_path / "key").write_bytes(KEY_TEXT)
    after = [f"after {place}".encode() for place in PLACES]
    assert [way.take() for way in found] == [KEY_TEXT, *after, b"another"]


def test_a_real_container_has_it_where_docker_puts_it() -> None:
    assert list(unlock._usual_places({})) == ["/run/secrets/tokenguard"]


@pytest.mark.parametrize("how", [*SPOILT, *EMPTY])
def test_one_that_is_named_has_to_be_there(environment: dict[str, str], tmp_path: Path, how: str) -> None:
    spoil, said = {**SPOILT, **EMPTY}[how]
    for variable in ("TOKENGUARD_KEY_FILE", "TOKENGUARD_PASSPHRASE_FILE"):
        path = environment[variable]
        spoil(tmp_path / path)
        way = next(way for way in unlock.ways(environment) if way.source == variable)
        with pytest.raises(VaultError, match=said) as raised:
            way.take()
        assert f"the file in {variable} " in raised.value.message
        assert path not in f"{raised.value!r}{raised.value.hint}"


NO_PATHS = ["correct horse", KEY_TEXT.decode(), "horse\0battery", "horse \ud800", "horse" * 1000, "/horse/" * 3]


@pytest.mark.parametrize("variable", ["TOKENGUARD_KEY_FILE", "TOKENGUARD_PASSPHRASE_FILE"])
@pytest.mark.parametrize("value", NO_PATHS, ids=ascii)
def test_a_secret_in_the_variable_for_a_path_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(unlock, "_CONTAINER_SECRET", str(tmp_path / "no container"))
    (way,) = unlock.ways({variable: value})
    with pytest.raises(
        VaultError, match=f"the file in {variable} should open the vault file, and cannot be"
    ) as raised:
        way.take()
    assert raised.value.__suppress_context__
    shown = f"{raised.value!r}{raised.value.hint}{way!r}"
    assert not any(part in shown for part in ("horse", KEY_TEXT.decode()[:8]))


@pytest.mark.parametrize("how", [*SPOILT, "a pipe", "a link to a pipe", "a socket", "forbidden"])
def test_one_that_nobody_has_named_is_passed_over(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
) -> None:
    """And a pipe is not waited for."""
    for folder in ("credentials", "run"):
        path = tmp_path / folder / "tokenguard"
        if how == "a pipe":
            os.mkfifo(path)
        elif how == "a link to a pipe":
            os.mkfifo(tmp_path / folder / "pipe")
            path.symlink_to("pipe")
        elif how == "a socket":
            with monkeypatch.context() as patch, socket.socket(socket.AF_UNIX) as one:
                patch.chdir(path.parent)  # its name can be short only
                one.bind(path.name)
        elif how == "forbidden":
            path.touch(mode=0)
        else:
            SPOILT[how][0](path)
    if how == "forbidden":
        monkeypatch.setattr(os, "access", lambda path, mode: mode != os.R_OK)  # root may read it
    (tmp_path / "named").write_text("umbrella")
    (tmp_path / "key").write_bytes(KEY_TEXT)
    assert [value for *_, value in taken(environment)] == [KEY_TEXT, b"umbrella", b"another"]


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n"])
@pytest.mark.parametrize("how", ["file", "link", "pipe"])
def test_all_but_the_end_of_the_line_is_it(tmp_path: Path, end: bytes, how: str) -> None:
    """Kubernetes has links, `<(pass show tokenguard)` is a pipe."""
    path, value = tmp_path / "named", b" \xff um\nbrella "
    if how == "pipe":
        os.mkfifo(path)
        threading.Thread(target=path.write_bytes, args=(value + end,), daemon=True).start()
    else:
        (tmp_path / "it").write_bytes(value + end)
        (path.symlink_to if how == "link" else path.hardlink_to)(tmp_path / "it")
    environment = {"TOKENGUARD_PASSPHRASE_FILE": str(path)}
    assert taken(environment) == [(PASSPHRASE, "TOKENGUARD_PASSPHRASE_FILE", value)]


def test_a_passphrase_can_be_as_long_as_64_kib(tmp_path: Path) -> None:
    value = b"x" * (64 * 1024 - 1)
    (tmp_path / "named").write_bytes(value + b"\n")
    assert taken({"TOKENGUARD_PASSPHRASE_FILE": str(tmp_path / "named")})[0][2] == value


@pytest.mark.parametrize("value", [KEY_TEXT, base64.b64encode(bytes(64))])
def test_a_key_is_one_in_the_key_file_only(environment: dict[str, str], tmp_path: Path, value: bytes) -> None:
    for name in ("key", *PLACES):
        (tmp_path / name).write_bytes(value + b"\n")
    environment["TOKENGUARD_PASSPHRASE"] = value.decode()
    assert [kind for kind, _, taken in taken(environment) if taken == value] == [KEY, *[PASSPHRASE] * 4]


NO_KEYS = [
    base64.b64encode(bytes(31)),
    KEY_TEXT[:-1],
    KEY_TEXT[:22] + b"\n" + KEY_TEXT[22:],
    bytes(range(128, 160)),
    b"a passphrase of more than forty-four characters, with spaces",
]


def named(path: str) -> bytes:
    """The key in the file that the variable names."""
    return next(unlock.ways({"TOKENGUARD_KEY_FILE": path})).take()


@pytest.mark.parametrize("value", NO_KEYS)
@pytest.mark.parametrize("read", [named, unlock.key_at])
def test_a_key_file_without_a_key(tmp_path: Path, read: Callable[[str], bytes], value: bytes) -> None:
    (tmp_path / "key").write_bytes(value)
    with pytest.raises(VaultError, match="there is no key in") as raised:
        read(str(tmp_path / "key"))
    called = "the file in TOKENGUARD_KEY_FILE" if read is named else str(tmp_path / "key")
    assert raised.value.message == f"there is no key in {called}"
    assert "openssl rand -base64 32" in raised.value.hint
    assert repr(value)[2:-1] not in f"{raised.value!r}{raised.value.hint}"
    assert (tmp_path / "key").read_bytes() == value


def test_a_key_is_made_once(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one", "other")]
    one, other = made = [unlock.key_at(str(path)) for path in paths]
    assert one != other
    for path, value in zip(paths, made, strict=True):
        assert path.read_bytes() == value + b"\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert len(base64.b64decode(value, validate=True)) == 32
        assert named(str(path)) == unlock.key_at(str(path)) == value
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_a_key_is_made_in_the_folder_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert unlock.key_at("key") == (tmp_path / "key").read_bytes().rstrip()


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_key_is_there_as_a_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """What is in its place then would open nothing, and be taken for the key of whoever tries again."""

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, step, fail)
        with pytest.raises(VaultError, match="cannot be written: No space left"):
            unlock.key_at(str(tmp_path / "key"))
    assert list(tmp_path.iterdir()) == []
    assert unlock.key_at(str(tmp_path / "key"))


def test_any_bytes_can_be_in_the_variable() -> None:
    value = b"\xff\xc3\xa4 umbrella\n"
    environment = {"TOKENGUARD_PASSPHRASE": value.decode("utf-8", "surrogateescape")}
    assert taken(environment) == [(PASSPHRASE, "TOKENGUARD_PASSPHRASE", value)]
    assert "umbrella" not in repr(list(unlock.ways(environment)))


# A person


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What somebody answers, one after the other; then Ctrl-D."""
    answers: list[str] = []
    opened = os.open

    def answer(_: str) -> str:
        if not answers:
            raise EOFError
        return answers.pop(0)

    monkeypatch.setattr(os, "open", lambda path, *rest: opened(os.devnull if path == "/dev/tty" else path, *rest))
    monkeypatch.setattr(getpass, "getpass", answer)
    return answers


@pytest.mark.parametrize("text", ["ümbrella \udcff", KEY_TEXT.decode()])
def test_a_passphrase_is_typed(typed: list[str], text: str) -> None:
    before = len(os.listdir("/dev/fd"))
    expected = text.encode("utf-8", "surrogateescape")
    typed += [text] * 3
    assert (unlock.ask("Passphrase: "), unlock.ask_for_new()) == (expected, expected)
    assert (typed, len(os.listdir("/dev/fd"))) == ([], before)


FILES = ("TOKENGUARD_PASSPHRASE_FILE", "TOKENGUARD_KEY_FILE")
OUT: list[tuple[Callable[[], object], str, tuple[str, ...]]] = [
    (
        lambda: unlock.ask("Passphrase: "),
        "the vault file is locked: there is no terminal to ask for its passphrase",
        ("`tokenguard vault unlock` in a terminal", *FILES, "`tokenguard vault add-key`"),
    ),
    (
        unlock.ask_for_new,
        "there is no terminal to choose a passphrase for the vault file at",
        ("do it in a terminal", *FILES, "`openssl rand -base64 32`"),
    ),
]


@pytest.mark.parametrize(("ask", "said", "ways"), OUT, ids=["old", "new"])
def test_without_a_terminal_there_are_three_ways_out(
    monkeypatch: pytest.MonkeyPatch, typed: list[str], ask: Callable[[], object], said: str, ways: tuple[str, ...]
) -> None:
    """`vault unlock` and `vault add-key` are none where there is no file yet."""
    typed.append("nobody is there to be asked")
    opened = os.open
    monkeypatch.setattr(os, "open", lambda path, *rest: opened(path.replace("/dev/tty", "/dev/null/tty"), *rest))
    with pytest.raises(VaultError) as raised:
        ask()
    assert (raised.value.message, raised.value.exit_code, len(typed)) == (said, ExitCode.VAULT, 1)
    assert [way for way in ways if way not in raised.value.hint] == []
    assert ask is not unlock.ask_for_new or "tokenguard vault" not in raised.value.hint


@pytest.mark.parametrize("ask", [lambda: unlock.ask("Passphrase: "), unlock.ask_for_new])
@pytest.mark.parametrize("character", ["x", "ü", "\udcff"])
def test_what_a_terminal_may_have_cut_is_refused(
    monkeypatch: pytest.MonkeyPatch, typed: list[str], ask: Callable[[], object], character: str
) -> None:
    """A passphrase of which there is a piece only, twice the same one, would be the one from then on."""
    monkeypatch.setattr(unlock, "_LONGEST_LINE", 4095)  # it is shorter on macOS
    width = len(character.encode(errors="surrogateescape"))
    for length in (4095, 4096, 10_000):
        typed[:] = ["x" * (length % width) + character * (length // width)] * 2
        with pytest.raises(UsageError, match="so long a line as a whole") as raised:
            ask()
        assert raised.value.exit_code == ExitCode.USAGE
        assert "TOKENGUARD_PASSPHRASE_FILE" in raised.value.hint
        assert character * 8 not in f"{raised.value!r}{raised.value.hint}"
    longest = "x" * (4094 % width) + character * (4094 // width)
    typed[:] = [longest] * 2
    assert ask() == longest.encode(errors="surrogateescape")


@pytest.mark.parametrize("ask", [lambda: unlock.ask("Passphrase: "), unlock.ask_for_new])
def test_what_is_typed_in_another_encoding_is_said(
    monkeypatch: pytest.MonkeyPatch, typed: list[str], ask: Callable[[], object]
) -> None:
    def answer(_: str) -> str:
        return b"umbrella \xff".decode()

    monkeypatch.setattr(getpass, "getpass", answer)
    with pytest.raises(UsageError, match="no text in the encoding of this terminal") as raised:
        ask()
    assert raised.value.__suppress_context__
    assert "umbrella" not in f"{raised.value!r}{raised.value.hint}"


NONE, DIFFER = "no passphrase", "differ"
ANSWERS = [([], NONE), ([""], NONE), (["umbrella", ""], NONE), (["umbrella", "umbrela"], DIFFER)]


@pytest.mark.parametrize(("answers", "said"), ANSWERS)
def test_a_new_passphrase_that_is_none(typed: list[str], answers: list[str], said: str) -> None:
    typed += answers
    with pytest.raises(UsageError, match=said) as raised:
        unlock.ask_for_new()
    assert "mbrel" not in f"{raised.value!r}{raised.value.hint}"
