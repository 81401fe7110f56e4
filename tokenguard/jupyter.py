"""For Jupyter's server: hooks that keep credentials out of the notebooks that it saves.

    c.FileContentsManager.pre_save_hook = "tokenguard.jupyter.redact_on_save"

https://jupyter-server.readthedocs.io/en/latest/developers/savehooks.html
"""

from __future__ import annotations

import contextlib

from tokenguard.core.redact import redact, redact_values
from tokenguard.core.scan import scan_bytes
from tokenguard.errors import IncompleteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn

_BAD_REQUEST = 400

# What is not masked as a whole: sources are a person's, and cells are gone through.
_LOOKED_INTO = frozenset(("source", "input", "cells", "worksheets"))


def redact_on_save(model: dict[str, Any], **_: object) -> None:
    """Masks credentials in all of a notebook but the sources of its cells, in `model`, before it is saved.

    That is outputs, attachments, metadata and the state of widgets. What a person has written is not changed: with
    a credential in the source of a cell, the notebook is not saved. Raises tornado's HTTPError then, which names
    the cells.
    """
    with _failing_closed():
        cells = _cells(model)
        _refuse(list(_sources(cells)))
        for part in (*_frames(model), *cells):
            for key in part.keys() - _LOOKED_INTO:
                part[key] = _masked(part[key])


def refuse_on_save(model: dict[str, Any], **_: object) -> None:
    """Has no notebook saved that has a credential anywhere. Raises tornado's HTTPError then."""
    with _failing_closed():
        cells = _cells(model)
        places = [f"{key} of the notebook" for frame in _frames(model) for key in _leaking(frame)]
        for number, cell in enumerate(cells, 1):
            places += [f"{'output' if key == 'outputs' else key} of cell {number}" for key in _leaking(cell)]
        _refuse([*_sources(cells), *places])


@contextlib.contextmanager
def _failing_closed() -> Iterator[None]:
    """Has nothing saved that could not be looked at: Jupyter logs what a hook raises otherwise, and saves."""
    from tornado.web import HTTPError

    try:
        yield
    except HTTPError:
        raise
    except Exception as error:  # noqa: BLE001 -- whatever it is
        _not_saved(f"not saved: tokenguard could not look for credentials in it ({type(error).__name__})")


def _frames(model: dict[str, Any]) -> list[dict[str, Any]]:
    """What the cells of a notebook are in: the notebook itself, and worksheets before version 4."""
    content = model.get("content")
    if model.get("type") != "notebook" or not isinstance(content, dict):
        return []
    return [content, *(sheet for sheet in content.get("worksheets", ()) if isinstance(sheet, dict))]


def _cells(model: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for frame in _frames(model) for cell in frame.get("cells") or () if isinstance(cell, dict)]


def _sources(cells: list[dict[str, Any]]) -> Iterator[str]:
    """The cells whose source has a credential that no comment allows."""
    for number, cell in enumerate(cells, 1):
        source = _text(cell.get("source", cell.get("input")))
        try:
            is_found = isinstance(source, str) and bool(scan_bytes(source.encode("utf-8", "surrogatepass")))
        except IncompleteError:  # so much is encoded in it that nobody has written it down as a credential
            is_found = False
        if is_found:
            yield f"cell {number}"


def _leaking(part: dict[str, Any]) -> list[str]:
    """The keys of a notebook or a cell, but for sources and cells, below which there is a credential."""
    return [key for key in part if key not in _LOOKED_INTO and _masked(part[key]) != part[key]]


def _masked(value: Any) -> Any:
    """A copy with all credentials masked, and with texts cut into lines where they were."""
    text = _text(value)
    if isinstance(value, list) and isinstance(text, str):
        masked = redact(text)
        return value if masked == text else masked.splitlines(keepends=True)
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if isinstance(value, dict):
        masked_items = {redact_values(key): _masked(item) for key, item in value.items()}
        return type(value)(masked_items)  # nbformat's own kind of dict
    return redact_values(value)


def _text(value: Any) -> Any:
    """A text in one piece, whether or not it was in lines, as notebooks have it; else what it is."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return value


def _refuse(places: list[str]) -> None:
    if places:
        _not_saved(
            f"not saved: a Hugging Face credential in {', '.join(places)}; take it out (`%tokenguard NAME` sets "
            "HF_TOKEN without one), and revoke it if it was ever shared"
        )


def _not_saved(message: str) -> NoReturn:
    from tornado.web import HTTPError

    raise HTTPError(_BAD_REQUEST, "%s", message, reason=message)
