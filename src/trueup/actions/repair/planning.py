"""Decide, inside the transaction, what is to be written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from trueup.actions.repair.account_place import account_elsewhere
from trueup.actions.repair.plan import plan_of
from trueup.actions.repair.proof import Unproven, proven, wrong_move
from trueup.actions.repair.serialization import find_serialization
from trueup.actions.repair.subject_reader import SubjectReader
from trueup.actions.repair.subject_snapshot import (
    MOST_ACCOUNTS,
    SubjectSnapshot,
    findings_in,
    load,
    outcomes_in,
    read_subject,
)
from trueup.actions.repair.translation import Translator
from trueup.actions.repair.writing import Writes
from trueup.books.credit_scale import decimals_needed
from trueup.engines.requirements import reads_of_check
from trueup.journal import JOURNAL_TABLES
from trueup.model.change import Change, DescribedChange, Refusal
from trueup.model.key_equality import Comparison
from trueup.model.outcome import Broken, Checked, CheckOutcome, NotApplicable, Off, Skipped
from trueup.model.repair import PlannedRepair, Refused, Stale
from trueup.model.repair_offer import say_decimals, why_unwritable
from trueup.model.row_counts import RowCounts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from trueup.actions.repair.request import RepairRequest
    from trueup.actions.repair.session import RepairSession
    from trueup.books.subject_books import SubjectBooks
    from trueup.model.finding import Finding
    from trueup.model.policy import Policy
    from trueup.targets.serialization import Serialization


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A plan that can be written, with the snapshot it was decided from and its statements."""

    plan: PlannedRepair
    snapshot: SubjectSnapshot
    writes: Writes
    serialization: Serialization | None
    """What protects the balance from the application's uncommitted entries; None where no balance is written."""


def plan_repair(
    session: RepairSession, connection: Connection, books: SubjectBooks, request: RepairRequest
) -> Decided | Unproven | Stale | Refused:
    """Read the subject's rows into empty books, run its check on them, and translate the repair of its finding.

    ``Unproven`` where it takes a plan away and the request does not hold Stripe's answer about the account yet.
    """
    snapshot = read_subject(SubjectReader(session, connection, session.layout().read), request.check, request.subject)
    doubt = find_doubt(session, connection, request, snapshot)
    if doubt is not None:
        return doubt
    load(books, snapshot, session)
    (result,) = outcomes_in(books, session, (request.check,), now=request.now)
    if not isinstance(result.outcome, Checked):
        return Refused(issue_id=request.issue_id, reason=say_unanswered(result))
    finding = findings_in((result,)).get(request.issue_id)
    if finding is None:
        needed = decimals_needed(books.books.run, books.books.scale)
        if needed is not None:
            return Refused(issue_id=request.issue_id, reason=say_decimals(needed))
        return Stale(issue_id=request.issue_id, reason=f"{request.issue_id} is not a finding now; nothing was changed.")
    change = _change_of(finding)
    if isinstance(change, Refusal):
        return Refused(issue_id=request.issue_id, reason=change.reason)
    if request.unattended and not change.safe:
        return Refused(issue_id=request.issue_id, reason=f"{change.kind} must be asked for by name, by a person.")
    wrong = wrong_move(change, books, session.config)
    if wrong is not None:
        return Refused(issue_id=request.issue_id, reason=wrong)
    return _translated(session, connection, books, request, finding, change, snapshot)


def find_doubt(
    session: RepairSession, connection: Connection, request: RepairRequest, snapshot: SubjectSnapshot
) -> Refused | None:
    """Say why it is not known what the subject's rows are; None where it is."""
    if len(snapshot.accounts) > MOST_ACCOUNTS:
        return Refused(
            issue_id=request.issue_id, reason=f"It touches {len(snapshot.accounts)} accounts; a person decides."
        )
    doubt = snapshot.ambiguous or _doubt(session, request) or account_elsewhere(session, connection, snapshot)
    return Refused(issue_id=request.issue_id, reason=f"{doubt[0].upper()}{doubt[1:]}.") if doubt else None


def _doubt(session: RepairSession, request: RepairRequest) -> str | None:
    """Why it is not known whose rows the check reads; None where it is."""
    unknown = [r for r in session.layout().references if r.comparison is Comparison.UNKNOWN]
    if not unknown:
        return None
    read = reads_of_check(request.check)
    return next((reference.doubt() for reference in unknown if reference.place in read), None)


