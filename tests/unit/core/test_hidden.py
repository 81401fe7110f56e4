"""The questions that are asked of every file: is anything hidden in it?"""

import base64
import gzip
import io

import pytest

from tests.support.archives import every_container, zipped
from tests.support.credentials import user_token
from tokenguard.core.detect import anchors_in
from tokenguard.core.hidden import is_encoded_in, is_packed_in

TOKEN = user_token()
HIDDEN = {
    "encoded": base64.b64encode(TOKEN.encode()),
    "packed": gzip.compress(TOKEN.encode()),
    "encoded, then packed": gzip.compress(base64.b64encode(TOKEN.encode())),
    "a container that is cut": zipped({"a": b"x" * 100})[:-30],
}
OPEN = {
    "nothing": b"",
    "text": b"import os\n" * 100,
    "in plain": f"t = '{TOKEN}'\n".encode(),
    "packed text": gzip.compress(b"import os\n"),
    "encoded text": base64.b64encode(b"import os\n" * 100),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_it_is_there(name: str) -> None:
    data = HIDDEN[name]
    assert is_encoded_in(data, anchors_in(data)) or is_packed_in(io.BytesIO(data))


@pytest.mark.parametrize("name", OPEN)
def test_it_is_not_there(name: str) -> None:
    data = OPEN[name]
    assert not is_encoded_in(data, anchors_in(data))
    assert not is_packed_in(io.BytesIO(data))


@pytest.mark.parametrize("name", every_container(TOKEN))
def test_a_file_on_disk_is_asked_for_what_is_packed_in_it(name: str) -> None:
    assert is_packed_in(io.BytesIO(every_container(TOKEN)[name]))


def test_what_is_packed_is_no_question_of_a_part() -> None:
    assert not is_encoded_in(gzip.compress(TOKEN.encode()), [])
