"""The SELECT that reads a mapped relation."""

from __future__ import annotations

from tests.support.mappings import mapping
from trueup.sources.select import quoted, select


def test_names_are_quoted_and_expressions_and_conditions_stand_in_parentheses() -> None:
    sql = select(mapping("billing.users", "id", where="a OR b", amount="cents / 100 -- credits"))
    assert sql == (
        'SELECT "id" AS "id",\n(cents / 100 -- credits\n) AS "amount"\nFROM "billing"."users"\nWHERE (a OR b\n)'
    )


def test_a_quote_in_a_name_cannot_end_it() -> None:
    assert quoted('a"b') == '"a""b"'
    assert quoted("a`b", "`") == "`a``b`"
