"""Parts of objects that a sync tool keeps in tables of their own, put back into the objects they are parts of."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from trueup.stripe.shapes.fields import JSON, id_of, within

PRICES = "prices"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A kind of object that belongs into a ``field`` of those of a list: as one of several, or by itself."""

    listing: str
    field: str
    parent: str
    relations: tuple[str, ...]
    """What is not whole without it."""
    is_list: bool = True


PARTS: Mapping[str, Part] = {
    "subscription_items": Part(
        listing="subscriptions", field="items", parent="subscription", relations=("stripe_subscription_item",)
    ),
    "subscription_schedules": Part(
        listing="subscriptions",
        field="schedule",
        parent="subscription",
        relations=("stripe_subscription",),
        is_list=False,
    ),
    "invoice_payments": Part(
        listing="invoices",
        field="payments",
        parent="invoice",
        relations=("stripe_invoice", "stripe_invoice_payment"),
    ),
}


class Parts:
    """The parts that were given, in a file of their own, by what they are parts of."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.kinds: set[str] = set()
        connection.execute(
            "CREATE TABLE part (kind TEXT NOT NULL, parent TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, "
            "PRIMARY KEY (kind, parent, id)) WITHOUT ROWID"
        )

    def keep(self, kind: str, objects: Iterable[JSON]) -> None:
        """Keep parts of this kind; a later one of the same id goes before."""
        self.kinds.add(kind)
        parent = PARTS[kind].parent if kind in PARTS else None
        rows = [
            (kind, str(id_of(item.get(parent)) if parent else ""), str(item.get("id")), json.dumps(item))
            for item in objects
        ]
        self._connection.executemany("INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?)", rows)

    def of(self, kind: str, parent: str) -> list[dict[str, Any]]:
        """The parts of this object, in the order of their ids."""
        asked = "SELECT body FROM part WHERE kind = ? AND parent = ? ORDER BY id"
        return [json.loads(body) for (body,) in self._connection.execute(asked, [kind, parent])]

    def price(self, named: str) -> JSON | None:
        """The price of this id."""
        asked = "SELECT body FROM part WHERE kind = ? AND parent = '' AND id = ?"
        row = self._connection.execute(asked, [PRICES, named]).fetchone()
        return None if row is None else json.loads(row[0])


def completed(item: JSON, listing: str, parts: Parts) -> tuple[JSON, dict[str, str]]:
    """The object with what it lacked and the parts had, and by relation what is still missing of it."""
    read: dict[str, Any] = {}
    missing: dict[str, str] = {}
    for kind, part in PARTS.items():
        if part.listing != listing or _is_whole(item, part):
            continue
        given = parts.of(kind, str(item.get("id"))) if kind in parts.kinds else []
        if not part.is_list:
            given = [candidate for candidate in given if candidate.get("id") == item.get(part.field)]
        if kind not in parts.kinds or (not part.is_list and not given):
            missing |= dict.fromkeys(
                part.relations,
                f"{item.get('id')} came without its {part.field}, and {kind} are not there to complete it",
            )
            continue
        read[part.field] = {"data": [_add_price(candidate, parts) for candidate in given]} if part.is_list else given[0]
    whole = {**item, **read}
    return whole, missing | _find_cut_lists(whole, listing)


def _is_whole(item: JSON, part: Part) -> bool:
    """Whether the object holds the parts itself. An invoice of the API before 2025-03-31 names its one payment."""
    shown = item.get(part.field)
    if not part.is_list:
        return not isinstance(shown, str)
    if part.field == "payments" and shown is None:
        return isinstance(item.get("paid"), bool)
    return isinstance(within(shown, "data"), list) and within(shown, "has_more") is not True


def _add_price(item: dict[str, Any], parts: Parts) -> JSON:
    """The part with its price whole, where it only names it."""
    price = item.get("price")
    known = parts.price(price) if isinstance(price, str) else None
    return item if known is None else {**item, "price": known}


def _find_cut_lists(item: JSON, listing: str) -> dict[str, str]:
    """What the lists without a table of their own do not show to their end."""
    field, relation = {"invoices": ("lines", "stripe_invoice_line"), "product_features": ("features", "")}.get(
        listing, ("", "")
    )
    if not field:
        return {}
    shown = item.get(field)
    if isinstance(within(shown, "data"), list) and within(shown, "has_more") is not True:
        return {}
    says = f"{item.get('id')} does not show all of its {field}: let what writes it expand them"
    return {relation or "stripe_product_feature": says}
