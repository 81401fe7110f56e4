"""Train and measure the test that tells a credential's random part from a name or a placeholder.

    python benchmarks/plausibility.py train [PATH...]     writes tokenguard/core/trigrams.py
    python benchmarks/plausibility.py measure [PATH...]   prints the error rates

`train` reads the Python files of the running interpreter's standard library, without its tests, and any
PATH given.  `measure` draws random bodies, makes placeholders, and collects the names found under each PATH;
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
from collections.abc import Iterable, Iterator
from math import inf, log2
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # a checkout need not be installed to be measured

LETTERS = string.ascii_lowercase
LENGTH = 34
SKIPPED = {"test", "tests", "idle_test", "lib2to3", "site-packages", "__pycache__", ".git"}
SOURCES = {
    *(".py", ".pyi", ".go", ".rs", ".js", ".ts", ".tsx", ".jsx", ".svelte", ".vue", ".java", ".kt", ".c", ".cc"),
    *(".cpp", ".h", ".hpp", ".cs", ".rb", ".php", ".swift"),
}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
QUOTED = re.compile(r"""\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`]*`""", re.DOTALL)
# A name is not taken from inside a run that base64, a path or a URL's query could be part of.
NAME = re.compile(r"(?<![\w+/=%-])[A-Za-z_]\w{2,}(?![\w+/=%-])", re.ASCII)


def files(paths: Iterable[Path], suffixes: set[str], skipped: set[str]) -> Iterator[Path]:
    """The files below `paths` with one of `suffixes`, in a fixed order."""
    for path in paths:
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in found:
            if file.suffix in suffixes and not skipped.intersection(file.relative_to(path).parts) and file.is_file():
                yield file


# ---------------------------------------------------------------------------------------------------- training


def train(paths: list[Path]) -> None:
    """Write the trigram table: Witten-Bell interpolation of distinct words, each weighted by log2(1 + count)."""
    counts: Counter[str] = Counter()
    for file in files(paths, {".py", ".txt", ".rst"}, SKIPPED):
        counts.update(word.lower() for word in WORD.findall(file.read_text("utf-8", "replace")) if word.isalpha())
    # A word seen less than three times is as often a piece of data as it is a word.
    words = {word: log2(1 + n) for word, n in counts.items() if n >= 3 and 2 <= len(word) <= 20}

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
        total, kinds = sum(seen.values()), len(seen)
        return (seen.get(symbol, 0.0) + kinds * shorter) / (total + kinds)

    contexts = ["^^", *("^" + a for a in LETTERS), *(a + b for a in LETTERS for b in LETTERS)]
    rows = [
        "".join(chr(35 + min(56, round(-5 * log2(probability(context, symbol))))) for symbol in LETTERS + "$")
        for context in contexts
    ]
    body = "\n".join("".join(rows[i : i + 4]) for i in range(0, len(rows), 4))
    (ROOT / "tokenguard/core/trigrams.py").write_text(
        f'''"""How likely each letter is after the two before it, in the words of source code.

