"""More cases of `unwatched-event`, beside those that its own file teaches with."""

from __future__ import annotations

from trueup.checks.case_rows import granted_event
from trueup.checks.webhooks.unwatched_event import _READ
from trueup.model.check import Case, ago
from trueup.model.stripe_objects import StripeEvent

CASES: tuple[Case, ...] = (
    Case(
        name="the first moment of the period",
        given=(_READ, *granted_event("invoice.finalized", when=ago(days=45))),
        fires=("invoice.finalized",),
    ),
    Case(
        name="a supplier that keeps every type",
        given=(_READ, *granted_event("invoice.finalized"), StripeEvent(event_id="evt_1", type="invoice.finalized")),
    ),
    Case(
        name="an event of another payment provider",
        given=(_READ, *granted_event("order.paid", event_id="polar_1")),
    ),
)
