"""A scene: the rows of one planted fault or of one innocent twin, built as the company's app would have written them.

Scenes are small and written by hand, unlike the company's mass (``history.py``).
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from trueup.demo.offer import (
    MONTHLY,
    PLANS,
    SEAT,
    SIGNUP_CREDITS,
    TRIAL_CREDITS,
    TRIAL_DAYS,
    OfferedPrice,
    pack_cents,
)
from trueup.demo.people import (
    Event,
    Excused,
    Expected,
    Expiring,
    Membership,
    Move,
    Person,
    PlanSwitch,
    Subject,
    SubscriptionCopy,
)
from trueup.demo.stripe_account import StripeAccount, charge_of
from trueup.model.stripe_objects import CheckoutPayment, InvoiceStatus, StripeSubscription, SubscriptionStatus

DAYS_PER_CYCLE = 30
SHIFT_SECONDS = 4 * 3600


class Scene:
    """The rows of one story. ``name`` and ``index`` make its Stripe ids and its dates its own.

    What a method writes for the app is in ``people`` and their ledger; what it leaves at Stripe is in ``stripe``.
    """

    def __init__(self, *, name: str, index: int, seed: int, now: datetime, recorded_since: datetime) -> None:
        self.index = index
        self.now = now
        self.recorded_since = recorded_since
        self.people: list[Person] = []
        self.events: list[Event] = []
        self.plan_switches: list[PlanSwitch] = []
        self.memberships: list[Membership] = []
        self.grants: list[Expiring] = []
        self.copies: list[SubscriptionCopy] = []
        self.exemptions: list[Excused] = []
        self.expected: list[Expected] = []
        self.innocent: list[Subject] = []
        self.stripe = StripeAccount(self.stripe_id)
        self._key = f"{seed}:{name}:{index}"
        self._made = 0
        self._shift_seconds = self.pick(SHIFT_SECONDS)

    def ago(self, *, days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
        """A moment before now, in whole seconds; from a day on, at the scene's own time of day."""
        shift = timedelta(seconds=self._shift_seconds if days >= 1 else 0)
        return (self.now - timedelta(days=days, hours=hours, minutes=minutes) - shift).replace(microsecond=0)

    def pick(self, choices: int) -> int:
        """A number from 0 to ``choices`` - 1: the same in every run, another in every scene."""
        return int.from_bytes(self._digest()) % choices

    def stripe_id(self, prefix: str) -> str:
        """A new id as Stripe would make it."""
        return f"{prefix}_{self._digest().hex()}"

    def expect(self, check: str, subject: Subject | None, *, prefix: str = "", exempted: bool = False) -> None:
        """Say that this story must be found by ``check``; ``None`` names nothing and is a mistake in the story."""
        if subject is None:
            raise ValueError(f"nothing for {check} to find")
        self.expected.append(Expected(check=check, subject=subject, prefix=prefix, exempted=exempted))

    def clears(self, *subjects: Subject | None) -> None:
        """Record that no check may report these."""
        self.innocent.extend(subject for subject in subjects if subject is not None)

    def event(
        self,
        type_: str,
        at: datetime,
        *,
        about: str | None = None,
        status: str = "processed",
        livemode: bool = True,
        recorded: bool = True,
    ) -> str:
        """A Stripe event received at ``at``, with its idempotency record where the table existed by then.

        ``about`` is the object that it tells of at Stripe; None where Stripe's live side knows nothing of it.
        """
        event_id = self.stripe_id("evt")
        if about is not None:
            self.stripe.tell(event_id, type_, about, at)
        if recorded and at >= self.recorded_since:
            processed_at = at + timedelta(seconds=1) if status == "processed" else None
            self.events.append(
                Event(
                    event_id=event_id,
                    type=type_,
                    status=status,
                    received_at=at,
                    processed_at=processed_at,
                    livemode=livemode,
                )
            )
        return event_id

    def newcomer(self, *, days: float = 200, signup_credits: int = SIGNUP_CREDITS) -> Person:
        """A FREE account that signed up ``days`` ago and got its welcome credits."""
        person = Person(created_at=self.ago(days=days, minutes=self.pick(600)))
        self.people.append(person)
        if signup_credits:
            person.move("promotional_grant", signup_credits, person.created_at, actor="signup")
        return person

    def unrecord(self, event_id: str | None) -> None:
        """Take an event out of the app's records; Stripe goes on knowing it."""
        self.events = [event for event in self.events if event.event_id != event_id]

    def subscribed(self, *, days: float, plan: str = "PRO", price: OfferedPrice | None = None) -> Person:
        """An account that went from FREE to a paid plan ``days`` ago; nothing is billed or granted yet."""
        person = self.newcomer(days=days + 9)
        at = self.ago(days=days)
        person.customer_id = self.stripe.customer(at, owner=person)
        person.subscription_id = self.stripe.subscribe(person.customer_id, price or MONTHLY[plan], at=at)
        self.event("customer.subscription.created", at, about=person.subscription_id)
        self.switch(person, plan, at, actor="stripe")
        return person

    def subscriber(
        self, *, plan: str = "PRO", renewals: int = 4, last_days: float = 11, price: OfferedPrice | None = None
    ) -> Person:
        """A monthly subscriber in good standing, last renewed ``last_days`` ago, who uses what is granted."""
        person = self.subscribed(days=last_days + renewals * DAYS_PER_CYCLE, plan=plan, price=price)
        for cycle in reversed(range(renewals + 1)):
            renewed_days = last_days + cycle * DAYS_PER_CYCLE
            self.renew(person, days=renewed_days)
            person.spend(60 + self.pick(200), self.ago(days=renewed_days - 4, minutes=self.pick(500)))
        return person

    def trialist(self, *, days: float) -> Person:
        """An account on trial since ``days`` ago: a plan and a subscription, and no invoice yet."""
        person = self.subscribed(days=days)
        at = self.ago(days=days)
        ends = at + timedelta(days=TRIAL_DAYS)
        self.stripe.change(
            person.subscription_id, status=SubscriptionStatus.TRIALING, trial_end=ends, current_period_end=ends
        )
        person.move("promotional_grant", TRIAL_CREDITS, at, actor="trial")
        return person

    def end(self, person: Person, *, days: float) -> None:
        """End the subscription in Stripe; what the app makes of it is the story's."""
        at = self.ago(days=days)
        ended = at - timedelta(seconds=3)
        self.stripe.change(
            person.subscription_id, status=SubscriptionStatus.CANCELED, canceled_at=ended, ended_at=ended
        )

    def renew(
        self,
        person: Person,
        *,
        days: float,
        amount: int | None = None,
        invoice: str | None = None,
        event: str | None = None,
    ) -> Move:
        """Bill and grant one period's credits: an invoice, its event, and the ledger row.

        ``invoice`` and ``event`` name those of an earlier grant, for one that is given again.
        """
        at = self.ago(days=days)
        invoice = invoice or self.stripe.bill(person.subscription_id, at)
        return person.move(
            "subscription_grant",
            PLANS[person.plan].credits_per_month if amount is None else amount,
            at,
            event=event or self.event("invoice.paid", at, about=invoice),
            invoice=invoice,
        )

    def bill_late(self, person: Person, *, days: float, due_at: datetime | None = None) -> str:
        """Bill a period that is not paid yet, and is late unless it is due only at ``due_at``; the invoice."""
        if due_at is None:
            self.stripe.change(person.subscription_id, status=SubscriptionStatus.PAST_DUE)
        return self.stripe.bill(
            person.subscription_id,
            self.ago(days=days),
            status=InvoiceStatus.OPEN,
            amount_paid=0,
            paid_at=None,
            due_at=due_at,
        )

    def plan_ahead(self, person: Person, price: OfferedPrice) -> None:
        """Schedule another price from the subscription's next period on."""
        subscription = self.stripe.one(StripeSubscription, person.subscription_id)
        self.stripe.change(
            person.subscription_id,
            next_price_id=price.price_id,
            next_phase_at=subscription.current_period_end,
        )

    def sell(self, person: Person, at: datetime, *, pack: int, order: str | None = None) -> tuple[str, str]:
        """Sell a credit pack in Stripe alone: the ids of its payment and its checkout."""
        person.customer_id = person.customer_id or self.stripe.customer(at, owner=person)
        return self.stripe.sell(person.customer_id, pack_cents(pack), at, order=order)

    def buy(
        self, person: Person, *, days: float, pack: int = 250, credited: int | None = None, order: str | None = None
    ) -> Move:
        """Sell a credit pack: a checkout, a payment, an event, and the ledger row, which gives what the pack owes."""
        at = self.ago(days=days)
        payment, checkout = self.sell(person, at, pack=pack, order=order)
        event = self.event("checkout.session.completed", at, about=checkout)
        given = pack if credited is None else credited
        return person.move("purchase", given, at, event=event, payment=payment, checkout=checkout)

    def unpay(self, bought: Move, **changes: Any) -> str | None:
        """Let Stripe say that a purchase was not paid; its payment, of which only the ledger says otherwise.

        No event tells the app of a checkout that was not completed: it was credited on the browser's word.
        """
        self.unrecord(bought.event_id)
        self.stripe.forget(bought.event_id)
        bought.event_id = None
        self.stripe.change(bought.payment_intent_id, **changes)
        self.stripe.change(bought.checkout_session_id, status="open", payment_status=CheckoutPayment.UNPAID)
        return bought.payment_intent_id

    def refunded(self, bought: Move, *, days: float, share: float = 1) -> tuple[datetime, str]:
        """Give back a share of a purchase in Stripe, which tells the app: when, and by which event."""
        at = self.ago(days=days)
        self.stripe.refund(bought.payment_intent_id, at, share=share)
        return at, self.event("charge.refunded", at, about=charge_of(bought.payment_intent_id))

    def credit_again(self, person: Person, bought: Move, *, days: float, event: str | None = None) -> Move:
        """Write the ledger row of a purchase a second time; ``event`` is another than the first one's."""
        return person.move(
            "purchase",
            bought.amount or 0,
            self.ago(days=days),
            event=event or bought.event_id,
            payment=bought.payment_intent_id,
            checkout=bought.checkout_session_id,
        )

    def switch(self, person: Person, plan: str, at: datetime, *, actor: str) -> None:
        """Change the plan, and write it into the plan history."""
        self.plan_switches.append(PlanSwitch(person=person, from_plan=person.plan, to_plan=plan, at=at, actor=actor))
        person.plan = plan

    def join(self, organisation: Person, person: Person) -> None:
        """Make ``person`` a member of the organisation, on its plan."""
        self.memberships.append(Membership(organisation=organisation, person=person))
        person.plan = organisation.plan

    def redeem(self, person: Person, amount: int, *, left: int, at: datetime, until: datetime) -> Move:
        """Grant the credits of a code, which are good until a day, and of which so many are left."""
        self.grants.append(Expiring(person=person, amount=amount, remaining=left, expires_at=until))
        move = person.move("promotional_grant", amount, at, actor="code")
        if left < amount:
            person.spend(amount - left, at + timedelta(days=1))
        return move

    def seats(self, organisation: Person, *, quantity: int) -> None:
        """What the organisation pays for its members in Stripe, from its next invoice on."""
        self.stripe.add_item(organisation.subscription_id, SEAT, quantity=quantity)

    def copy_subscription(self, person: Person) -> None:
        """Let the app write down what Stripe says of the subscription now."""
        subscription = self.stripe.one(StripeSubscription, person.subscription_id)
        self.copies.append(
            SubscriptionCopy(
                person=person,
                subscription_id=subscription.subscription_id,
                status=subscription.status,
                plan=person.plan,
                period_ends_at=subscription.current_period_end,
            )
        )

    def excuse(self, check: str, person: Person, *, owner: str, reason: str, days_left: int) -> None:
        """Add an exemption that ends in ``days_left`` days; a negative number has passed."""
        expires = (self.now + timedelta(days=days_left)).date()
        self.exemptions.append(Excused(check=check, person=person, owner=owner, reason=reason, expires=expires))

    def _digest(self) -> bytes:
        self._made += 1
        return hashlib.blake2b(f"{self._key}:{self._made}".encode(), digest_size=8).digest()
