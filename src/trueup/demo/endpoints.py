"""Where Stripe sends the demo company's events, and what went wrong with it.

Endpoints belong to the company as a whole, not to an account, so that their fault is planted once, whatever its size.
"""

from __future__ import annotations

from trueup.demo.offer import API_VERSION
from trueup.demo.truth import PlantedFinding
from trueup.model.stripe_objects import EndpointStatus, StripeWebhookEndpoint

_BILLING = (
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.refunded",
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "invoice.paid",
    "invoice.payment_failed",
)
_CANCELLATIONS = "we_demo_cancellations"
_DISABLED = "The endpoint that cancellations go to was disabled, and nothing else carries them."


def endpoints(*, faulty: bool) -> tuple[StripeWebhookEndpoint, ...]:
    """The endpoints: one for money and plans, one for cancellations."""
    return (
        StripeWebhookEndpoint(
            endpoint_id="we_demo_billing",
            url="https://demo.example/webhooks/stripe",
            api_version=API_VERSION,
            enabled_events=f",{','.join(_BILLING)},",
        ),
        StripeWebhookEndpoint(
            endpoint_id=_CANCELLATIONS,
            url="https://demo.example/webhooks/cancellations",
            status=EndpointStatus.DISABLED if faulty else EndpointStatus.ENABLED,
            api_version=API_VERSION,
            enabled_events=",customer.subscription.deleted,",
        ),
    )


def list_planted_endpoints(*, faulty: bool) -> tuple[PlantedFinding, ...]:
    """The findings that the endpoints must cause."""
    finding = PlantedFinding(check="endpoint-health", subject=_CANCELLATIONS, planted=_DISABLED)
    return (finding,) if faulty else ()
