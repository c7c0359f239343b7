"""More cases of `paid-but-blocked`, beside those that its own file teaches with."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal

from trueup.checks.case_rows import invoice_line, paid_invoice, refund
from trueup.checks.entitlements.paid_but_blocked import _BLOCKED, _ITEM, _LATE, _PAID, _PRO, _SERVED, _SOLD
from trueup.model.check import Case, ago
from trueup.model.policy import Policy
from trueup.model.relations import (
    Account,
    AccountRole,
    EntryKind,
    Exemption,
    LedgerEntry,
    Member,
    PlanChange,
    PlanPrice,
    StripeProduct,
)
from trueup.model.stripe_objects import (
    InvoiceStatus,
    StripeCheckoutSession,
    StripeCustomer,
    StripeDispute,
    StripeEvent,
    StripeInvoice,
    StripeInvoicePayment,
    StripePrice,
    StripeSubscription,
    StripeSubscriptionItem,
    SubscriptionStatus,
)

_UNMAPPED = StripeSubscriptionItem(item_id="si_1", price_id="price_of_2026", product_id="prod_pro")


_OVER = dataclasses.replace(
    _PRO, status=SubscriptionStatus.CANCELED, canceled_at=ago(days=3), ended_at=ago(days=3), latest_invoice_id="in_1"
)
_RUNNING_LINE = invoice_line(start=ago(days=14))


def _downgraded(days: float) -> PlanChange:
    return PlanChange(account_id="user_1", from_plan="PRO", to_plan="FREE", changed_at=ago(days=days))


CASES: tuple[Case, ...] = (
    Case(
        name="a higher plan than the one paid for is another finding",
        given=(*_SOLD, dataclasses.replace(_BLOCKED, plan="TEAM"), *_PAID),
    ),
    Case(
        name="trial with no invoice",
        given=(*_SOLD, _BLOCKED, dataclasses.replace(_PRO, status=SubscriptionStatus.TRIALING), _ITEM),
        fires=("user_1",),
    ),
    Case(
        name="a lower paid plan than the one paid for",
        given=(
            *_SOLD,
            _SERVED,
            _PRO,
            StripeSubscriptionItem(item_id="si_1", price_id="price_team"),
            StripeInvoice(invoice_id="in_1", total=99_000, currency="jpy", created_at=ago(days=14)),
        ),
        fires=("user_1",),
        evidence={"user_1": {"paid_for": "TEAM", "charged_minor": 99_000, "charged_currency": "jpy"}},
    ),
    Case(
        name="charged in a currency of three decimals, as the price says",
        given=(
            *_SOLD,
            _BLOCKED,
            *_PAID,
            StripePrice(price_id="price_pro", unit_amount=9_500, currency="kwd", interval="month"),
        ),
        fires=("user_1",),
        evidence={"user_1": {"charged_minor": 9_500, "charged_currency": "kwd"}},
    ),
    Case(
        name="field failure 14: the event was never generated, the objects alone say so",
        given=(
            *_SOLD,
            dataclasses.replace(_BLOCKED, stripe_customer_id=None),
            dataclasses.replace(_PRO, account_id="user_1"),
            _ITEM,
        ),
        fires=("user_1",),
    ),
    Case(
        name="field failure 12: the deletion of an old subscription wiped a resubscriber's plan",
        given=(
            *_SOLD,
            _BLOCKED,
            *_PAID,
            StripeSubscription(
                subscription_id="sub_0",
                status=SubscriptionStatus.CANCELED,
                created_at=ago(days=400),
                ended_at=ago(days=20),
            ),
            StripeSubscriptionItem(item_id="si_0", subscription_id="sub_0"),
        ),
        fires=("user_1",),
        evidence={"user_1": {"subscription_id": "sub_1"}},
    ),
    Case(
        name="field failure 18: access cut at the first decline, while Stripe still retries",
        given=(*_SOLD, _BLOCKED, dataclasses.replace(_LATE, current_period_start=ago(days=3)), _ITEM),
        fires=("user_1",),
        evidence={"user_1": {"status": "past_due"}},
    ),
    Case(
        name="past due in this period, and unpaid since an earlier one",
        given=(
            *_SOLD,
            _BLOCKED,
            dataclasses.replace(_LATE, current_period_start=ago(days=3)),
            _ITEM,
            StripeInvoice(
                invoice_id="in_0", subscription_id="sub_1", status=InvoiceStatus.OPEN, created_at=ago(days=33)
            ),
        ),
    ),
    Case(
        name="field failure 22: a new customer at each checkout, and the linked one has no subscription",
        given=(
            *_SOLD,
            _BLOCKED,
            StripeCustomer(customer_id="cus_2", account_id="user_1"),
            dataclasses.replace(_PRO, customer_id="cus_2"),
            _ITEM,
        ),
        fires=("user_1",),
        evidence={"user_1": {"customer_id": "cus_2", "stripe_customer_id": "cus_1"}},
    ),
    Case(
        name="field failure 17: an unknown price, and the handler wrote FREE at renewal",
        given=(*_SOLD, _BLOCKED, _PRO, _UNMAPPED, _downgraded(14)),
        fires=("user_1",),
        evidence={"user_1": {"paid_for": "PRO", "unmapped_price_id": "price_of_2026"}},
    ),
    Case(
        name="an unknown price, and the ledger was credited for it before",
        given=(
            *_SOLD,
            _BLOCKED,
            _PRO,
            _UNMAPPED,
            LedgerEntry(entry_id=1, kind=EntryKind.SUBSCRIPTION_GRANT, amount=Decimal(100), created_at=ago(days=45)),
        ),
        fires=("user_1",),
        evidence={"user_1": {"paid_for": "price_of_2026"}},
    ),
    Case(name="an unknown price alone is its own finding", given=(*_SOLD, _BLOCKED, _PRO, _UNMAPPED)),
    Case(
        name="an unknown price, and the account left its paid plan before this subscription",
        given=(*_SOLD, _BLOCKED, _PRO, _UNMAPPED, _downgraded(61)),
    ),
    Case(
        name="an unknown price, and the account is still on its paid plan",
        given=(*_SOLD, _SERVED, _PRO, _UNMAPPED, _downgraded(14)),
    ),
    Case(
        name="the price is known by its lookup key",
        given=(
            *_SOLD,
            PlanPrice(price_id="pro_monthly", plan="PRO"),
            _BLOCKED,
            _PRO,
            StripeSubscriptionItem(item_id="si_1", price_id="price_of_2026", lookup_key="pro_monthly"),
        ),
        fires=("user_1",),
        evidence={"user_1": {"paid_for": "PRO", "unmapped_price_id": None}},
    ),
    Case(
        name="an add-on beside a mapped price",
        given=(*_SOLD, _SERVED, *_PAID, StripeSubscriptionItem(item_id="si_2", price_id="price_support")),
    ),
    Case(
        name="a product that is not ours",
        given=(
            *_SOLD,
            StripeProduct(product_id="prod_pro"),
            _BLOCKED,
            _PRO,
            StripeSubscriptionItem(item_id="si_1", price_id="price_tickets", product_id="prod_tickets"),
            _downgraded(14),
        ),
    ),
    Case(
        name="a mapped price is ours, whatever its product",
        given=(*_SOLD, StripeProduct(product_id="prod_team"), _BLOCKED, *_PAID),
        fires=("user_1",),
    ),
    Case(
        name="another application on the same Stripe account",
        given=(*_SOLD, _BLOCKED, dataclasses.replace(_PRO, other_application=True), _ITEM),
    ),
    Case(
        name="test mode pays for nothing",
        given=(*_SOLD, _BLOCKED, dataclasses.replace(_PRO, livemode=False), _ITEM),
    ),
    Case(
        name="test mode where the environment is one",
        given=(*_SOLD, _BLOCKED, dataclasses.replace(_PRO, livemode=False), _ITEM),
        fires=("user_1",),
        policy=Policy(livemode=False),
    ),
    Case(
        name="collection is paused: nothing is paid now",
        given=(*_SOLD, _BLOCKED, dataclasses.replace(_PRO, paused=True), _ITEM),
    ),
    *(
        Case(
            name=f"a subscription that is {status}",
            given=(*_SOLD, _BLOCKED, dataclasses.replace(_PRO, status=status), _ITEM),
        )
        for status in (
            SubscriptionStatus.INCOMPLETE,
            SubscriptionStatus.INCOMPLETE_EXPIRED,
            SubscriptionStatus.CANCELED,
            SubscriptionStatus.UNPAID,
            SubscriptionStatus.PAUSED,
        )
    ),
    Case(
        name="cancelled at period end, still inside it, and blocked already",
        given=(*_SOLD, _BLOCKED, dataclasses.replace(_PRO, cancel_at_period_end=True), _ITEM),
        fires=("user_1",),
    ),
    Case(
        name="yearly plan on day 300",
        given=(
            *_SOLD,
            _SERVED,
            dataclasses.replace(_PRO, created_at=ago(days=300), current_period_start=ago(days=300)),
            _ITEM,
        ),
    ),
    Case(
        name="a subscription exactly as old as it takes to settle",
        given=(
            *_SOLD,
            _BLOCKED,
            dataclasses.replace(_PRO, created_at=ago(minutes=15), current_period_start=ago(minutes=15)),
            _ITEM,
        ),
    ),
    Case(
        name="a subscription a second older than that",
        given=(
            *_SOLD,
            _BLOCKED,
            dataclasses.replace(
                _PRO, created_at=ago(minutes=15, seconds=1), current_period_start=ago(minutes=15, seconds=1)
            ),
            _ITEM,
        ),
        fires=("user_1",),
    ),
    Case(
        name="changed in Stripe a minute ago, as its event says",
        given=(
            *_SOLD,
            _BLOCKED,
            *_PAID,
            StripeEvent(
                event_id="evt_1",
                type="customer.subscription.updated",
                object_id="sub_1",
                created_at=ago(minutes=1),
            ),
        ),
    ),
    Case(
        name="paid a minute ago",
        given=(
            *_SOLD,
            _BLOCKED,
            *_PAID,
            StripeInvoice(invoice_id="in_1", created_at=ago(days=1), paid_at=ago(minutes=1)),
        ),
    ),
    Case(
        name="the plan was changed here a minute ago",
        given=(*_SOLD, _BLOCKED, *_PAID, _downgraded(1 / 1440)),
    ),
    Case(
        name="account created a minute ago",
        given=(*_SOLD, dataclasses.replace(_BLOCKED, created_at=ago(minutes=1)), *_PAID),
    ),
    Case(
        name="a team member bought it for the organisation, which is served",
        given=(
            *_SOLD,
            dataclasses.replace(_BLOCKED, stripe_customer_id=None),
            Account(account_id="org_1", plan="PRO", created_at=ago(days=90)),
            Member(account_id="org_1", member_id="user_1"),
            dataclasses.replace(_PRO, account_id="user_1"),
            _ITEM,
        ),
    ),
    Case(
        name="one customer on two accounts, and one of them is served",
        given=(*_SOLD, _BLOCKED, dataclasses.replace(_SERVED, account_id="user_2"), *_PAID),
    ),
    Case(
        name="one customer on two accounts, and neither is served: one finding",
        given=(*_SOLD, _BLOCKED, dataclasses.replace(_BLOCKED, account_id="user_2"), *_PAID),
        fires=("user_1",),
        evidence={"user_1": {"accounts_of_customer": 2}},
    ),
    Case(
        name="one customer pays for two workspaces, and each subscription names its own",
        given=(
            *_SOLD,
            _SERVED,
            dataclasses.replace(_BLOCKED, account_id="user_2"),
            dataclasses.replace(_PRO, account_id="user_2"),
            _ITEM,
            dataclasses.replace(_PRO, subscription_id="sub_2", account_id="user_1"),
            dataclasses.replace(_ITEM, item_id="si_2", subscription_id="sub_2"),
        ),
        fires=("user_2",),
    ),
    Case(
        name="several live subscriptions: the highest one counts",
        given=(
            *_SOLD,
            _SERVED,
            *_PAID,
            dataclasses.replace(_PRO, subscription_id="sub_2"),
            StripeSubscriptionItem(item_id="si_2", subscription_id="sub_2", price_id="price_team"),
        ),
        fires=("user_1",),
        evidence={"user_1": {"paid_for": "TEAM", "subscription_id": "sub_2"}},
    ),
    Case(
        name="a plan that the config does not know may be any",
        given=(*_SOLD, dataclasses.replace(_BLOCKED, plan="LEGACY"), *_PAID),
    ),
    Case(
        name="an administrator needs no plan",
        given=(*_SOLD, dataclasses.replace(_BLOCKED, role=AccountRole.ADMIN), *_PAID),
    ),
    Case(
        name="unlimited credits are no plan",
        given=(*_SOLD, dataclasses.replace(_BLOCKED, unlimited_credits=True), *_PAID),
        fires=("user_1",),
    ),
    Case(
        name="an uncollectible invoice that was paid after its subscription had ended, for time that still runs",
        given=(*_SOLD, _BLOCKED, _OVER, _ITEM, paid_invoice(ago(days=2), subscription="sub_1"), _RUNNING_LINE),
        fires=("user_1",),
        evidence={"user_1": {"paid_for": "PRO", "status": "canceled"}},
    ),
    Case(
        name="an invoice that was paid before its subscription was given up at once",
        given=(*_SOLD, _BLOCKED, _OVER, _ITEM, paid_invoice(ago(days=14), subscription="sub_1"), _RUNNING_LINE),
    ),
    Case(
        name="paid after its end, and refunded in full",
        given=(
            *_SOLD,
            _BLOCKED,
            _OVER,
            _ITEM,
            paid_invoice(ago(days=2), subscription="sub_1"),
            _RUNNING_LINE,
            StripeInvoicePayment(invoice_payment_id="inpay_1"),
            refund(2900, created_at=ago(days=1)),
        ),
    ),
    Case(
        name="blocked because the running period's payment was lost in a dispute",
        given=(
            *_SOLD,
            _BLOCKED,
            *_PAID,
            paid_invoice(ago(days=14), subscription="sub_1"),
            _RUNNING_LINE,
            StripeInvoicePayment(invoice_payment_id="inpay_1"),
            StripeDispute(dispute_id="dp_1", created_at=ago(days=9)),
        ),
    ),
    Case(
        name="only the finished checkout names the account, and its first invoice is of zero by a coupon",
        given=(
            *_SOLD,
            dataclasses.replace(_BLOCKED, stripe_customer_id=None),
            *_PAID,
            StripeInvoice(invoice_id="in_1", subscription_id="sub_1", subtotal=2900, total=0, amount_paid=0),
            StripeCheckoutSession(
                checkout_session_id="cs_1",
                mode="subscription",
                subscription_id="sub_1",
                account_id="user_1",
                payment_intent_id=None,
            ),
        ),
        fires=("user_1",),
        evidence={"user_1": {"charged_minor": 0}},
    ),
    Case(
        name="a checkout that was never finished names the account",
        given=(
            *_SOLD,
            dataclasses.replace(_BLOCKED, stripe_customer_id=None),
            *_PAID,
            StripeCheckoutSession(
                checkout_session_id="cs_1",
                mode="subscription",
                status="expired",
                subscription_id="sub_1",
                account_id="user_1",
                payment_intent_id=None,
            ),
        ),
    ),
    Case(
        name="a closed account is not served",
        given=(*_SOLD, dataclasses.replace(_BLOCKED, active=False), *_PAID),
    ),
    Case(
        name="exempted: moves to the new product next month",
        given=(
            *_SOLD,
            _BLOCKED,
            *_PAID,
            Exemption(
                check_id="paid-but-blocked",
                subject="user_1",
                owner="support",
                reason="is served by the old product",
                expires_at=date(2026, 3, 31),
            ),
        ),
    ),
)
