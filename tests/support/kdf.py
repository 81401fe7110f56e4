"""What a passphrase costs in tests that are not about its price."""

from __future__ import annotations

# The least that is accepted: a hundred times faster than what people get.
CHEAP = {"name": "argon2id", "time": 1, "memory_kib": 19 * 1024, "lanes": 1}
