"""The one door to detect-secrets: a plugin for it, and its own detectors in our scans.

It is an optional part; its baselines are read without it (`core/baseline.py`).
"""

from __future__ import annotations

import os


def plugin_file() -> str:
    """The path of the plugin that finds what we find, for `detect-secrets scan --plugin`."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "plugin.py")