def _translated(
    session: RepairSession,
    connection: Connection,
    books: SubjectBooks,
    request: RepairRequest,
    finding: Finding,
    change: Change,
    snapshot: SubjectSnapshot,
) -> Decided | Unproven | Stale | Refused:
    """Return the change in the table's own words, with the proof from Stripe."""
    unwritable = why_unwritable(session.layout().mappings, change)
    if unwritable is not None:
        return Refused(issue_id=request.issue_id, reason=unwritable)
    at = moment_after(finding.evidence.get("last_entry_at"), request.now, session.config.policy)
    translator = Translator(
        session=session, connection=connection, snapshot=snapshot, now=at, repair_id=request.repair_id
    )
    writes = translator.writes(change)
    if isinstance(writes, Refusal):
        return Refused(issue_id=request.issue_id, reason=writes.reason)
    obstacle = find_obstacle(session, connection, writes) or _unguarded(session, change)
    if obstacle:
        return Refused(issue_id=request.issue_id, reason=obstacle)
    serialization = find_serialization(session, connection, books, change)
    if isinstance(serialization, Refusal):
        return Refused(issue_id=request.issue_id, reason=serialization.reason)
    proof = proven(session, connection, request, change)
    if isinstance(proof, (Unproven, Refused)):
        return proof
    expected = expected_writes(session.config.repairs.expected_writes, writes)
    plan = plan_of(finding, change, proof, expected_writes=expected)
    return Decided(plan=plan, snapshot=snapshot, writes=writes, serialization=serialization)


def expected_writes(declared: Mapping[str, Mapping[str, RowCounts]], writes: Writes) -> dict[str, RowCounts]:
    """What the application's triggers are declared to write, by table, together with these writes."""
    expected: dict[str, RowCounts] = {}
    for target in sorted(writes.targets() & declared.keys()):
        for table, counts in declared[target].items():
            expected[table] = expected.get(table, RowCounts()) + counts
    return {table: counts for table, counts in expected.items() if counts.total}


def moment_after(last: object, now: datetime, policy: Policy) -> datetime:
    """The moment of the audit row: now, or just after an entry of a later call that changed the account first.

    A ledger that is ordered by its entries' time would be broken by a row that comes before the balance it repeats. An
    entry dated far in the future does not count for that order.
    """
    if isinstance(last, datetime) and now <= last <= now + timedelta(minutes=policy.clock_skew_minutes):
        return last + timedelta(microseconds=1)
    return now


def say_unanswered(result: CheckOutcome) -> str:
    """Say why a check did not answer."""
    match result.outcome:
        case Skipped(reason=reason):
            return f"{result.check} cannot look: {reason}."
        case Broken(error=error):
            return f"{result.check} failed, and what is unknown is never repaired: {error}."
        case NotApplicable(reason=reason):
            return f"{result.check} does not apply: {reason}."
        case Off():
            return f"{result.check} is switched off in [policy.severity]."
        case Checked():
            return f"{result.check} answered."


def _change_of(finding: Finding) -> Change | Refusal:
    match finding.repair:
        case Change() | Refusal() as repair:
            return repair
        case DescribedChange():
            return Refusal(reason=f"{finding.check}'s change was read from a report; audit again to apply it.")
        case None if finding.exemption is not None:
            owner = finding.exemption.owner
            return Refusal(reason=f"It is exempted by {owner}: {finding.exemption.reason}. Remove the exemption first.")
        case None:
            return Refusal(reason=f"{finding.check} has no automatic repair; a person decides.")


def find_obstacle(session: RepairSession, connection: Connection, writes: Writes) -> str | None:
    """Why this cannot be written here, or could not be counted or rolled back as a whole."""
    obstacle = session.target.obstacle(connection, writes.tables() | set(JOURNAL_TABLES))
    if obstacle is not None or writes.update is None:
        return obstacle
    table, column = writes.update.table, writes.update.column
    return session.target.column_obstacle(connection, table, column)


def _unguarded(session: RepairSession, change: Change) -> str | None:
    """An event is recorded only where the database itself keeps it unique: the app may be recording the same now."""
    if change.append.relation != "webhook_event":
        return None
    layout = session.layout()
    mapping = layout.mappings["webhook_event"]
    column = mapping.columns["event_id"].column
    if column is not None and frozenset({column}) in layout.tables[mapping.table].unique:
        return None
    return (
        f"{mapping.table} does not keep {column or 'event_id'} unique, so a record that the application writes at this "
        "moment would stand twice; add a unique index on it, and make it NOT NULL."
    )
