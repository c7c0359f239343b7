"""Who a scenario is about: an account of the app with its ledger, and its customer at Stripe."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.support.incidents.offer import CREDITS, PRO_AGAIN
from tests.support.incidents.stage import Stage, seconds
from tests.support.stripe import payments, stories
from tests.support.stripe.objects import DAY, JSON
from trueup.model.relations import Account, EntryKind, LedgerEntry, PlanChange

USUAL_DAYS = 200
HISTORY_DAYS = 190
MONTH_DAYS = 30
YEAR_DAYS = 365
_HANDLING = timedelta(seconds=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A pack of credits that was paid for at Checkout."""

    session: JSON
    payment: str
    event: str
    credits_sold: int
    cents: int
    at: datetime

    @property
    def money(self) -> Mapping[str, int]:
        """What was paid, by currency."""
        return {self.session["currency"]: self.cents}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """An invoice, and the event that told of it."""

    id: str
    event: str | None
    invoice: JSON
    at: datetime


@dataclass(slots=True, kw_only=True)
class Person:
    """An account. Its entries are told in the order in which they were written."""

    stage: Stage
    account: Account
    customer: JSON | None
    balance: int = 0
    sequence: int | None = 0
    """The last sequence number; None in an app that keeps none."""

    def __str__(self) -> str:
        return self.account.account_id

    def change(self, **fields: Any) -> None:
        """What stands in the account's row now."""
        place = next(n for n, row in enumerate(self.stage.rows) if row is self.account)
        self.account = dataclasses.replace(self.account, **fields)
        self.stage.rows[place] = self.account

    def entry(
        self,
        kind: EntryKind,
        amount: int,
        at: datetime,
        *,
        balance_after: int | None = None,
        cached: bool = True,
        **fields: Any,
    ) -> LedgerEntry:
        """An entry; its running balance is right unless another is given, and the cache follows where ``cached``."""
        self.balance += amount
        if self.sequence is not None:
            self.sequence += 1
        plain: dict[str, Any] = {"entry_id": self.stage.entry_id(), "sequence": self.sequence, "created_at": at}
        after = self.balance if balance_after is None else balance_after
        made = LedgerEntry(
            **(plain | fields),
            account_id=str(self),
            kind=kind,
            amount=Decimal(amount),
            balance_after=Decimal(after),
        )
        self.stage.rows.append(made)
        if cached:
            self.change(credits=Decimal(self.balance))
        return made

    def uses(self, amount: int, at: datetime) -> LedgerEntry:
        """Spends credits."""
        return self.entry(EntryKind.USAGE, -amount, at)

    def moves(self, former: str, later: str, at: datetime) -> None:
        """The app puts it on another plan, and writes that down."""
        self.stage.rows.append(PlanChange(account_id=str(self), from_plan=former, to_plan=later, changed_at=at))
        self.change(plan=later)

    def subscribes(
        self,
        price: str | JSON,
        *,
        days: float = 70,
        period_days: float = 10,
        more: tuple[str, ...] = (),
        customer: JSON | None = None,
        **fields: Any,
    ) -> JSON:
        """A subscription that began ``days`` ago, and whose period began ``period_days`` ago. It has no invoice yet."""
        if price == "price_pro" and not self.stage.whole and self.stage.random.random() < 0.5:
            price = PRO_AGAIN
        first = self.stage.price(price) if isinstance(price, str) else price
        created, start = seconds(self.stage.ago(days)), seconds(self.stage.ago(period_days))
        period = {"current_period_start": start, "current_period_end": start + _period(first)}
        plain: dict[str, Any] = {"id": self.stage.id("sub"), "created": created, **period}
        whole = customer or self.customer
        assert whole is not None, f"{self} has no customer"
        prices = (first, *map(self.stage.price, more))
        return stories.subscribe(self.stage.world, whole, *prices, **(plain | fields))

    def billed(
        self,
        subscription: JSON,
        days: float,
        *,
        paid: bool = True,
        received: bool = True,
        told: bool = True,
        kind: str = "invoice.paid",
        **fields: Any,
    ) -> Bill:
        """An invoice for the period of the subscription that began ``days`` ago; paid, and told of, at that moment."""
        at = self.stage.ago(days)
        plain: dict[str, Any] = {"id": self.stage.id("in"), "created": seconds(at)}
        plain |= {} if paid else {"status": "open"}
        made = stories.bill(self.stage.world, _in_period(subscription, seconds(at)), **(plain | fields))
        is_told = told and made["status"] == "paid"
        event = self.stage.told(kind, made, at, received=received) if is_told else None
        return Bill(id=made["id"], event=event, invoice=made, at=at)

    def checked_out(self, subscription: JSON, bill: Bill) -> None:
        """The subscription was begun at Checkout, whose event is processed too and leaves the credits to the bill's."""
        session = self.stage.world.add(
            payments.checkout_session(
                self.stage.id("cs_live"),
                mode="subscription",
                created=seconds(bill.at),
                customer=subscription["customer"],
                subscription=subscription["id"],
                invoice=bill.id,
                amount_subtotal=bill.invoice["total"],
                amount_total=bill.invoice["total"],
            )
        )
        self.stage.told("checkout.session.completed", session, bill.at)

    def granted(self, bill: Bill, amount: int | None = None, *, later_days: float = 0, **fields: Any) -> LedgerEntry:
        """The credits of a bill: a month of the tier unless another amount is given."""
        at = bill.at + _HANDLING + timedelta(days=later_days)
        plain = {"stripe_invoice_id": bill.id, "stripe_event_id": bill.event}
        amount = self.stage.tier.credits if amount is None else amount
        return self.entry(EntryKind.SUBSCRIPTION_GRANT, amount, at, **(plain | fields))

    def renews(self, subscription: JSON, *days: float, amount: int | None = None) -> None:
        """Paid and credited, as it should be, at each of these moments."""
        for each in days:
            self.granted(self.billed(subscription, each), amount)

    def buys(self, days: float, pack: tuple[JSON, int] | None = None, *, received: bool = True, **fields: Any) -> Sale:
        """Pays for a pack of credits at Checkout."""
        price, credits_sold = pack or self.stage.pack()
        at = self.stage.ago(days)
        assert self.customer is not None
        plain: dict[str, Any] = {"id": self.stage.id("cs_live"), "created": seconds(at)}
        session = stories.buy(self.stage.world, self.customer, price, **(plain | fields))
        event = self.stage.told("checkout.session.completed", session, at, received=received)
        if not self.stage.whole and received and session["payment_intent"]:
            charged = self.stage.world.get(self.stage.world.get(session["payment_intent"])["latest_charge"])
            self.stage.told("charge.succeeded", charged, at)
        return Sale(
            session=session,
            payment=session["payment_intent"],
            event=event,
            credits_sold=credits_sold,
            cents=session["amount_total"],
            at=at,
        )

    def orders(self, price: JSON, days: float, *, minutes: float = 0, purpose: Mapping[str, str] | None = None) -> Sale:
        """Pays an invoice for something sold once, such as a pack of credits."""
        at = self.stage.ago(days, minutes=minutes)
        assert self.customer is not None
        made = stories.bill_once(
            self.stage.world, self.customer, price, id=self.stage.id("in"), created=seconds(at), metadata=purpose or {}
        )
        (paid,) = self.stage.world.naming("invoice_payment", "invoice", made["id"])
        return Sale(
            session=made,
            payment=paid.shown()["payment"]["payment_intent"],
            event=self.stage.told("invoice.paid", made, at),
            credits_sold=0,
            cents=made["total"],
            at=at,
        )

    def refunded(self, payment: str, days: float, share: float = 1, **fields: Any) -> None:
        """Gets this share of a payment back."""
        world, at = self.stage.world, self.stage.ago(days)
        paid = world.get(payment)
        amount = round(paid["amount"] * share)
        stories.give_back(world, paid, amount=amount, id=self.stage.id("re"), created=seconds(at), **fields)

    def reversed(self, sale: Sale, days: float, share: float = 1, **fields: Any) -> LedgerEntry:
        """The app takes back this share of what a sale gave."""
        amount = round(sale.credits_sold * share)
        at = self.stage.ago(days, minutes=1)
        return self.entry(EntryKind.CLAWBACK, -amount, at, stripe_payment_intent_id=sale.payment, **fields)

    def credited(self, sale: Sale, *, later_days: float = 0, **fields: Any) -> LedgerEntry:
        """The credits of a sale."""
        plain = {
            "stripe_event_id": sale.event,
            "stripe_payment_intent_id": sale.payment,
            "stripe_checkout_session_id": sale.session["id"],
        }
        at = sale.at + _HANDLING + timedelta(days=later_days)
        return self.entry(EntryKind.PURCHASE, sale.credits_sold, at, **(plain | fields))


