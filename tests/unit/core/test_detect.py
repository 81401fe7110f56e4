"""What is a credential: its kind, its right edge, its company."""

import pickle

import pytest

from tests.support.credentials import (
    app_token,
    every_kind,
    organization_token,
    s3_access_key,
    signed_token,
    user_token,
)
from tokenguard.core.detect import CONTEXT, detect
from tokenguard.core.kinds import KINDS

ENDINGS = {
    "nothing": b"",
    "newline": b"\n",
    "CRLF": b"\r\n",
    "double quote": b'"',
    "single quote": b"'",
    "backtick": b"`",
    "host of a URL": b"@huggingface.co/alice/model",
    "comma": b",x",
    "semicolon": b";",
    "parenthesis": b")",
    "bracket": b"]",
    "brace": b"}",
    "less than": b"</b>",
    "full stop": b". Then",
    "pipe": b"|",
    "ampersand": b"&x=1",
    "slash": b"/resolve",
    "backslash": b"\\",
    "equals": b"==",
    "NUL": b"\0",
    "JSON \\n": rb"\n",
    "JSON in JSON": rb"\\nx",
    "percent-encoded": b"%22x",
    "colour": b"\x1b[0m",
    "HTML": b"&quot;x",
    "suffix": b"_suffix",
    "markdown _": b"_ ",
    "markdown **": b"**",
    "dash": b"-dev",
    "UTF-8": "。".encode(),
    "UTF-8 letter": "é".encode(),
    "latin-1": b"\xe9",
}

KIND_NAMES = [kind.name for kind in KINDS]
# Bodies of a fixed length: a second credential can follow without a gap.
FIXED = ["user-access-token", "organization-token", "oauth-refresh-token", "app-token", "oauth-app-secret"]


def found(data: bytes) -> list[tuple[str, bytes]]:
    return [(span.kind.name, data[span.start : span.end]) for span in detect(data)]


