"""Which configuration holds, and which is refused."""

import os
from pathlib import Path

import pytest

from tokenguard.config import Config, load, work_tree_top
from tokenguard.errors import UsageError

FINGERPRINT = "sha256:" + "0123456789abcdef" * 4


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """The top of a work tree."""
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    return tmp_path / "repo"


def test_without_a_file_nothing_is_configured(top: Path) -> None:
    config = load(str(top))
    assert config == Config()
    assert not config.excludes(str(top / "a.py"))


@pytest.mark.parametrize(("name", "table"), [(".tokenguard.toml", ""), ("pyproject.toml", "[tool.tokenguard]\n")])
def test_both_files_are_read(top: Path, name: str, table: str) -> None:
    write(top / name, f'{table}allow = ["{FINGERPRINT}"]\nexclude = ["docs/", "*.min.js"]\n')
    config = load(str(top))
    assert config.folder == str(top)
    assert config.fingerprints == {FINGERPRINT: name}
    assert config.excludes(str(top / "docs" / "a.md"))
    assert config.excludes(str(top / "b" / "a.min.js"))
    assert not config.excludes(str(top / "a.py"))


def test_of_two_files_in_one_folder_the_one_of_our_own_holds(top: Path) -> None:
    write(top / ".tokenguard.toml", 'exclude = ["ours"]')
    write(top / "pyproject.toml", '[tool.tokenguard]\nexclude = ["theirs"]')
    config = load(str(top))
    assert config.excludes(str(top / "ours"))
    assert not config.excludes(str(top / "theirs"))


def test_the_nearest_file_holds_alone(top: Path) -> None:
    write(top / ".tokenguard.toml", 'exclude = ["*.far"]')
    write(top / "a" / ".tokenguard.toml", 'exclude = ["*.near"]')
    below = load(str(top / "a" / "b" / "c.py"))
    assert below.folder == str(top / "a")
    assert below.excludes(str(top / "a" / "x.near"))
    assert not below.excludes(str(top / "a" / "x.far"))
    assert load(str(top)).excludes(str(top / "x.far"))


def test_the_configuration_of_a_file_is_that_of_its_folder(top: Path) -> None:
    write(top / ".tokenguard.toml", 'exclude = ["x"]')
    assert load(str(write(top / "a.py", ""))) == load(str(top))


def test_patterns_are_taken_from_the_folder_of_the_file(top: Path) -> None:
    write(top / "a" / ".tokenguard.toml", 'exclude = ["/x"]')
    config = load(str(top / "a"))
    assert config.excludes(str(top / "a" / "x"))
    assert not config.excludes(str(top / "a" / "b" / "x"))
    assert not config.excludes(str(top / "x"))


def test_an_empty_file_of_our_own_ends_the_search(top: Path) -> None:
    write(top / ".tokenguard.toml", 'exclude = ["x"]')
    write(top / "a" / ".tokenguard.toml", "")
    assert not load(str(top / "a")).excludes(str(top / "a" / "x"))


def test_a_pyproject_without_our_table_does_not_end_the_search(top: Path) -> None:
    write(top / ".tokenguard.toml", 'exclude = ["x"]')
    write(top / "a" / "pyproject.toml", '[project]\ndependencies = ["hf-tokenguard"]\n')
    assert load(str(top / "a")).folder == str(top)


@pytest.mark.parametrize("text", ["not = [ TOML", b"\xff\xfe", "a" * 100, ""])
def test_a_pyproject_that_does_not_speak_of_us_may_be_broken(top: Path, text: str | bytes) -> None:
    write(top / "pyproject.toml", text)
    assert load(str(top)) == Config()


@pytest.mark.parametrize("text", ["tool = 3 # tokenguard", "[tool]\nx = 'tokenguard'", "tokenguard = 1"])
def test_a_pyproject_may_speak_of_us_elsewhere(top: Path, text: str) -> None:
    write(top / "pyproject.toml", text)
    assert load(str(top)) == Config()


def test_above_the_top_of_the_work_tree_nothing_holds(top: Path) -> None:
    write(top.parent / ".tokenguard.toml", 'exclude = ["*"]')
    assert load(str(top)) == Config()


def test_outside_a_work_tree_the_folders_above_do_not_hold(tmp_path: Path) -> None:
    write(tmp_path / ".tokenguard.toml", 'exclude = ["*.py"]')
    (tmp_path / "a").mkdir()
    assert load(str(tmp_path / "a")) == Config()
    assert load(str(tmp_path)).folder == str(tmp_path)


def test_a_linked_worktree_or_a_submodule_has_a_top_too(tmp_path: Path) -> None:
    write(tmp_path / ".git", "gitdir: elsewhere\n")
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert work_tree_top(str(tmp_path / "a" / "b")) == str(tmp_path)


def test_outside_a_work_tree_there_is_no_top(tmp_path: Path) -> None:
    assert work_tree_top(str(tmp_path)) is None


def test_a_link_to_a_file_is_followed(top: Path) -> None:
    target = write(top.parent / "shared.toml", 'exclude = ["x"]')
    (top / ".tokenguard.toml").symlink_to(target)
    config = load(str(top))
    assert config.folder == str(top)
    assert config.excludes(str(top / "x"))


