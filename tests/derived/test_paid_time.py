"""What was paid for, and until when, is what the table says; the checks follow from it."""

from __future__ import annotations

import dataclasses

import pytest

from tests.derived.paid_time_table import ACCOUNT, SOLD, TABLE, HardCase, Span
from tests.support.catalogue import all_checked
from trueup.books.opening import books_in_memory
from trueup.checks import catalogue
from trueup.engines.duckdb import DuckDB
from trueup.model.check import CASE_NOW, Case
from trueup.model.policy import Policy
from trueup.model.relations import RELATIONS

EVERY_CASE = pytest.mark.parametrize("case", TABLE, ids=lambda case: case.name)
FOLLOWING = tuple(
    check for check in catalogue() if check.id in {"paid-but-blocked", "unpaid-but-active", "plan-mismatch"}
)


@EVERY_CASE
def test_the_spans_of_the_account_are_those_that_the_table_says(case: HardCase) -> None:
    assert spans_of(case) == sorted(case.spans, key=str)


@pytest.mark.parametrize("plan", ["FREE", "PRO", "TEAM"])
@EVERY_CASE
def test_what_the_checks_say_of_each_plan_follows_from_what_was_paid(case: HardCase, plan: str) -> None:
    given = Case(name=case.name, given=(*SOLD, dataclasses.replace(ACCOUNT, plan=plan), *case.rows))
    outcomes = zip(FOLLOWING, all_checked(FOLLOWING, given), strict=True)
    findings = [check.id for check, outcome in outcomes for finding in outcome.findings if finding.subject == "user_1"]
    expected = case.findings.get(plan)
    assert findings == ([expected] if expected else [])


def spans_of(case: HardCase) -> list[Span]:
    """The spans of the account that the SQL makes of the case's rows."""
    given = (*SOLD, ACCOUNT, *case.rows)
    with books_in_memory() as books:
        for relation in RELATIONS:
            books.replace_rows([row for row in given if type(row) is relation], of=relation)
        engine = DuckDB(books.run, Policy().parameters(CASE_NOW))
        rows = list(engine.rows("SELECT * FROM account_time WHERE account_id = 'user_1'"))
    return sorted(
        (
            Span(
                name=str(row["span"]),
                plan=row["plan"],  # type: ignore[arg-type]
                since=_days_before(row["starts_at"]),
                until=None if row["ends_at"] is None else _days_before(row["ends_at"]),
                runs=bool(row["is_running"]),
            )
            for row in rows
        ),
        key=str,
    )


def _days_before(moment: object) -> float:
    return (CASE_NOW - moment).total_seconds() / 86_400  # type: ignore[operator, no-any-return]
