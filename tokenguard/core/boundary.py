r"""Where a credential may begin: after anything that is not part of the same word.

What stands to the left is looked at as a reader of the text would see it. `\nhf_`, `%20hf_`, `=3Dhf_` and
`ESC[31mhf_` all put a letter or a digit before the prefix, and in all of them a credential begins there.
"""

from __future__ import annotations

import re
from functools import cache

_LONGEST_ESCAPE = 80


@cache
def _escape() -> re.Pattern[bytes]:
    """An escape sequence that ends where the searched bytes end; a group holds the character it stands for."""
    return re.compile(
        rb"""(?x) (?:
              \\ (?P<letter> [abefnrtv0] )                       # C, JSON, Python, shell
            | \\ (?: [ux] (?P<hex> (?:[0-9A-Fa-f]{2}){1,2} ) | U (?P<long> [0-9A-Fa-f]{8} ) )
            | \\ (?P<octal> [0-3]?[0-7]{1,2} )
            | % (?: 25 )* (?P<percent> [0-9A-Fa-f]{2} )          # once or more
            | = (?P<quoted> [0-9A-F]{2} )                        # quoted-printable, RFC 2045 section 6.7
            | (?: \x1b | \x9b | \\(?:e|E|033|x1[bB]|u001[bB]) | \^\[ | \#x1[bB]; )
              (?P<ansi> \[? [0-9;:?]{0,64} [A-Za-z] | [()*+] [0-9A-Z] )  # ECMA-48 section 5.4; charset: 5.3
            | \[ (?P<stripped> [0-9;]{1,64} m )                  # colour whose ESC a log viewer has dropped
        ) \Z""",
    )


def is_word(byte: int) -> bool:
    """Whether `byte` is an ASCII letter or digit."""
    return 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122


def _stands_for(escape: re.Match[bytes]) -> int:
    """The code point that an escape sequence stands for; 0 for the ones that only move or colour."""
    groups = escape.groupdict()
    if groups["octal"]:
        return int(groups["octal"], 8)
    digits = groups["hex"] or groups["long"] or groups["percent"] or groups["quoted"]
    return int(digits, 16) if digits else 0


def begins_word(data: bytes, start: int) -> bool:
    """Whether a word can begin at `start`: nothing before it, a separator, or an escape sequence.

    `%41hf_` is no beginning, since `%41` is the letter A.
    """
    if start == 0 or not is_word(data[start - 1]):
        return True
    escape = _escape().search(data, max(0, start - _LONGEST_ESCAPE), start)
    if escape is None:
        return False
    point = _stands_for(escape)
    return point > 127 or not is_word(point)
