"""The files of assignments: their readers, by their rules, read back what was written, or it was refused."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings

from tests.unit.exporters import readers
from tests.unit.exporters.hostile import KNOWN, values
from tokenguard.errors import UsageError
from tokenguard.exporters import docker, dotenv, exporter, gitlab, systemd

FILES = ("dotenv", "docker", "systemd", "github", "gitlab")

EXPORTS = {
    "dotenv": "HF_TOKEN=abc\nOTHER=abc\n",
    "docker": "HF_TOKEN=abc\nOTHER=abc\n",
    "systemd": 'HF_TOKEN="abc"\nOTHER="abc"\n',
    "gitlab": "HF_TOKEN=abc\nOTHER=abc\n",
}
DOTENV_READERS = {"python-dotenv": readers.python_dotenv, "compose": readers.compose, "node": readers.node_dotenv}


def written(form: str, value: str) -> str | None:
    """The text for the variables A and B; None where it is refused."""
    try:
        return exporter(form).export(["A", "B"], value)
    except UsageError:
        return None


@pytest.mark.parametrize("form", EXPORTS)
def test_there_is_a_line_for_every_variable(form: str) -> None:
    assert exporter(form).export(["HF_TOKEN", "OTHER"], "abc") == EXPORTS[form]


@pytest.mark.parametrize("form", FILES)
def test_to_unset_is_to_assign_nothing(form: str) -> None:
    assert exporter(form).unset(["HF_TOKEN", "OTHER"]) == "HF_TOKEN=\nOTHER=\n"


@pytest.mark.parametrize("read", [*DOTENV_READERS.values(), readers.docker, readers.gitlab, readers.github])
def test_an_assignment_of_nothing_reads_as_an_empty_value(read: Callable[[str], dict[str, str]]) -> None:
    assert read(dotenv.unset(["A", "B"])) == {"A": "", "B": ""}


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("aZ09_.-", "A=aZ09_.-"),
        ("a b", "A='a b'"),
        ("#", "A='#'"),
        ('say "a"', "A='say \"a\"'"),
        ("it's", 'A="it\'s"'),
        ("é", "A='é'"),
        (" ", "A=' '"),
    ],
)
def test_dotenv_quotes_what_is_not_plain(value: str, line: str) -> None:
    assert dotenv.export(["A"], value) == line + "\n"


def cannot_be_said_in_dotenv(value: str) -> bool:
    return any(char in value for char in "\\$`") or ("'" in value and '"' in value)


def expect_all_readers_to_read(value: str) -> None:
    text = written("dotenv", value)
    assert (text is None) == cannot_be_said_in_dotenv(value), value
    for name, read in DOTENV_READERS.items():
        assert text is None or read(text) == {"A": value, "B": value}, name


@settings(deadline=None)
@given(value=values())
def test_all_readers_of_dotenv_read_the_same(value: str) -> None:
    expect_all_readers_to_read(value)


def test_all_readers_of_dotenv_read_known_values_the_same() -> None:
    for value in KNOWN:
        expect_all_readers_to_read(value)


@settings(deadline=None)
@given(value=values())
def test_docker_takes_any_value_as_it_is(value: str) -> None:
    text = docker.export(["A", "B"], value)
    assert text == f"A={value}\nB={value}\n"
    assert readers.docker(text) == {"A": value, "B": value}


def test_known_values_are_read_as_they_were() -> None:
    for value in KNOWN:
        assert readers.docker(docker.export(["A"], value)) == {"A": value}
        assert readers.systemd(systemd.export(["A"], value)) == {"A": value}


def test_systemd_escapes_what_a_shell_would() -> None:
    assert systemd.export(["A"], "a\"b\\c`d$e'f#g %h") == 'A="a\\"b\\\\c\\`d\\$e\'f#g %h"\n'


@settings(deadline=None)
@given(value=values())
def test_systemd_reads_any_value(value: str) -> None:
    assert readers.systemd(systemd.export(["A", "B"], value)) == {"A": value, "B": value}


@settings(deadline=None)
@given(value=values())
def test_gitlab_reads_what_it_is_given(value: str) -> None:
    text = written("gitlab", value)
    assert (text is None) == (any(char in value for char in "$%") or value.strip(" ") != value)
    assert text is None or readers.gitlab(text) == {"A": value, "B": value}


@pytest.mark.parametrize("value", ["'quoted'", '"quoted"', "a b", "#", "a=b", "\u00a0"])
def test_gitlab_is_given_a_value_as_it_is(value: str) -> None:
    assert gitlab.export(["A"], value) == f"A={value}\n"


@pytest.mark.parametrize(
    ("form", "value"),
    [
        *(("dotenv", value) for value in ("hunter2\\", "$hunter2", "`hunter2`", "'hunter2\"")),
        *(("gitlab", value) for value in ("$hunter2", "%hunter2%", " hunter2", "hunter2 ")),
    ],
)
def test_a_refusal_does_not_repeat_the_value(form: str, value: str) -> None:
    with pytest.raises(UsageError, match=form) as caught:
        exporter(form).export(["A"], value)
    assert caught.value.hint
    assert "hunter2" not in f"{caught.value} {caught.value.args} {caught.value.hint}"
