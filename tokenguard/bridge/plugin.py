"""The plugin with which detect-secrets finds what tokenguard finds.

    detect-secrets scan -p "$(python -c 'import tokenguard.bridge as b; print(b.plugin_file())')"

detect-secrets loads it by its path, as a module of its own (https://github.com/Yelp/detect-secrets, "Plugins").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.plugins.base import RegexBasedDetector

from tokenguard.core.baseline import SECRET_TYPE
from tokenguard.core.blob import Blob, Origin, whole
from tokenguard.core.finding import Finding
from tokenguard.core.scan import scan_blob

if TYPE_CHECKING:
    import re
    from collections.abc import Generator, Iterable

    from detect_secrets.util.code_snippet import CodeSnippet

    from tokenguard.core.finding import Held


class HuggingFaceTokenDetector(RegexBasedDetector):
    """Finds Hugging Face credentials of all kinds.

    It has no expressions of its own. What derives from that class is spared a filter which drops whatever stands
    after `…_id:` (detect_secrets/filters/heuristic.py, `is_likely_id_string`).
    """

    secret_type = SECRET_TYPE
    denylist: Iterable[re.Pattern[str]] = ()

    def analyze_string(self, string: str, **_: Any) -> Generator[str, None, None]:
        """The credentials in a text."""
        yield from (secret for _, secret in _found(string))

    def analyze_line(
        self,
        filename: str,
        line: str,
        line_number: int = 0,
        context: CodeSnippet | None = None,
        **_: Any,
    ) -> set[PotentialSecret]:
        """The credentials that begin on a line; what is needed of the lines around it is in `context`."""
        text, here = _around(context, line)
        secrets = {secret for number, secret in _found(text) if number == here}
        return {PotentialSecret(self.secret_type, filename, secret, line_number) for secret in secrets}


def _found(text: str) -> list[tuple[int, str]]:
    """The credentials in `text` that no pragma beside them allows, and the line of each, from 1."""
    held: Held = {}
    blob = Blob(Origin("text"), whole(text.encode("utf-8", "surrogatepass")))
    findings = [item for item in scan_blob(blob, {}, held=held) if isinstance(item, Finding)]
    return [(finding.line or 1, held[finding.fingerprint].reveal()) for finding in findings]


def _around(context: CodeSnippet | None, line: str) -> tuple[str, int]:
    """The lines around `line` as one text, and the number of `line` in that, from 1."""
    lines = [other.rstrip("\r\n").replace("\n", " ") for other in context or ()]
    at = context.target_index if context else 0
    if not 0 <= at < len(lines):
        return line, 1
    lines[at] = line.replace("\n", " ")
    return "\n".join(lines), at + 1
