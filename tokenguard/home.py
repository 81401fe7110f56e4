"""Where tokenguard keeps what it has to remember on this machine."""

from __future__ import annotations

import os


def home() -> str:
    """The folder: `TOKENGUARD_HOME`, else the platform's folder for a user's data. It need not exist."""
    if chosen := os.environ.get("TOKENGUARD_HOME"):
        return os.path.abspath(chosen)
    import platformdirs

    return platformdirs.user_data_dir("tokenguard", appauthor=False)
