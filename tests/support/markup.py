"""What a browser would make of a page, as far as Python's parser can tell."""

from __future__ import annotations

from html.parser import HTMLParser


class Markup(HTMLParser):
    """The tags of a page with their attributes, and its text outside of its style and script."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.parts: dict[str, str] = {"style": "", "script": ""}
        self._within = ""
        self.feed(page)
        self.close()

    def names(self) -> set[str]:
        return {name for name, _ in self.tags}

    def attributes(self) -> set[str]:
        return {attribute for _, attributes in self.tags for attribute in attributes}

    def all(self, name: str, **wanted: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a name that have those that are `wanted`."""
        return [
            attributes for tag, attributes in self.tags if tag == name and wanted.items() <= attributes.items()
        ]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._within = tag

    def handle_endtag(self, tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within in self.parts:
            self.parts[self._within] += data
        else:
            self.text += data
