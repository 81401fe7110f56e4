"""detect-secrets' own detectors, over bytes: what they find, where, and nothing that goes over a network."""

from __future__ import annotations

import codecs
import io
import os
import re
import time
from typing import NamedTuple

from tokenguard.core.kinds import KINDS
from tokenguard.core.token import Token
from tokenguard.errors import IncompleteError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from typing import Any

# Some of the expressions take time that grows with the square or the cube of a line: in 4,000 characters, seconds.
LONGEST_LINE = 4096
# The cube is that of the spaces in a row (detect_secrets/plugins/ibm_cloud_iam.py).
_SPACES = re.compile(" {17,}")
# Seconds for one file. A second does for a thousand lines of code; only what was made for it takes so long.
_MOST_TIME = 60
# The parsers of INI and YAML take time that grows with the square of what they read.
_LARGEST_PARSED = 128 * 1024
# A YAML file may name a part of it again and again, and what there is then grows threefold with every three names.
_MOST_ALIASES = 24
_ALIAS = re.compile(r"(?:^|[\s\[{,:])\*\w")
# git's own measure of what is text, as in core/locate.py.
_LOOKED_AT_FOR_NUL = 8000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before that of UTF-16, which it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Ours: a file that is not there was reported where it was read, and an allowed secret is counted. And whatever is
# about the answers of services is not asked for at all.
_LEFT_OUT = (
    "detect_secrets.filters.common.is_invalid_file",
    "detect_secrets.filters.allowlist.is_line_allowlisted",
    "detect_secrets.filters.common.is_ignored_due_to_verification_policies",
)


class Match(NamedTuple):
    """A secret that one of the detectors has found; `kind` is what it is called in a Report.

    Lines and columns count from 1, in characters. `text` is the line, `above` the one before it.
    """

    kind: str
    line: int
    column: int
    end_column: int
    secret: Token
    text: bytes
    above: bytes


class Searched(NamedTuple):
    """What was found in one file, and how many of its lines are too long to be searched."""

    matches: list[Match]
    long_lines: int = 0


