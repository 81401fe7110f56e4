"""The places of a workstation where tokens lie in the clear: finding them there, and taking them out.

Taking out leaves every other byte as it is. All is pure: bytes in, Spots or bytes out.
"""

from __future__ import annotations

from tokenguard.core.detect import detect
from tokenguard.core.rewrite.edit import Edit, apply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tokenguard.core.places.spot import Spot
    from tokenguard.core.token import Token

TOKEN_FILE = "token file"  # noqa: S105 -- the name of a place
STORED_TOKENS = "stored tokens"
NETRC = "netrc"
GIT_CREDENTIALS = "git credentials"
GIT_REMOTE = "git remote"
DOTENV = "dotenv"
START_FILE = "shell start file"
HISTORY = "shell history"
DOCKER = "docker"
EDITOR = "editor settings"
WANDB = "wandb"
NOTEBOOK = "notebook"

PLACES = (
    *(TOKEN_FILE, STORED_TOKENS, NETRC, GIT_CREDENTIALS, GIT_REMOTE, DOTENV),
    *(START_FILE, HISTORY, DOCKER, EDITOR, WANDB, NOTEBOOK),
)
"""What a place can be called."""


def find(place: str, file_name: str, data: bytes) -> list[Spot]:
    """Every credential in `data`, the content of a file called `file_name` that is a `place`, in order."""
    from tokenguard.core.places import assignments, histories, netrc, sections, urls, values
    from tokenguard.core.places.spot import cut, line_end, line_start, spot

    spans = detect(data)
    if place in (DOCKER, EDITOR):
        return values.find(data, spans)
    if not spans:
        return []
    if place == STORED_TOKENS:
        return sections.find(data, spans)
    if place == NETRC:
        return netrc.find(data, spans)
    if place == GIT_CREDENTIALS:
        return urls.find_in_lines(data, spans)
    if place == GIT_REMOTE:
        return urls.find_in_configuration(data, spans)
    if place in (DOTENV, START_FILE, WANDB):
        return assignments.find(data, spans)
    if place == HISTORY:
        return histories.find(file_name, data, spans)
    if place == TOKEN_FILE:
        return [
            spot(data, span, None, [cut(line_start(data, span.start), line_end(data, span.end))]) for span in spans
        ]
    return [spot(data, span) for span in spans]


def take_out(place: str, file_name: str, data: bytes, is_taken: Callable[[Token], bool]) -> bytes:
    """`data` without those of its tokens that are to be taken; `place` and `file_name` as for `find`.

    What cannot be cut out with its syntax is looked up in the environment where the file is a program, and has a
    placeholder elsewhere; so has what shares its line with a token that stays. Raises NotRewritableError.
    """
    from tokenguard.core.rewrite import rewrite
    from tokenguard.core.rewrite.stretches import stretches_of
    from tokenguard.core.token import Token

    spots = find(place, file_name, data)
    kept = [spot for spot in spots if not is_taken(spot.token)]
    edits: list[Edit] = []
    for spot in spots:
        if is_taken(spot.token) and not any(_touches(edit, other) for edit in spot.edits for other in kept):
            edits += spot.edits
    after = apply(data, _merged(edits))
    left = [span for span in detect(after) if is_taken(Token(after[span.start : span.end].decode("ascii")))]
    if left:
        after = rewrite(file_name, after, stretches_of(after, left)).data
    return after


def _touches(edit: Edit, spot: Spot) -> bool:
    return edit.start < spot.end and spot.start < edit.end


def _merged(edits: Iterable[Edit]) -> list[Edit]:
    """The same with none overlapping another: of two tokens on one line, each takes out the line."""
    merged: list[Edit] = []
    for edit in sorted(set(edits)):
        if merged and edit.start < merged[-1].end:
            merged[-1] = Edit(merged[-1].start, max(merged[-1].end, edit.end), merged[-1].text)
        else:
            merged.append(edit)
    return merged
