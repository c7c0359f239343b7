"""A table whose rows nothing names is left out, not mapped by half."""

from __future__ import annotations

from datetime import datetime

from trueup.mapping.inference.infer import infer
from trueup.mapping.propose import propose
from trueup.mapping.samples import Sample
from trueup.model.source import SourceColumn, SourceTable


def table(name: str, *columns: str, key: tuple[str, ...] = ()) -> SourceTable:
    types = {"amount": "integer", "credits": "integer", "created_at": "timestamp"}
    described = tuple(SourceColumn(name=column, type=types.get(column, "text")) for column in columns)
    return SourceTable(name=name, columns=described, primary_key=key)


def test_a_ledger_without_a_key_is_left_out() -> None:
    users = table("users", "id", "stripe_customer_id", "credits", key=("id",))
    moves = table("credit_transactions", "user_id", "amount", "created_at")
    samples = {
        "users": Sample(
            rows=tuple({"id": f"u{n}", "stripe_customer_id": f"cus_1A{n}b", "credits": 5} for n in range(9))
        ),
        "credit_transactions": Sample(
            rows=tuple({"user_id": f"u{n}", "amount": 5, "created_at": datetime(2026, 1, 1 + n)} for n in range(9))
        ),
    }
    relations = {relation.relation for relation in infer((users, moves), samples, dialect="sqlite").relations}
    assert relations == {"account"}
    keyed = table("credit_transactions", "user_id", "amount", "created_at", key=("user_id", "created_at"))
    relations = {relation.relation for relation in infer((users, keyed), samples, dialect="sqlite").relations}
    assert relations == {"account", "ledger_entry"}


def test_what_only_names_tell_apart_is_mapped_by_them_and_never_said_to_be_absent() -> None:
    """No value of a row says that it is a change of plan, or a grant that lapses."""
    users = table("users", "id", "plan", "stripe_customer_id", "credits", key=("id",))
    changes = table("plan_changes", "id", "user_id", "from_plan", "to_plan", "changed_at", key=("id",))
    samples = {
        "users": Sample(
            rows=tuple({"id": f"u{n}", "plan": "pro", "stripe_customer_id": f"cus_1A{n}b"} for n in range(9))
        ),
        "plan_changes": Sample(
            rows=tuple({"id": f"c{n}", "user_id": f"u{n}", "from_plan": "free", "to_plan": "pro"} for n in range(9))
        ),
    }
    proposal = propose((users, changes), samples=samples, dialect="sqlite")
    assert {relation.relation: relation.table for relation in proposal.relations}["plan_change"] == "plan_changes"
    assert "plan_change" not in {*proposal.missing, *proposal.absent}
    assert "ledger_entry" in proposal.absent
