"""The store's SQL and Python agree on what is worse: both come from the one definition."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import Column, Double, Integer, MetaData, Table, create_engine, insert, select

from trueup.model.severity import Severity
from trueup.model.worsening import ANY_GROWTH, CLEAR_GROWTH, is_worse

RISKS = (0.0, 0.5, 1.0, 1.999, 2.0, 100.0, 199.0, 200.0, 1e15)
PAIRS = Table(
    "pair",
    MetaData(),
    Column("rank", Integer),
    Column("risk", Double),
    Column("before_rank", Integer),
    Column("before_risk", Double),
)


@pytest.mark.parametrize("growth", [ANY_GROWTH, CLEAR_GROWTH])
def test_each_database_decides_what_is_worse_as_python_does(store_url: str, growth: int) -> None:
    ranks = [severity.rank for severity in Severity]
    rows = [
        {"rank": rank, "risk": risk, "before_rank": before_rank, "before_risk": before_risk}
        for rank, risk, before_rank, before_risk in itertools.product(ranks, RISKS, ranks, RISKS)
    ]
    columns = {column.name: column for column in PAIRS.columns}
    engine = create_engine(store_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        PAIRS.create(connection)
        connection.execute(insert(PAIRS), rows)
        worse = connection.execute(select(PAIRS).where(is_worse(**columns, growth=growth))).all()
    engine.dispose()
    expected = [tuple(row.values()) for row in rows if is_worse(**row, growth=growth)]
    assert sorted(map(tuple, worse)) == sorted(expected)
    assert 0 < len(worse) < len(rows)
