"""Plans of accounts that no column of theirs holds: which relation says them, and what it must have for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.config.config_errors import complaint
from trueup.config.relation_places import words_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from trueup.config.relation_sections import RelationSection


def refuse_wrong_plan_source(sections: Mapping[str, RelationSection], plans: Collection[str], path: Path) -> None:
    """Raise ``ConfigurationError`` where ``plan_from`` of the accounts has nothing to derive a plan from."""
    account = sections.get("account")
    if account is None or account.plan_from is None:
        return
    key = ("relations", "account", "plan_from")
    if any("plan" in table.columns for _, table in words_of(account)):
        raise complaint(path, key, "is beside columns.plan, which says the same: leave one of them")
    if isinstance(account.absent, list) and "plan" in account.absent:
        raise complaint(path, key, "is beside absent, which names the plan: leave one of them")
    if not plans:
        raise complaint(path, key, "needs plans: write [plans.NAME] for each, with its rank")
    source = sections.get(account.plan_from)
    if source is None or source.absent is True:
        raise complaint(
            path, key, f"names {account.plan_from}, which is not mapped: map [relations.{account.plan_from}]"
        )
    if source.query is not None:
        return
    columns = {column for _, table in words_of(source) for column in table.columns}
    missing = [column for column in ("account_id", "status") if column not in columns]
    missing += [] if columns & {"plan", "price_id"} else ["plan or price_id"]
    if missing:
        problem = f"needs {account.plan_from}.{missing[0]}, which is not mapped: map it under"
        raise complaint(path, key, f"{problem} [relations.{account.plan_from}.columns]")
