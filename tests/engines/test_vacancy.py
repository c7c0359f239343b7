"""What is said to leave a query without rows does so, in every combination of relations with and without rows."""

from __future__ import annotations

import itertools

import duckdb
import pytest
import sqlglot

from trueup.engines.vacancy import vacancy_of

RELATIONS = ("a", "b", "c")
ONE_ROW = "SELECT 1 AS x, 1 AS y"

EXACT = (  # whatever leaves these without rows is found out
    "SELECT x FROM a",
    "SELECT a.x FROM a JOIN b ON b.x = a.x",
    "SELECT a.x FROM a CROSS JOIN b",
    "SELECT a.x FROM a, b",
    "SELECT a.x FROM a LEFT JOIN b ON b.x = a.x",
    "SELECT b.x FROM a RIGHT JOIN b ON b.x = a.x",
    "SELECT a.x FROM a FULL JOIN b ON b.x = a.x",
    "SELECT a.x FROM a LEFT JOIN b ON b.x = a.x JOIN c ON c.x = a.x",
    "SELECT a.x FROM a JOIN b ON b.x = a.x FULL JOIN c ON c.x = a.x",
    "SELECT x FROM a UNION ALL SELECT x FROM b",
    "SELECT x FROM a UNION SELECT x FROM b UNION SELECT x FROM c",
    "SELECT t.x FROM (SELECT x FROM a UNION ALL SELECT x FROM b) AS t JOIN c ON c.x = t.x",
    "WITH t AS (SELECT x FROM a JOIN b USING (x)), u AS (SELECT x FROM t UNION ALL SELECT x FROM c) SELECT x FROM u",
    "WITH a AS (SELECT x FROM b) SELECT x FROM a",
    "SELECT x FROM a WHERE x IN (SELECT x FROM b)",
    "SELECT x FROM a WHERE x = 1 AND (y = 1 AND EXISTS (SELECT 1 FROM b))",
    "SELECT x, count(*) FROM a GROUP BY x",
    "SELECT x, sum(y) FROM a GROUP BY x HAVING count(*) > 0",
    "SELECT x, count(*) OVER (PARTITION BY y) FROM a",
    "SELECT x, (SELECT count(*) FROM b) FROM a",
    "SELECT DISTINCT x FROM a ORDER BY x LIMIT 3",
)

NOT_ALL = (  # some of what leaves these without rows is not looked for
    "SELECT count(*) FROM a",
    "SELECT max(x) FROM a HAVING max(x) IS NULL",
    "SELECT count(*) FROM a GROUP BY ()",
    "SELECT x, count(*) FROM a GROUP BY ROLLUP (x)",
    "SELECT t.n FROM (SELECT count(*) AS n FROM a) AS t JOIN b ON TRUE",
    "SELECT x FROM a WHERE x = 2 OR x IN (SELECT x FROM b)",
    "SELECT x FROM a WHERE x NOT IN (SELECT x FROM b)",
    "SELECT x FROM a WHERE NOT EXISTS (SELECT 1 FROM b)",
    "SELECT x FROM a EXCEPT SELECT x FROM b",
    "SELECT v.x FROM (VALUES (1)) AS v(x) LEFT JOIN a ON a.x = v.x",
    "SELECT 1",
    "SELECT x FROM a UNION ALL SELECT 1",
    "SELECT a.x FROM a SEMI JOIN b ON b.x = a.x",
    "SELECT a.x FROM a ANTI JOIN b ON b.x = a.x",
    "WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT t.x + 1 FROM t JOIN a ON t.x < 2) SELECT x FROM t",
)


def claims_no_rows(sql: str, empty: set[str]) -> bool:
    return any(names <= empty for names in vacancy_of(sqlglot.parse_one(sql, dialect="duckdb")))


def has_no_rows(sql: str, empty: set[str]) -> bool:
    with duckdb.connect(":memory:") as connection:
        for name in RELATIONS:
            connection.execute(f"CREATE TABLE {name} AS {ONE_ROW}{' LIMIT 0' if name in empty else ''}")
        return connection.execute(sql).fetchall() == []


def combinations() -> list[set[str]]:
    return [set(names) for count in range(4) for names in itertools.combinations(RELATIONS, count)]


@pytest.mark.parametrize("sql", EXACT)
def test_a_query_is_known_to_have_no_rows_exactly_where_it_has_none(sql: str) -> None:
    for empty in combinations():
        assert claims_no_rows(sql, empty) == has_no_rows(sql, empty), empty


@pytest.mark.parametrize("sql", NOT_ALL)
def test_a_query_that_may_have_rows_is_never_taken_for_one_without(sql: str) -> None:
    for empty in combinations():
        assert has_no_rows(sql, empty) or not claims_no_rows(sql, empty), empty