Written by `python benchmarks/plausibility.py train`; do not edit.  Trained on {len(words)} distinct words of the
standard library of Python {platform.python_version()}, names and prose, each weighted by log2(1 + its count), with
Witten-Bell smoothing.
"""

STEP = 0.2
"""What one level is worth, in bits."""

CELLS = """\\
{body}
"""
"""One character a cell: `-log2` of a probability is `STEP * (ord(character) - 35)`.  A row has 27 cells, the
letters a to z and the end of the word; the rows are the contexts: the start of a word, the start and one letter
(a to z), two letters (aa to zz).  Four rows make a line."""
'''
    )
    print(f"{len(words)} words, {len(rows)} contexts")


# --------------------------------------------------------------------------------------------------- measuring


def names(paths: list[Path]) -> set[str]:
    """Every string of exactly LENGTH letters and digits that the names under `paths` give.

    A name is joined in four styles and cut at each start of a word; the words of names that follow each other
    in a file are joined as well.
    """
    found: set[str] = set()
    for file in files(paths, SOURCES, {"__pycache__", ".git", "node_modules"}):
        # What is quoted is data as often as it is a name: keys, hashes, certificates.
        text = QUOTED.sub(" ", file.read_text("utf-8", "replace"))
        recent: list[str] = []
        for name in dict.fromkeys(NAME.findall(text)):
            words = WORD.findall(name)
            if not words or sum(map(len, words)) > 100:
                continue
            found.update(cuts(words))
            recent = [*recent, *words][-14:]
            found.update(cuts(recent, longest_only=True))
    return found


def cuts(words: list[str], *, longest_only: bool = False) -> Iterator[str]:
    """The strings of LENGTH characters that `words`, joined in each style, give from the start of a word on."""
    styles = (
        words,
        [word.lower() for word in words],
        [word.upper() for word in words],
        [word.capitalize() for word in words],
        [word.lower() if not i else word.capitalize() for i, word in enumerate(words)],
    )
    for style in styles:
        for start in range(1 if longest_only else len(words)):
            joined = "".join(style[start:])
            if len(joined) < LENGTH:
                break
            yield joined[:LENGTH]


def fill(pattern: str, length: int = LENGTH) -> str:
    """`pattern` over and over, cut to `length`."""
    return (pattern * (length // len(pattern) + 1))[:length]


def placeholders(length: int = LENGTH) -> dict[str, set[str]]:
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
        return {"".join(rng.choices(alphabet, k=length)) for _ in range(100)}

    walks = {turned for board in boards for text in (board, board[::-1]) for turned in (text, text[3:] + text[:3])}
    runs = (LETTERS, LETTERS[::-1], digits, "1234567890", "9876543210", LETTERS + digits, digits + LETTERS)
    runs += (LETTERS + upper, upper + LETTERS, digits + LETTERS + upper, upper + LETTERS + digits)
    stems = (
        *("your", "my", "the", "example", "sample", "dummy", "fake", "test", "replace", "insert", "put", "enter"),
        *("YourHuggingFaceToken", "yourHuggingFaceTokenGoesHere", "exampleToken", "HuggingFaceToken", "invalid"),
        *("MyAccessToken", "PutYourTokenHere", "replaceWithYourOwnToken", "ThisIsNotARealToken", "secret"),
        *("xxxYourTokenxxx", "INSERTYOURTOKENHERE", "accessToken", "redacted", "TOKEN", "hidden", "changeme"),
    )
    tails = ("x", "X", "0", "1234567890", LETTERS, upper, "ABCDEFGHxxxxxxxxxxxxxxxxxxxx", "a", "123", "Token", "Xx")
    return {
        "one character": {c * length for c in LETTERS + upper + digits},
        "run of the alphabet or the digits": {
            style for run in runs for k in range(0, 26, 5) for style in styles(fill(run[k:] + run[:k], length))
        },
        "letters and digits in turn": {
            style
            for k in range(4)
            for pair in (zip(LETTERS[k:], digits * 3, strict=False), zip(digits * 3, LETTERS[k:], strict=False))
            for style in styles(fill("".join(map("".join, pair)), length))
        },
        "characters in groups": {
            style
            for size in (2, 3, 4, 5, 8)
            for run in (LETTERS, LETTERS[::-1], digits)
            for style in styles(fill("".join(c * size for c in run), length))
        },
        "keyboard": {style for walk in walks for style in styles(fill(walk, length))},
        "keyboard row": {style for row in rows for text in (row, row[::-1]) for style in styles(fill(text, length))},
        "repetition of a random pattern": {
            fill("".join(rng.choices(LETTERS + upper + digits, k=period)), length)
            for period in range(1, 18)
            for _ in range(40)
        },
        "repetition of words": {
            style
            for text in ("TestToken", "abc", "TokenTest", "huggingface", "foobar", "HuggingFaceToken", "dummyToken")
            for style in styles(fill(text, length))
        },
        "words and filling": {
            style
            for stem, tail in itertools.product(stems, tails)
            for style in styles((stem + fill(tail, length))[:length])
        },
        "filling and words": {
            fill(tail, length - len(stem)) + stem for stem, tail in itertools.product(stems, tails) if len(stem) < 24
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
            "".join(rng.choices("hifgedcba", weights=(20, 30, 15, 10, 6, 5, 3, 2, 1), k=length)) for _ in range(100)
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
        scored = list(zip(pool.map(structure_bits, [body.encode() for body in ordered], 1000), ordered, strict=True))
    passed = sum(bits < THRESHOLD for bits, _ in scored)
    lowest = heapq.nsmallest(show + 1, scored)
    print(f"{title}: {len(scored)} tried, {passed} accepted, lowest {lowest[0][0] if lowest else inf:.1f} bits")
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
        report("names", names(paths), show)
    for title, alphabet in (("letters", string.ascii_letters), ("letters and digits", string.ascii_letters + string.digits)):
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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
