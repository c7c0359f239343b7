"""Every column by which a timeline looks for Stripe's objects has an index, and an index answers as a scan does."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from trueup.actions.explain import index_for_timelines
from trueup.actions.explain.happenings import LOOKED_UP_BY, happenings_around
from trueup.books.lookup import LargeLookup
from trueup.books.opening import books_in_memory
from trueup.model.happening import Named
from trueup.model.relations import STRIPE, Account, AccountRole
from trueup.model.stripe_objects import StripeCustomer

RowT = TypeVar("RowT")
MOMENT = datetime(2026, 1, 1)
ACCOUNT = Account(
    account_id="user_1",
    role=AccountRole.USER,
    credits=Decimal(0),
    unlimited_credits=False,
    email="Ada@example.com",
    stripe_customer_id="cus_1",
)


class Recording:
    """A lookup that answers every question with what it was given of the relation, and keeps what was asked."""

    def __init__(self, *rows: object) -> None:
        self.asked: set[tuple[type, str]] = set()
        self._rows = rows

    def rows(self, relation: type[RowT], **by: Collection[str]) -> Iterator[RowT]:
        self.asked |= {(relation, name) for name in by}
        return iter([row for row in self._rows if isinstance(row, relation)])


def test_a_timeline_looks_for_stripe_s_objects_only_by_columns_with_an_index() -> None:
    lookup = Recording(ACCOUNT)
    named = Named(ids=frozenset({"cus_1", "pi_1"}), accounts=frozenset({"user_1"}))
    happenings_around(lookup, named, knows_events=True, length=5)
    of_stripe = {(relation, name) for relation, name in lookup.asked if relation in STRIPE}
    assert of_stripe == set(LOOKED_UP_BY)


def test_an_indexed_lookup_finds_a_row_once_by_whichever_of_its_columns_and_whatever_the_case() -> None:
    customers = [
        StripeCustomer(customer_id=f"cus_{number}", account_id=account, email=email, livemode=True, created_at=MOMENT)
        for number, (account, email) in enumerate(
            [("user_1", "ADA@example.com"), (None, "ada@example.com"), ("user_1", None), ("user_2", "bob@example.com")]
        )
    ]
    with books_in_memory() as books:
        books.replace_rows(customers, of=StripeCustomer)
        lookup = LargeLookup(books)
        few = {"account_id": ["user_1"], "email": ["Ada@Example.com", "nobody@example.com", "else@example.com"]}
        many = {**few, "email": [*few["email"], *(f"{number}@example.com" for number in range(100))]}
        scanned = [[row.customer_id for row in lookup.rows(StripeCustomer, **by)] for by in (few, many)]
        index_for_timelines(books)
        indexed = [[row.customer_id for row in lookup.rows(StripeCustomer, **by)] for by in (few, many)]
    assert [sorted(found) for found in scanned + indexed] == [["cus_0", "cus_1", "cus_2"]] * 4
