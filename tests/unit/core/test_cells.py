"""Which cell of a notebook an offset is in, and which output of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenguard.core.blob import Window, whole
from tokenguard.core.cells import Cells
from tokenguard.core.detect import Span
from tokenguard.core.kinds import USER_ACCESS_TOKEN

MARK = "here"
LAYOUTS: dict[str, dict[str, Any]] = {"plain": {}, "lines": {"indent": 1}, "narrow": {"separators": (",", ":")}}
CODE = {
    "cell_type": "code",
    "source": ["a\n", "b"],
    "outputs": [{"text": ["\\"]}, {"data": {"text/html": '<b>"'}}],
}


def cell_of(document: object, **layout: Any) -> tuple[int | None, int | None]:
    data = json.dumps(document, **layout).encode()
    return cells_of(data, data.index(MARK.encode()))[0]


def cells_of(data: bytes, *offsets: int) -> list[tuple[int | None, int | None]]:
    return list(Cells().feed(whole(data)[0], [Span(at, at + 1, USER_ACCESS_TOKEN) for at in offsets]))


def notebook(*cells: object, **more: object) -> dict[str, object]:
    return {"metadata": {"kernelspec": {"name": "python3"}}, "cells": list(cells), "nbformat": 4, **more}


PLACES = {
    "a source": ({"source": ["x\n", MARK]}, None),
    "a source in one string": ({"source": f"x\n{MARK}"}, None),
    "the metadata of a cell": ({"metadata": {"tags": [MARK]}, "source": []}, None),
    "an attachment": ({"attachments": {"a.png": {"image/png": MARK}}}, None),
    "the first output": ({"outputs": [{"text": [MARK]}]}, 1),
    "a later output": ({"outputs": [{"text": ["a", "[{"]}, {"data": {"x": {}}}, {"evalue": MARK}]}, 3),
    "a traceback": ({"outputs": [{"traceback": ["\x1b[0m", f"\\{MARK}\\"]}]}, 1),
    "a key": ({"outputs": [{}, {MARK: 1}]}, 2),
    "a list called outputs that is no cell's": ({"metadata": {"outputs": [MARK]}}, None),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("place", PLACES)
def test_cell_and_output_count_from_1(place: str, layout: str) -> None:
    cell, output = PLACES[place]
    assert cell_of(notebook(CODE, CODE, cell, CODE), **LAYOUTS[layout]) == (3, output)


@pytest.mark.parametrize(
    "document",
    [
        notebook(CODE, metadata={"widgets": {"state": {"value": MARK}}}),
        notebook(CODE, extra=MARK),
        [MARK],
        {"cells": MARK},
        {"a": {"cells": [{"source": MARK}]}},
        MARK,
    ],
)
def test_elsewhere_there_is_no_cell(document: object) -> None:
    assert cell_of(document) == (None, None)


def test_the_cells_of_older_notebooks_are_in_worksheets() -> None:
    cells = [CODE, {"input": "x", "outputs": [{}, {"text": MARK}]}]
    assert cell_of({"nbformat": 3, "worksheets": [{"cells": cells}]}) == (2, 2)


def test_they_are_counted_through_all_worksheets() -> None:
    sheets = [{"cells": [CODE, CODE]}, {"cells": []}, {"cells": [CODE, {"input": MARK}]}]
    assert cell_of({"nbformat": 3, "worksheets": sheets}) == (4, None)


@pytest.mark.parametrize(
    "data", [b'{"cells": [{"source": "' + b"\\" * 3 + b'" here', b"}}]],::", b"[" * 2000, b'"']
)
def test_what_is_no_json_has_no_traceback(data: bytes) -> None:
    assert len(cells_of(data, 0, len(data) - 1)) == 2


def test_what_is_nested_without_end_has_no_cells() -> None:
    data = b'{"cells": [{"outputs": [' + b"[" * 100_000
    assert cells_of(data, 20, len(data) - 1) == [(1, None), (None, None)]


_values = st.recursive(
    st.text(st.sampled_from('ab"\\[]{},:\n'), max_size=6) | st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["cells", "outputs", "x"]), inner),
    max_leaves=8,
)


@given(_values, _values, st.integers(1, 40))
def test_windows_make_no_difference(before: object, after: object, size: int) -> None:
    cells = [{"x": before}, {"outputs": [{"a": before}, {"b": [before, MARK, after]}]}, after]
    data = json.dumps({"y": before, "cells": cells}, indent=1).encode()
    at = data.index(f'"{MARK}"'.encode())
    counted = Cells()
    found: list[tuple[int | None, int | None]] = []
    for first in range(0, len(data), size):
        start, last = max(0, first - 64), min(len(data), first + size)
        window = Window(data[start : last + 64], start, first, last if last < len(data) else len(data))
        spans = [Span(at - start, at - start + 1, USER_ACCESS_TOKEN)] if first <= at < last else []
        found += counted.feed(window, spans)
    assert found == [(2, 2)]
