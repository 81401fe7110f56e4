"""The order in which huggingface_hub looks for a token; tests/e2e/test_status.py compares it with the real one."""

from __future__ import annotations

import pytest

from tests.support.credentials import signed_token, user_token
from tokenguard.core.entry import Entry, entry_of
from tokenguard.core.identity import Identity
from tokenguard.core.resolution import Resolution, TokenFile, is_due, is_same, resolve
from tokenguard.core.token import Token

FIRST, OLD, FILE = user_token(), user_token(1), user_token(2)
NOTHING = TokenFile("token")
BOTH = {"HF_TOKEN": FIRST, "HUGGING_FACE_HUB_TOKEN": OLD}


def known(token: Token) -> tuple[Entry, str | None]:
    entry = entry_of(token)
    return (entry._replace(identity=Identity("alice")), "work") if token.reveal() == FIRST else (entry, None)


def resolved(environment: dict[str, str], text: str | None = None) -> Resolution:
    return resolve(environment, TokenFile("token", text), known)


def used(resolution: Resolution) -> str | None:
    return resolution.uses and resolution.uses.name


def states(resolution: Resolution) -> list[str]:
    return [source.state for source in resolution.sources]


@pytest.mark.parametrize(
    ("environment", "text", "expected"),
    [
        ({}, None, None),
        ({}, FILE, "token file"),
        ({}, "", None),
        ({}, " \r\n", None),
        (BOTH, FILE, "HF_TOKEN"),
        ({"HF_TOKEN": ""} | {"HUGGING_FACE_HUB_TOKEN": OLD}, FILE, "HUGGING_FACE_HUB_TOKEN"),
        ({"HF_TOKEN": " "} | {"HUGGING_FACE_HUB_TOKEN": OLD}, FILE, "token file"),
        ({"HF_TOKEN": " ", "HUGGING_FACE_HUB_TOKEN": OLD}, None, None),
        ({"HF_TOKEN": "\n", "HUGGING_FACE_HUB_TOKEN": ""}, FILE, "token file"),
        ({"HUGGING_FACE_HUB_TOKEN": "\t"}, FILE, "token file"),
        (BOTH | {"HF_OIDC_RESOURCE": "acme/model"}, FILE, "HF_OIDC_RESOURCE"),
        (BOTH | {"HF_OIDC_RESOURCE": ""}, FILE, "HF_TOKEN"),
        ({"HF_TOKEN": "no token at all"}, FILE, "HF_TOKEN"),
    ],
)
def test_the_first_that_has_a_token_counts(
    environment: dict[str, str], text: str | None, expected: str | None
) -> None:
    assert used(resolved(environment, text)) == expected


def test_every_source_is_named_in_its_order() -> None:
    names = [source.name for source in resolved({}).sources]
    assert names == ["HF_OIDC_RESOURCE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "token file", "Colab secret"]
    assert states(resolved({})) == ["unset"] * 5


def test_what_is_known_of_a_token_goes_with_it() -> None:
    source = resolved({"HF_TOKEN": f" {FIRST}\r\n"}).uses
    assert source is not None
    assert source.entry is not None
    assert (source.known_as, source.entry.identity.account) == ("work", "alice")
    assert source.entry.fingerprint == Token(FIRST).fingerprint


def test_white_space_alone_has_the_old_variable_passed_over() -> None:
    resolution = resolved(BOTH | {"HF_TOKEN": " "})
    assert states(resolution)[1:3] == ["blank", "passed over"]
    assert [(by.name, source.name) for by, source in resolution.hidden] == [("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")]


def test_another_token_behind_it_is_hidden_and_the_same_is_not() -> None:
    hidden = [(by.name, source.name) for by, source in resolved(BOTH, FIRST + "\n").hidden]
    assert hidden == [("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")]


def test_an_identity_of_ci_hides_all_else() -> None:
    resolution = resolved(BOTH | {"HF_OIDC_RESOURCE": "acme/model", "HF_OIDC_ID_TOKEN": "identity"}, FILE)
    assert [source.name for _, source in resolution.hidden] == [
        "HF_TOKEN",
        "HUGGING_FACE_HUB_TOKEN",
        "token file",
    ]
    assert resolution.sources[0].problem is None


def test_an_identity_of_ci_that_is_not_there_is_a_failure_and_no_way_round() -> None:
    resolution = resolved(BOTH | {"HF_OIDC_RESOURCE": "acme/model"})
    assert "fails" in (resolution.sources[0].problem or "")
    on_github = resolved({"HF_OIDC_RESOURCE": "acme/model", "GITHUB_ACTIONS": "true"})
    assert on_github.sources[0].problem is None


def test_a_file_that_cannot_be_read_ends_the_search() -> None:
    resolution = resolve({}, TokenFile("token", problem="it cannot be read"), known)
    assert used(resolution) == "token file"
    assert resolve({"HF_TOKEN": FIRST}, TokenFile("token", problem="it cannot be read"), known).uses is not None


@pytest.mark.parametrize("text", ["secret", "hf" + "_short", "two words", "\ufeff" + FILE, "ü" * 40])
def test_what_is_no_token_counts_and_is_described_in_no_way(text: str) -> None:
    source = resolved({}, text).uses
    assert source is not None
    assert (source.entry, source.problem) == (None, "it is no Hugging Face token")


def test_a_token_is_found_in_pieces_as_huggingface_hub_does() -> None:
    source = resolved({}, f"{FILE[:10]}\n{FILE[10:]}\r\n").uses
    assert source is not None
    assert source.entry is not None
    assert source.entry.fingerprint == Token(FILE).fingerprint


@pytest.mark.parametrize(
    ("value", "expected"), [("1", False), ("on", False), ("True", False), ("0", True), ("", True)]
)
def test_implicit_use_can_be_forbidden(value: str, expected: bool) -> None:
    assert resolved({"HF_HUB_DISABLE_IMPLICIT_TOKEN": value}).is_implicit is expected


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "unset"),
        ({"COLAB_RELEASE_TAG": "release"}, "unknown"),
        ({"COLAB_RELEASE_TAG": "release", "VERTEX_PRODUCT": "COLAB_ENTERPRISE"}, "unset"),
    ],
)
def test_only_the_notebook_knows_the_secret_of_colab(environment: dict[str, str], expected: str) -> None:
    assert states(resolved(environment))[-1] == expected


def test_a_token_that_is_exchanged_soon_says_so() -> None:
    token = signed_token("hf_oauth" + "_")
    source = resolve({}, TokenFile("token", token), known, is_refreshed=True).uses
    assert source is not None
    assert "exchanges" in (source.problem or "")


@pytest.mark.parametrize(
    ("expires_at", "expected"), [("100000", False), ("86400", True), ("5", True), (None, False), ("soon", False)]
)
def test_a_day_before_its_end_an_oauth_token_is_exchanged(expires_at: str | None, expected: bool) -> None:
    assert is_due(expires_at, 0.0) is expected


def test_what_is_not_known_is_not_the_same() -> None:
    no_token, other = resolved({"HF_TOKEN": "x", "HUGGING_FACE_HUB_TOKEN": "x"}).sources[1:3]
    assert not is_same(no_token, other)
