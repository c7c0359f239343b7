"""Names as SQL writes them."""

from __future__ import annotations

from trueup.model.source import schema_and_table


def quoted(name: str, quote: str = '"') -> str:
    """The identifier, quoted so that it means exactly this name."""
    return f"{quote}{name.replace(quote, quote * 2)}{quote}"


def table_name(table: str, quote: str = '"') -> str:
    """``table`` or ``schema.table``, each part quoted."""
    return ".".join(quoted(part, quote) for part in schema_and_table(table) if part is not None)
