"""Runs in the box: whether what is to be judged was written at all. This, too, is only ever a claim."""

from __future__ import annotations

import ast
import os
import re
from typing import Any

import loader  # pyright: ignore[reportMissingImports] - alone in the box

NOTHING = ast.Constant(...)


def skeleton(folder: str, file: str, target: str) -> bool:
    """Whether what is to be judged is there and computes nothing: it passes, raises, or gives a constant.

    It only ever turns "wrong" into "not written", so guesses are harmless.
    """
    try:
        tree = loader.parsed(os.path.join(folder, file))  # noqa: PTH118
    except (OSError, SyntaxError):
        return False
    for words in re.findall(r"[^\W\d]\w*(?:\.\w+)*", target):
        found = _definition(tree.body, words.split("."))
        if found is not None:
            methods = [one for one in found.body if isinstance(one, ast.FunctionDef)]
            bodies = methods if isinstance(found, ast.ClassDef) else [found]
            named = [one for one in bodies if not one.name.startswith("__")] or bodies
            return bool(named) and all(_computes_nothing(one) for one in named)
    return False


def _definition(body: list[ast.stmt], names: list[str]) -> Any:
    """The class or function of this dotted name."""
    for one in body:
        if isinstance(one, ast.ClassDef | ast.FunctionDef) and one.name == names[0]:
            return one if len(names) == 1 else _definition(one.body, names[1:])
    return None


def _computes_nothing(function: ast.FunctionDef) -> bool:
    """Every value that it returns is a constant, or a name that only ever is one."""
    nodes = list(ast.walk(function))
    if any(isinstance(one, ast.Raise) and "NotImplemented" in ast.dump(one) for one in function.body):
        return True
    given: dict[str, list[ast.expr]] = {}
    for one in nodes:
        if isinstance(one, ast.Assign):
            for target in one.targets:
                _bind(target, one.value, given)
        elif isinstance(one, ast.AugAssign | ast.NamedExpr | ast.AnnAssign | ast.For):
            _bind(one.target, None, given)
        elif isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute):
            _bind(one.func.value, None, given)  # history.append(…)

    def constant(value: ast.expr | None, depth: int = 0) -> bool:
        if value is None or isinstance(value, ast.Constant):
            return True
        if isinstance(value, ast.Tuple | ast.List):
            return all(constant(one, depth) for one in value.elts)
        if isinstance(value, ast.Dict):
            return all(constant(one, depth) for one in value.values)
        if isinstance(value, ast.UnaryOp):
            return constant(value.operand, depth)
        if isinstance(value, ast.Name) and value.id in given and depth < 8:
            return all(one is not NOTHING and constant(one, depth + 1) for one in given[value.id])
        return False

    own = [one for one in nodes if isinstance(one, ast.Return)]
    return all(constant(one.value) for one in own) and (bool(own) or _only_passes(function))


def _bind(target: ast.expr, value: ast.expr | None, given: dict[str, list[ast.expr]]) -> None:
    """Note what a name is given; NOTHING stands for what is computed."""
    if isinstance(target, ast.Tuple | ast.List):
        values = value.elts if isinstance(value, ast.Tuple | ast.List) else [None] * len(target.elts)
        for one, own in zip(target.elts, [*values, *[None] * len(target.elts)], strict=False):
            _bind(one, own, given)
        return
    while isinstance(target, ast.Subscript | ast.Attribute | ast.Starred):  # grads["W1"] = …
        target, value = target.value, None
    if isinstance(target, ast.Name):
        given.setdefault(target.id, []).append(NOTHING if value is None else value)


def _only_passes(function: Any) -> bool:
    return all(
        isinstance(one, ast.Pass) or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        for one in function.body
    )
