"""A table whose rows nothing names is left out, not mapped by half."""

from __future__ import annotations

from datetime import datetime

from trueup.mapping.inference.infer import infer
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