class Detectors:
    """The detectors, with the settings that detect-secrets has by itself, for the time of a `with` block.

    A file called `baseline` is left out, since the digests in it are no secrets. Raises UsageError where
    detect-secrets is not installed.
    """

    def __init__(self, baseline: str | None = None) -> None:
        try:
            from detect_secrets import settings
            from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class as classes
        except ImportError:
            hint = "pip install 'hf-tokenguard[detect-secrets]'"
            raise UsageError("--all-secrets needs detect-secrets, which is not installed", hint) from None
        self._baseline = baseline and os.path.basename(baseline)
        paths = [path for path in settings.Settings().filters if path not in _LEFT_OUT]
        plugins: Iterable[type] = classes().values()
        # The settings are global to the process; these end with the block.
        self._settings = settings.transient_settings(
            {
                "plugins_used": [{"name": found.__name__} for found in plugins],
                "filters_used": [{"path": path} for path in sorted(paths)],
            }
        )

    def __enter__(self) -> Detectors:  # noqa: PYI034 -- nothing derives from it, and Self is not in Python 3.10
        from detect_secrets.settings import get_filters, get_plugins
        from detect_secrets.util.inject import get_injectable_variables

        self._settings.__enter__()
        self._plugins = [(plugin, kind_of(plugin.secret_type)) for plugin in get_plugins()]
        functions: list[Any] = get_filters()
        filters = [(found, frozenset(get_injectable_variables(found))) for found in functions]
        filters = [(found, names) for found, names in filters if found.path not in _LEFT_OUT]
        self._of_files = [found for found, names in filters if names == {"filename"}]
        self._of_lines = [found for found, names in filters if "line" in names and "secret" not in names]
        self._of_secrets = [(found, names) for found, names in filters if "secret" in names]
        return self

    def __exit__(self, *error: object) -> None:
        self._settings.__exit__(None, None, None)

    @property
    def types(self) -> dict[str, str]:
        """What detect-secrets calls each kind."""
        return {kind: plugin.secret_type for plugin, kind in self._plugins}

    @property
    def plugins(self) -> dict[str, dict[str, Any]]:
        """How a baseline names the plugin for each type."""
        return {plugin.secret_type: plugin.json() for plugin, _ in self._plugins}

    def search(self, path: str, data: bytes, lines: Collection[int] | None = None) -> Searched:
        """What is found in the bytes of a file, or on those of its `lines`; nothing where they are no text.

        Raises IncompleteError where a detector fails, or takes for ever.
        """
        name = path.encode("utf-8", "replace").decode()
        if os.path.basename(name) == self._baseline or any(found(filename=name) for found in self._of_files):
            return Searched([])
        text = decoded(data)
        if not text:
            return Searched([])
        raw = text.replace("\r\n", "\n").split("\n")
        end = time.monotonic() + _MOST_TIME
        matches: list[Match] = []
        try:
            for variant in self._variants(name, "\n".join(raw), raw):
                matches = list(self._search(name, variant, raw, lines, end))
                if matches:
                    break
        except IncompleteError:
            raise
        except Exception as error:  # noqa: BLE001 -- of libraries that are not ours, over the bytes of anybody
            # What it says may have the secret in it.
            raise IncompleteError(f"a detector of detect-secrets failed: {type(error).__name__}") from None
        if lines is not None and {match.line for match in matches} != set(lines):
            raise IncompleteError("changed while it was read")
        return Searched(matches, sum(len(line) > LONGEST_LINE for line in raw))

    def _variants(self, name: str, text: str, raw: list[str]) -> Iterator[list[str]]:
        """The lines as detect-secrets looks at them: values of INI and YAML in quotes, else as they are."""
        yield self._transformed(name, text, is_eager=False) or raw
        yield self._transformed(name, text, is_eager=True) or []

    def _transformed(self, name: str, text: str, *, is_eager: bool) -> list[str] | None:
        from detect_secrets.transformers import get_transformed_file

        is_yaml = name.endswith((".yaml", ".yml", ".eyaml"))
        if len(text) > _LARGEST_PARSED or (is_yaml and len(_ALIAS.findall(text)) > _MOST_ALIASES):
            return None
        try:
            file: Any = _Named(text, name)
            return get_transformed_file(file, use_eager_transformers=is_eager)
        except Exception:  # noqa: BLE001 -- parsers that are not ours, over anybody's bytes: then as they are
            return None

    def _search(
        self, name: str, lines: list[str], raw: Sequence[str], wanted: Collection[int] | None, end: float
    ) -> Iterator[Match]:
        from detect_secrets.util.code_snippet import get_code_snippet

        for number, unbounded in enumerate(lines, start=1):
            line = _SPACES.sub(" " * 16, unbounded.rstrip())
            if not line or len(unbounded) > LONGEST_LINE or (wanted is not None and number not in wanted):
                continue
            if time.monotonic() > end:
                raise IncompleteError(f"detect-secrets takes more than {_MOST_TIME} s for it")
            if any(found(line=line) for found in self._of_lines):
                continue
            context = get_code_snippet(lines=lines, line_number=number)
            seen = set()
            for plugin, kind in self._plugins:
                for found in plugin.analyze_line(filename=name, line=line, line_number=number, context=context):
                    secret = found.secret_value
                    given = {
                        "filename": name,
                        "secret": secret,
                        "plugin": plugin,
                        "line": line,
                        "context": context,
                    }
                    if (kind, secret) not in seen and not self._is_filtered(given):
                        seen.add((kind, secret))
                        yield _match(kind, number, secret, raw)

    def _is_filtered(self, given: dict[str, Any]) -> bool:
        return any(
            found(**{name: given[name] for name in names & given.keys()}) for found, names in self._of_secrets
        )


class _Named(io.StringIO):
    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name


def kind_of(secret_type: str) -> str:
    """What a type of detect-secrets is called in a Report: `AWS Access Key` is `aws-access-key`."""
    kind = re.sub("[^a-z0-9]+", "-", secret_type.lower()).strip("-")
    return f"detect-secrets-{kind}" if kind in {ours.name for ours in KINDS} else kind


def note_of(files: int, lines: int) -> str:
    """What there is to say where some of it was not searched: so many files, and lines of others."""
    parts = [f"{files} of more than 8 MiB"] if files else []
    noun = "1 line" if lines == 1 else f"{lines} lines"
    parts += [f"{noun} of more than {LONGEST_LINE} characters"] if lines else []
    return f"not searched for other secrets, for Hugging Face credentials alone: {', '.join(parts)}"


def decoded(data: bytes) -> str | None:
    """The text that `data` is, None where it is none: whatever begins without a NUL is text in some encoding."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if b"\0" in data[:_LOOKED_AT_FOR_NUL]:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _match(kind: str, number: int, secret: str, raw: Sequence[str]) -> Match:
    line = raw[number - 1] if number <= len(raw) else ""
    at = line.find(secret)
    # A value that was taken out of its quotes, or off several lines, stands nowhere as it is.
    first, last = (at, at + len(secret)) if at >= 0 else (0, len(line))
    above = raw[number - 2] if 2 <= number <= len(raw) + 1 else ""
    return Match(
        kind,
        number,
        first + 1,
        last + 1,
        Token(secret),
        line.encode("utf-8", "surrogatepass"),
        above.encode("utf-8", "surrogatepass"),
    )
