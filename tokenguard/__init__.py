"""Finds leaked Hugging Face credentials, and looks after the ones you keep.

`scan_bytes(data)` gives the leaked credentials in some bytes. Names load on first use: importing the package
imports nothing else.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.finding import Finding
    from tokenguard.core.scan import scan_bytes

__version__ = "0.1.0"

__all__ = ["Finding", "__version__", "scan_bytes"]


def __getattr__(name: str) -> object:
    homes = {"Finding": "tokenguard.core.finding", "scan_bytes": "tokenguard.core.scan"}
    if name not in homes:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(homes[name]), name)


def __dir__() -> list[str]:
    return __all__
