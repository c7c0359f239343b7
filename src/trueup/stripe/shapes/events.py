"""Events: what they are about, in whichever version of the API they were made."""

from __future__ import annotations

from trueup.stripe.shapes.declaration import Shape

# What was paid by it, by the kind of the object that it is about.
_AMOUNT = """
CASE {data.object.object}
     WHEN 'invoice'          THEN coalesce({data.object.amount_paid},
                                           CASE WHEN {data.object.paid} = 'true' THEN {data.object.amount_due} END)
     WHEN 'invoice_payment'  THEN {data.object.amount_paid}
     WHEN 'payment_intent'   THEN {data.object.amount_received}
     WHEN 'checkout.session' THEN CASE WHEN {data.object.payment_status} = 'paid' THEN {data.object.amount_total} END
     WHEN 'charge'           THEN CASE WHEN {data.object.paid} = 'true'
                                       THEN coalesce({data.object.amount_captured},
                                                     CASE WHEN {data.object.captured} = 'true'
                                                          THEN {data.object.amount} END) END END
"""
_NAMED = "CASE WHEN {{data.object.object}} = '{kind}' THEN {{data.object.id}} ELSE {{value}} END"

EVENT = Shape(
    relation="stripe_event",
    kind="events",
    columns="""
event_id           id
object_id          data.object.id
customer_id        data.object.customer:id
invoice_id         data.object.invoice:id
payment_intent_id  data.object.payment_intent:id
                   data.object.payment.payment_intent:id
amount
currency           data.object.currency
stripe_account     account:id
""",
    sql={
        "customer_id": _NAMED.format(kind="customer"),
        "invoice_id": _NAMED.format(kind="invoice"),
        "payment_intent_id": _NAMED.format(kind="payment_intent"),
        "amount": _AMOUNT,
        "currency": f"CASE WHEN ({_AMOUNT}) IS NOT NULL THEN {{value}} END",
    },
)
