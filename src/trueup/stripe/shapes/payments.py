"""Payment intents, refunds, disputes and checkout sessions."""

from __future__ import annotations

from trueup.stripe.shapes.declaration import Shape

DELAYED_METHODS = (
    *("acss_debit", "au_becs_debit", "bacs_debit", "sepa_debit", "us_bank_account", "nz_bank_account"),
    *("customer_balance", "boleto", "konbini", "oxxo", "multibanco", "sofort"),
)
"""Payment methods that confirm days later: https://docs.stripe.com/payments/payment-methods (delayed notification)."""

_TYPES = "coalesce({payment_method_types}, {allowed_source_types})"
"""The methods allowed; the first name is of 2019-02-11."""

# A card's answer comes at once. Where the method is not known, the state, the next step and the methods allowed say it.
_DELAYED = f"""
CASE WHEN {{value}} IS NOT NULL THEN {{value}} IN {DELAYED_METHODS}
     WHEN {{status}} = 'processing' THEN TRUE
     WHEN regexp_matches({{next_action.type}}, 'boleto|konbini|oxxo|multibanco|bank_transfer|microdeposits') THEN TRUE
     ELSE coalesce(
         {_TYPES} <> '[]'
         AND len(list_filter(TRY(from_json({_TYPES}, '["VARCHAR"]')),
                             lambda method: coalesce(method NOT IN {DELAYED_METHODS}, TRUE))) = 0,
         FALSE
     ) END
"""

# Its words before 2019-02-11.
_STATUS = """
CASE {value} WHEN 'requires_source' THEN 'requires_payment_method' WHEN 'requires_source_action' THEN 'requires_action'
             ELSE {value} END
"""

# One text for the same metadata, in whichever order they came.
_PURPOSE = """
CASE WHEN {value} IS NOT NULL AND {value} <> '{}' THEN
    '{' || array_to_string(list_transform(
        list_sort(TRY(json_keys({value}))),
        lambda name: CAST(to_json(name) AS VARCHAR) || ': '
            || CAST(json_extract({value}, '/' || replace(replace(name, '~', '~0'), '/', '~1')) AS VARCHAR)
    ), ', ') || '}' END
"""

PAYMENT_INTENT = Shape(
    relation="stripe_payment_intent",
    kind="payment_intents",
    columns="""
payment_intent_id  id
customer_id        customer:id
account_id         metadata.$account
charge_id          latest_charge:id
                   charges.data.0.id until 2022-11-15
purpose            metadata
delayed            payment_method.type
""",
    sql={"status": _STATUS, "purpose": _PURPOSE, "delayed": _DELAYED},
    keeps=("metadata{}", "payment_method_types[]", "allowed_source_types[]", "charges.data[].id"),
)

_OF_PAYMENT = """
payment_intent_id  payment_intent:id
                   charge.payment_intent:id
charge_id          charge:id
"""

REFUND = Shape(relation="stripe_refund", kind="refunds", columns=f"refund_id id{_OF_PAYMENT}")

DISPUTE = Shape(relation="stripe_dispute", kind="disputes", columns=f"dispute_id id{_OF_PAYMENT}")


def _of_only_line(*pointers: str) -> str:
    """Return SQL of the first of these places, in the one line of a checkout, that holds a plain value."""
    values = [f"TRY(json_extract_string({{line_items.data}}, '/0{pointer}'))" for pointer in pointers]
    plain = [f"CASE WHEN NOT starts_with({value}, '{{') THEN {value} END" for value in values]
    return f"CASE WHEN TRY(json_array_length({{line_items.data}})) = 1 THEN coalesce({', '.join(plain)}) END"


# ``client_reference_id`` is there for the app's own id.
CHECKOUT_SESSION = Shape(
    relation="stripe_checkout_session",
    kind="checkout_sessions",
    columns="""
checkout_session_id  id
customer_id          customer:id
account_id           client_reference_id
                     metadata.$account
payment_intent_id    payment_intent:id
subscription_id      subscription:id
invoice_id           invoice:id
price_id
lookup_key
product_id
quantity
purpose              metadata
""",
    sql={
        "price_id": _of_only_line("/price/id", "/price"),
        "lookup_key": _of_only_line("/price/lookup_key"),
        "product_id": _of_only_line("/price/product/id", "/price/product"),
        "quantity": _of_only_line("/quantity"),
        "purpose": _PURPOSE,
    },
    keeps=(
        "metadata{}",
        *(f"line_items.data[].{place}" for place in ("price:id", "price.lookup_key", "price.product:id", "quantity")),
    ),
)
