"""How consumers that are not installed here read a text, by their own rules: variables and values out of it.

Each is a fraction of the real reader: whatever it does not expect fails a test.
"""

from __future__ import annotations

import re


def matched(pattern: str, text: str) -> list[str]:
    """The groups of a pattern that all of `text` must match."""
    found = re.fullmatch(pattern, text)
    assert found, f"not of the form {pattern}"
    return list(found.groups())


def lines(text: str) -> list[str]:
    assert text.endswith("\n")
    return text.split("\n")[:-1]


def powershell(text: str) -> dict[str, str]:
    """A string begins and ends at any of five quotes; two in a row within it are the second of them."""
    read = {}
    for line in lines(text):
        name, quoted = matched(r"\$Env:(\w+) = (.*)", line)
        chars = iter(quoted)
        assert next(chars) in "'\u2018\u2019\u201a\u201b"
        value = ""
        for char in chars:
            if char in "'\u2018\u2019\u201a\u201b":
                char = next(chars, "")
                if char == "":
                    break
                assert char in "'\u2018\u2019\u201a\u201b", "the string has ended"
            value += char
        else:
            raise AssertionError("the string does not end")
        read[name] = value
    return read


def nu(text: str) -> dict[str, str]:
    r"""Between double quotes a backslash begins an escape, and `\u` would need braces."""
    read = {}
    for line in lines(text):
        name, quoted = matched(r'\$env\.(\w+) = "((?:[^"\\]|\\["\'\\/(){}$^#|~])*)"', line)
        read[name] = re.sub(r"\\(.)", r"\1", quoted)
    return read


def cmd(text: str) -> dict[str, str]:
    """Up to the last quote, if nothing in between is expanded or ends the quotes."""
    read = {}
    for line in lines(text):
        name, read[name] = matched(r'set "(\w+)=([^"%!]*)"', line)
    return read


def docker(text: str) -> dict[str, str]:
    """All behind the equals sign, whatever it is."""
    read = {}
    for line in lines(text):
        name, read[name] = matched(r"([^=\s#][^=\s]*)=(.*)", line)
    return read


def gitlab(text: str) -> dict[str, str]:
    """Ruby's strip! of both halves, then the expansion of variables."""
    read = {}
    for line in lines(text):
        name, value = (half.strip("\0\t\n\v\f\r ") for half in matched(r"(.*?)=(.*)", line))
        read[name] = re.sub(r"\$\w+|\$\{\w+\}|%\w+%", "", value, flags=re.ASCII)
    return read


def systemd(text: str) -> dict[str, str]:
    """A shell's double quotes, with nothing expanded: a backslash before anything else is only a backslash."""
    read = {}
    for line in lines(text):
        name, quoted = matched(r'(\w+)="((?:[^"\\]|\\.)*)"', line)
        read[name] = re.sub(r'\\(["\\`$])', r"\1", quoted)
    return read


def python_dotenv(text: str) -> dict[str, str]:
    """Escapes are undone in either kind of quotes; then `${…}` is expanded, wherever it stands."""
    read = {}
    for line in lines(text):
        name, rest = matched(r"(\w+)=(.*)", line)
        if single := re.match(r"'((?:\\'|[^'])*)'\s*(?:#.*)?$", rest):
            value = re.sub(r"\\([\\'])", r"\1", single[1])
        elif double := re.match(r'"((?:\\"|[^"])*)"\s*(?:#.*)?$', rest):
            value = re.sub(r"\\([\\'\"abfnrtv])", _of_c, double[1])
        else:
            assert not rest.startswith(("'", '"')), "an error for python-dotenv"
            value = re.sub(r"\s+#.*", "", rest).rstrip()
        read[name] = re.sub(r"\$\{[^}]*\}", "", value)
    return read


def compose(text: str) -> dict[str, str]:
    """Only the quote itself can be escaped in single quotes; variables are expanded everywhere else."""
    read = {}
    for line in lines(text):
        name, rest = matched(r"(\w+)=[\t ]*(.*)", line)
        if rest.startswith("'"):
            value = matched(r"'((?:[^'\\]|\\.)*)'", rest)[0].replace("\\'", "'")
        elif rest.startswith('"'):
            value = matched(r'"((?:[^"\\]|\\.)*)"', rest)[0]
            value = _expanded(re.sub(r"\\([abcfnrtv$\"\\])", _of_c, value))
        else:
            value = _expanded(rest.partition(" #")[0].rstrip())
        read[name] = value
    return read


def node_dotenv(text: str) -> dict[str, str]:
    """Quotes are taken off and nothing is unescaped, but for line breaks in double quotes."""
    read = {}
    for line in lines(text):
        name, rest = matched(r"(\w+)=(.*)", line)
        quoted = r"\s*'(?:\\'|[^'])*'|\s*\"(?:\\\"|[^\"])*\"|\s*`(?:\\`|[^`])*`|[^#]+|"
        value = matched(rf"({quoted})\s*(?:#.*)?", rest)[0].strip()
        kind = value[:1]
        value = re.sub(r"^(['\"`])(.*)\1$", r"\2", value)
        read[name] = value.replace("\\n", "\n").replace("\\r", "\r") if kind == '"' else value
    return read


def github(text: str) -> dict[str, str]:
    """`NAME<<END`, lines, `END`; or `NAME=value`. Whichever of `<<` and `=` comes first decides."""
    read = {}
    rest = iter(lines(text))
    for line in rest:
        name, sign, after = matched(r"(.+?)(<<|=)(.*)", line)
        if sign == "=":
            read[name] = after
            continue
        value = []
        for content in rest:
            if content == after:
                break
            value.append(content)
        else:
            raise AssertionError("the here-document does not end")
        read[name] = "\n".join(value)
    return read


def github_mask(text: str) -> str:
    """What a runner hides for this command, its escapes undone in the order in which the runner does it."""
    masked = matched(r"::add-mask::(.*)\n", text)[0]
    return masked.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def _of_c(escape: re.Match[str]) -> str:
    return {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}.get(escape[1], escape[1])


def _expanded(value: str) -> str:
    return re.sub(r"\$\w+|\$\{[^}]*\}", "", value).replace("$$", "$")
