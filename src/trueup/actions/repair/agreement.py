"""Verify, inside the transaction, that the checks agree with what was written: on the subject's rows, read again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.actions.audit import MAPPING_SUSPECT
from trueup.actions.repair.difference import SnapshotDifference, affected, difference
from trueup.actions.repair.planning import Decided, say_unanswered
from trueup.actions.repair.subject_reader import SubjectReader
from trueup.actions.repair.subject_snapshot import SubjectSnapshot, findings_in, load, outcomes_in, read_subject
from trueup.model.outcome import Broken, Checked, CheckOutcome

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from trueup.actions.repair.request import RepairRequest
    from trueup.actions.repair.session import RepairSession
    from trueup.books.subject_books import SubjectBooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The change is written, and the checks agree with it. ``after`` is the subject's slice now."""

    after: SubjectSnapshot


def verify_applied(
    session: RepairSession, connection: Connection, books: SubjectBooks, request: RepairRequest, decided: Decided
) -> Held | str:
    """What is wrong with the database now that the change is written, or that it holds.

    The finding is gone, the audit row can be read back, no other cell of the subject's rows has changed, and nothing is
    found that was not found before. ``books`` are those that it was decided on.
    """
    look = _look_again(session, connection, books, request, decided)
    if isinstance(look, str):
        return look
    mine = next(result for result in look.outcomes if result.check == request.check.id)
    if not isinstance(mine.outcome, Checked):
        return f"the check could not look again: {say_unanswered(mine)}"
    if request.issue_id in findings_in(look.outcomes):
        return "the finding would still be there"
    return _find_new(session, decided, request, look.outcomes) or Held(after=look.after)


def verify_undone(
    session: RepairSession, connection: Connection, books: SubjectBooks, request: RepairRequest, decided: Decided
) -> Held | str:
    """What is wrong now that the value from before is back, or that it holds: exactly the finding has returned."""
    look = _look_again(session, connection, books, request, decided)
    if isinstance(look, str):
        return look
    if request.issue_id not in findings_in(look.outcomes):
        return "the finding would not return"
    return _find_new(session, decided, request, look.outcomes, expected={request.issue_id}) or Held(after=look.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SecondLook:
    """The subject's rows after the change, and what the checks that see a difference say of them."""

    after: SubjectSnapshot
    outcomes: tuple[CheckOutcome, ...]


def _look_again(
    session: RepairSession, connection: Connection, books: SubjectBooks, request: RepairRequest, decided: Decided
) -> _SecondLook | str:
    """Read the subject's rows again and ask the checks, or say what was written beside the plan."""
    after = read_subject(SubjectReader(session, connection, decided.snapshot.mappings), request.check, request.subject)
    relation = decided.plan.change.append.relation
    if after.count(relation) != decided.snapshot.count(relation) + 1:
        return f"the audit row cannot be read back as a {relation}: the mapping's condition leaves it out"
    before = books.keys()
    load(books, after, session, known=decided.snapshot)
    written = difference(decided.snapshot, after)
    unplanned = _find_unplanned(decided, written)
    if unplanned is not None:
        return unplanned
    parameters = session.config.policy.parameters(request.now)
    # The few rows of one subject cannot judge the mapping.
    catalogue = [check for check in session.catalogue if check.id != MAPPING_SUSPECT.id]
    seeing = affected(catalogue, written, books=books, known=before, parameters=parameters)
    checks = seeing if request.check in seeing else [*seeing, request.check]
    return _SecondLook(after=after, outcomes=outcomes_in(books, session, checks, now=request.now))


def _find_unplanned(decided: Decided, written: SnapshotDifference) -> str | None:
    """A change of the subject's rows that the plan does not have: a trigger's, in the same row or in another.

    What is mapped to an expression may follow from the cell that was replaced.
    """
    writes, mappings = decided.writes, decided.snapshot.mappings
    update = writes.update
    for relation, name in sorted(written.cells):
        table, column = mappings[relation].table, mappings[relation].columns[name].column
        is_cell = update is not None and (table, column) == (update.table, update.column)
        if column is not None and not is_cell and table not in decided.plan.expected_writes:
            return f"{table}.{column} was changed as well, which the plan does not have"
    for relation, count in sorted(written.grown.items()):
        table = mappings[relation].table
        if table not in {writes.insert.table, *decided.plan.expected_writes}:
            return f"{table} got {count} rows as well, which the plan does not have"
    return None


def _find_new(
    session: RepairSession,
    decided: Decided,
    request: RepairRequest,
    outcomes: Sequence[CheckOutcome],
    *,
    expected: Collection[str] = (),
) -> str | None:
    """What is wrong now but was not before, beside what is ``expected``.

    The state before is looked at only if something is wrong now.
    """
    left = findings_in(outcomes)
    broken = {result.check: result for result in outcomes if isinstance(result.outcome, Broken)}
    suspects = {finding.check for finding in left.values()} | broken.keys()
    before = _outcomes_before(session, request, decided, suspects)
    new = sorted(left.keys() - findings_in(before).keys() - set(expected))
    if new:
        return f"it would make a new finding: {new[0]} ({left[new[0]].message})"
    newly_broken = sorted(broken.keys() - {result.check for result in before if isinstance(result.outcome, Broken)})
    return f"a check could not look again: {say_unanswered(broken[newly_broken[0]])}" if newly_broken else None


def _outcomes_before(
    session: RepairSession, request: RepairRequest, decided: Decided, suspects: Collection[str]
) -> tuple[CheckOutcome, ...]:
    """The findings of these checks before anything was written."""
    checks = [check for check in session.catalogue if check.id in suspects]
    if not checks:
        return ()
    with session.scratch_books() as books:
        load(books, decided.snapshot, session)
        return outcomes_in(books, session, checks, now=request.now)
