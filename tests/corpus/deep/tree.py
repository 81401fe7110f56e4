"""The folders of the corpus that is made when it is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus.deep import encoded, escaped, harmless, hostile, notebooks, packed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.corpus.deep.cases import File, Recipes

FAMILIES: dict[str, Recipes] = {
    "encoded": {**encoded.RECIPES, **escaped.RECIPES},
    "packed": packed.RECIPES,
    "notebooks": notebooks.RECIPES,
    "hostile": hostile.RECIPES,
    "harmless": harmless.RECIPES,
}
"""How the files of each folder are made, by their paths in it. A scan has to end in 3 over `hostile`, where some
cannot be read, in 0 over `harmless`, and in 1 over the others."""


def plant(family: str, top: Path) -> dict[str, File]:
    """Makes the folder `family` below `top`. Returns its files by their paths in it."""
    files = {path: recipe(path) for path, recipe in FAMILIES[family].items()}
    for path, file in files.items():
        target = top / family / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
    return files
