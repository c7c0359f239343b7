"""The checks find on Spark what they find on DuckDB: the same findings and populations, to the last digit."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

from tests.support.catalogue import books_with_everything_mapped
from tests.support.merged import MergedCompany, companies_of_cases
from tests.support.spark import Sail, sail_session, spark_server
from trueup.actions.audit.check_runner import run_checks
from trueup.books.file import Books
from trueup.checks import catalogue
from trueup.engines.spark import Spark, supply
from trueup.engines.spark_tables import connect
from trueup.model.check import CASE_NOW
from trueup.model.policy import Policy
from trueup.model.relations import RELATIONS, relation_name
from trueup.model.source import Silent

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

pytest.importorskip("pyspark", reason="needs pyspark-client and pysail: pip install 'trueup[spark]' pysail")

COMPANIES = companies_of_cases()
CHECKS = tuple(dataclasses.replace(check, inconclusive=False) for check in catalogue())


@pytest.fixture(scope="module")
def real_spark() -> Iterator[SparkSession]:
    """A session of real Spark on this machine."""
    with spark_server() as url:
        yield connect(url)


def answers(books: Books, policy: Policy) -> Mapping[str, str]:
    """Every check's outcome, to the last digit."""
    outcomes = run_checks(books, checks=CHECKS, policy=policy, now=CASE_NOW, progress=Silent(), judges_mapping=False)
    return {examined.check: repr(examined.outcome) for examined in outcomes}


def differences(company: MergedCompany, session: SparkSession, server: type[Spark]) -> dict[str, tuple[str, str]]:
    """What the two engines say of the same company where they do not say the same."""
    with books_with_everything_mapped() as books:
        for relation in {type(row) for row in company.rows}:
            books.replace_rows([row for row in company.rows if type(row) is relation], of=relation)
        supply_all(session, books)
        expected = answers(books, company.policy)
        engine = server(session, company.policy.parameters(CASE_NOW))
        answered = answers(dataclasses.replace(books, make_engine=lambda _: engine), company.policy)
    engine.close()
    assert any("Finding(" in answer for answer in expected.values()), "an empty company shows nothing"
    return {check: (expected[check], answered[check]) for check in expected if expected[check] != answered[check]}


def supply_all(session: SparkSession, books: Books) -> None:
    for relation in RELATIONS:
        name = relation_name(relation)
        supply(session, name, books.connection.sql(f"SELECT * FROM {name}").to_arrow_table())


@pytest.mark.slow
@pytest.mark.sampled(3)
@pytest.mark.parametrize("company", COMPANIES, ids=lambda company: company.name)
def test_sail_finds_what_duckdb_finds(company: MergedCompany) -> None:
    assert differences(company, sail_session(), Sail) == {}


@pytest.mark.slow
@pytest.mark.parametrize("company", COMPANIES, ids=lambda company: company.name)
def test_spark_finds_what_duckdb_finds(company: MergedCompany, real_spark: SparkSession) -> None:
    assert differences(company, real_spark, Spark) == {}
