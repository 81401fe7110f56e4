"""Credentials in notebooks: in what was typed, what came out of it, and what the program keeps beside both."""

from __future__ import annotations

import base64
import json
import random
from typing import TYPE_CHECKING, Any

from tests.corpus.deep.cases import USER, Expected, File, secret_of, silent
from tests.corpus.deep.encoded import b64, dotenv
from tests.corpus.deep.packed import png
from tests.support import archives

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.corpus.deep.cases import Recipe, Recipes

Cell = dict[str, Any]


def code(*source: str, outputs: tuple[Cell, ...] = (), **metadata: object) -> Cell:
    lines = [line + "\n" for line in source[:-1]] + list(source[-1:])
    return {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": metadata,
        "outputs": list(outputs),
        "source": lines,
    }


def markdown(*source: str, **more: object) -> Cell:
    return {"cell_type": "markdown", "metadata": {}, "source": list(source), **more}


def stream(*text: str) -> Cell:
    return {"name": "stdout", "output_type": "stream", "text": list(text)}


def result(**data: object) -> Cell:
    return {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": data}


def html(*text: str) -> Cell:
    return result(**{"text/html": list(text), "text/plain": ["<table>"]})


def image(data: str) -> Cell:
    return {"output_type": "display_data", "metadata": {}, "data": {"image/png": data, "text/plain": "<Figure>"}}


def error(*traceback: str) -> Cell:
    return {"output_type": "error", "ename": "HTTPError", "evalue": "401", "traceback": list(traceback)}


def notebook(*cells: Cell, **metadata: object) -> Cell:
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return {"cells": list(cells), "metadata": {**kernel, **metadata}, "nbformat": 4, "nbformat_minor": 5}


def written(document: Cell) -> bytes:
    """As nbformat writes it."""
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def compact(document: Cell) -> bytes:
    return json.dumps(document).encode()


FIRST = markdown("# A model\n", "It is trained.")
SECOND = code("import torch", outputs=(stream("ok\n"),))


def leak(
    make: Callable[[str], Cell],
    cell: int | None,
    output: int | None,
    *decoded: str,
    write: Callable[[Cell], bytes] = written,
    encode: Callable[[str], str] = str,
) -> Recipe:
    """A notebook with one token, on the line on which it stands as `encode` gives it."""

    def recipe(path: str) -> File:
        token = secret_of(USER, path)
        content = write(make(token))
        line = content[: content.index(encode(token).encode())].count(b"\n") + 1
        return File(path, content, (Expected(path, USER, token, line, (), decoded, cell, output),))

    return recipe


def zipped(path: str) -> File:
    token = secret_of(USER, path)
    content = written(notebook(FIRST, SECOND, code(f'token = "{token}"')))
    line = content[: content.index(token.encode())].count(b"\n") + 1
    expected = Expected(path, USER, token, line, ("work/train.ipynb",), (), 3, None)
    return File(path, archives.zipped({"work/train.ipynb": content}), (expected,))


def old_cell(text: str) -> Cell:
    output = {"output_type": "pyout", "prompt_number": 1, "text": [text]}
    return {"cell_type": "code", "collapsed": False, "input": ["token"], "language": "python", "outputs": [output]}


def old(*sheets: tuple[Cell, ...]) -> Cell:
    """Of format 3: cells lie in worksheets. There were never more than one; Jupyter shows them as one notebook."""
    worksheets = [{"cells": list(cells), "metadata": {}} for cells in sheets]
    return {"metadata": {"name": "old"}, "nbformat": 3, "nbformat_minor": 0, "worksheets": worksheets}


def widgets(token: str) -> Cell:
    """The state of a password field, as ipywidgets saves it with the notebook."""
    model = {"model_module": "@jupyter-widgets/controls", "model_name": "PasswordModel", "state": {"value": token}}
    return {"application/vnd.jupyter.widget-state+json": {"state": {"8a0f": model}, "version_major": 2}}


def pixels(megabytes: int, seed: int) -> str:
    """The base64 of an image that cannot be packed any further."""
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + random.Random(seed).randbytes(megabytes << 20)).decode()


