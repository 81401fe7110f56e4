"""Where tokenguard keeps what it has to remember on this machine."""

from __future__ import annotations

import os
import sys

from tokenguard.errors import UsageError

INDEX = "index.json"
"""The document in it that says what is known of the tokens in the vault."""


def home() -> str:
    """The folder: `TOKENGUARD_HOME`, else the platform's folder for a user's data. It need not exist.

    Raises UsageError where `TOKENGUARD_HOME` would be another folder in each that it is used in, and where neither
    it nor `HOME` names any.
    """
    if chosen := os.environ.get("TOKENGUARD_HOME"):
        folder = os.path.expanduser(chosen)
        if not os.path.isabs(folder):
            raise UsageError(f"TOKENGUARD_HOME is {chosen!r}", "it has to be a whole path")
        return folder
    if os.environ.get("HOME") == "":  # the root of the file system would be taken for it
        raise UsageError("HOME is empty", "set it, or TOKENGUARD_HOME")
    if sys.platform == "linux":
        # Where platformdirs has it, too, which takes longer to load than a hook or a prompt has time for:
        # https://specifications.freedesktop.org/basedir-spec/latest/, where what is no whole path does not count.
        data = os.environ.get("XDG_DATA_HOME", "")
        data = data if os.path.isabs(data) else os.path.expanduser("~/.local/share")
        return os.path.join(data, "tokenguard")
    import platformdirs

    return platformdirs.user_data_dir("tokenguard", appauthor=False)


def has_index() -> bool:
    """Whether INDEX is there, or may be. Raises UsageError as `home` does."""
    try:
        os.lstat(os.path.join(home(), INDEX))
    except FileNotFoundError:
        return False
    except OSError:  # whoever reads it says why it cannot be read
        return True
    return True
