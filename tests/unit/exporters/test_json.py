"""JSON: one object, ASCII alone."""

import json

from hypothesis import given, settings

from tests.unit.exporters.hostile import values
from tokenguard.exporters import exporter

FORM = exporter("json")


def test_an_object_maps_every_variable_to_the_value() -> None:
    assert FORM.export(["HF_TOKEN"], "abc") == '{"HF_TOKEN": "abc"}\n'
    assert FORM.export(["HF_TOKEN", "OTHER"], "é") == '{"HF_TOKEN": "\\u00e9", "OTHER": "\\u00e9"}\n'


def test_what_is_unset_is_null() -> None:
    assert FORM.unset(["HF_TOKEN", "OTHER"]) == '{"HF_TOKEN": null, "OTHER": null}\n'


@settings(deadline=None)
@given(value=values())
def test_any_value_is_read_as_it_was(value: str) -> None:
    text = FORM.export(["A", "B"], value)
    assert text.isascii()
    assert json.loads(text) == {"A": value, "B": value}
