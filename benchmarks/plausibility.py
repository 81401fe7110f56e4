"""Train and measure the test that tells a credential's random part from a name or a placeholder.

    python benchmarks/plausibility.py train [PATH...]     writes tokenguard/core/trigrams.py
    python benchmarks/plausibility.py measure [PATH...]   prints the error rates

`train` reads the standard library of the running interpreter, and the Python and text files under any PATH.
`measure` draws random bodies, makes placeholders, and collects the names in the source files under each PATH;
a PATH must not be one that was trained on.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import multiprocessing
import platform
import random
import re
import string
import sys
import sysconfig
import time
from collections import Counter, defaultdict
from math import inf, log2, sqrt
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # a checkout need not be installed to be measured

LETTERS = string.ascii_lowercase
LENGTH = 34
SAMPLE = 200_000
STEMS = """
    your my the example sample dummy fake test replace insert put enter invalid secret redacted TOKEN hidden
    YourHuggingFaceToken yourHuggingFaceTokenGoesHere exampleToken HuggingFaceToken MyAccessToken changeme
    PutYourTokenHere replaceWithYourOwnToken ThisIsNotARealToken xxxYourTokenxxx INSERTYOURTOKENHERE
    accessToken
"""
TAILS = "x X 0 a Xx 123 1234567890 Token ABCDEFGHxxxxxxxxxxxxxxxxxxxx"
REPEATED = "TestToken abc TokenTest huggingface foobar HuggingFaceToken dummyToken"
SKIPPED = {"site-packages", "__pycache__"}
TEXT = re.compile(r"\.(py|txt|rst)$")
SOURCE = re.compile(r"\.(pyi?|go|rs|[jt]sx?|svelte|vue|java|kt|c|cc|cpp|h|hpp|cs|rb|php|swift)$")
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# What is quoted or commented is data as often as it is a name: keys, hashes, certificates.
DATA = re.compile(
    r"""
    \"{3}.*?\"{3} | '{3}.*?'{3} | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | `[^`]*`
    | /\*.*?\*/ | (?:\#|//)[^\n]*
    """,
    re.DOTALL | re.VERBOSE,
)
# A name is not taken from inside a run that base64, a path or a URL's query could be part of.
NAME = re.compile(r"(?<![\w+/=%-])[A-Za-z_]\w{2,}(?![\w+/=%-])", re.ASCII)


def files(paths: Iterable[Path], wanted: re.Pattern[str], skipped: set[str]) -> Iterator[Path]:
    """The files below `paths` whose names are `wanted`, in a fixed order."""
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            parts = file.relative_to(path).parts
            if wanted.search(file.name) and skipped.isdisjoint(parts) and file.is_file():
                yield file


def train(paths: list[Path]) -> None:
    """Write the trigram table: Witten-Bell smoothing over words, each weighted by the root of its count."""
    counts: Counter[str] = Counter()
    for file in files(paths, TEXT, SKIPPED):
        found = WORD.findall(file.read_text("utf-8", "replace"))
        counts.update(word.lower() for word in found if word.isalpha())
    # A word that is seen once is as often a piece of data as it is a word.
    words = {word: sqrt(n) for word, n in counts.items() if n >= 2 and 2 <= len(word) <= 20}

    follow: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for word, weight in words.items():
        padded = "^^" + word + "$"
        for i in range(2, len(padded)):
            for order in (0, 1, 2):
                follow[padded[i - order : i]][padded[i]] += weight

    def probability(context: str, symbol: str) -> float:
        shorter = probability(context[1:], symbol) if context else 1 / 27
        seen = follow.get(context)
        if not seen:
            return shorter
        total, unseen = sum(seen.values()), 2 * len(seen)
        return (seen.get(symbol, 0.0) + unseen * shorter) / (total + unseen)

    contexts = ["^^", *("^" + a for a in LETTERS), *(a + b for a in LETTERS for b in LETTERS)]
    rows = [
        "".join(chr(35 + min(56, round(-5 * log2(probability(context, symbol))))) for symbol in LETTERS + "$")
        for context in contexts
    ]
    body = "\n".join("".join(rows[i : i + 4]) for i in range(0, len(rows), 4))
    (ROOT / "tokenguard/core/trigrams.py").write_text(
        f'''"""How likely each letter is after the two before it, in the words of source code.

Written by `python benchmarks/plausibility.py train`; do not edit.  Trained on the {len(words)} distinct words
of the standard library of Python {platform.python_version()}, names and prose, each weighted by the root of
its count, with Witten-Bell smoothing.
"""

STEP = 0.2
"""What one level is worth, in bits."""

CELLS = """\\
{body}
"""
"""One character a cell: `-log2` of a probability is `STEP * (ord(character) - 35)`.  A row has 27 cells, the
letters a to z and the end of the word; the rows are the contexts: the start of a word, the start and one
letter (a to z), two letters (aa to zz).  Four rows make a line."""
'''
    )
    print(f"{len(words)} words, {len(rows)} contexts")


def names(paths: list[Path]) -> tuple[set[str], set[str]]:
    """Strings of LENGTH letters and digits: out of single names, and out of names that follow each other.

    The words of a name are joined in five styles, from each of them on; so are those of consecutive names.
    """
    single: set[str] = set()
    joined: set[str] = set()
    for file in files(paths, SOURCE, {"__pycache__", ".git", "node_modules"}):
        recent: list[str] = []
        for name in dict.fromkeys(NAME.findall(DATA.sub(" ", file.read_text("utf-8", "replace")))):
            words = WORD.findall(name)
            single.update(cuts(words, len(words)))
            recent = [*recent, *words][-14:]
            joined.update(cuts(recent, 1))
    return single, joined - single


def cuts(words: list[str], starts: int) -> Iterator[str]:
    """LENGTH characters of `words`, joined in each style, from each of the first `starts` words on."""
    styles = (
        words,
        [word.lower() for word in words],
        [word.upper() for word in words],
        [word.capitalize() for word in words],
        [word.lower() if not i else word.capitalize() for i, word in enumerate(words)],
    )
    for style in styles:
        for start in range(starts):
            joined = "".join(style[start:])
            if len(joined) < LENGTH:
                break
            yield joined[:LENGTH]


def fill(pattern: str, length: int = LENGTH) -> str:
    """`pattern` over and over, cut to `length`."""
    return (pattern * (length // len(pattern) + 1))[:length]


def placeholders() -> dict[str, set[str]]:
    """Bodies that stand for a token or are noise of another kind, by family."""
    rng = random.Random(2024)
    upper, digits = LETTERS.upper(), string.digits
    rows = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    boards = (
        "".join(rows),
        "".join(row[::-1] for row in rows),
        "1234567890" + "".join(rows),
        "azertyuiopqsdfghjklmwxcvbn",
        "qwertzuiopasdfghjklyxcvbnm",
        "qazwsxedcrfvtgbyhnujmikolp",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    )

    def styles(text: str) -> set[str]:
        odd = "".join(c.upper() if i % 2 else c.lower() for i, c in enumerate(text))
        return {text, text.lower(), text.upper(), odd, odd.swapcase(), text.capitalize()}

    def noise(alphabet: str) -> set[str]:
        return {"".join(rng.choices(alphabet, k=LENGTH)) for _ in range(100)}

    lines = [*boards, *(board[::-1] for board in boards)]
    walks = {turned for line in lines for turned in (line, line[3:] + line[:3])}
    runs = (
        *(LETTERS, LETTERS[::-1], digits, "1234567890", "9876543210", LETTERS + digits, digits + LETTERS),
        *(LETTERS + upper, upper + LETTERS, digits + LETTERS + upper, upper + LETTERS + digits),
    )
    stems = STEMS.split()
    tails = (*TAILS.split(), LETTERS, upper)
    return {
        "one character": {c * LENGTH for c in LETTERS + upper + digits},
        "run of the alphabet or the digits": {
            style for run in runs for k in range(0, 26, 5) for style in styles(fill(run[k:] + run[:k]))
        },
        "letters and digits in turn": {
            style
            for k in range(4)
            for odd, even in ((LETTERS[k:], digits * 3), (digits * 3, LETTERS[k:]))
            for style in styles(fill("".join(map("".join, zip(odd, even, strict=False)))))
        },
        "characters in groups": {
            style
            for size in (2, 3, 4, 5, 8)
            for run in (LETTERS, LETTERS[::-1], digits)
            for style in styles(fill("".join(c * size for c in run)))
        },
        "keyboard": {style for walk in walks for style in styles(fill(walk))},
        "keyboard row": {style for row in rows for way in (row, row[::-1]) for style in styles(fill(way))},
        "repetition of a random pattern": {
            fill("".join(rng.choices(LETTERS + upper + digits, k=period)))
            for period in range(1, 18)
            for _ in range(40)
        },
        "repetition of words": {style for text in REPEATED.split() for style in styles(fill(text))},
        "words and filling": {
            style
            for stem, tail in itertools.product(stems, tails)
            for style in styles((stem + fill(tail))[:LENGTH])
        },
        "filling and words": {
            fill(tail, LENGTH - len(stem)) + stem
            for stem, tail in itertools.product(stems, tails)
            if len(stem) < 24
        },
        "lower-case noise": noise(LETTERS),
        "upper-case noise": noise(upper),
        "digits": noise(digits),
        "hexadecimal": noise("0123456789abcdef") | noise("0123456789ABCDEF"),
        "lower-case letters and digits": noise(LETTERS + digits),
        "upper-case letters and digits": noise(upper + digits),
        "base32": noise(upper + "234567"),
        "few letters": noise("ACGT") | noise("acgt") | noise("xX") | noise("01") | noise("ACGTN"),
        "FASTQ quality": {
            "".join(rng.choices("hifgedcba", weights=(20, 30, 15, 10, 6, 5, 3, 2, 1), k=LENGTH))
            for _ in range(100)
        },
    }


def draws(job: tuple[str, int, int]) -> tuple[Counter[int], float]:
    """The histogram of bits of `count` random bodies over an alphabet, and the highest."""
    from tokenguard.core.plausible import structure_bits

    alphabet, seed, count = job
    rng = random.Random(seed)
    histogram: Counter[int] = Counter()
    worst = 0.0
    for _ in range(count):
        bits = structure_bits("".join(rng.choices(alphabet, k=LENGTH)).encode())
        histogram[int(bits)] += 1
        worst = max(worst, bits)
    return histogram, worst


def report(title: str, bodies: Iterable[str], show: int) -> None:
    """Print how many of `bodies` would pass for random, and the lowest scores."""
    from tokenguard.core.plausible import THRESHOLD, structure_bits

    ordered = sorted(bodies)
    with multiprocessing.Pool() as pool:
        bits_of_each = pool.map(structure_bits, [body.encode() for body in ordered], 1000)
    scored = list(zip(bits_of_each, ordered, strict=True))
    passed = sum(bits < THRESHOLD for bits, _ in scored)
    lowest = heapq.nsmallest(show + 1, scored)
    least = lowest[0][0] if lowest else inf
    print(f"{title}: {len(scored)} tried, {passed} accepted, lowest {least:.1f} bits")
    for bits, body in lowest[:show]:
        print(f"    {bits:6.1f}  {body}")


def measure(paths: list[Path], count: int, show: int) -> None:
    """Print both error rates: random bodies missed, names and placeholders accepted."""
    from tokenguard.core.plausible import THRESHOLD, looks_random, structure_bits

    print(f"threshold {THRESHOLD} bits, Python {platform.python_version()}")
    structure_bits(b"warm")
    rng = random.Random(1)
    sample = ["".join(rng.choices(string.ascii_letters, k=LENGTH)).encode() for _ in range(2000)]
    begin = time.perf_counter()
    for body in sample:
        looks_random(body)
    print(f"{(time.perf_counter() - begin) / len(sample) * 1e6:.0f} microseconds a random body of {LENGTH}")

    for family, bodies in placeholders().items():
        report(family, bodies, 0)
    if paths:
        single, joined = names(paths)
        report("names", single, show)
        sample_of_joined = rng.sample(sorted(joined), min(len(joined), SAMPLE))
        report(f"names that follow each other ({len(joined)})", sample_of_joined, show)
    alphabets = {"letters": string.ascii_letters, "letters and digits": string.ascii_letters + string.digits}
    for title, alphabet in alphabets.items():
        jobs = [(alphabet, seed, 10_000) for seed in range(count // 10_000)]
        histogram: Counter[int] = Counter()
        worst = 0.0
        with multiprocessing.Pool() as pool:
            for part, highest in pool.imap_unordered(draws, jobs):
                histogram += part
                worst = max(worst, highest)
        missed, tried = sum(n for bits, n in histogram.items() if bits >= THRESHOLD), histogram.total()
        print(f"random {title}: {tried} tried, {missed} missed, highest {worst:.1f} bits")
        print("    " + "  ".join(f"{bits}:{histogram[bits]}" for bits in sorted(histogram)))


def main() -> None:
    """Read the command line."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("command", choices=("train", "measure"))
    parser.add_argument("path", nargs="*", type=Path)
    parser.add_argument("--count", type=int, default=2_000_000, help="random bodies of each alphabet")
    parser.add_argument("--show", type=int, default=30, help="names to print, the least structured first")
    options = parser.parse_intermixed_args()
    if options.command == "train":
        train([Path(sysconfig.get_path("stdlib")), *options.path])
    else:
        measure(options.path, options.count, options.show)


if __name__ == "__main__":
    main()
