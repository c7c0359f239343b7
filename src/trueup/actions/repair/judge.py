"""Deciding, inside the transaction, what is to be written and whether what was written holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from trueup.actions.repair.plan import plan_of
from trueup.actions.repair.rows import SubjectRows
from trueup.actions.repair.slice import MOST_ACCOUNTS, Slice, findings_in, load, outcomes_in, read_slice
from trueup.actions.repair.writing import Translator, Writes
from trueup.actions.snapshot import needed_mappings
from trueup.engines.sql import needs_of
from trueup.model.change import Change, Refusal
from trueup.model.derived import DERIVED
from trueup.model.outcome import Broken, Checked, CheckOutcome, Off, Skipped
from trueup.model.repair import Plan, Refused, Stale

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

    from trueup.actions.repair.desk import Desk
    from trueup.actions.repair.order import Order
    from trueup.books.file import Books
    from trueup.engines.sql import Need
    from trueup.model.check import Check
    from trueup.model.derivation import Derived
    from trueup.model.finding import Finding
    from trueup.model.policy import Policy
    from trueup.model.source import RelationMapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A plan that can be written: what it was decided from, and its statements."""

    plan: Plan
    found: Slice
    writes: Writes


def mappings_read(desk: Desk) -> Mapping[str, RelationMapping]:
    """What the checks read of each relation, and of the ledger also why entries stand there."""
    fitted = desk.layout().mappings
    needed = {mapping.relation: mapping for mapping in needed_mappings(tuple(fitted.values()), desk.catalogue)}
    return {name: fitted[name] if name in _AUDITED else mapping for name, mapping in needed.items()}


_AUDITED = frozenset({"ledger_entry", "plan_change", "webhook_event"})
"""The relations that audit rows go to: how their columns are written is learned from the rows that are there."""


def decide(desk: Desk, connection: Connection, books: Books, order: Order) -> Decided | Stale | Refused:
    """Read the subject's rows into empty books, run its check on them, and translate the repair that it asks for."""
    found = read_slice(SubjectRows(desk, connection, mappings_read(desk)), order.check, order.subject)
    if len(found.accounts) > MOST_ACCOUNTS:
        return Refused(issue_id=order.issue_id, reason=f"It touches {len(found.accounts)} accounts; a person decides.")
    load(books, found, desk, now=order.now)
    (made,) = outcomes_in(books, desk, (order.check,), now=order.now)
    if not isinstance(made.outcome, Checked):
        return Refused(issue_id=order.issue_id, reason=_unanswered(made))
    finding = findings_in((made,)).get(order.issue_id)
    if finding is None:
        return Stale(issue_id=order.issue_id, reason=f"{order.issue_id} is not a finding now; nothing was changed.")
    change = _change_of(finding)
    if isinstance(change, Refusal):
        return Refused(issue_id=order.issue_id, reason=change.reason)
    if order.unattended and not change.safe:
        return Refused(issue_id=order.issue_id, reason=f"{change.kind} must be asked for by name, by a person.")
    at = _moment_after(finding, order.now, desk.config.policy)
    translator = Translator(desk=desk, connection=connection, found=found, now=at, repair_id=order.repair_id)
    writes = translator.writes(change)
    if isinstance(writes, Refusal):
        return Refused(issue_id=order.issue_id, reason=writes.reason)
    obstacle = desk.target.obstacle(connection, writes.tables()) or _unguarded(desk, change)
    if obstacle:
        return Refused(issue_id=order.issue_id, reason=obstacle)
    return Decided(plan=plan_of(finding, change), found=found, writes=writes)


def _moment_after(finding: Finding, now: datetime, policy: Policy) -> datetime:
    """When the audit row was written: now, or just after an entry of a later call that had the account before us.

    A ledger whose order is its entries' time would be broken by a row that comes before the balance it repeats. What
    is dated far into the future is no order to follow.
    """
    last = finding.evidence.get("last_entry_at")
    if isinstance(last, datetime) and now <= last <= now + timedelta(minutes=policy.clock_skew_minutes):
        return last + timedelta(microseconds=1)
    return now


