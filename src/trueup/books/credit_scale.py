"""How many decimals of a credit amount the books keep: what the config says, or as many as the rows need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from trueup.model.columns import ColumnKind
from trueup.model.money import CREDIT_DECIMALS, MOST_CREDIT_DECIMALS, credit_limit
from trueup.model.relations import RELATIONS, Relation, columns_of, relation_name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Run = Callable[[str, dict[str, object]], "DuckDBPyConnection"]
MORE_DECIMALS = "has more than"
"""In what is said of a value that more decimals would make readable, before their number."""


@dataclass(slots=True, kw_only=True)
class CreditScale:
    """The decimals of every credit column of some books. ``is_fixed``: the config says so, and no row changes it."""

    decimals: int = CREDIT_DECIMALS
    is_fixed: bool = False

    @classmethod
    def of(cls, decimals: int | None) -> CreditScale:
        """Return the scale that the config names, or the usual one that may grow."""
        return cls() if decimals is None else cls(decimals=decimals, is_fixed=True)

    @property
    def unsaid(self) -> int | None:
        """How many decimals the rows needed, where the config does not say so; None where it need not."""
        return self.decimals if self.decimals > CREDIT_DECIMALS and not self.is_fixed else None

    @property
    def type(self) -> str:
        """DuckDB's type of a credit amount."""
        return f"DECIMAL(38,{self.decimals})"

    @property
    def limit(self) -> Decimal:
        """Amounts at or beyond this are unreadable."""
        return credit_limit(self.decimals)

    @property
    def decimals_of_floats(self) -> int:
        """To how many decimals a binary fraction is rounded: what it has behind them is dust."""
        return self.decimals if self.is_fixed else min(self.decimals, CREDIT_DECIMALS)


def widen_for(connection: DuckDBPyConnection, relation: Relation, scale: CreditScale) -> bool:
    """Let the scale grow to what the unreadable rows of this relation need, and every table's columns with it.

    False where they need no more, where the config says how many there are, and where an amount that is in the books
    would no longer fit. A value of more decimals than any scale has changes nothing.
    """
    if scale.is_fixed or all(name != relation_name(relation) for name, _ in _credit_columns()):
        return False
    needed = decimals_needed(connection.execute, scale, relation=relation_name(relation))
    if needed is None or needed <= scale.decimals or _largest(connection) >= credit_limit(needed):
        return False
    scale.decimals = needed
    for name, column in _credit_columns():
        connection.execute(f"ALTER TABLE {name} ALTER {column} TYPE {scale.type}")
    return True


def decimals_needed(run: Run, scale: CreditScale, *, relation: str | None = None) -> int | None:
    """How many decimals the unreadable amounts have that need more than the scale; None where none does."""
    decimals = "length(rtrim(split_part(split_part(problem, ': ', 2), '.', 2), '0 '))"
    rows = run(
        f"SELECT max({decimals}) AS decimals FROM unreadable_row WHERE ($relation IS NULL OR relation = $relation) "
        f"AND cause LIKE $cause AND {decimals} <= $most",
        {"relation": relation, "cause": f"% {MORE_DECIMALS} {scale.decimals} decimals", "most": MOST_CREDIT_DECIMALS},
    ).fetchall()
    needed = rows[0][0] if rows else None
    return None if needed is None else int(needed)


def _credit_columns() -> list[tuple[str, str]]:
    return [
        (relation_name(relation), column.name)
        for relation in RELATIONS
        for column in columns_of(relation)
        if column.kind is ColumnKind.CREDITS
    ]


def _largest(connection: DuckDBPyConnection) -> Decimal:
    parts = [f"SELECT max(abs({column})) AS amount FROM {name}" for name, column in _credit_columns()]
    row = connection.execute(f"SELECT max(amount) FROM ({' UNION ALL '.join(parts)})").fetchone()
    return row[0] if row and row[0] is not None else Decimal(0)