def test_a_link_to_nothing_configures_nothing(top: Path) -> None:
    (top / ".tokenguard.toml").symlink_to("nowhere")
    assert load(str(top)) == Config()


def test_a_relative_path_is_one_from_the_current_folder(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(top / ".tokenguard.toml", 'exclude = ["x"]')
    (top / "a").mkdir()
    monkeypatch.chdir(top / "a")
    assert load(".").folder == str(top)
    assert load(".").excludes("x")


def test_a_path_that_is_not_utf8_can_be_excluded(top: Path) -> None:
    write(top / ".tokenguard.toml", 'exclude = ["*.bin"]')
    assert load(str(top)).excludes(os.path.join(str(top), os.fsdecode(b"\xff\n.bin")))


REFUSED = {
    "unknown key": ('excludes = ["x"]', "unknown key 'excludes'"),
    "unknown table": ('[hub]\nurl = "https://example.com"', "unknown key 'hub'"),
    "detectors": ("detectors = []", "unknown key 'detectors'"),
    "a detector": ("[detectors]\nuser-access-token = false", "unknown key 'detectors'"),
    "token": ('token = "work"', "unknown key 'token'"),
    "allow is a string": (f'allow = "{FINGERPRINT}"', "allow is not a list of strings"),
    "allow is a table": ("[allow]", "allow is not a list of strings"),
    "allow has a number": ("allow = [1]", "allow is not a list of strings"),
    "exclude is a string": ('exclude = "x"', "exclude is not a list of strings"),
    "exclude has a list": ("exclude = [[]]", "exclude is not a list of strings"),
    "not a fingerprint": ('allow = ["x"]', "not a fingerprint"),
    "everything": ('allow = ["*"]', "not a fingerprint"),
    "other algorithm": (f'allow = ["md5:{"0" * 64}"]', "not a fingerprint"),
    "capitals": (f'allow = ["{FINGERPRINT.upper()}"]', "not a fingerprint"),
    "cut": (f'allow = ["{FINGERPRINT[:-1]}"]', "not a fingerprint"),
    "backward range": ('exclude = ["[b-a]"]', "exclude has a malformed pattern"),
    "lone backslash": ('exclude = ["a\\\\"]', "exclude has a malformed pattern"),
    "broken": ("not = [ TOML", "is not valid TOML"),
    "twice": ("exclude = []\nexclude = []", "is not valid TOML"),
    "latin-1": (b"# \xe9\n", "is not valid TOML"),
    "UTF-16": ("exclude = []".encode("utf-16"), "is not valid TOML"),
    "NUL": ("\0", "is not valid TOML"),
    "deep": ("exclude = " + "[" * 10_000, "is not valid TOML"),
    "large": ("#" * (1024 * 1024 + 1), "is larger than"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_file_is_refused_by_name(top: Path, text: str | bytes, message: str) -> None:
    path = write(top / ".tokenguard.toml", text)
    with pytest.raises(UsageError) as caught:
        load(str(top))
    assert caught.value.message.startswith(str(path))
    assert message in caught.value.message


def test_a_wrong_table_is_refused_in_a_pyproject_too(top: Path) -> None:
    path = top / "pyproject.toml"
    for said in ('hub = "https://hub.example"', "[tool.tokenguard.detectors]", "exclude = [1]", 'allow = ["x"]'):
        write(path, f"[tool.tokenguard]\n{said}\n")
        with pytest.raises(UsageError) as caught:
            load(str(top))
        assert caught.value.message.startswith(str(path)), said


def test_the_largest_file_is_read(top: Path) -> None:
    write(top / ".tokenguard.toml", 'exclude = ["x"]\n' + "#" * (1024 * 1024 - 16))
    assert load(str(top)).excludes(str(top / "x"))


@pytest.mark.parametrize("text", ["[tool.tokenguard\n", "[tool]\ntokenguard = 3", "tool.tokenguard = []"])
def test_a_pyproject_that_speaks_of_us_must_be_right(top: Path, text: str) -> None:
    path = write(top / "pyproject.toml", text)
    with pytest.raises(UsageError) as caught:
        load(str(top))
    assert caught.value.message.startswith(str(path))


def test_an_unknown_key_is_refused_with_the_known_ones(top: Path) -> None:
    write(top / ".tokenguard.toml", "ignore = []")
    with pytest.raises(UsageError) as caught:
        load(str(top))
    assert caught.value.hint == "the keys are allow, baseline and exclude"


def test_a_folder_in_place_of_the_file_is_refused(top: Path) -> None:
    (top / ".tokenguard.toml").mkdir()
    with pytest.raises(UsageError, match="is not a regular file"):
        load(str(top))


def test_a_pipe_in_place_of_the_file_is_refused_without_waiting(top: Path) -> None:
    os.mkfifo(top / ".tokenguard.toml")
    with pytest.raises(UsageError, match="is not a regular file"):
        load(str(top))


def test_a_link_to_itself_is_refused(top: Path) -> None:
    (top / ".tokenguard.toml").symlink_to(".tokenguard.toml")
    with pytest.raises(UsageError, match="cannot be read"):
        load(str(top))
