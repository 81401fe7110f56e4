"""The baseline of detect-secrets: which secrets of which files are known. Read and written without detect-secrets.

Its form is that of detect-secrets 1.5 (detect_secrets/core/baseline.py and potential_secret.py there).
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from tokenguard.core.token import Token

    Document = dict[str, Any]

SECRET_TYPE = "Hugging Face Token"  # noqa: S105 -- the name of a type
"""What a baseline calls a credential that our plugin for detect-secrets has found."""
PLUGIN = "HuggingFaceTokenDetector"
"""The class of that plugin."""

LARGEST = 32 * 1024 * 1024
"""The most bytes of a baseline that are read."""

_VERSION = "1.5.0"
# `detect-secrets audit` ends with a traceback at a type of any plugin that is not its own: it lists the types
# before it reads which plugins the baseline names (core/usage/common.py there, `initialize_plugin_settings`). So
# a credential gets the type of a detector of its own, which sees random text in quotes, or between spaces.
_AUDITED = "Base64 High Entropy String"
# One token in six has less entropy than the 4.5 bits a character that the detector asks for by itself, and four in
# a hundred thousand have less than this.
_AUDITED_PLUGIN = {"name": "Base64HighEntropyString", "limit": 4.0}
# Which of the entries of that type are ours. detect-secrets drops any key that it does not know, but for those of
# a filter; and a filter that it cannot find does nothing.
_MARK = "tokenguard.core.baseline.found"
# Those of detect-secrets' filters that are not about guesses: what our plugin finds was judged already.
_FILTERS = (
    {"path": "detect_secrets.filters.allowlist.is_line_allowlisted"},
    {"path": "detect_secrets.filters.common.is_ignored_due_to_verification_policies", "min_level": 2},
)
_CONFLICT = ("<<<<<<< ", ">>>>>>> ")


class DamagedError(ValueError):
    """What was read is no baseline; the message says why not."""


class Form(NamedTuple):
    """How the JSON of a baseline is written."""

    indent: int | str | None = 2
    is_ascii: bool = True
    separators: tuple[str, str] | None = None
    newline: str = "\n"
    end: str = "\n"


class Baseline(NamedTuple):
    """A baseline: the decoded `document`, and the form that it was written in."""

    document: Document
    form: Form = Form()


class Known(NamedTuple):
    """A secret that a baseline has; `is_real` is the answer of an audit, None where there was none."""

    is_real: bool | None = None


class Secret(NamedTuple):
    """One secret of one file, for a baseline: the file's name, the SHA-1, and the line from 1.

    `type` is that of the detector of detect-secrets that has found it; there is none for what is ours.
    """

    name: str
    digest: str
    line: int
    type: str = ""
    is_ours: bool = True


def digest_of(token: Token) -> str:
    """What a baseline has instead of the secret: the SHA-1, in hexadecimal digits."""
    import hashlib

    return hashlib.sha1(token.reveal().encode(), usedforsecurity=False).hexdigest()


def empty() -> Baseline:
    """A baseline without a secret."""
    document = {"version": _VERSION, "plugins_used": [], "filters_used": [dict(item) for item in _FILTERS]}
    return Baseline({**document, "results": {}, "generated_at": ""})


def read(data: bytes) -> Baseline:
    """The baseline that `data` is. Raises DamagedError where it is none."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise DamagedError("it is not UTF-8") from None
    if any(line.startswith(_CONFLICT) for line in text.splitlines()):
        raise DamagedError("it has a merge conflict in it")
    try:
        document = json.loads(text, object_pairs_hook=_without_duplicates)
    except RecursionError:
        raise DamagedError("it is nested too deeply") from None
    except DamagedError:
        raise
    except ValueError as error:
        raise DamagedError(f"it is not JSON: {error}") from None
    _check(document)
    return Baseline(document, _form(text, document))


def write(baseline: Baseline) -> bytes:
    """The bytes of a baseline, in the form that it was read in."""
    return _written(baseline.document, baseline.form).encode("utf-8", "surrogatepass")


