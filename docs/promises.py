"""What a class says of each of its fields: the text that is written below it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping


def promises_of(declared: type) -> Mapping[str, str]:
    """For each field that has one, its text on one line."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(declared))).body
    if not isinstance(definition, ast.ClassDef):
        raise TypeError(f"{declared} is not a class.")
    promises: dict[str, str] = {}
    for field, text_node in zip(definition.body, definition.body[1:], strict=False):
        match field, text_node:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                promises[name] = inspect.cleandoc(text).replace("\n", " ")
            case _:
                pass
    return promises
