"""A key's default is declared once, in the model; the file's shape takes it from there."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Iterator

from trueup.config import document, stripe_sections
from trueup.model import settings, stripe_settings
from trueup.model.policy import Policy
from trueup.model.row_counts import RowCounts


def declared_defaults() -> frozenset[str]:
    """The fields of the model's settings that have a default."""
    modules = (vars(settings), vars(stripe_settings))
    of_settings = [value for module in modules for value in module.values() if dataclasses.is_dataclass(value)]
    return frozenset(
        field.name
        for declared in (*of_settings, Policy, RowCounts)
        for field in dataclasses.fields(declared)
        if field.default not in {dataclasses.MISSING, None}
    )


def literal_defaults(source: str) -> Iterator[str]:
    """The keys whose default the source writes as a number, a text or a truth value."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=value)) if value is not None:
                yield name


def test_no_key_repeats_a_default_that_the_model_declares() -> None:
    assert declared_defaults() >= {"most_per_run", "max_connections", "since_days", "period_days", "inserts"}
    assert set(literal_defaults("class A:\n    most_per_run: int = 20\n    cron: str | None = None\n")) == {
        "most_per_run"
    }
    shapes = inspect.getsource(document) + inspect.getsource(stripe_sections)
    assert set(literal_defaults(shapes)) & declared_defaults() == set()
