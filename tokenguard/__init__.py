"""Finds leaked Hugging Face credentials, and looks after the ones you keep.

`get_token(name)` hands over a token from the vault, `login(name)` has this process use it, `auth(name)` sends it
with `requests` and `httpx`, `scan_bytes(data)` gives the leaked credentials in some bytes. What goes wrong is a
`TokenguardError`. Names load on first use: importing the package imports nothing else.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.access import auth, get_token, login, logout
    from tokenguard.core.finding import Finding
    from tokenguard.core.scan import scan_bytes
    from tokenguard.errors import TokenguardError, UsageError, VaultError
    from tokenguard.notebook import load_ipython_extension, unload_ipython_extension

__version__ = "0.1.0"

__all__ = [
    "Finding",
    "TokenguardError",
    "UsageError",
    "VaultError",
    "__version__",
    "auth",
    "get_token",
    "load_ipython_extension",
    "login",
    "logout",
    "scan_bytes",
    "unload_ipython_extension",
]


def __getattr__(name: str) -> object:
    homes = {
        "Finding": "tokenguard.core.finding",
        "TokenguardError": "tokenguard.errors",
        "UsageError": "tokenguard.errors",
        "VaultError": "tokenguard.errors",
        "auth": "tokenguard.access",
        "get_token": "tokenguard.access",
        "load_ipython_extension": "tokenguard.notebook",
        "login": "tokenguard.access",
        "logout": "tokenguard.access",
        "scan_bytes": "tokenguard.core.scan",
        "unload_ipython_extension": "tokenguard.notebook",
    }
    if name not in homes:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(homes[name]), name)


def __dir__() -> list[str]:
    return __all__
