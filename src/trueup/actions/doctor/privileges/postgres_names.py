"""Postgres' names and texts, quoted."""

from __future__ import annotations

from collections.abc import Collection

from trueup.actions.doctor.privileges.postgres_facts import CatalogueTable
from trueup.sources.select import quoted


def named(place: CatalogueTable) -> str:
    """The table, in its schema."""
    return f"{quoted(place.schema)}.{quoted(place.name)}"


def beside(journal: CatalogueTable, name: str) -> str:
    """A table or function of trueup, in the journal's schema."""
    return f"{quoted(journal.schema)}.{quoted(name)}"


def listed(columns: Collection[str]) -> str:
    """Columns in name order."""
    return ", ".join(quoted(column) for column in sorted(columns))


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