def somebody(
    stage: Stage,
    plan: str = "FREE",
    *,
    days: float = USUAL_DAYS,
    linked: bool = True,
    numbered: bool = True,
    **fields: Any,
) -> Person:
    """An account that is ``days`` old, with a customer that it names; ``numbered``: its entries have sequences."""
    named = stage.id("user")
    customer = new_customer(stage, days=days) if linked else None
    plain: dict[str, Any] = {
        "email": f"{named}@example.com",
        "plan": plan,
        "stripe_customer_id": customer["id"] if customer else None,
        "created_at": stage.ago(days),
    }
    account = Account(**({"account_id": named} | plain | fields))
    stage.rows.append(account)
    person = Person(stage=stage, account=account, customer=customer, sequence=0 if numbered else None)
    if linked and days == USUAL_DAYS and not stage.whole:
        give_history(person)
    return person


def new_customer(stage: Stage, *, days: float = USUAL_DAYS, **fields: Any) -> JSON:
    """A customer at Stripe."""
    return stories.new_customer(stage.world, id=stage.id("cus"), created=seconds(stage.ago(days)), **fields)


def subscriber(
    stage: Stage, price: str | None = None, *, renewed: tuple[float, ...] = (70, 40, 10), **fields: Any
) -> tuple[Person, JSON]:
    """An account on the plan of this price, or of the stage's tier, served and credited since seventy days."""
    price = price or stage.tier.price
    plan = price.removeprefix("price_").removesuffix("_yearly").upper()
    person = somebody(stage, plan)
    subscription = person.subscribes(price, **fields)
    if plan in CREDITS:
        person.renews(subscription, *renewed, amount=CREDITS[plan])
    return person, subscription


