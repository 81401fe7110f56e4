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
            | \\' (?P<rtf> [0-9A-Fa-f]{2} )
            | \\ (?P<octal> [0-3]?[0-7]{1,2} )
            | \#0 (?P<syslog> [0-3][0-7] )                       # rsyslog
            | \^ [A-Z]                                           # cat -v
            | ` [abefnrtv0]                                      # PowerShell
            | (?<! [!-~] ) - [A-Za-z]                            # an option: -uTOKEN
            | (?<= \n ) V                                       # a string of pickle's protocol 0
            | % (?: 25 )* (?P<percent> [0-9A-Fa-f]{2} )          # once or more
            | %u (?P<unicode> [0-9A-Fa-f]{4} )
            | = (?P<quoted> [0-9A-Fa-f]{2} )                     # quoted-printable, RFC 2045 section 6.7
            | (?: \x1b | \x9b | \\(?:e|E|0?33|x1[bB]|u001[bB]|u\{1[bB]\})
                | \^\[ | \#x1[bB]; | \#033 | %1[bB] | =1B )
              (?P<ansi> \[? [0-?]{0,64} [ -/]{0,2} [A-Za-z] | [ -/]{0,2} [0-9A-Za-z] )  # ECMA-48 sections 5.3, 5.4
            | \[ (?P<stripped> [0-9;]{1,64} m )                  # colour whose ESC a log viewer has dropped
        ) \Z""",
    )


def is_word(byte: int) -> bool:
    """Whether `byte` is an ASCII letter or digit."""
    return 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122


def _stands_for(escape: re.Match[bytes]) -> int:
    """The code point that an escape sequence stands for; 0 for the ones that only move or colour."""
    groups = escape.groupdict()
    if octal := groups["octal"] or groups["syslog"]:
        return int(octal, 8)
    digits = next(filter(None, (groups[name] for name in _HEXADECIMAL)), b"0")
    return int(digits, 16)


_HEXADECIMAL = ("hex", "long", "rtf", "percent", "unicode", "quoted")


def begins_word(data: bytes, start: int) -> bool:
    """Whether a word can begin at `start`: nothing before it, a separator, or an escape sequence.

    `%41hf_` is no beginning, since `%41` is the letter A.
    """
    if start == 0 or not is_word(data[start - 1]):
        return True
    escape = _escape().search(data, max(0, start - _LONGEST_ESCAPE), start)
    if escape is None:
        return _ends_double_byte(data, start)
    point = _stands_for(escape)
    return point > 127 or not is_word(point)


def _ends_double_byte(data: bytes, start: int) -> bool:
    """Whether what looks like a letter before `start` is half of a character in Shift-JIS, Big5 or GBK."""
    if start < 2 or data[start - 1] < 0x40 or data[start - 2] < 0x81:
        return False
    high = start - 2
    while high > max(0, start - 64) and data[high - 1] >= 0x80:
        high -= 1
    try:
        data[high : start - 1].decode()
    except UnicodeDecodeError:
        return True
    return False
