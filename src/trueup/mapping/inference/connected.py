"""The column that holds whose Stripe account a row is about, where the app sells through connected accounts."""

from __future__ import annotations

from trueup.mapping.names import likeness
from trueup.mapping.proposal import ProposedColumn
from trueup.mapping.samples import Look
from trueup.mapping.vocabulary import COLUMNS

_BEGINNING = "acct_"
_SURE_NAME = 0.9


def guess_stripe_account(look: Look, relation: str) -> ProposedColumn | None:
    """Return the column whose sampled values are all accounts of Stripe's; where it has none, one by its name."""
    empty = []
    for column in look.table.columns:
        present = [row[column.name] for row in look.rows if row.get(column.name) not in (None, "")]
        if present and all(str(value).startswith(_BEGINNING) for value in present):
            evidence = f"{len(present)} of {len(present)} sampled values begin with {_BEGINNING}"
            return ProposedColumn(column="stripe_account", theirs=column.name, confidence=0.97, evidence=evidence)
        if not present:
            empty.append(column.name)
    named = next((name for name in empty if likeness(name, COLUMNS[relation]["stripe_account"]) >= _SURE_NAME), None)
    if named is None:
        return None
    evidence = "by its name: no sampled row has a value"
    return ProposedColumn(column="stripe_account", theirs=named, confidence=0.7, evidence=evidence)
