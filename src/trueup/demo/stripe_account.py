"""Stripe's side of a scene: what its story leaves there, as rows of trueup's own relations.

A row says what Stripe says, whatever the app made of it; ``stripe/objects.py`` writes it as the object that it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from trueup.demo.offer import PRICES, OfferedPrice
from trueup.model.stripe_objects import (
    DisputeStatus,
    RefundStatus,
    StripeCheckoutSession,
    StripeCustomer,
    StripeDispute,
    StripeEvent,
    StripeInvoice,
    StripeInvoiceLine,
    StripeInvoicePayment,
    StripePaymentIntent,
    StripePrice,
    StripeRefund,
    StripeRow,
    StripeSubscription,
    StripeSubscriptionItem,
)

if TYPE_CHECKING:
    from trueup.demo.people import Person

_Row = TypeVar("_Row", bound=StripeRow)
_SECOND = timedelta(seconds=1)
_OFFERED = {price.price_id: price for price in PRICES}


class StripeAccount:
    """The objects of one scene, by their ids. ``owners`` are the accounts whose customers they are."""

    def __init__(self, new_id: Callable[[str], str]) -> None:
        self.rows: dict[str, StripeRow] = {}
        self.owners: dict[str, Person] = {}
        self._new_id = new_id
        self._prices = dict(_OFFERED)

    def put(self, named: str, row: StripeRow) -> str:
        """Keep an object; its id."""
        self.rows[named] = row
        return named

    def change(self, named: str | None, **changes: Any) -> None:
        """Set columns of an object."""
        row = self._row(named)
        self.rows[named or ""] = dataclasses.replace(row, **changes)

    def forget(self, named: str | None) -> None:
        """Take an object away, as if it had never been."""
        self._row(named)
        del self.rows[named or ""]

    def customer(self, at: datetime, *, owner: Person | None) -> str:
        """A customer; ``owner`` is the account that it names, None where it names none."""
        named = self._new_id("cus")
        if owner is not None:
            self.owners[named] = owner
        return self.put(named, StripeCustomer(customer_id=named, created_at=at - 20 * _SECOND))

    def price(self, offered: OfferedPrice) -> str:
        """A price that is not on the list."""
        self._prices[offered.price_id] = offered
        return self.put(offered.price_id, price_row(offered))

    def subscribe(self, customer_id: str, *prices: OfferedPrice, at: datetime, **changes: Any) -> str:
        """An active subscription that was not billed yet."""
        named = self._new_id("sub")
        since = at - 8 * _SECOND
        for price in prices:
            self.add_item(named, price)
        plain = StripeSubscription(
            subscription_id=named,
            customer_id=customer_id,
            created_at=since,
            current_period_start=since,
            current_period_end=since + timedelta(days=prices[0].days),
        )
        return self.put(named, dataclasses.replace(plain, **changes))

    def add_item(self, subscription_id: str | None, price: OfferedPrice, *, quantity: int = 1) -> None:
        """One more price of a subscription."""
        named = self._new_id("si")
        row = StripeSubscriptionItem(
            item_id=named,
            subscription_id=subscription_id or "",
            price_id=price.price_id,
            product_id=price.product,
            quantity=quantity,
            interval=price.interval,
        )
        self.put(named, row)

    def items_of(self, subscription_id: str) -> Sequence[StripeSubscriptionItem]:
        """What a subscription is to."""
        items = (row for row in self.rows.values() if isinstance(row, StripeSubscriptionItem))
        return [item for item in items if item.subscription_id == subscription_id]

    def bill(self, subscription_id: str | None, at: datetime, **changes: Any) -> str:
        """The invoice of the period that begins at ``at``, paid by card unless ``changes`` say otherwise."""
        subscription = self.one(StripeSubscription, subscription_id)
        named, since = self._new_id("in"), at - 8 * _SECOND
        items = self.items_of(subscription.subscription_id)
        until = since + timedelta(days=max(self._prices[item.price_id].days for item in items))
        total = sum(self._line(named, item, since=since, until=until) for item in items)
        plain = StripeInvoice(
            invoice_id=named,
            customer_id=subscription.customer_id,
            subscription_id=subscription.subscription_id,
            billing_reason="subscription_cycle" if subscription.latest_invoice_id else "subscription_create",
            collection_method=subscription.collection_method,
            subtotal=total,
            total=total,
            amount_due=total,
            amount_paid=total,
            created_at=since,
            paid_at=at - 5 * _SECOND,
        )
        billed = dataclasses.replace(plain, **changes)
        self.put(named, billed)
        self.change(subscription_id, latest_invoice_id=named, current_period_start=since, current_period_end=until)
        if billed.amount_paid > 0 and not billed.paid_out_of_band:
            self._settle(billed, self.pay(subscription.customer_id, billed.amount_paid, at))
        return named

    def _line(self, invoice_id: str, item: StripeSubscriptionItem, *, since: datetime, until: datetime) -> int:
        """Add the line of an item; its amount."""
        named, amount = self._new_id("il"), self._prices[item.price_id].cents * (item.quantity or 1)
        row = StripeInvoiceLine(
            line_id=named,
            invoice_id=invoice_id,
            subscription_id=item.subscription_id,
            price_id=item.price_id,
            product_id=item.product_id,
            quantity=item.quantity,
            amount=amount,
            period_start=since,
            period_end=until,
        )
        self.put(named, row)
        return amount

    def _settle(self, billed: StripeInvoice, payment_id: str) -> None:
        named = self._new_id("inpay")
        row = StripeInvoicePayment(
            invoice_payment_id=named,
            invoice_id=billed.invoice_id,
            payment_intent_id=payment_id,
            amount_paid=billed.amount_paid,
            currency=billed.currency,
        )
        self.put(named, row)

    def pay(self, customer_id: str, cents: int, at: datetime, *, order: str | None = None, **changes: Any) -> str:
        """A payment by card that succeeded, unless ``changes`` say otherwise. ``order`` is what it is for."""
        named = self._new_id("pi")
        plain = StripePaymentIntent(
            payment_intent_id=named,
            customer_id=customer_id,
            amount=cents,
            amount_received=cents,
            purpose=order,
            created_at=at - 6 * _SECOND,
        )
        return self.put(named, dataclasses.replace(plain, **changes))

    def sell(self, customer_id: str, cents: int, at: datetime, *, order: str | None = None) -> tuple[str, str]:
        """A checkout that sold something once: the ids of its payment and of itself."""
        payment = self.pay(customer_id, cents, at, order=order or self._new_id("order"))
        named = self._new_id("cs_live")
        row = StripeCheckoutSession(
            checkout_session_id=named,
            customer_id=customer_id,
            payment_intent_id=payment,
            amount_total=cents,
            created_at=at - 240 * _SECOND,
        )
        return payment, self.put(named, row)

    def refund(self, payment_id: str | None, at: datetime, *, share: float = 1, failed: bool = False) -> str:
        """Give back this share of a payment."""
        payment = self.one(StripePaymentIntent, payment_id)
        named = self._new_id("re")
        row = StripeRefund(
            refund_id=named,
            payment_intent_id=payment_id,
            status=RefundStatus.FAILED if failed else RefundStatus.SUCCEEDED,
            amount=int(payment.amount * share),
            created_at=at - 5 * _SECOND,
        )
        return self.put(named, row)

    def dispute(self, payment_id: str | None, at: datetime, *, status: DisputeStatus) -> str:
        """The bank takes a payment back."""
        payment = self.one(StripePaymentIntent, payment_id)
        named = self._new_id("dp")
        row = StripeDispute(
            dispute_id=named,
            payment_intent_id=payment_id,
            status=status,
            amount=payment.amount,
            created_at=at - 5 * _SECOND,
        )
        return self.put(named, row)

    def _row(self, named: str | None) -> StripeRow:
        row = self.rows.get(named or "")
        if row is None:
            raise ValueError(f"{named} is not there")
        return row

    def one(self, kind: type[_Row], named: str | None) -> _Row:
        """The object of this id. Raises ``ValueError`` where there is none, ``TypeError`` where it is another kind."""
        row = self._row(named)
        if not isinstance(row, kind):
            raise TypeError(f"{named} is no {kind.__name__}")
        return row

    def tell(self, event_id: str, type_: str, about: str, at: datetime) -> str:
        """An event about an object."""
        row = StripeEvent(event_id=event_id, type=type_, object_id=about, created_at=at - _SECOND)
        return self.put(event_id, row)


def charge_of(payment_id: str | None) -> str:
    """The id of the charge that a payment took."""
    return f"ch_{(payment_id or '').removeprefix('pi_')}"


def price_row(price: OfferedPrice) -> StripePrice:
    """The price as Stripe lists it."""
    return StripePrice(
        price_id=price.price_id, product_id=price.product, unit_amount=price.cents, interval=price.interval
    )
