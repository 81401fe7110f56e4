"""Large files of numbers, of which the header is all that people write: it is read, and the numbers are not."""

from __future__ import annotations

from tokenguard.core.unpack import HEAD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tokenguard.core.windows import Once

_ENDINGS = (".safetensors", ".gguf")


def has_header(path: str, size: int, file: Once, max_size: int) -> bool:
    """Whether what people write stands at the beginning of `file`, which has `size` bytes, and numbers behind.

    What has more than `max_size` bytes is looked into where `path` says that it is one.
    """
    if size > max_size and not path.lower().endswith(_ENDINGS):
        return False
    from tokenguard.core.unpack.tensors import is_gguf, is_safetensors

    head = file.peek(HEAD)[:HEAD]
    return is_safetensors(head, size) or is_gguf(head)


def left_out(files: int, size: int) -> str:
    """The note that of so many `files` `size` bytes were not read."""
    return (
        f"of {files} large safetensors and GGUF files no more than the header was read;"
        f" {size} bytes of tensors were left out"
    )
