"""Invoices, with their lines and payments.

Since 2025-03-31 an invoice and its lines say under ``parent`` what they are for, and payments are a list.
"""

from __future__ import annotations

from trueup.stripe.shapes.declaration import PartOf, Shape

# Before 2018-11-08 an invoice has no status, and before 2018 no amount_paid: it is paid, or forgiven, or neither yet.
_STATUS = """
coalesce({status}, CASE WHEN {paid} = 'true'     THEN 'paid'
                        WHEN {forgiven} = 'true' THEN 'uncollectible'
                        WHEN {paid} = 'false'    THEN 'open' END)
"""
_AMOUNT_PAID = "coalesce({amount_paid}, CASE {paid} WHEN 'true' THEN {amount_due} WHEN 'false' THEN '0' END)"

# A payment of Stripe's shows it; where something was due and none does, the money came another way. Invoices of the
# API's lists do not show their payments: without a list of these, that is not known.
_PAID_OUT_OF_BAND = f"""
CASE WHEN {{value}} IS NOT NULL THEN {{value}}
     WHEN ({_STATUS}) = 'paid' AND TRY_CAST({{amount_due}} AS BIGINT) > 0
          AND (own."payments.data" IS NOT NULL OR EXISTS (SELECT 1 FROM stripe_invoice_payment_part))
     THEN CAST(NOT EXISTS (
         SELECT 1 FROM stripe_invoice_payment_part AS paid
         WHERE paid."^id" = {{id}} AND paid.status = 'paid' AND paid."payment.type" IN ('payment_intent', 'charge')
     ) AS VARCHAR)
     ELSE 'false' END
"""

# The one payment that an invoice names in versions before, where there is no payment intent by its charge; it has no
# id of its own.
_OLD_PAYMENT = {
    "id": "{id} || '/' || coalesce({payment_intent:id}, {charge:id})",
    "payment.payment_intent:id": "{payment_intent:id}",
    "payment.charge:id": "{charge:id}",
    "status": f"CASE ({_STATUS}) WHEN 'paid' THEN 'paid' WHEN 'void' THEN 'canceled' ELSE 'open' END",
    "amount_paid": f"CASE WHEN ({_STATUS}) = 'paid' THEN {_AMOUNT_PAID} END",
    "currency": "{currency}",
    "payment.type": "CASE WHEN {payment_intent:id} IS NULL THEN 'charge' ELSE 'payment_intent' END",
    "livemode": "{livemode}",
}

# Of an invoice that names none itself, the subscription that all of its lines are of that name one.
_SUBSCRIPTION = """
coalesce({value}, (
    SELECT CASE WHEN min(named.subscription_id) = max(named.subscription_id) THEN min(named.subscription_id) END
    FROM (
        SELECT coalesce("parent.subscription_item_details.subscription:id",
                        "parent.invoice_item_details.subscription:id",
                        "subscription:id",
                        CASE WHEN starts_with(id, 'sub_') THEN id END) AS subscription_id
        FROM stripe_invoice_line_part AS line
        WHERE line."^id" = {id}
    ) AS named
))
"""

INVOICE = Shape(
    relation="stripe_invoice",
    kind="invoices",
    columns="""
invoice_id        id
customer_id       customer:id
subscription_id   parent.subscription_details.subscription:id since 2025-03-31
                  subscription:id until 2025-03-31
account_id        parent.subscription_details.metadata.$account since 2025-03-31
                  subscription_details.metadata.$account until 2025-03-31
                  metadata.$account
collection_method  collection_method
                   billing until 2019-10-17
credited          post_payment_credit_notes_amount
credited_before   pre_payment_credit_notes_amount
paid_out_of_band  paid_out_of_band until 2025-03-31
created_at         created
                   date until 2019-03-14
paid_at           status_transitions.paid_at
due_at            due_date
""",
    sql={
        "subscription_id": _SUBSCRIPTION,
        "status": _STATUS,
        "amount_paid": _AMOUNT_PAID,
        "paid_out_of_band": _PAID_OUT_OF_BAND,
    },
)

# The id of a subscription's line was the subscription's own until 2018-05-21; until 2019-12-03 today's is beside it.
_LINE_ID = """
CASE WHEN {unique_id} IS NOT NULL       THEN {unique_id}
     WHEN starts_with({value}, 'sub_')  THEN {^id} || '/' || {value}
     ELSE {value} END
"""

INVOICE_LINE = Shape(
    relation="stripe_invoice_line",
    kind="invoices",
    part_of=PartOf(list="lines", kind="invoice_lines", parent="invoice", unknown_alone=True),
    names_price=True,
    columns="""
line_id          id
invoice_id       ^id
subscription_id  parent.subscription_item_details.subscription:id since 2025-03-31
                 parent.invoice_item_details.subscription:id since 2025-03-31
                 subscription:id until 2025-03-31
price_id         pricing.price_details.price:id since 2025-03-31
                 price:id until 2025-03-31
                 plan:id until 2020-08-27
lookup_key       pricing.price_details.price.lookup_key since 2025-03-31
                 price.lookup_key until 2025-03-31
                 prices!lookup_key
product_id       pricing.price_details.product:id since 2025-03-31
                 price.product:id until 2025-03-31
                 plan.product:id until 2020-08-27
proration        parent.subscription_item_details.proration since 2025-03-31
                 parent.invoice_item_details.proration since 2025-03-31
                 proration until 2025-03-31
metered          price.recurring.usage_type until 2025-03-31
                 plan.usage_type until 2020-08-27
                 prices!recurring.usage_type
period_start     period.start
period_end       period.end
""",
    sql={
        "line_id": _LINE_ID,
        "subscription_id": "coalesce({value}, CASE WHEN starts_with({id}, 'sub_') THEN {id} END)",
        "metered": "coalesce({value} = 'metered', CASE WHEN {prices!id} IS NOT NULL THEN FALSE END)",
    },
)

INVOICE_PAYMENT = Shape(
    relation="stripe_invoice_payment",
    kind="invoices",
    part_of=PartOf(
        list="payments",
        kind="invoice_payments",
        parent="invoice",
        spoils=("stripe_invoice",),
        needless="{payments.data} IS NULL AND {payments.has_more} IS NULL AND {paid} IN ('true', 'false')",
        instead=_OLD_PAYMENT,
    ),
    columns="""
invoice_payment_id  id
invoice_id          ^id
payment_intent_id   payment.payment_intent:id since 2025-03-31
charge_id           payment.charge:id since 2025-03-31
""",
    keeps=("payment.type",),
)