def known(baseline: Baseline) -> dict[tuple[str, str], Known]:
    """All secrets of the baseline, by the name of the file and the digest; whichever detector has found them."""
    secrets: dict[tuple[str, str], Known] = {}
    for name, entries in baseline.document["results"].items():
        for entry in entries:
            place = normal(name), entry["hashed_secret"]
            label = entry.get("is_secret")
            if place not in secrets or label is True or secrets[place].is_real is None:
                secrets[place] = Known(label)
    return secrets


def normal(name: str) -> str:
    """The name of a file, however it is written: detect-secrets takes both kinds of slashes for the same."""
    return "/".join(part for part in name.replace("\\", "/").split("/") if part != ".")


def updated(
    baseline: Baseline,
    secrets: Collection[Secret],
    *,
    searched: Callable[[str], bool],
    plugins: Mapping[str, Document],
    now: str,
) -> Baseline:
    """`baseline` with `secrets`, and without those of ours that are no longer in the files that were `searched`.

    The very same where nothing but lines has changed. `plugins` gives, by type, how detect-secrets' own plugins
    are named; `now` is ISO 8601. What is not ours stays as it is.
    """
    document = baseline.document
    before = document.get("plugins_used", [])
    results: dict[str, list[Document]] = {
        name: [dict(entry) for entry in entries] for name, entries in document["results"].items()
    }
    own = SECRET_TYPE if any(plugin.get("name") == PLUGIN for plugin in before) else _AUDITED
    secrets = [secret if secret.type else secret._replace(type=own) for secret in sorted(secrets, key=_line)]
    lines = {(normal(secret.name), secret.digest): secret.line for secret in reversed(secrets)}
    marked = _marked(document)
    changed = _remove(results, lines, searched, marked)
    changed |= _add(results, secrets, known(baseline), marked)
    plugins = {**plugins, _AUDITED: _AUDITED_PLUGIN}
    types = {entry["type"] for entries in results.values() for entry in entries}
    wanted = [plugins[name] for name in plugins if name in types or not before]
    used = _with_plugins(before, wanted) if changed or not before else before
    if not changed and used == before:
        return baseline
    for name in changed & results.keys():
        for entry in results[name]:
            line = lines.get((normal(name), entry["hashed_secret"]))
            if line and "line_number" in entry:
                entry["line_number"] = line
        results[name].sort(key=_order)
    there = {entry["hashed_secret"] for entries in results.values() for entry in entries}
    filters = _with_marks(document.get("filters_used", []), marked & there)
    written = {"plugins_used": used, "filters_used": filters, "results": _in_order(results, baseline)}
    return baseline._replace(document={**document, **written, "generated_at": now})


def _marked(document: Document) -> set[str]:
    """The digests of the entries that are ours, as far as their type does not tell."""
    digests = next(
        (item.get("digests") for item in document.get("filters_used", []) if item.get("path") == _MARK), ()
    )
    return {str(digest) for digest in digests} if isinstance(digests, list) else set()


def _with_marks(filters: list[Document], digests: set[str]) -> list[Document]:
    others = [item for item in filters if item.get("path") != _MARK]
    return [*others, {"path": _MARK, "digests": sorted(digests)}] if digests else others


def _add(
    results: dict[str, list[Document]],
    secrets: Collection[Secret],
    there: dict[tuple[str, str], Known],
    marked: set[str],
) -> set[str]:
    """Adds those of `secrets` that are not `there`, and marks ours; gives the names of the files that got one."""
    names = {normal(name): name for name in results}
    added: set[tuple[str, str, str]] = set()
    changed = set()
    for secret in secrets:
        place = normal(secret.name), secret.digest
        if place in there or (*place, secret.type) in added:
            continue
        added.add((*place, secret.type))
        name = names.setdefault(place[0], secret.name)
        results.setdefault(name, []).append(
            {
                "type": secret.type,
                "filename": name,
                "hashed_secret": secret.digest,
                "is_verified": False,
                "line_number": secret.line,
            }
        )
        if secret.is_ours and secret.type == _AUDITED:
            marked.add(secret.digest)
        changed.add(name)
    return changed