def _unanswered(made: CheckOutcome) -> str:
    match made.outcome:
        case Skipped(reason=reason):
            return f"{made.check} cannot look: {reason}."
        case Broken(error=error):
            return f"{made.check} failed, and what is unknown is never repaired: {error}."
        case Off():
            return f"{made.check} is switched off in [policy.severity]."
        case Checked():
            return f"{made.check} answered."


def _change_of(finding: Finding) -> Change | Refusal:
    match finding.repair:
        case Change() | Refusal() as repair:
            return repair
        case None if finding.exemption is not None:
            owner = finding.exemption.owner
            return Refusal(reason=f"It is exempted by {owner}: {finding.exemption.reason}. Remove the exemption first.")
        case None:
            return Refusal(reason=f"{finding.check} has no automatic repair; a person decides.")


def _unguarded(desk: Desk, change: Change) -> str | None:
    """An event is recorded only where the database itself keeps it unique: the app may be writing the same one now."""
    if change.append.relation != "webhook_event":
        return None
    layout = desk.layout()
    mapping = layout.mappings["webhook_event"]
    column = mapping.columns["event_id"].column
    if column is not None and frozenset({column}) in layout.tables[mapping.table].unique:
        return None
    return (
        f"{mapping.table} does not keep {column or 'event_id'} unique, so a record that the application writes at this "
        "moment would stand twice; add a unique index on it, and make it NOT NULL."
    )


def _affected(desk: Desk, change: Change) -> list[Check]:
    """The checks that read what the change writes, or how well it can be read; nothing else can be found anew."""
    untouched = frozenset(derived.name for derived in DERIVED if derived.named_by and not _is_named(derived, change))
    return [
        check
        for check in desk.catalogue
        if any(_is_written(need, change) for need in needs_of(check.violations, without=untouched))
    ]


def _is_named(derived: Derived, change: Change) -> bool:
    """Whether the row that the change appends belongs into the derived relation, or may belong there."""
    written = {f"{change.append.relation}.{name}" for name, value in change.append.values.items() if value is not None}
    replaced = {f"{change.replace.relation}.{change.replace.column}"} if change.replace else set()
    return bool(set(derived.named_by) & (written | replaced))


def _is_written(need: Need, change: Change) -> bool:
    """Whether this relation or column can be another after the change: a new row, or the one replaced cell."""
    cell = change.replace
    if need[0] in (change.append.relation, "unreadable_row"):
        return True
    return cell is not None and need == (cell.relation, cell.column)


def objection(desk: Desk, connection: Connection, books: Books, order: Order, decided: Decided) -> str | None:
    """What is wrong with the database now that the change is written; None where it holds.

    The finding is gone, the audit row can be read back, and nothing is found that was not found before. ``books`` are
    those that it was decided on.
    """
    after = read_slice(SubjectRows(desk, connection, decided.found.mappings), order.check, order.subject)
    relation = decided.plan.change.append.relation
    if after.count(relation) != decided.found.count(relation) + 1:
        return f"the audit row cannot be read back as a {relation}: the mapping's condition leaves it out"
    checks = _affected(desk, decided.plan.change)
    load(books, after, desk, now=order.now, known=decided.found)
    outcomes = outcomes_in(books, desk, checks, now=order.now)
    mine = next(made for made in outcomes if made.check == order.check.id)
    if not isinstance(mine.outcome, Checked):
        return f"the check could not look again: {_unanswered(mine)}"
    left = findings_in(outcomes)
    if order.issue_id in left:
        return "the finding would still be there"
    known = _findings_before(desk, order, decided, {finding.check for finding in left.values()})
    new = sorted(left.keys() - known)
    return f"it would make a new finding: {new[0]} ({left[new[0]].message})" if new else None


def _findings_before(desk: Desk, order: Order, decided: Decided, suspects: Collection[str]) -> set[str]:
    """What these checks found before anything was written: looked at only where something is found now."""
    checks = [check for check in desk.catalogue if check.id in suspects]
    if not checks:
        return set()
    with desk.scratch_books() as books:
        load(books, decided.found, desk, now=order.now)
        return set(findings_in(outcomes_in(books, desk, checks, now=order.now)))
