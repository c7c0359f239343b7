"""The rule for a repair that writes an account's plan: it may only move the plan down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trueup.model.change import Change, Value
    from trueup.model.relations import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMove:
    """A plan that a change writes, or says that it wrote. ``old`` is the plan that the change expects to replace."""

    account_id: str
    old: Value
    new: Value


def plan_moves(change: Change) -> Iterator[PlanMove]:
    """Every plan that this change would write: in the account itself, and in the history of its plans."""
    cell, values = change.replace, change.append.values
    if cell is not None and (cell.relation, cell.column) == ("account", "plan"):
        yield PlanMove(account_id=cell.row_key, old=cell.old, new=cell.new)
    if change.append.relation == "plan_change":
        yield PlanMove(account_id=str(values.get("account_id")), old=values.get("from_plan"), new=values.get("to_plan"))


def upward(move: PlanMove, *, standing: Value, plans: Iterable[Plan]) -> str | None:
    """Why the move is refused; None for one that leads down. ``standing`` is the plan that the account has.

    Down means to a lower rank and to a plan that is not paid. A plan without a rank cannot be compared.
    """
    known = {plan.plan: plan for plan in plans}
    old, new = known.get(str(move.old)), known.get(str(move.new))
    if move.old != standing:
        return f"it is planned from {move.old}, and {move.account_id} is on {standing}"
    if old is None or new is None:
        return f"the rank of {move.old if old is None else move.new} is unknown"
    if new.rank >= old.rank:
        return f"{move.new} is not a lower plan than {move.old}, and a repair only ever takes a plan away"
    if new.paid:
        return f"{move.new} is a paid plan, and a repair gives none"
    return None
