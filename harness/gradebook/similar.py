"""Which hand-ins are the same: to the byte, or but for names, comments and layout. Listed, and nobody accused.

Of what a pack asks for, two prints are taken: of the bytes, and of the syntax tree, in which each name that the student
chose stands as its number in the order of appearance, and docstrings are gone. A short exercise has few right answers:
the same print is a reason to read two hand-ins side by side, and no more.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
from collections.abc import Sequence
from pathlib import Path

from ..grading.handin import BadHandIn, opened

MOST = 256 << 10  # bytes of source that are parsed
GIVEN = frozenset(dir(builtins))


def prints(path: Path, files: Sequence[str]) -> tuple[str, str]:
    """Of the bytes and of the syntax tree; "" where there is none."""
    try:
        with opened(path, files) as found:
            sources = [_read(found.folder / file) for file in files]
    except BadHandIn:
        return "", ""
    if not any(sources):
        return "", ""
    trees = [_tree(source) for source in sources]
    return _digest(sources), "" if None in trees else _digest([tree for tree in trees if tree is not None])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _digest(parts: Sequence[bytes]) -> str:
    return hashlib.sha256(b"\0".join(b"%d\0%s" % (len(part), part) for part in parts)).hexdigest()[:16]


def _tree(source: bytes) -> bytes | None:
    """The tree as text; None where it is none that can be read."""
    if len(source) > MOST:
        return None
    try:
        return ast.dump(_Plain().visit(ast.parse(source))).encode(errors="replace")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Plain(ast.NodeTransformer):
    """Without docstrings, and with a number in place of each name that was chosen."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def _name(self, name: str) -> str:
        return name if name in GIVEN else self.names.setdefault(name, f"n{len(self.names)}")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._name(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg, node.annotation = self._name(node.arg), None
        return node

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        if node.arg in self.names:  # a parameter of their own
            node.arg = self.names[node.arg]
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name, node.returns = self._name(node.name), None
        return self._body(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self._name(node.name)
        return self._body(node)

    def visit_Module(self, node: ast.Module) -> ast.AST:
        return self._body(node)

    def _body(self, node: ast.FunctionDef | ast.ClassDef | ast.Module) -> ast.AST:
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
        return self.generic_visit(node)
