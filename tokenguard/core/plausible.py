"""Whether a string can be the random part of a credential: a likelihood-ratio test with a guarantee.

Let P(x) be the probability that a credential's random part is x, and Q(x) that of a model of all else that
is written in letters and digits: names, placeholders, keyboard walks, repetitions, noise in few characters.
Q predicts one character after another and each prediction sums to one, so the ratio Q/P is a martingale under
P, and by Ville's inequality (Étude critique de la notion de collectif, 1939) the probability that it *ever*
reaches 2**k along a random string is at most 2**-k, however rich or wrong Q is.  A body is refused when it
does, with k = `THRESHOLD`.

Q is a fixed-share mixture of experts (Herbster and Warmuth, Tracking the best expert, 1998): their weights
follow the posterior, and at each character a share of all weight is dealt out anew, so that a string that
begins as a word and ends in `xxxx` is handed from one expert to the next.
"""

from collections.abc import Iterator
from functools import cache
from itertools import product
from math import inf, log2

from tokenguard.core import trigrams

THRESHOLD = 18.0
"""Bits of evidence that refuse a body: at most 2**-18 of random bodies (3.8 in a million) have as many."""

SWITCH = 1 / 16
"""The share of all weight that is dealt out anew at each character."""

LOWER = b"abcdefghijklmnopqrstuvwxyz"
UPPER = LOWER.upper()
DIGITS = b"0123456789"
SYMBOLS = LOWER + UPPER + DIGITS
ALPHABETS = (
    *(DIGITS + b"abcdef", DIGITS + b"ABCDEF", LOWER, UPPER, LOWER + DIGITS, UPPER + DIGITS),
    *(LOWER + UPPER, SYMBOLS),
)
"""What random strings are written in, the smallest first; a user token is written in one of the last two."""

PERIODS = 40
"""The longest period of a repetition."""

WALKS = (
    *(LOWER, LOWER, DIGITS, LOWER + DIGITS, b"1234567890qwertyuiopasdfghjklzxcvbnm"),
    *(b"qwertyuiopasdfghjklzxcvbnm", b"azertyuiopqsdfghjklmwxcvbn", b"qwertzuiopasdfghjklyxcvbnm"),
    *(b"qazwsxedcrfvtgbyhnujmikolp", b"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p"),
)
"""The circles that walks follow either way round: the alphabet, the digits, rows and columns of keyboards."""

FEW = 0.06
"""What each symbol counts before it is seen: the smaller, the fewer distinct symbols are expected."""

NONE = len(SYMBOLS)
"""The symbol that stands before the first."""

END = 26
"""The cell of a row of letters that holds the probability that the word ends."""

START, SMALL, CAPITAL, ACRONYM, DIGIT = range(5)
"""Where a name has come to: nowhere, a small letter, a word's capital, a further capital, a digit."""

DIGIT_AFTER = (0.04, 0.03, 0.03, 0.03, 0.40)
FOREIGN_DIGIT = 0.02
FREQUENCIES = (28, 3, 5, 6, 23, 2, 4, 6, 21, 2, 5, 7, 5, 12, 13, 4, 0.3, 9, 9, 8, 11, 2.5, 2, 0.6, 4, 4)
"""How common the letters a to z are, roughly, in languages written in Latin letters other than English."""

CAPITAL_AFTER = (0.50, 0.0, 0.11, 0.62, 0.58)
"""How likely a digit is next, and a capital if it is a letter; after a small letter, its word tells."""


def structure_bits(body: bytes, *, any_alphabet: bool = False) -> float:
    """log2 of how much better a model of names and placeholders explains `body` than a random draw does.

    In: ASCII letters and digits, else ValueError.  Out: the highest log2(Q/P) along it, in bits, not below 0.
    """
    return _evidence(body, any_alphabet, inf)


def looks_random(body: bytes, *, any_alphabet: bool = False) -> bool:
    """Whether `body` can be a credential's random part; of random bodies at most 2**-THRESHOLD are refused.

    P is uniform over the letters, or over the letters and digits.  With `any_alphabet`, for a credential
    whose alphabet is not documented, it may as well be uniform over a smaller one of `ALPHABETS`: that `body`
    is written in few characters is then not held against it.
    """
    return _evidence(body, any_alphabet, THRESHOLD) < THRESHOLD


