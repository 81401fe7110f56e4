"""Windows over bytes that come through a pipe, once and in order."""

from __future__ import annotations

from tokenguard.core.windows import windows_from as windows_from