def figures() -> bytes:
    """Nothing but images: in one line, as Jupyter has them, and in lines of 76 characters, as older ones are."""
    wrapped = pixels(1, 1)
    lines = [wrapped[at : at + 76] + "\n" for at in range(0, len(wrapped), 76)]
    outputs = (image(pixels(2, 2)), result(**{"image/png": lines}), image(pixels(1, 3)))
    return written(notebook(FIRST, code("plot()", outputs=outputs)))


RECIPES: Recipes = {
    "source.ipynb": leak(lambda token: notebook(FIRST, SECOND, code("a = 1", f'login("{token}")')), 3, None),
    "compact.ipynb": leak(
        lambda token: notebook(FIRST, SECOND, code(f'login("{token}")')), 3, None, write=compact
    ),
    "markdown.ipynb": leak(lambda token: notebook(markdown(f"My token is `{token}`.")), 1, None),
    "raw.ipynb": leak(
        lambda token: notebook(FIRST, {"cell_type": "raw", "metadata": {}, "source": f"t: {token}"}), 2, None
    ),
    # The same value as one string, which the format allows as well.
    "string.ipynb": leak(
        lambda token: notebook(FIRST, {**code(), "source": f'import os\nos.environ["T"] = "{token}"\n'}), 2, None
    ),
    "stream.ipynb": leak(
        lambda token: notebook(FIRST, code("!env", outputs=(stream("a\n"), stream("b\n", f"HF_TOKEN={token}\n")))),
        2,
        2,
    ),
    "html.ipynb": leak(
        lambda token: notebook(SECOND, code("df", outputs=(html("<tr>\n", f"<td>{token}</td>\n"),))), 2, 1
    ),
    "traceback.ipynb": leak(
        lambda token: notebook(
            FIRST,
            code("get()", outputs=(error("\x1b[0;31mHTTPError\x1b[0m", f"url \x1b[1;32m{token}\x1b[0m in get"),)),
        ),
        2,
        1,
    ),
    "cell-metadata.ipynb": leak(lambda token: notebook(FIRST, code("run()", papermill={"token": token})), 2, None),
    "output-metadata.ipynb": leak(
        lambda token: notebook(code("x", outputs=({**image("aGk="), "metadata": {"by": token}},))), 1, 1
    ),
    "notebook-metadata.ipynb": leak(
        lambda token: notebook(FIRST, SECOND, papermill={"parameters": {"hf_token": token}}), None, None
    ),
    "widget.ipynb": leak(lambda token: notebook(FIRST, SECOND, widgets=widgets(token)), None, None),
    "attachment.ipynb": leak(
        lambda token: notebook(
            SECOND, markdown("![env](attachment:env)", attachments={"env": {"text/plain": b64(dotenv(token))}})
        ),
        2,
        None,
        "base64",
        encode=lambda token: b64(dotenv(token)),
    ),
    "screenshot.ipynb": leak(
        lambda token: notebook(FIRST, code("show()", outputs=(stream("1\n"), image(screenshot(token))))),
        2,
        2,
        "base64",
        encode=lambda token: screenshot(token),
    ),
    "escaped.ipynb": leak(
        lambda token: notebook(SECOND, code(f'T = "{token[:3]}" + "{token[3:]}"')),
        2,
        None,
        "concatenation",
        encode=lambda token: token[:3] + '\\" + ',
    ),
    "old.ipynb": leak(lambda token: old((old_cell("'a'"), old_cell(f"'{token}'"))), 2, 1),
    "worksheets.ipynb": leak(
        lambda token: old((old_cell("'a'"),), (old_cell("'b'"), old_cell(f"'{token}'"))), 3, 1
    ),
    "archive.zip": zipped,
    "figures.ipynb": silent(figures),
}


def screenshot(token: str) -> str:
    """An image whose program wrote into it what it was called with."""
    return b64(png((b"tEXt", b"Comment\0" + token.encode())))