def _evidence(body: bytes, any_alphabet: bool, enough: float) -> float:
    """The highest log2(Q/P) along `body`, or the first that is at least `enough`."""
    if not body.isalnum():
        raise ValueError("a body consists of ASCII letters and digits")
    symbols = body.translate(_numbers())
    fits, widths = _fits(any_alphabet)
    joint = _prior(any_alphabet)
    share = [SWITCH * weight for weight in joint]
    total, within, bits, highest = 1.0, -1, 0.0, 0.0
    for length, predicted in enumerate(_predictions(symbols, any_alphabet), 1):
        keep = (1 - SWITCH) / total
        experts = zip(joint, share, predicted, strict=True)
        joint = [(keep * part + fresh) * chance for part, fresh, chance in experts]
        total = sum(joint)
        bits += log2(total)
        # P is the most generous of the alphabets that hold the body so far: no less than any one of them, so
        # that the guarantee holds for each.  `within` has a bit for every alphabet, the smallest lowest.
        within &= fits[symbols[length - 1]]
        ratio = bits + length * widths[(within & -within).bit_length() - 1]
        if ratio > highest:
            highest = ratio
            if highest >= enough:
                break
    return highest


def _predictions(symbols: bytes, any_alphabet: bool) -> Iterator[list[float]]:
    """For each of `symbols`, the probability every expert gives it, knowing those before it."""
    flat, near = _flat(any_alphabet), _near()
    counts, seen = [FEW] * NONE, FEW * NONE
    one = two = three = four = NONE
    models = _names(symbols), _foreign(symbols), _repeats(symbols)
    for symbol, named, foreign, again in zip(symbols, *models, strict=True):
        # A walk keeps the case of two characters before, whether it is in one case or in aLtErNaTiNg ones.
        keys = near[two // 26][symbol]
        walks = keys[one], keys[two], keys[three], keys[four], near[2][symbol][one]
        yield [*named, foreign, again, counts[symbol] / seen, *walks, *flat[symbol]]
        counts[symbol] += 1
        seen += 1
        one, two, three, four = symbol, one, two, three


def _repeats(symbols: bytes) -> Iterator[float]:
    """For each of `symbols`, its probability if the period that has held for longest goes on to hold.

    The case of a letter changes one time in ten.  While no period holds, any symbol is as likely as another.
    """
    folded = bytes(symbol if symbol >= 52 else symbol % 26 for symbol in symbols)
    held: dict[int, int] = {}
    for place, symbol in enumerate(folded):
        if held:
            before = place - max(held, key=held.__getitem__)
            kept = 1.0 if symbol >= 52 else 0.9 if symbols[before] == symbols[place] else 0.1
            yield kept if folded[before] == symbol else 0.0
        else:
            yield 1 / NONE
        holding: dict[int, int] = {}
        before = folded.rfind(symbol, max(place - PERIODS, 0), place)
        while before >= 0:
            holding[place - before] = held.get(place - before, 0) + 1
            before = folded.rfind(symbol, max(place - PERIODS, 0), before)
        held = holding


def _names(symbols: bytes) -> Iterator[tuple[float, float, float, float]]:
    """For each of `symbols`, its probability in words in lower, UPPER, aLtErNaTiNg and camelCase.

    Words that run together in one case leave open where they begin: `begun` is the probability that the
    letter before begins a word (forward algorithm).  In camel case a capital begins a word or belongs to an
    acronym, whose letters are initials or words in upper case.
    """
    first, begins, grows, pairs = _letters()
    over = [0.0] * 26 + [1.0]
    kind, before, begun = START, 0, 1.0
    begin = pair = inside = over
    for symbol in symbols:
        digit = DIGIT_AFTER[kind]
        if symbol >= 52:
            yield digit / 10, digit / 10, digit / 10, digit / 10
            kind, begin, pair = DIGIT, over, over
            continue
        letter, small = symbol % 26, symbol < 26
        anew = (begun * begin[END] + (1 - begun) * pair[END]) * first[letter]
        run = anew + begun * begin[letter] + (1 - begun) * pair[letter]
        begun = anew / run
        capital = inside[END] if kind == SMALL else CAPITAL_AFTER[kind]
        if kind == SMALL:
            camel = 0.75 * inside[letter] + 0.25 * (1 - capital) * run if small else capital * first[letter]
        elif kind in (CAPITAL, ACRONYM):
            camel = (1 - capital) * grows[before][letter] if small else capital * (first[letter] + run) / 2
        else:
            camel = (1 - capital if small else capital) * run
        alone = (1 - digit) * run
        turned = alone if small != (kind == SMALL) else 0.0
        yield alone if small else 0.0, 0.0 if small else alone, turned, (1 - digit) * camel
        fresh = kind in (START, DIGIT)
        begin, pair = begins[letter], over if fresh else pairs[26 * before + letter]
        inside = pair if small and not fresh else begin
        kind = SMALL if small else ACRONYM if kind in (CAPITAL, ACRONYM) else CAPITAL
        before = letter


def _foreign(symbols: bytes) -> Iterator[float]:
    """For each of `symbols`, its probability in camelCase of no language in particular.

    A word has two letters at least, vowels and consonants take turns, and some letters are rarer than others.
    """
    letters, vowels = _sounds()
    kind, after_vowel, length = START, None, 0
    for symbol in symbols:
        if symbol >= 52:
            yield FOREIGN_DIGIT / 10
            kind, after_vowel, length = START, None, 0
            continue
        letter, small = symbol % 26, symbol < 26
        capital = 0.5 if kind == START else 0.03 if kind == CAPITAL else 0.02 if length < 2 else 0.18
        vowel = 0.25 if not small or after_vowel is None else 0.22 if after_vowel else 0.62
        sound = vowel if letter in vowels else 1 - vowel
        yield (1 - FOREIGN_DIGIT) * (1 - capital if small else capital) * sound * letters[letter]
        kind, after_vowel = (SMALL if small else CAPITAL), letter in vowels
        length = length + 1 if small else 1


@cache
def _sounds() -> tuple[list[float], frozenset[int]]:
    """How likely each letter is among the vowels, or among the consonants, and which are vowels."""
    vowels = frozenset(LOWER.find(byte) for byte in b"aeiouy")
    totals = {kind: sum(FREQUENCIES[i] for i in range(26) if (i in vowels) == kind) for kind in (True, False)}
    return [FREQUENCIES[i] / totals[i in vowels] for i in range(26)], vowels


@cache
def _letters() -> tuple[list[float], list[list[float]], list[list[float]], list[list[float]]]:
    """The chances of a word's first letter; after one letter; after one, if the word goes on; after two."""
    cells = trigrams.CELLS.replace("\n", "").encode()
    chances = [2 ** (trigrams.STEP * (35 - level)) for level in range(128)]
    rows = []
    for start in range(0, len(cells), 27):
        row = [chances[cell] for cell in cells[start : start + 27]]
        if not start:
            row[END] = 0.0
        total = sum(row)
        rows.append([chance / total for chance in row])
    grows = [[chance / (1 - row[END]) for chance in row[:END]] for row in rows[1:27]]
    return rows[0], rows[1:27], grows, rows[27:]


@cache
def _numbers() -> bytes:
    """The table that translates a character into its number in SYMBOLS."""
    return bytes(max(SYMBOLS.find(byte), 0) for byte in range(256))


@cache
def _fits(any_alphabet: bool) -> tuple[list[int], list[float]]:
    """The alphabets of P that hold each symbol, as a set of bits, and the bits a character takes in each."""
    alphabets = ALPHABETS if any_alphabet else ALPHABETS[-2:]
    fits = [sum(1 << i for i, alphabet in enumerate(alphabets) if byte in alphabet) for byte in SYMBOLS]
    return fits, [log2(len(alphabet)) for alphabet in alphabets]


@cache
def _flat(any_alphabet: bool) -> list[list[float]]:
    """The probability of each symbol in noise over each alphabet: the experts without a memory."""
    alphabets = ALPHABETS[-2:] if any_alphabet else ALPHABETS
    return [[1 / len(alphabet) if byte in alphabet else 0.0 for alphabet in alphabets] for byte in SYMBOLS]


@cache
def _near() -> list[list[list[float]]]:
    """`[case][symbol][before]`: how likely a walk steps from `before` to `symbol` if its case is `case`."""
    tables = [[[0.0] * NONE + [1 / NONE] for _ in SYMBOLS] for _ in range(3)]
    for before, byte in enumerate(SYMBOLS.lower()):
        circles = [walk for walk in WALKS if byte in walk]
        for walk, step in product(circles, (1, -1)):
            key = SYMBOLS.find(walk[(walk.find(byte) + step) % len(walk)])
            for table, small in zip(tables, (0.9, 0.1, 0.5), strict=True):
                for symbol, share in ((key, small), (key + 26, 1 - small)) if key < 26 else ((key, 1.0),):
                    table[symbol][before] += share / len(circles) / 2
    return tables


@cache
def _prior(any_alphabet: bool) -> list[float]:
    """The weight each expert begins with, and its part of the weight that is dealt out anew."""
    named, repeats, few, walks, random = [3.0, 2.0, 1.0, 10.0, 4.0], 3.0, 1.0, [0.5] * 4 + [2.0], [0.5] * 2
    # Noise over 36 characters is the hardest to tell from noise over 62: it takes almost 34 characters.
    noise = [] if any_alphabet else [0.5, 0.5, 0.5, 0.5, 1.5, 1.5]
    weights = [*named, repeats, few, *walks, *noise, *random]
    return [weight / sum(weights) for weight in weights]
