"""Amounts without a sign, whose direction a word says: the balances beside them show which words subtract."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from trueup.model.source import ColumnMapping, RelationMapping

if TYPE_CHECKING:
    from trueup.config import Config
    from trueup.engines.duckdb import DuckDB

FEWEST_BREAKS = 3
"""How many entries of a word must break before the word is taken for a direction."""

MOST_MENDED = 0.95
"""The share of a word's breaks that must go away when it subtracts."""

# Each entry beside its predecessor: whether it breaks, and whether it would not if its amount were subtracted.
_STEPS = """
WITH step AS (
    SELECT reason AS word, amount, balance_after,
           lag(balance_after) OVER (PARTITION BY account_id
                                    ORDER BY coalesce(sequence, -1), created_at, entry_id) AS balance_before
    FROM ledger_entry
    WHERE posted
)
SELECT word,
       count(*)                                                                       AS entries,
       count(*) FILTER (WHERE balance_before + amount <> balance_after)               AS breaks,
       count(*) FILTER (WHERE balance_before + amount <> balance_after
                          AND balance_before - amount = balance_after)                AS mended,
       count(*) FILTER (WHERE amount < 0)                                             AS signed
FROM step
WHERE balance_before IS NOT NULL
GROUP BY word
ORDER BY word
"""


def with_words(config: Config) -> Config:
    """Return the config with the app's own words of an entry's kind where its reasons would be read."""
    entry = config.relations.get("ledger_entry")
    if entry is None or "kind" not in entry.columns:
        return config
    kind = entry.columns["kind"]
    word = ColumnMapping(column=kind.column, expression=kind.expression)
    mapping = dataclasses.replace(entry, columns={**entry.columns, "reason": word})
    return dataclasses.replace(config, relations={**config.relations, "ledger_entry": mapping})


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """The amount with its sign, as an expression, what shows it, and how many of the breaks it mends."""

    amount: str
    says: str
    breaks: int
    mended: int


def propose_direction(
    engine: DuckDB, entry: RelationMapping | None, mapped: Mapping[str, frozenset[str]]
) -> Direction | None:
    """Say which words subtract, where that mends the breaks of their entries; None where nothing shows it."""
    if entry is None or not {"amount", "balance_after", "reason"} <= mapped.get("ledger_entry", frozenset()):
        return None
    rows = tuple(engine.rows(_STEPS))
    subtracting = [row for row in rows if row["word"] is not None and _subtracts(row)]
    if not subtracting:
        return None
    words = [str(row["word"]) for row in subtracting]
    breaks, entries = (sum(cast("int", row[name]) for row in rows) for name in ("breaks", "entries"))
    named = " and ".join(f"`{word}`" for word in words)
    return Direction(
        amount=_write_amount(entry, words),
        says=f"{breaks:,} of {entries:,} entries break, and would not if {named} subtracted",
        breaks=breaks,
        mended=sum(cast("int", row["mended"]) for row in subtracting),
    )


def _subtracts(row: Mapping[str, object]) -> bool:
    breaks, mended, signed = (cast("int", row[name]) for name in ("breaks", "mended", "signed"))
    return breaks >= FEWEST_BREAKS and not signed and mended >= MOST_MENDED * breaks


def _write_amount(entry: RelationMapping, words: Sequence[str]) -> str:
    """Return the expression of the amount with its sign."""
    kind, amount = (_write_source(entry.columns[name]) for name in ("kind", "amount"))
    listed = ", ".join("'" + word.replace("'", "''") + "'" for word in words)
    return f"CASE WHEN {kind} IN ({listed}) THEN -{amount} ELSE {amount} END"


def _write_source(column: ColumnMapping) -> str:
    return column.column if column.column is not None else f"({column.expression})"
