"""The shells themselves read what an Exporter writes: a value arrives as it was, and is gone once it is unset."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.repository import TIMEOUT, environment
from tests.unit.exporters.hostile import KNOWN, values
from tokenguard.exporters import exporter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


pytestmark = pytest.mark.programs


class Shell(NamedTuple):
    """A shell without any configuration, and what a person types to load the lines in the file `lines`."""

    form: str
    command: tuple[str, ...]
    load: str


SHELLS = {
    "bash": Shell("sh", ("bash", "--noprofile", "--norc"), 'eval "$(cat lines)"'),
    "bash, interactive": Shell("sh", ("bash", "--noprofile", "--norc", "-i"), 'eval "$(cat lines)"'),
    "bash, sourced": Shell("sh", ("bash", "--noprofile", "--norc"), ". ./lines"),
    "dash": Shell("sh", ("dash",), 'eval "$(cat lines)"'),
    "zsh": Shell("sh", ("zsh", "-f"), 'eval "$(cat lines)"'),
    "zsh, interactive": Shell("sh", ("zsh", "-f", "-i"), 'eval "$(cat lines)"'),
    "zsh, quotes doubled": Shell("sh", ("zsh", "-f", "-o", "rcquotes"), 'eval "$(cat lines)"'),
    "fish": Shell("fish", ("fish", "--no-config"), "cat lines | source"),
    "fish, sourced": Shell("fish", ("fish", "--no-config"), "source lines"),
}
C_SHELLS = {
    "tcsh": Shell("csh", ("tcsh", "-f"), "eval `cat lines`"),
    "tcsh, in quotes": Shell("csh", ("tcsh", "-f"), 'eval "`cat lines`"'),
    "tcsh, sourced": Shell("csh", ("tcsh", "-f"), "source lines"),
    "tcsh, interactive": Shell("csh", ("tcsh", "-f", "-i"), "eval `cat lines`"),
    "tcsh, other settings": Shell("csh", ("tcsh", "-f"), "set backslash_quote histchars='%^'; source lines"),
}
ALL = SHELLS | C_SHELLS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the shells run, a home of their own in it."""
    return tmp_path_factory.mktemp("shells")


def run(shell: Shell, folder: Path, *script: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """What `shell` makes of the lines of `script`. It may not take the terminal of whoever runs the tests."""
    return subprocess.run(
        shell.command,
        input="".join(f"{line}\n" for line in script).encode(),
        cwd=folder,
        env=environment(folder / "home") | {"LC_ALL": "C.UTF-8"} | variables,
        capture_output=True,
        timeout=TIMEOUT,
        start_new_session=True,
    )


def expect_to_arrive(shell: Shell, folder: Path, values: Sequence[str]) -> None:
    """Loads `values`, each into a variable of its own, and has a child of the shell print them."""
    names = [f"VAR_{number}" for number in range(len(values))]
    lines = (exporter(shell.form).export([name], value) for name, value in zip(names, values, strict=True))
    (folder / "lines").write_text("".join(lines), "utf-8")
    printed = folder / "printed"
    printed.unlink(missing_ok=True)
    result = run(shell, folder, shell.load, f"env printenv {' '.join(names)} > printed")
    assert printed.exists(), result.stderr
    assert printed.read_text("utf-8").split("\n") == [*values, ""], result.stderr


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
@settings(deadline=None, max_examples=15)
@given(values=st.lists(values(), min_size=1, max_size=30))
@example(values=KNOWN)
def test_a_value_arrives_as_it_was(shell: Shell, folder: Path, values: Sequence[str]) -> None:
    expect_to_arrive(shell, folder, values)


@pytest.mark.parametrize("shell", C_SHELLS.values(), ids=C_SHELLS)
@settings(deadline=None, max_examples=15)
@given(values=st.lists(values(without="{"), min_size=1, max_size=30))
@example(values=[value for value in KNOWN if "{" not in value])
def test_a_value_arrives_in_tcsh_as_it_was(shell: Shell, folder: Path, values: Sequence[str]) -> None:
    expect_to_arrive(shell, folder, values)


@pytest.mark.parametrize("shell", ALL.values(), ids=ALL)
def test_several_variables_get_the_value(shell: Shell, folder: Path) -> None:
    value = "a  b'c\"d"
    (folder / "lines").write_text(exporter(shell.form).export(["HF_TOKEN", "OTHER"], value), "utf-8")
    result = run(shell, folder, shell.load, "env printenv HF_TOKEN OTHER > several")
    assert (folder / "several").read_text("utf-8") == f"{value}\n{value}\n", result.stderr


@pytest.mark.parametrize("shell", ALL.values(), ids=ALL)
def test_an_unset_variable_is_gone_from_children(shell: Shell, folder: Path) -> None:
    form = exporter(shell.form)
    (folder / "export").write_text(form.export(["EXPORTED"], "a"), "utf-8")
    (folder / "unset").write_text(form.unset(["EXPORTED", "INHERITED", "NEVER_SET"]), "utf-8")
    script = ("cp export lines", shell.load, "env > before", "cp unset lines", shell.load, "env > after")
    result = run(shell, folder, *script, INHERITED="b", KEPT="c")
    before, after = (set((folder / name).read_text("utf-8").split("\n")) for name in ("before", "after"))
    assert {"EXPORTED=a", "INHERITED=b", "KEPT=c"} <= before, result.stderr
    assert "KEPT=c" in after, result.stderr
    assert not any(line.startswith(("EXPORTED", "INHERITED", "NEVER_SET")) for line in after), result.stderr


@pytest.mark.parametrize("shell", ALL.values(), ids=ALL)
def test_what_is_not_set_is_unset_without_a_word(shell: Shell, folder: Path) -> None:
    (folder / "lines").write_text(exporter(shell.form).unset(["NEVER_SET", "NOR_THIS"]), "utf-8")
    talk = run(shell, folder, "true").stderr  # an interactive shell repeats what it reads, and misses a terminal
    result = run(shell, folder, shell.load)
    assert (result.returncode, result.stderr.count(b"\n")) == (0, talk.count(b"\n")), result.stderr


def test_backticks_expand_a_brace_behind_a_backslash(folder: Path) -> None:
    """Why csh is refused one."""
    (folder / "lines").write_text(r"setenv VAR 'a'\{'b,c'\}'d';", "utf-8")
    sourced, evaluated = (
        run(C_SHELLS[name], folder, C_SHELLS[name].load, "env printenv VAR").stdout
        for name in ("tcsh, sourced", "tcsh")
    )
    assert sourced == b"a{b,c}d\n"
    assert evaluated != sourced
