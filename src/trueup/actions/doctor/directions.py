"""Amounts without a sign, whose direction a word says: the balances beside them show which words subtract."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
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


def propose_direction(
    engine: DuckDB, entry: RelationMapping | None, mapped: Mapping[str, frozenset[str]]
) -> str | None:
    """Say which words subtract, where that mends the breaks of their entries; None where nothing shows it."""
    if entry is None or not {"amount", "balance_after", "reason"} <= mapped.get("ledger_entry", frozenset()):
        return None
    rows = tuple(engine.rows(_STEPS))
    words = [str(row["word"]) for row in rows if row["word"] is not None and _subtracts(row)]
    if not words:
        return None
    breaks, entries = (sum(cast("int", row[name]) for row in rows) for name in ("breaks", "entries"))
    named = " and ".join(f"`{word}`" for word in words)
    says = f"{breaks:,} of {entries:,} entries break, and would not if {named} subtracted"
    return f"{says}: say amount = {_write_amount(entry, words)} in [relations.ledger_entry.columns]"


def _subtracts(row: Mapping[str, object]) -> bool:
    breaks, mended, signed = (cast("int", row[name]) for name in ("breaks", "mended", "signed"))
    return breaks >= FEWEST_BREAKS and not signed and mended >= MOST_MENDED * breaks


def _write_amount(entry: RelationMapping, words: Sequence[str]) -> str:
    """Return the expression of the amount with its sign, as the config file writes it."""
    kind, amount = (_write_source(entry.columns[name]) for name in ("kind", "amount"))
    listed = ", ".join("'" + word.replace("'", "''") + "'" for word in words)
    expression = f"CASE WHEN {kind} IN ({listed}) THEN -{amount} ELSE {amount} END"
    return json.dumps(expression, ensure_ascii=False)


def _write_source(column: ColumnMapping) -> str:
    return column.column if column.column is not None else f"({column.expression})"
