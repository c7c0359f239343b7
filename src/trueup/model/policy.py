"""Every number of a check that a business may set differently, and the moment of the audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from trueup.model.config_key import Whole, key
from trueup.model.credit_unit import CreditUnit
from trueup.model.durations import Durations
from trueup.model.severity import Severity

PERIOD_DAYS_LIMIT = 3650
MINUTES_LIMIT = 525_600  # a year


class Proration(StrEnum):
    """What credits a change of plan in the middle of a period owes."""

    NONE = "none"
    PROPORTIONAL = "proportional"
    DIFFERENCE = "difference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """``[policy]``: the business's own numbers, each inside the bounds where the checks' arithmetic holds."""

    period_days: int = key(default=45, within=Whole(1, PERIOD_DAYS_LIMIT))
    """How far back "recent" reaches."""
    settle_minutes: int = key(default=15, within=Whole(0, MINUTES_LIMIT))
    """Younger than this, a difference may still be in flight and is not reported."""
    past_due_grace_days: int = key(default=16, within=Whole(0, PERIOD_DAYS_LIMIT))
    """How long a payment may be late before access counts as unpaid (Stripe's retries end within about 15 days)."""
    paused_entitles: bool = key(default=True)
    """Whether an account is still served while Stripe pauses the collection of its subscription."""
    idempotency_since: date | None = key(default=None)
    """Entries before the idempotency table existed owe no record."""
    balance_floor: Decimal = key(default=Decimal(0))
    """The lowest balance that is allowed; below it is ``negative-balance``."""
    clock_skew_minutes: int = key(default=5, within=Whole(0, MINUTES_LIMIT))
    """How far clocks may disagree before an entry's date is wrong."""
    large_movement_factor: Decimal = key(default=Decimal(10), not_negative=True)
    """How many usual spreads away from its kind's usual amount a movement is large."""
    large_movement_floor: Decimal = key(default=Decimal(1000), not_negative=True)
    """Movements below this are never large."""
    credits_per_seat: bool = key(default=False)
    """Whether a plan's credits are granted for each seat: the credits times the quantity that was bought."""
    proration: Proration = key(default=Proration.DIFFERENCE)
    """What a change in the middle of a period owes in credits: ``none``, ``proportional`` to what is left of it, or
    ``difference``: anything up to the new allowance less the old one."""
    delayed_payment_days: int = key(default=14, within=Whole(0, PERIOD_DAYS_LIMIT))
    """How long a payment method that confirms days later may take (bank debits, transfers, vouchers)."""
    duplicate_charge_minutes: int = key(default=10, within=Whole(0, MINUTES_LIMIT))
    """How close together two equal charges of one customer may be and look like one that was made twice."""
    webhook_api_version: str | None = key(default=None)
    """The API version that your webhook handler reads. Without it: the one of its granting events so far."""
    livemode: bool = key(default=True)
    """Whether this environment's webhooks are Stripe's live ones."""
    credit_value: Mapping[str, Decimal] = field(default_factory=dict)
    """Minor units of money that one credit is worth, per currency; prices the findings about credits."""
    unit: CreditUnit | None = None
    """What one credit is, where the app counts money (``microdollars``): then findings show money."""
    severity: Mapping[str, Severity | None] = field(default_factory=dict)
    """Another severity for a check, or ``None`` for off."""
    ledger_starts_at: Decimal | None = None
    """The balance before every account's first entry, as ``[relations.ledger_entry]`` says it; None where unknown."""
    plan_from: str | None = None
    """The relation that says the accounts' plans, where no column of theirs does. Not a key of ``[policy]``."""
    absent: Mapping[str, str] = field(default_factory=dict)
    """What the config says is absent, as ``relation`` or ``relation.column``, with the sentence that names the line of
    the config. A check that needs it does not apply. Not a key of ``[policy]``."""

    @property
    def without(self) -> frozenset[str]:
        """The relations that are absent."""
        return frozenset(name for name in self.absent if "." not in name)

    @property
    def minor_units_per_credit(self) -> Mapping[str, Decimal]:
        """What a credit is worth, per currency: as the config says it, or as its unit does."""
        if self.unit is None or self.credit_value:
            return self.credit_value
        return {self.unit.currency: self.unit.minor_units_each}

    def parameters(self, now: datetime) -> dict[str, object]:
        """The values that checks may bind, by name; ``now`` is naive UTC, the moment of the snapshot.

        Instants are computed here, because date arithmetic is what SQL dialects disagree on most.
        """
        since = self.idempotency_since
        return {
            **Durations().parameters(),
            "now": now,
            "today": now.date(),
            "period_start": now - timedelta(days=self.period_days),
            "settled_before": now - timedelta(minutes=self.settle_minutes),
            "settle_seconds": self.settle_minutes * 60,
            "past_due_grace_days": self.past_due_grace_days,
            "past_due_since": now - timedelta(days=self.past_due_grace_days),
            "paused_entitles": self.paused_entitles,
            "idempotency_since": datetime(since.year, since.month, since.day) if since else datetime.min,
            "balance_floor": self.balance_floor,
            "ledger_starts_at": self.ledger_starts_at,
            "clock_skew_seconds": self.clock_skew_minutes * 60,
            "future_after": now + timedelta(minutes=self.clock_skew_minutes),
            "large_movement_factor": self.large_movement_factor,
            "large_movement_floor": self.large_movement_floor,
            "credits_per_seat": self.credits_per_seat,
            "proration": str(self.proration),
            "delayed_since": now - timedelta(days=self.delayed_payment_days),
            "duplicate_charge_seconds": self.duplicate_charge_minutes * 60,
            "webhook_api_version": self.webhook_api_version or "",
            "livemode": self.livemode,
        }
