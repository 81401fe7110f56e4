"""The plugin for detect-secrets finds, line by line, what the corpus has; pragmas count for it as well."""

from pathlib import Path

import pytest
from detect_secrets.util.code_snippet import get_code_snippet

from tests.corpus.test_corpus import FOUND, NONE, filled
from tokenguard.bridge.plugin import HuggingFaceTokenDetector


@pytest.mark.parametrize("path", FOUND + NONE, ids=[path.stem for path in FOUND + NONE])
def test_the_plugin_finds_it_on_its_line(path: Path) -> None:
    data, expected = filled(path.read_text("utf-8"))
    lines = data.decode().split("\n")
    plugin = HuggingFaceTokenDetector()
    found = [
        secret.line_number
        for number, line in enumerate(lines, start=1)
        for secret in plugin.analyze_line(path.name, line, number, get_code_snippet(lines, number))
    ]
    assert found == ([line for line, _ in expected] if path in FOUND else [])
