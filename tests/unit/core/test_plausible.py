"""Random bodies pass, names and placeholders do not; the chances each expert deals out sum to one."""

from __future__ import annotations

import random
import string
from math import fsum

import pytest

from tokenguard.core import plausible
from tokenguard.core.plausible import THRESHOLD, looks_random, structure_bits

LENGTH = 34
LETTERS = string.ascii_lowercase
UPPER = string.ascii_uppercase
DIGITS = string.digits
ALPHABETS = {"letters": LETTERS + UPPER, "letters and digits": LETTERS + UPPER + DIGITS}


def fill(pattern: str) -> str:
    return (pattern * LENGTH)[:LENGTH]


def draw(alphabet: str, seed: int, length: int = LENGTH) -> str:
    return "".join(random.Random(seed).choices(alphabet, k=length))


NAMES = [
    "getTokenizerForCausalLanguageModel",
    "GetTokenizerForCausalLanguageModel",
    "gettokenizerforcausallanguagemodel",
    "GETTOKENIZERFORCAUSALLANGUAGEMODEL",
    "XMLHTTPRequestForSSLContextOverTCP",
    "requiredCharacteristicTypesForDisplayMetadata",
    "SponsoredProductsRemoteRHFSearchEXPSubsK2ClickPagination",
    "generatedByHomeAppForDebuggingPurposesKey",
    "servingcellpriorityparametersdescription",
    "StableDiffusionXLControlNetImg2ImgPipeline",
    "convertPEMtoX509CertificateWithSHA256",
    "Ltx2VideoVaeNeighborhoodAttnProcessor",
    "HunyuanSkyreelsImageToVideoPipeline",
    "TlsEcdheEcdsaWithChacha20Poly1305Sha256",
]
PLACEHOLDERS = [
    *(fill(character) for character in "xX0a1Z"),
    *(fill(run) for run in (LETTERS, UPPER, LETTERS[::-1], UPPER[::-1], LETTERS + UPPER, LETTERS + DIGITS)),
    *(fill(run) for run in ("1234567890", "0123456789", "9876543210", "0123456789abcdef", "123abc")),
    *(fill(run) for run in ("AbCdEfGhIjKlMnOpQrStUvWxYz", "a1b2c3d4e5f6g7h8i9j0", "aAbBcCdDeEfFgGhHiIjJ")),
    *("".join(character * size for character in LETTERS)[:LENGTH] for size in (2, 3, 4, 5)),
    *(fill(pattern) for pattern in ("ABC", "TESTTOKEN", "TestToken", "fooBar", "Xx", "deadbeef", "0x")),
    "yourHuggingFaceTokenGoesHereXXXXXX",
    "exampleTokenABCDEFGHxxxxxxxxxxxxxx",
    "xxxxxxxxxxxxxxxxYourTokenxxxxxxxxx",
    "YOURTOKENHERE123456789012345678901",
    "yOuRhUgGiNgFaCeToKeNgOeSrIgHtHeReX",
    "replaceThisWithYourOwnAccessToken1",
    "INSERTYOURHUGGINGFACETOKENHEREXXXX",
]
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
BOARDS = [
    "".join(ROWS),
    "".join(row[::-1] for row in ROWS),
    "".join(ROWS)[::-1],
    "1234567890" + "".join(ROWS),
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertzuiopasdfghjklyxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    *ROWS,
]
KEYBOARD = [
    walk
    for board in map(fill, BOARDS)
    for walk in (board, board.upper(), "".join(c.upper() if i % 2 else c for i, c in enumerate(board)))
]
NOISE = {
    "lower case": LETTERS,
    "upper case": UPPER,
    "digits": DIGITS,
    "hexadecimal": DIGITS + "abcdef",
    "HEXADECIMAL": DIGITS + "ABCDEF",
    "lower case and digits": LETTERS + DIGITS,
    "UPPER CASE AND DIGITS": UPPER + DIGITS,
    "base32": UPPER + "234567",
    "DNA": "ACGT",
    "two characters": "aB",
    "FASTQ quality": "hhhhiiiiiiggffedcba",
}


@pytest.mark.parametrize("body", [*NAMES, *(name[:LENGTH] for name in NAMES), *PLACEHOLDERS, *KEYBOARD])
def test_names_and_placeholders_are_no_credentials(body: str) -> None:
    assert not looks_random(body.encode())