@pytest.mark.parametrize("right", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("kind", FIXED)
def test_a_credential_is_found_before(kind: str, right: bytes) -> None:
    token = every_kind()[kind].encode()
    assert found(b"x " + token + right) == [(kind, token)]


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_every_kind_is_found_under_its_own_name_and_once(kind: str) -> None:
    text = every_kind()[kind]
    assert found(f"a = '{text}'\n".encode()) == [(kind, text.split()[0].encode())]


@pytest.mark.parametrize("seed", range(20))
def test_all_kinds_in_one_file_are_found_in_their_order(seed: int) -> None:
    texts = every_kind(seed)
    data = "\n".join(texts.values()).encode()
    assert found(data) == [(kind, text.split()[0].encode()) for kind, text in texts.items()]


def test_every_kind_has_a_test_credential() -> None:
    assert sorted(every_kind()) == sorted(KIND_NAMES)


@pytest.mark.parametrize("second", FIXED)
@pytest.mark.parametrize("first", FIXED)
def test_two_credentials_without_a_gap_are_both_found(first: str, second: str) -> None:
    one, two = every_kind(1)[first].encode(), every_kind(2)[second].encode()
    assert found(one + two) == [(first, one), (second, two)]


def test_the_same_credential_twice_is_found_twice() -> None:
    token = user_token().encode()
    assert found(token + b" " + token) == [("user-access-token", token)] * 2


@pytest.mark.parametrize("kind", FIXED)
def test_one_character_more_is_no_credential(kind: str) -> None:
    assert detect(f"{every_kind()[kind]}Q ".encode()) == []


@pytest.mark.parametrize("kind", FIXED)
def test_one_character_less_is_no_credential(kind: str) -> None:
    assert detect(f"{every_kind()[kind][:-1]} ".encode()) == []


@pytest.mark.parametrize("prefix", ["HF_", "Hf_", "hf-", "hf", "api-org_", "API_ORG_"])
def test_the_prefix_is_taken_literally(prefix: str) -> None:
    assert detect((prefix + user_token()[3:]).encode()) == []


IDENTIFIERS = {
    "snake": "callhfprocessorwithtokenizeroutputs",
    "camel": "ModelForConditionalGenerationWithLM",
    "placeholder x": "x" * 34,
    "placeholder X": "X" * 34,
    "zeros": "0" * 34,
    "your token": "YourHuggingFaceAccessTokenGoesHere",
    "your token, capitals": "YOURHUGGINGFACEACCESSTOKENGOESHERE",
    "alphabet": "abcdefghijklmnopqrstuvwxyzabcdefgh",
    "digits": "1234567890123456789012345678901234",
    "repetition": "abcabcabcabcabcabcabcabcabcabcabca",
    "hexadecimal": "d41d8cd98f00b204e9800998ecf8427e12",
}


@pytest.mark.parametrize("body", IDENTIFIERS.values(), ids=IDENTIFIERS)
def test_what_is_only_shaped_like_a_credential_is_none(body: str) -> None:
    assert detect(f"token = 'hf_{body[:34]:x<34}'".encode()) == []


def test_a_prefix_within_base64url_noise_is_no_credential() -> None:
    noise = signed_token("x")[-80:].replace("-", "").replace("_", "")
    assert detect(f"{noise}_{user_token()}-{noise}".encode()) == []
    assert detect(f"{noise}-{user_token()}".encode()) == []
    assert detect(f"{user_token()}_{noise}".encode()) == []


@pytest.mark.parametrize("data", [b"", b"hf", b"HF_TOKEN", b"\0" * 10, b"hf-token"])
def test_a_file_without_an_anchor_holds_no_credential(data: bytes) -> None:
    assert detect(data) == []


@pytest.mark.parametrize("body", ["eyJ", "eyJhbGciOiJIUzI1NiJ9", "eyJ.eyJ.x", "eyJhbGciOiJIUzI1NiJ9..sig"])
@pytest.mark.parametrize("prefix", ["oauth_", "jwt_", "s3_"])
def test_a_part_of_a_signed_token_is_no_credential(prefix: str, body: str) -> None:
    assert detect(f"hf_{prefix}{body}".encode()) == []


def test_a_signed_token_whose_parts_are_no_objects_is_no_credential() -> None:
    header, payload, signature = signed_token("").split(".")
    # "eyJ" begins `{"`, and what follows here is not JSON.
    broken = header[:-4] + "AAAA"
    assert detect(f"hf_jwt_{broken}.{payload}.{signature}".encode()) == []
    assert detect(f"hf_jwt_{header}.{payload[:-6]}.{signature}".encode()) == []
    assert len(detect(f"hf_jwt_{header}.{payload}.{signature}".encode())) == 1


def test_a_signed_token_with_hundreds_of_permissions_is_found_whole() -> None:
    token = signed_token("hf_oauth" + "_", scopes=[f"organization-{number}" for number in range(600)]).encode()
    assert len(token) > 15_000
    assert found(token) == [("oauth-access-token", token)]


def test_a_signed_token_in_a_query_ends_before_the_next_parameter() -> None:
    token = signed_token("hf_s3" + "_").encode()
    assert found(b"https://s3.example/?session=" + token + b"&x=1") == [("s3-session-token", token)]


@pytest.mark.parametrize("gap", [" ", ":", "\n", '",\n  "secret": "', " " * (CONTEXT - 41)])
def test_an_s3_key_is_found_beside_its_secret(gap: str) -> None:
    key, secret = s3_access_key()
    assert found(f"{key}{gap}{secret} ".encode()) == [("s3-access-key", key.encode())]
    assert found(f" {secret}{gap}{key}".encode()) == [("s3-access-key", key.encode())]


COMPANIONS = {
    "nothing": "",
    "sha1": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "SHA1": "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709",
    "an identifier": "self_attention_layer_norm_weights_buffer",
    "a path": "models/transformers/generation/utilities",
    "a line of dashes": "-" * 40,
    "too short": s3_access_key()[1][:39],
    "too long": s3_access_key()[1] + "A",
}


@pytest.mark.parametrize("companion", COMPANIONS.values(), ids=COMPANIONS)
def test_an_s3_key_is_no_credential_beside(companion: str) -> None:
    key, _ = s3_access_key()
    assert detect(f"{key} {companion}\n".encode()) == []


def test_an_s3_key_is_no_credential_where_its_secret_is_out_of_reach() -> None:
    key, secret = s3_access_key()
    gap = "." * (CONTEXT + 1)
    assert detect(f"{key}{gap}{secret}".encode()) == []
    assert detect(f"{secret}{gap}{key}".encode()) == []


@pytest.mark.parametrize("beyond", [1, 20, 200])
def test_the_edge_of_reach_does_not_make_a_secret_of_a_longer_run(beyond: int) -> None:
    key, secret = s3_access_key()
    gap = "." * (CONTEXT - 40)
    longer = secret + "Ab1/" * 50
    assert detect(f"{key}{gap}{longer[: 40 + beyond]}".encode()) == []
    assert detect(f"{longer[-40 - beyond :]}{gap}{key}".encode()) == []


HOSTILE = {
    "prefixes": b"hf_" * 350_000,
    "signed headers": b"hf_jwt_eyJ" * 100_000,
    "signed headers with dots": b"hf_jwt_eyJaaaaaaaa.eyJ" * 45_000,
    "signed payloads": (b"hf_jwt_eyJ" * 100 + b".eyJ" + b"a" * 19_000) * 50,
    "signed without an end": (b"hf_jwt_eyJaaaaaaaaaa.eyJ" + b"a" * 900 + b".") * 1000,
    "S3 keys": b"HFAK" * 250_000,
    "S3 keys in lines": b"HFAKABCDEFGHIJKLMNOP\n" * 5_000,
    "escapes": b"\x1b[" + b"1;" * 500_000 + b"hf_" + b"a" * 34,
    "percents": b"%25" * 330_000 + b"hf_" + b"a" * 34,
    "placeholders": (b"hf_" + b"x" * 34 + b"\n") * 2_000,
    "underscores": b"hf_" + b"_" * 1_000_000,
}


@pytest.mark.unmeasured
@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_megabyte_of_beginnings_holds_nothing(data: bytes) -> None:
    assert detect(data) == []


def test_a_credential_is_found_at_the_end_of_a_megabyte_of_beginnings() -> None:
    token = app_token().encode()
    assert found(b"hf_jwt_eyJ" * 100_000 + b" " + token) == [("app-token", token)]


def test_a_key_within_a_signature_is_a_part_of_the_signed_token() -> None:
    key, secret = s3_access_key()
    token = f"{signed_token('hf_jwt' + '_')}-{key}"
    assert found(f"{token} {secret}".encode()) == [("jwt-access-token", token.encode())]


def test_neighbours_in_a_list_are_told_apart() -> None:
    tokens = [user_token(1), organization_token(2), user_token(3)]
    assert [text.decode() for _, text in found(",".join(tokens).encode())] == tokens


@pytest.mark.parametrize("protocol", range(1, 6))
def test_a_token_in_a_pickle_is_found_whatever_follows(protocol: int) -> None:
    data = pickle.dumps({"hub_token": user_token(), "next": 1}, protocol=protocol)
    assert [data[start:end].decode() for start, end, _ in detect(data)] == [user_token()]


@pytest.mark.parametrize("text", ["\uff1a", "\u300c", "\uff08"])
def test_a_token_after_half_a_character_of_shift_jis_is_found(text: str) -> None:
    assert len(detect(text.encode("cp932") + user_token().encode())) == 1


def test_a_jws_ends_where_its_markup_begins() -> None:
    jws = every_kind()["jwt-access-token"]
    assert [(start, end) for start, end, _ in detect(f"_{jws}_ and".encode())] == [(1, 1 + len(jws))]


@pytest.mark.parametrize("text", ["job-{other}-{token}", "{token}_{other}"])
def test_another_random_identifier_beside_a_token_does_not_hide_it(text: str) -> None:
    assert (
        len(detect(text.format(other=app_token().removeprefix("hf_app_")[:30], token=user_token()).encode())) == 1
    )
