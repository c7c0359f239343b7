"""Run one case of one check on an engine: the real books, in memory, and the real examination."""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import functools
import importlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from trueup.actions.audit.check_runner import run_checks
from trueup.books.file import Books
from trueup.books.opening import books_in_memory
from trueup.books.prepared_statements import PreparedStatements
from trueup.books.schema import create_table
from trueup.checks import catalogue
from trueup.engines.requirements import needs_listing
from trueup.model.check import CASE_NOW, Case, Check
from trueup.model.outcome import Checked, CheckOutcome
from trueup.model.relations import (
    MAPPED,
    RELATIONS,
    STRIPE,
    CopiedRelation,
    GateProbe,
    LedgerEntry,
    Plan,
    Relation,
    Row,
    UnreadableRow,
    columns_of,
    relation_name,
)
from trueup.model.source import Silent

_MORE = Path(__file__).parents[1] / "checks"


def all_cases(check: Check) -> tuple[Case, ...]:
    """Return the check's teaching cases, then those of ``tests/checks/<area>/<id>.py`` where there is such a file."""
    return (*check.cases, *_more_cases().get(check.id, ()))


@functools.cache
def _more_cases() -> dict[str, tuple[Case, ...]]:
    """Return the long tail of cases by check id. A file for a check that does not exist is an error in the tests."""
    files = {path.stem: path for path in sorted(_MORE.glob("*/*.py")) if not path.stem.startswith(("test_", "__"))}
    ids = {check.id.replace("-", "_"): check for check in catalogue()}
    modules = {
        ids[stem].id: importlib.import_module(f"tests.checks.{path.parent.name}.{stem}") for stem, path in files.items()
    }
    return {check_id: tuple(module.CASES) for check_id, module in modules.items()}


def checked(check: Check, case: Case) -> Checked:
    """The check's outcome over the case's rows, with every relation and column mapped."""
    (outcome,) = all_checked((check,), case)
    return outcome


def checked_as_a_repair_does(check: Check, case: Case) -> Checked:
    """The same outcome, asked the way a repair asks about the few rows of one subject, instead of as an audit does.

    As a repair does, it uses its books again, with the tables and the plans of earlier questions.
    """
    with few_rows_of(check, case) as books:
        (outcome,) = _run((check,), books, case)
        return outcome


@contextlib.contextmanager
def few_rows_of(check: Check, case: Case) -> Iterator[Books]:
    """Books for few rows that hold those of the case, and are used again for the next."""
    rows = rows_given((check,), case)
    numbered = all(isinstance(row.entry_id, int) for row in rows if isinstance(row, LedgerEntry))
    books = _books_of_few_rows(numbered=numbered)
    assert books.prepared is not None
    books.prepared.expect(len(rows))
    books.prepared.has_plans = any(isinstance(row, Plan) for row in rows)
    counts = Counter(relation_name(type(row)) for row in rows)
    books.prepared.copies = tuple(dataclasses.replace(r, rows=counts[r.relation]) for r in books.prepared.copies)
    for relation in {type(row) for row in rows}:
        books.add_rows([row for row in rows if type(row) is relation], of=relation)
    books.add_rows(list(map(_copied(case), (*MAPPED, *STRIPE))), of=CopiedRelation)
    try:
        yield books
    finally:
        for relation in {type(row) for row in rows} | {CopiedRelation}:
            books.connection.execute(f"DELETE FROM {relation_name(relation)}")


def all_checked(checks: Sequence[Check], case: Case) -> tuple[Checked, ...]:
    """The outcomes of these checks over the case's rows, as ``checked`` has one.

    What an inconclusive check finds makes it broken; here it is asked for its findings all the same.
    """
    with _undone_books() as books:
        return _checked_in(books, checks, case)


def checked_in_fresh_books(check: Check, case: Case) -> Checked:
    """The check's outcome over the case's rows, in books that held no rows before."""
    with books_with_everything_mapped() as books:
        (outcome,) = _checked_in(books, (check,), case)
        return outcome


def _checked_in(books: Books, checks: Sequence[Check], case: Case) -> tuple[Checked, ...]:
    rows = rows_given(checks, case)
    for relation in {type(row) for row in rows}:
        books.replace_rows([row for row in rows if type(row) is relation], of=relation)
    books.replace_rows(list(map(_copied(case), (*MAPPED, *STRIPE))), of=CopiedRelation)
    return _run(checks, books, case)


def _run(checks: Sequence[Check], books: Books, case: Case) -> tuple[Checked, ...]:
    asked = [dataclasses.replace(check, inconclusive=False) for check in checks]
    outcomes = run_checks(
        books, checks=asked, policy=case.policy, now=CASE_NOW, progress=Silent(), judges_mapping=False
    )
    return tuple(map(_answered, outcomes))


def _answered(examined: CheckOutcome) -> Checked:
    assert isinstance(examined.outcome, Checked), examined
    return examined.outcome


@contextlib.contextmanager
def _undone_books() -> Iterator[Books]:
    """Empty books in which everything is mapped; what is done in them is undone afterwards."""
    books = _empty_books()
    books.connection.begin()
    try:
        yield books
    finally:
        books.connection.rollback()


@functools.cache
def _empty_books() -> Books:
    held = contextlib.ExitStack()
    books = held.enter_context(books_with_everything_mapped())
    atexit.register(held.close)
    return books


@functools.cache
def _books_of_few_rows(*, numbered: bool) -> Books:
    """Empty books as a repair works with them, used again and again. ``numbered``: entries have numbers, not names."""
    held = contextlib.ExitStack()
    books = held.enter_context(books_with_everything_mapped())
    atexit.register(held.close)
    types = {"entry_id": "BIGINT" if numbered else "VARCHAR"}
    books.make_table(create_table(LedgerEntry, types, scale=books.scale))
    prepared = PreparedStatements(books.connection)
    prepared.copies, prepared.mapped = books.copies(), books.mapped_columns()
    return dataclasses.replace(books, prepared=prepared)


@contextlib.contextmanager
def books_with_everything_mapped() -> Iterator[Books]:
    with books_in_memory() as books:
        for relation in RELATIONS:
            books.replace_rows([], of=relation)
        for relation in (*MAPPED, *STRIPE):
            columns = [column.name for column in columns_of(relation)] + ["dense_sequence"]
            books.connection.execute(
                "INSERT INTO trueup_copy VALUES (?, 'case', ?, 0, 0, NULL)", [relation_name(relation), columns]
            )
        yield books


def rows_given(checks: Sequence[Check], case: Case) -> tuple[Row, ...]:
    """Beside the case's own rows a probe that lists no feature, where a check would not be asked without one."""
    lists = any(isinstance(row, GateProbe) and row.lists for row in case.given)
    if lists or not any(map(needs_listing, checks)):
        return case.given
    return (*case.given, GateProbe(probe="another", lists=True))


def _copied(case: Case) -> Callable[[Relation], CopiedRelation]:
    """What the copy would have counted: the rows given, and those that could not be read."""

    def copied(relation: Relation) -> CopiedRelation:
        name = relation_name(relation)
        unread = sum(isinstance(row, UnreadableRow) and row.relation == name for row in case.given)
        return CopiedRelation(relation=name, rows=unread + sum(type(row) is relation for row in case.given))

    return copied
