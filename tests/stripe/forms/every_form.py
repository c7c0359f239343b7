"""Every form there is."""

from __future__ import annotations

from tests.stripe.forms import (
    checkout_sessions,
    customers,
    disputes,
    events,
    invoices_2017,
    invoices_2020,
    invoices_2025,
    payment_intents,
    prices,
    product_features,
    refunds,
    subscriptions_of_periods,
    subscriptions_of_plans,
    subscriptions_of_prices,
    webhook_endpoints,
)
from tests.stripe.forms.form import Form

FORMS: tuple[Form, ...] = (
    *customers.FORMS,
    *prices.FORMS,
    *subscriptions_of_plans.FORMS,
    *subscriptions_of_prices.FORMS,
    *subscriptions_of_periods.FORMS,
    *invoices_2017.FORMS,
    *invoices_2020.FORMS,
    *invoices_2025.FORMS,
    *payment_intents.FORMS,
    *refunds.FORMS,
    *disputes.FORMS,
    *checkout_sessions.FORMS,
    *events.FORMS,
    *webhook_endpoints.FORMS,
    *product_features.FORMS,
)
