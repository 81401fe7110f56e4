"""Which token Hugging Face's libraries use: the places they look in, in their order.

That is `huggingface_hub.get_token` of release 2.4.0 (`utils/_auth.py` and `constants.py` there), which the tests
run beside this.
"""

from __future__ import annotations

from typing import NamedTuple

from tokenguard.core.name import HF_TOKEN, OLD_HF_TOKEN
from tokenguard.core.token import Token, read_token
from tokenguard.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokenguard.core.entry import Entry

    Known = Callable[[Token], tuple[Entry, str | None]]
    """What is known of a token, and its name in the vault."""

OIDC = "HF_OIDC_RESOURCE"
TOKEN_PATH = "HF_TOKEN_PATH"  # noqa: S105 -- the name of a variable
HF_HOME = "HF_HOME"
NO_IMPLICIT = "HF_HUB_DISABLE_IMPLICIT_TOKEN"
STAGING = "HUGGINGFACE_CO_STAGING"
TOKEN_FILE = "token file"  # noqa: S105 -- what it is called
COLAB = "Colab secret"

STATES = ("unset", "empty", "blank", "set", "passed over", "unreadable", "unknown")
"""What a TokenSource may be. `blank` is white space alone; in HF_TOKEN it has the old variable `passed over`.
`unknown` is what only a running program could tell: what CI or Colab would hand over."""

# Shorter than any token is. What is shorter may be a password, of which four characters are not shown.
_SHORTEST = 24

_TRUE = ("1", "ON", "YES", "TRUE")
# Seconds left to an OAuth token at which huggingface_hub exchanges it for the next.
_REFRESHED_BEFORE = 24 * 3600


class TokenFile(NamedTuple):
    """The file that huggingface_hub reads: its `text`, None where it is not there, or why it cannot be read."""

    path: str
    text: str | None = None
    problem: str | None = None


class TokenSource(NamedTuple):
    """A place that huggingface_hub looks in, and what is known of the token there.

    `state` is one of STATES, `path` that of a file. `entry` is None where there is no token, or something that
    cannot be one; `known_as` is its name in the vault. `problem` says what is wrong with it.
    """

    name: str
    state: str = "unset"
    path: str | None = None
    entry: Entry | None = None
    known_as: str | None = None
    problem: str | None = None

    @property
    def is_in_environment(self) -> bool:
        """Whether it is a variable."""
        return self.name in (OIDC, HF_TOKEN, OLD_HF_TOKEN)

    @property
    def decides(self) -> bool:
        """Whether huggingface_hub looks no further: it has a token here, or fails."""
        return self.state in ("set", "unreadable") or (self.name == OIDC and self.state == "unknown")


class Resolution(NamedTuple):
    """All TokenSources, in their order. `is_implicit` is whether a program uses a token without saying so."""

    sources: tuple[TokenSource, ...]
    is_implicit: bool = True

    @property
    def uses(self) -> TokenSource | None:
        """The one that counts, None where there is none."""
        return next((source for source in self.sources if source.decides), None)

    @property
    def hidden(self) -> list[tuple[TokenSource, TokenSource]]:
        """What hides another token, and that which is therefore not used."""
        blank = [source for source in self.sources if source.name == HF_TOKEN and source.state == "blank"]
        pairs = [(hiding, source) for hiding in blank for source in self.sources if source.state == "passed over"]
        used = self.uses
        if used is not None:
            behind = self.sources[self.sources.index(used) + 1 :]
            pairs += [(used, source) for source in behind if source.state == "set" and not is_same(source, used)]
        return pairs


def is_same(one: TokenSource, other: TokenSource) -> bool:
    """Whether both are known to have the same token."""
    if one.entry is None or other.entry is None:
        return False
    return one.entry.fingerprint == other.entry.fingerprint


def resolve(
    environment: Mapping[str, str], token_file: TokenFile, known: Known, *, is_refreshed: bool = False
) -> Resolution:
    """Where huggingface_hub finds its token, and what is `known` of each that it finds.

    `is_refreshed` says that the token in the file is one that it exchanges for the next, now or soon.
    """
    first = environment.get(HF_TOKEN)
    old = _variable(environment, OLD_HF_TOKEN, known)
    if first and not _cleaned(first) and old.state == "set":
        old = old._replace(state="passed over")
    return Resolution(
        (
            _identity_of_ci(environment),
            _variable(environment, HF_TOKEN, known),
            old,
            _file(token_file, known, is_refreshed=is_refreshed),
            TokenSource(COLAB, "unknown" if _may_be_colab(environment) else "unset"),
        ),
        not is_true(environment.get(NO_IMPLICIT)),
    )


def is_true(value: str | None) -> bool:
    """Whether huggingface_hub takes the value of a variable for a yes."""
    return (value or "").upper() in _TRUE


def is_due(expires_at: str | None, now: float) -> bool:
    """Whether huggingface_hub exchanges an OAuth token that ends then; both are seconds since the epoch."""
    try:
        return int(expires_at or "") - _REFRESHED_BEFORE <= now
    except ValueError:
        return False


def _identity_of_ci(environment: Mapping[str, str]) -> TokenSource:
    if OIDC not in environment:
        return TokenSource(OIDC)
    if not environment[OIDC]:
        return TokenSource(OIDC, "empty")
    has_identity = environment.get("HF_OIDC_ID_TOKEN") or environment.get("GITHUB_ACTIONS") == "true"
    problem = None if has_identity else "there is no identity of CI to exchange, and huggingface_hub fails"
    return TokenSource(OIDC, "unknown", problem=problem)


def _variable(environment: Mapping[str, str], name: str, known: Known) -> TokenSource:
    value = environment.get(name)
    if not value:
        return TokenSource(name, "unset" if value is None else "empty")
    return _described(TokenSource(name), value, known)


def _file(file: TokenFile, known: Known, *, is_refreshed: bool) -> TokenSource:
    source = TokenSource(TOKEN_FILE, path=file.path)
    if file.problem is not None:
        return source._replace(state="unreadable", problem=file.problem)
    if file.text is None:
        return source
    if not file.text:
        return source._replace(state="empty")
    source = _described(source, file.text, known)
    if is_refreshed:
        source = source._replace(problem="it ends soon, and huggingface_hub exchanges it for the next")
    return source


def _described(source: TokenSource, text: str, known: Known) -> TokenSource:
    value = _cleaned(text)
    if not value:
        return source._replace(state="blank")
    token = token_in(value)
    if token is None:
        # Neither shown in part nor by a hash: it may be a password, which one could guess.
        return source._replace(state="set", problem="it is no Hugging Face token")
    entry, name = known(token)
    return source._replace(state="set", entry=entry, known_as=name)


def token_in(value: str) -> Token | None:
    """The Token that the value of a variable or a file is, None where it is none and may be another secret."""
    try:
        token = read_token(value)
    except UsageError:
        return None
    # A byte order mark is not taken away by huggingface_hub.
    return token if token.reveal() == value and len(value) >= _SHORTEST else None


def _cleaned(text: str) -> str:
    return text.replace("\r", "").replace("\n", "").strip()


def _may_be_colab(environment: Mapping[str, str]) -> bool:
    # Only the notebook's own process can ask; the runtime sets these for all of them.
    is_enterprise = environment.get("VERTEX_PRODUCT") == "COLAB_ENTERPRISE"
    return "COLAB_RELEASE_TAG" in environment and not is_enterprise
