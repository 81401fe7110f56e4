"""Where tokenguard keeps what it has to remember on this machine."""

from __future__ import annotations

import os

from tokenguard.errors import UsageError


def home() -> str:
    """The folder: `TOKENGUARD_HOME`, else the platform's folder for a user's data. It need not exist.

    Raises UsageError where `TOKENGUARD_HOME` would be another folder in each that it is used in.
    """
    if chosen := os.environ.get("TOKENGUARD_HOME"):
        folder = os.path.expanduser(chosen)
        if not os.path.isabs(folder):
            raise UsageError(f"TOKENGUARD_HOME is {chosen!r}", "it has to be a whole path")
        return folder
    import platformdirs

    return platformdirs.user_data_dir("tokenguard", appauthor=False)