def _remove(
    results: dict[str, list[Document]],
    there: Collection[tuple[str, str]],
    searched: Callable[[str], bool],
    marked: Collection[str],
) -> set[str]:
    """Removes what is ours and no longer `there`; gives the names of the files that lost something."""
    changed = set()
    for name, entries in list(results.items()):
        kept = [
            entry
            for entry in entries
            if not (
                entry["type"] == SECRET_TYPE or (entry["type"] == _AUDITED and entry["hashed_secret"] in marked)
            )
            or (normal(name), entry["hashed_secret"]) in there
            or not searched(normal(name))
        ]
        if len(kept) < len(entries):
            changed.add(name)
            results[name] = kept
            if not kept:
                del results[name]
    return changed


def _with_plugins(used: list[Document], wanted: Iterable[Document]) -> list[Document]:
    """The plugins, with those that are wanted where they are missing, as detect-secrets sorts them."""
    used = list(used)
    for plugin in wanted:
        if not any(other.get("name") == plugin["name"] for other in used):
            follows = (
                at for at, other in enumerate(used) if str(other.get("name")).lower() > plugin["name"].lower()
            )
            used.insert(next(follows, len(used)), plugin)
    return used


def _in_order(results: dict[str, list[Document]], baseline: Baseline) -> dict[str, list[Document]]:
    """The files as detect-secrets sorts them; where somebody has sorted them otherwise, new ones among those."""
    old = [name for name in baseline.document["results"] if name in results]
    new = sorted(results.keys() - set(old))
    for name in new:
        old.insert(next((at for at, other in enumerate(old) if other > name), len(old)), name)
    return {name: results[name] for name in old}


def _order(entry: Document) -> tuple[int, str, str]:
    line = entry.get("line_number", 0)
    return (line if isinstance(line, int) else 0, entry["hashed_secret"], entry["type"])


def _line(secret: Secret) -> int:
    return secret.line


def _without_duplicates(pairs: list[tuple[str, Any]]) -> Document:
    document = dict(pairs)
    if len(document) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise DamagedError(f"it has {twice!r} twice, as after a merge that went wrong")
    return document


def _check(document: object) -> None:
    if not isinstance(document, dict):
        raise DamagedError("it is not a JSON object")
    if not isinstance(document.get("version"), str):
        raise DamagedError("it names no version of detect-secrets")
    for key in ("plugins_used", "filters_used"):
        items = document.get(key, [])
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise DamagedError(f"{key} is not a list of objects")
    results = document.get("results")
    if not isinstance(results, dict):
        raise DamagedError("it has no results")
    for name, entries in results.items():
        if not isinstance(entries, list) or not all(map(_is_entry, entries)):
            raise DamagedError(f"what it has of {name!r} is no list of secrets")


def _is_entry(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("type"), str)
        and isinstance(entry.get("hashed_secret"), str)
        and entry.get("is_secret") in (None, True, False)
    )


def _form(text: str, document: Document) -> Form:
    """The form in which `document` gives `text` again; where there is none, that of detect-secrets."""
    newline = "\r\n" if "\r\n" in text else "\n"
    body = text.rstrip("\r\n \t")
    end = text[len(body) :].replace("\r\n", "\n")
    second = body.partition("\n")[2]
    space = second[: len(second) - len(second.lstrip(" \t"))]
    for is_ascii in (True, False):
        for separators in (None, (",", ":"), (", ", ": ")):
            form = Form(space or None, is_ascii, separators, newline, end)
            if _written(document, form) == text:
                return form
    return Form(newline=newline)


def _written(document: Document, form: Form) -> str:
    text = json.dumps(document, indent=form.indent, ensure_ascii=form.is_ascii, separators=form.separators)
    return (text + form.end).replace("\n", form.newline)
