"""What the syntax tree of Python says: where no expression may stand, and what is called `os`."""

from __future__ import annotations

import ast
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeGuard

# What ast.parse raises for what is no Python, or is nested too deeply for it.
NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)


def parse(source: bytes) -> ast.Module:
    """The tree of `source`, which is in UTF-8 whatever it says of itself. Raises NO_PYTHON."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is wrong with it in small ways is its author's business
        return ast.parse(source.decode())


def imports_os(tree: ast.Module) -> bool:
    """Whether `os` is there once the module has run."""
    return any(is_import_of_os(statement) for statement in tree.body)


def binds_os(tree: ast.Module) -> bool:
    """Whether anything but the module is called `os`."""
    return any("os" in _bound(node) for node in ast.walk(tree))


def is_text(node: ast.AST) -> TypeGuard[ast.expr]:
    """Whether it is a literal of text or bytes, or a row of them."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str | bytes)
    return isinstance(node, ast.JoinedStr) or type(node).__name__ == "TemplateStr"  # from 3.14 on


def fixed(node: ast.AST) -> Iterable[ast.AST | None]:
    """The children of `node` in which no expression may stand, or would mean something else."""
    if isinstance(node, ast.Expr):
        return [node.value] if isinstance(node.value, ast.Constant) else []
    if isinstance(node, ast.pattern):
        return ast.iter_child_nodes(node)
    if isinstance(node, ast.AnnAssign | ast.arg):
        return [node.annotation]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.returns, *getattr(node, "type_params", [])]
    if isinstance(node, ast.ClassDef):
        return getattr(node, "type_params", [])
    if type(node).__name__ == "TypeAlias":  # from 3.12 on
        return ast.iter_child_nodes(node)
    if isinstance(node, ast.Subscript):
        name = getattr(node.value, "id", None) or getattr(node.value, "attr", None)
        return [node.slice] if name == "Literal" else []
    return []


def _bound(node: ast.AST) -> list[str | None]:
    """The names that `node` itself binds, but for an import of the module `os` under its own name."""
    if isinstance(node, ast.Name):
        return [] if isinstance(node.ctx, ast.Load) else [node.id]
    if isinstance(node, ast.arg):
        return [node.arg]
    if isinstance(node, ast.Import | ast.ImportFrom):
        is_from = isinstance(node, ast.ImportFrom)
        return [
            alias.asname or alias.name for alias in node.names if is_from or (alias.asname and alias.name != "os")
        ]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler):
        return [node.name]
    if isinstance(node, ast.MatchAs | ast.MatchStar):
        return [node.name]
    return [node.rest] if isinstance(node, ast.MatchMapping) else []


def is_import_of_os(node: ast.AST) -> bool:
    """Whether it binds `os` to the module."""
    return isinstance(node, ast.Import) and any(
        (alias.asname or alias.name.partition(".")[0]) == "os" for alias in node.names
    )


def is_docstring(node: ast.stmt, place: int) -> bool:
    """Whether a statement at this place of a module is its docstring."""
    return (
        place == 0
        and isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def is_from_future(node: ast.stmt) -> bool:
    """Whether it is one of the imports that have to come first."""
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"
