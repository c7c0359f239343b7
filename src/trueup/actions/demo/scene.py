"""A scene: the rows of one planted fault or of one innocent twin, built as the company's app would have written them.

Scenes are small and written by hand, unlike the company's mass (``history.py``).
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from trueup.actions.demo.offer import PLANS, SIGNUP_CREDITS, TRIAL_CREDITS
from trueup.actions.demo.people import Event, Excused, Expected, Membership, Move, Person, PlanSwitch, Subject

DAYS_PER_CYCLE = 30
SHIFT_SECONDS = 4 * 3600


class Scene:
    """The rows of one story. ``name`` and ``index`` make its Stripe ids and its dates its own."""

    def __init__(self, *, name: str, index: int, seed: int, now: datetime, recorded_since: datetime) -> None:
        self.index = index
        self.now = now
        self.recorded_since = recorded_since
        self.people: list[Person] = []
        self.events: list[Event] = []
        self.plan_switches: list[PlanSwitch] = []
        self.memberships: list[Membership] = []
        self.exemptions: list[Excused] = []
        self.expected: list[Expected] = []
        self.innocent: list[Subject] = []
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
        """Say that these must stay quiet, whoever looks."""
        self.innocent.extend(subject for subject in subjects if subject is not None)

    def event(
        self,
        type_: str,
        at: datetime,
        *,
        event_id: str | None = None,
        status: str = "processed",
        livemode: bool = True,
        recorded: bool = True,
    ) -> str:
        """A Stripe event received at ``at``, with its idempotency record where the table existed by then."""
        event_id = event_id or self.stripe_id("evt")
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

    def subscribed(self, *, days: float, plan: str = "PRO") -> Person:
        """An account that went from FREE to a paid plan ``days`` ago; nothing is granted yet."""
        person = self.newcomer(days=days + 9)
        person.customer_id = self.stripe_id("cus")
        person.subscription_id = self.stripe_id("sub")
        self.event("customer.subscription.created", self.ago(days=days))
        self.switch(person, plan, self.ago(days=days), actor="stripe")
        return person

    def subscriber(self, *, plan: str = "PRO", renewals: int = 4, last_days: float = 11) -> Person:
        """A monthly subscriber in good standing, last renewed ``last_days`` ago, who uses what is granted."""
        person = self.subscribed(days=last_days + renewals * DAYS_PER_CYCLE, plan=plan)
        for cycle in reversed(range(renewals + 1)):
            renewed_days = last_days + cycle * DAYS_PER_CYCLE
            self.renew(person, days=renewed_days)
            person.spend(60 + self.pick(200), self.ago(days=renewed_days - 4, minutes=self.pick(500)))
        return person

    def trialist(self, *, days: float) -> Person:
        """An account on trial since ``days`` ago: a plan and a subscription, and no invoice yet."""
        person = self.subscribed(days=days)
        person.move("promotional_grant", TRIAL_CREDITS, self.ago(days=days), actor="trial")
        return person

    def renew(
        self,
        person: Person,
        *,
        days: float,
        amount: int | None = None,
        invoice: str | None = None,
        event: str | None = None,
    ) -> Move:
        """Grant one paid period's credits: an invoice, its event, and the ledger row."""
        at = self.ago(days=days)
        return person.move(
            "subscription_grant",
            PLANS[person.plan].credits_per_month if amount is None else amount,
            at,
            event=event or self.event("invoice.paid", at),
            invoice=invoice or self.stripe_id("in"),
        )

    def buy(
        self, person: Person, *, days: float, pack: int = 250, payment: str | None = None, event: str | None = None
    ) -> Move:
        """Sell a credit pack: a checkout, a payment, an event, and the ledger row."""
        at = self.ago(days=days)
        person.customer_id = person.customer_id or self.stripe_id("cus")
        return person.move(
            "purchase",
            pack,
            at,
            event=event or self.event("checkout.session.completed", at),
            payment=payment or self.stripe_id("pi"),
            checkout=self.stripe_id("cs_live"),
        )

    def switch(self, person: Person, plan: str, at: datetime, *, actor: str) -> None:
        """Change the plan, and write it into the plan history."""
        self.plan_switches.append(PlanSwitch(person=person, from_plan=person.plan, to_plan=plan, at=at, actor=actor))
        person.plan = plan

    def join(self, organisation: Person, person: Person) -> None:
        """Make ``person`` a member of the organisation, on its plan."""
        self.memberships.append(Membership(organisation=organisation, person=person))
        person.plan = organisation.plan

    def excuse(self, check: str, person: Person, *, owner: str, reason: str, days_left: int) -> None:
        """Add an exemption that ends in ``days_left`` days; a negative number has passed."""
        expires = (self.now + timedelta(days=days_left)).date()
        self.exemptions.append(Excused(check=check, person=person, owner=owner, reason=reason, expires=expires))

    def _digest(self) -> bytes:
        self._made += 1
        return hashlib.blake2b(f"{self._key}:{self._made}".encode(), digest_size=8).digest()