def give_history(person: Person) -> None:
    """What may have been before, long ago and done with: it leaves neither credits nor a plan."""
    stage = person.stage
    before = stage.random.choice(("nothing", "a gift", "a balance", "a purchase", "a refund", "a subscription"))
    if before == "a gift":
        gift = stage.random.randint(10, 90)
        person.entry(EntryKind.PROMOTIONAL_GRANT, gift, stage.ago(HISTORY_DAYS - 5))
        person.entry(EntryKind.EXPIRY, -gift, stage.ago(HISTORY_DAYS - 40))
    elif before == "a balance":  # from before there was a ledger
        person.balance = stage.random.randint(50, 90)
        person.uses(person.balance, stage.ago(HISTORY_DAYS - 5))
    elif before in ("a purchase", "a refund"):
        sale = person.buys(HISTORY_DAYS - 5)
        person.credited(sale)
        if before == "a refund":
            person.refunded(sale.payment, HISTORY_DAYS - 20)
            person.reversed(sale, HISTORY_DAYS - 20)
        else:
            person.uses(sale.credits_sold, stage.ago(HISTORY_DAYS - 30))
    elif before == "a subscription":
        former = person.subscribes("price_basic", days=HISTORY_DAYS - 5, period_days=HISTORY_DAYS - 5)
        person.billed(former, HISTORY_DAYS - 5)
        stories.cancel(stage.world, former, at=seconds(stage.ago(HISTORY_DAYS - 20)))
        stage.rows += [
            PlanChange(account_id=str(person), from_plan=former, to_plan=later, changed_at=stage.ago(days))
            for former, later, days in (("FREE", "BASIC", HISTORY_DAYS - 5), ("BASIC", "FREE", HISTORY_DAYS - 20))
        ]


def _period(price: JSON) -> int:
    yearly = price["recurring"]["interval"] == "year"
    return (YEAR_DAYS if yearly else MONTH_DAYS) * DAY


def _in_period(subscription: JSON, start: int) -> JSON:
    """The subscription as it was when the period began."""
    items = [
        item | {"current_period_start": start, "current_period_end": start + _period(item["price"])}
        for item in subscription["items"]["data"]
    ]
    return subscription | {"items": subscription["items"] | {"data": items}}