@pytest.mark.parametrize("alphabet", NOISE.values(), ids=NOISE)
def test_noise_out_of_fewer_characters_is_no_credential(alphabet: str) -> None:
    assert not any(looks_random(draw(alphabet, seed).encode()) for seed in range(20))


@pytest.mark.parametrize("period", range(1, 18))
def test_a_repeated_random_pattern_is_no_credential(period: int) -> None:
    patterns = (draw(ALPHABETS["letters and digits"], seed, period) for seed in range(20))
    assert not any(looks_random(fill(pattern).encode()) for pattern in patterns)


@pytest.mark.unmeasured
@pytest.mark.parametrize("alphabet", ALPHABETS.values(), ids=ALPHABETS)
def test_random_bodies_are_credentials(alphabet: str) -> None:
    rng = random.Random(34)
    bodies = ["".join(rng.choices(alphabet, k=LENGTH)) for _ in range(6_000)]
    assert [body for body in bodies if not looks_random(body.encode())] == []


@pytest.mark.parametrize("length", [16, 40, 64, 200])
def test_random_bodies_of_other_lengths_are_credentials(length: int) -> None:
    assert all(looks_random(draw(ALPHABETS["letters"], seed, length).encode()) for seed in range(50))


@pytest.mark.parametrize("alphabet", [*ALPHABETS.values(), *list(NOISE.values())[:8]])
@pytest.mark.parametrize("length", [32, 40, 64])
def test_any_alphabet_accepts_noise_out_of_fewer_characters(alphabet: str, length: int) -> None:
    bodies = (draw(alphabet, seed, length).encode() for seed in range(8))
    assert all(looks_random(body, any_alphabet=True) for body in bodies)


@pytest.mark.parametrize("body", [*NAMES, fill("x"), fill(LETTERS), fill("ABC"), fill(BOARDS[0])])
def test_any_alphabet_still_refuses_names_and_placeholders(body: str) -> None:
    assert not looks_random(body.encode(), any_alphabet=True)


@pytest.mark.unmeasured
@pytest.mark.parametrize("any_alphabet", [False, True])
def test_each_expert_shares_out_exactly_one(any_alphabet: bool) -> None:
    rng = random.Random(7)
    contexts = [draw(alphabet, seed, rng.randrange(50)) for seed, alphabet in enumerate(NOISE.values())]
    contexts += [draw(ALPHABETS["letters and digits"], seed, rng.randrange(50)) for seed in range(10)]
    contexts += [body[: rng.randrange(LENGTH)] for body in (*NAMES, *PLACEHOLDERS[::4])]
    for context in contexts:
        before = context.encode().translate(plausible._numbers())
        chances = [
            list(plausible._predictions(before + bytes([symbol]), any_alphabet))[-1]
            for symbol in range(len(plausible.SYMBOLS))
        ]
        totals = [fsum(of_expert) for of_expert in zip(*chances, strict=True)]
        assert totals == pytest.approx([1.0] * len(totals))


@pytest.mark.parametrize("any_alphabet", [False, True])
def test_the_weights_are_one_in_all(any_alphabet: bool) -> None:
    prior = plausible._prior(any_alphabet)
    assert fsum(prior) == pytest.approx(1.0)
    assert len(prior) == len(next(plausible._predictions(b"\0", any_alphabet)))


def test_bits_and_answer_agree() -> None:
    for body in (*NAMES, *(draw(ALPHABETS["letters"], seed) for seed in range(50))):
        assert looks_random(body.encode()) == (structure_bits(body.encode()) < THRESHOLD)


def test_what_follows_a_name_does_not_clear_it() -> None:
    name = b"yourHuggingFaceToken"
    assert structure_bits(name + draw(ALPHABETS["letters"], 1).encode()) >= structure_bits(name) >= THRESHOLD


@pytest.mark.parametrize("body", [b"", b"with-a-hyphen", b"with_underscores", b"caf\xc3\xa9", b"a b"])
def test_other_characters_are_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match="letters and digits"):
        looks_random(body)
    with pytest.raises(ValueError, match="letters and digits"):
        structure_bits(body, any_alphabet=True)
