"""git itself, over HTTP, with tokenguard as its credential helper: real repositories behind `git http-backend`."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.server import Server
from tests.support.forge import Forge
from tests.support.hub import ok, organization, whoami_user

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.machine import Result

# Whose repositories a token is good for.
OWNERS = {"alice": ("alice",), "bob": ("bob", "acme"), "carol": ("carol",)}
# git stops where it would ask its user, instead of going on without a name.
NOBODY = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": ""}


class Person(Server):
    """One with tokens for two accounts and an organization, and git set up to ask for them."""

    def __init__(self, top: Path, forge: Forge) -> None:
        super().__init__(top)
        self.use_key()
        self.forge = forge
        self.environment |= NOBODY | {"HF_ENDPOINT": forge.endpoint}
        self.tokens = {
            "alice": self.take_in("alice", whoami_user(name="alice")),
            "bob": self.take_in("bob", whoami_user(name="bob", orgs=[organization("acme", "write")])),
            "carol": self.take_in("carol", whoami_user("read", name="carol")),
        }
        self.tokenguard("use", "carol")
        assert self.tokenguard("git-credential", "install").status == 0

    def take_in(self, name: str, whoami: dict[str, object]) -> str:
        """Adds a token that the Hub knows; gives it back."""
        token = self.token(len(name) + ord(name[0]))
        self.forge.answer(token, ok(whoami))
        result = self.tokenguard("add", name, "--stdin", stdin=token)
        assert result.status == 0, result.talk
        return token

    def git(self, *arguments: str, cwd: Path | None = None) -> Result:
        return self.run("git", *arguments, cwd=cwd)

    def clone(self, name: str) -> Path:
        folder = self.folder / name
        result = self.git("clone", "--quiet", f"{self.forge.endpoint}/{name}", str(folder))
        assert result.status == 0, result.talk
        return folder

    @property
    def files(self) -> str:
        """All that is in files of the home and of the work trees, but for the vault file and its key."""
        vault = (self.vault, self.key_file)
        paths = (path for path in self.folder.parent.rglob("*") if path.is_file() and path not in vault)
        return "\0".join(path.read_bytes().decode("latin-1") for path in paths)


@pytest.fixture(scope="module")
def _forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    with Forge(tmp_path_factory.mktemp("forge")) as forge:
        for name in ("alice/model", "datasets/acme/data", "carol/model", "dave/model"):
            forge.create(name)
        yield forge


@pytest.fixture(scope="module")
def _person(tmp_path_factory: pytest.TempPathFactory, _forge: Forge) -> Iterator[Person]:
    person = Person(tmp_path_factory.mktemp("person"), _forge)
    shutil.copytree(person.home, person.home.with_name("kept"))
    yield person
    person.forget()


@pytest.fixture
def person(_person: Person) -> Iterator[Person]:
    """The one person, with everything as it was set up."""
    environment = _person.environment.copy()
    yield _person
    _person.environment = environment
    shutil.rmtree(_person.home)
    shutil.copytree(_person.home.with_name("kept"), _person.home)
    for path in _person.folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)


@pytest.fixture
def forge(_forge: Forge, _person: Person) -> Forge:
    """The one forge, to which nobody has shown anything."""
    _forge.elsewhere = None
    _forge.shown.clear()
    for name, owners in OWNERS.items():
        _forge.let_in(_person.tokens[name], *owners)
    return _forge


def test_each_repository_gets_the_token_of_its_owner(person: Person, forge: Forge) -> None:
    for name, token in (("alice/model", "alice"), ("datasets/acme/data", "bob"), ("carol/model.git", "carol")):
        forge.shown.clear()
        assert person.git("ls-remote", f"{forge.endpoint}/{name}").out.endswith("refs/heads/main\n")
        assert forge.tokens == [person.tokens[token]]
        assert {shown.username for shown in forge.shown if shown.token} == {"hf_user"}


def test_what_is_cloned_and_changed_is_pushed(person: Person, forge: Forge) -> None:
    work = person.clone("datasets/acme/data")
    (work / "a.csv").write_text("1,2\n" * 100)
    person.git("add", ".", cwd=work)
    person.git("commit", "--quiet", "-m", "a table", cwd=work)
    result = person.git("push", "--quiet", "origin", "main", cwd=work)
    assert result.status == 0, result.talk
    assert forge.log("datasets/acme/data") == ["a table", "begin datasets/acme/data"]
    assert person.git("fetch", cwd=work).status == 0
    assert forge.tokens == [person.tokens["bob"]]
    person.expect_hidden(person.files.encode("latin-1"))


def test_a_helper_that_keeps_passwords_in_a_file_is_not_told(person: Person, forge: Forge) -> None:
    store = person.home / ".git-credentials"
    person.tokenguard("git-credential", "uninstall")
    person.git("config", "--global", "credential.helper", "store")
    result = person.tokenguard("git-credential", "install")
    assert "'store' is kept, and no longer asked" in result.talk
    person.clone("alice/model")
    assert not store.exists()
    # It is this that keeps it away: without the reset git tells both.
    person.git("config", "--global", "--unset", f"credential.{forge.endpoint}.helper", "^$")
    person.git("ls-remote", f"{forge.endpoint}/alice/model")
    assert person.tokens["alice"] in store.read_text()


def test_a_name_in_the_variable_outranks_the_owner(person: Person, forge: Forge) -> None:
    person.environment["TOKENGUARD_TOKEN"] = "bob"
    assert person.git("ls-remote", f"{forge.endpoint}/alice/model").status != 0
    assert forge.tokens == [person.tokens["bob"]]


def test_an_owner_without_a_token_gets_that_of_the_folder_then_the_default(person: Person, forge: Forge) -> None:
    for token in person.tokens.values():
        forge.let_in(token, "dave")
    assert person.git("ls-remote", f"{forge.endpoint}/dave/model").status == 0
    person.run("tokenguard", "use", "bob", "--here")
    assert person.git("ls-remote", f"{forge.endpoint}/dave/model").status == 0
    assert forge.tokens == [person.tokens["carol"], person.tokens["bob"]]
    deep = person.folder / "a" / "b"
    deep.mkdir(parents=True)
    forge.shown.clear()
    person.git("ls-remote", f"{forge.endpoint}/dave/model", cwd=deep)
    assert forge.tokens == [person.tokens["bob"]]


def test_a_refused_token_stays_and_it_is_noted(person: Person, forge: Forge) -> None:
    forge.let_in(person.tokens["alice"])
    result = person.git("ls-remote", f"{forge.endpoint}/alice/model")
    assert result.status != 0
    assert person.kept().keys() == person.tokens.keys()
    noted = person.refusals()
    assert list(noted) == [person.listed()["alice"]]
    # What is said to work is of no interest: nothing is taken in from git.
    person.run("git", "credential", "approve", stdin=b"url=https://huggingface.co\nusername=x\npassword=y\n\n")
    assert person.kept().keys() == person.tokens.keys()


def test_without_a_token_git_goes_on(person: Person, forge: Forge) -> None:
    for name in person.tokens:
        person.tokenguard("remove", name)
    result = person.git("ls-remote", f"{forge.endpoint}/alice/model")
    assert result.status == 128
    assert "terminal prompts disabled" in result.talk
    assert "tokenguard" not in result.talk
    assert forge.tokens == []


def test_with_a_locked_vault_git_goes_on_and_it_is_said(person: Person, forge: Forge) -> None:
    del person.environment["TOKENGUARD_KEY_FILE"]
    person.forget()
    result = person.run("setsid", "git", "ls-remote", f"{forge.endpoint}/alice/model")
    assert result.status == 128
    assert "opens the vault file" in result.talk
    assert forge.tokens == []


def test_a_rewritten_url_is_another_host(person: Person, forge: Forge, tmp_path: Path) -> None:
    """A repository's own configuration can send git elsewhere, and ask us there; it cannot have us answer."""
    with Forge(tmp_path / "evil") as evil:
        evil.create("alice/model")
        work = person.clone("alice/model")
        for setting in (f"url.{evil.endpoint}/.insteadOf", f"url.{evil.endpoint}/.pushInsteadOf"):
            person.git("config", setting, f"{forge.endpoint}/", cwd=work)
        # Even where it sees to it that we are asked.
        helper = person.git("config", "--get-all", f"credential.{forge.endpoint}.helper").out.split("\n")[1]
        person.git("config", f"credential.{evil.endpoint}.helper", helper, cwd=work)
        person.git("config", "credential.helper", helper, cwd=work)
        for arguments in (["fetch"], ["push", "origin", "main:other"], ["ls-remote", "origin"]):
            result = person.git(*arguments, cwd=work)
            assert result.status != 0, arguments
        assert evil.shown
        assert evil.tokens == []


def test_a_hub_that_sends_git_elsewhere_takes_no_token_along(person: Person, forge: Forge, tmp_path: Path) -> None:
    with Forge(tmp_path / "evil") as evil:
        evil.create("alice/model")
        forge.elsewhere = evil.endpoint
        assert person.git("ls-remote", f"{forge.endpoint}/alice/model").status != 0
        assert evil.shown
        assert evil.tokens == []


def test_a_submodule_elsewhere_gets_no_token(person: Person, forge: Forge, tmp_path: Path) -> None:
    with Forge(tmp_path / "evil") as evil:
        evil.create("alice/model")
        work = person.clone("alice/model")
        result = person.git("submodule", "add", f"{evil.endpoint}/alice/model", "sub", cwd=work)
        assert result.status != 0
        assert evil.shown
        assert evil.tokens == []
