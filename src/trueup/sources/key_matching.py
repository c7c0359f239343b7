"""Ask a database which keys it compares as equal, in its own SQL and by its own ``=``."""

from __future__ import annotations

import json
from collections.abc import Collection

from trueup.model.key_equality import KeyEquality


def matching_sql(dialect: str, equality: KeyEquality, spellings: Collection[str], keys_sql: str) -> str:
    """A query for each of ``spellings`` beside every ``account_id`` of the query ``keys_sql`` that is equal to it.

    Its columns are ``spelling`` and ``account_id``. The keys are alone on their side of the ``=``, so that an index
    on them is used.
    """
    key = "CAST(kept.account_id AS text)" if dialect == "postgres" else "kept.account_id"
    return (
        f"SELECT given.spelling AS spelling, {key} AS account_id\n"
        f"FROM {_given(dialect, spellings)} CROSS JOIN ({keys_sql}\n) AS kept\n"
        f"WHERE kept.account_id = {equality.of('given.spelling')}"
    )


def grouping_sql(dialect: str, equality: KeyEquality, spellings: Collection[str]) -> str:
    """A query for each of ``spellings`` beside the first of those that are equal to it, as ``account_id``."""
    order = {"postgres": 'given.spelling COLLATE "C"', "mysql": "HEX(given.spelling)"}.get(dialect, "given.spelling")
    same = equality.of("given.spelling")
    return (
        f"SELECT given.spelling AS spelling,\n"
        f"first_value(given.spelling) OVER (PARTITION BY {same} ORDER BY {order}) AS account_id\n"
        f"FROM {_given(dialect, spellings)}"
    )


def equal_sql(dialect: str, equality: KeyEquality, spellings: Collection[str], keys: Collection[str]) -> str:
    """As ``matching_sql``, with keys that are given as texts."""
    return (
        "SELECT given.spelling AS spelling, kept.spelling AS account_id\n"
        f"FROM {_given(dialect, spellings)} CROSS JOIN {_given(dialect, keys, name='kept')}\n"
        f"WHERE {equality.of('kept.spelling')} = {equality.of('given.spelling')}"
    )


def _given(dialect: str, spellings: Collection[str], *, name: str = "given") -> str:
    """The spellings as a table. They go as one hexadecimal literal, in which nothing has to be escaped."""
    array = json.dumps(sorted(spellings), ensure_ascii=False).encode().hex()
    match dialect:
        case "postgres":
            text = f"convert_from(decode('{array}', 'hex'), 'UTF8')"
            return f"json_array_elements_text(CAST({text} AS json)) AS {name} (spelling)"
        case "mysql":
            longest = max((len(spelling) for spelling in spellings), default=1)
            column = f"spelling VARCHAR({longest}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$'"
            return f"JSON_TABLE(CONVERT(x'{array}' USING utf8mb4), '$[*]' COLUMNS ({column})) AS {name}"
        case _:
            return f"(SELECT value AS spelling FROM json_each(CAST(x'{array}' AS TEXT))) AS {name}"
