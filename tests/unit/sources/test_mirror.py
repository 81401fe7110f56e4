"""Which failures of a git server may pass, in the words of git."""

import pytest

from tokenguard.core.target import HTTPS, Target
from tokenguard.sources.git import GitError
from tokenguard.sources.gitreason import reason
from tokenguard.sources.mirror import ServerError, _talking

TARGET = Target("https://git.example.com/a", HTTPS)


@pytest.mark.parametrize(
    ("said", "is_passing"),
    [
        ("unable to access 'x': Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn't connect", True),
        ("unable to access 'x': Could not resolve host: git.example.com", True),
        ("unable to access 'x': The requested URL returned error: 503", True),
        ("unable to access 'x': The requested URL returned error: 429", True),
        ("RPC failed; curl 18 transfer closed with outstanding read data remaining", True),
        ("the remote end hung up unexpectedly", True),
        ("unable to access 'x': The requested URL returned error: 403", False),
        ("unable to access 'x': The requested URL returned error: 301", False),
        ("repository 'x' not found", False),
        ("could not read Username for 'x': terminal prompts disabled", False),
    ],
)
def test_what_may_pass(tmp_path: str, said: str, is_passing: bool) -> None:
    with pytest.raises(ServerError) as caught, _talking(TARGET, str(tmp_path)):
        raise GitError(said)
    assert caught.value.is_passing is is_passing


def test_credentials_that_git_lacks_are_called_so(tmp_path: str) -> None:
    with pytest.raises(ServerError, match="wants credentials, and git has none"), _talking(TARGET, str(tmp_path)):
        raise GitError("could not read Username for 'x': terminal prompts disabled")


@pytest.mark.parametrize(
    "ssh",
    [
        "ssh: connect to host h port 22: Connection refused",
        "Host key verification failed.",
        "git@h: Permission denied (publickey).",
    ],
)
def test_what_ssh_has_said_is_repeated(ssh: str) -> None:
    git = "fatal: Could not read from remote repository."
    assert reason(["Warning: x", ssh, git, "", "Please make sure"]) == f"{ssh}; {git[7:]}"
    assert reason(["fatal: x"]) == "x"
