"""Derived relations about single columns: those of which most values can be nothing that the column is mapped to.

Each has at most one row a column. The thresholds and their innocents: ``docs/decisions/0049``.
"""

from __future__ import annotations

from trueup.derived.derivation import Derived

FEWEST_JUDGED = 10
"""Of fewer accounts, ledgers or values the rows say what is wrong, each by itself."""

FEWEST_IDS = 3
"""Ids of another object contradict their column by themselves, so few of them are enough."""

_OBJECTS = {
    "cus_": "account.stripe_customer_id",
    "sub_": "account.stripe_subscription_id ledger_entry.stripe_subscription_id",
    "pi_": "ledger_entry.stripe_payment_intent_id ledger_entry.stripe_charge_id",
    "ch_": "ledger_entry.stripe_payment_intent_id ledger_entry.stripe_charge_id",
    "py_": "ledger_entry.stripe_payment_intent_id ledger_entry.stripe_charge_id",
    "in_": "ledger_entry.stripe_invoice_id",
    "cs_": "ledger_entry.stripe_checkout_session_id",
    "evt_": "ledger_entry.stripe_event_id webhook_event.event_id",
    "price_": "",
    "prod_": "",
}
"""The first letters of ids of Stripe's, and the columns that may hold them. A charge is found by its payment's name."""

_ID_COLUMNS = tuple(sorted({column for columns in _OBJECTS.values() for column in columns.split()}))

_TIMES = ("account.created_at", "ledger_entry.created_at", "plan_change.changed_at", "webhook_event.received_at")
"""When something happened: never in the future, and never before there was a business to bill for."""


def _ids_of(column: str) -> str:
    """Return a query that counts the ids of one column, and those that are ids of another object."""
    relation, name = column.split(".")
    others = ", ".join(f"'{first}'" for first, columns in _OBJECTS.items() if column not in columns.split())
    first = f"substr({name}, 1, strpos({name}, '_'))"
    return f"""
SELECT '{relation}' AS relation, '{name}' AS column_name, count(*) AS judged,
       count(CASE WHEN {first} IN ({others}) THEN 1 END) AS contradicting,
       max(CASE WHEN {first} IN ({others}) THEN {first} END) AS example
FROM {relation}
WHERE {name} <> ''"""


ID_DOUBT = Derived(
    name="id_doubt",
    holds="Columns of Stripe's ids that mostly hold ids of another object, with its first letters.",
    optional=("account", "ledger_entry", "webhook_event"),
    sql=f"""
SELECT relation, column_name, judged, judged - contradicting AS agreeing, example
FROM (
{" UNION ALL ".join(map(_ids_of, _ID_COLUMNS))}
) AS id_column
WHERE contradicting >= {FEWEST_IDS} AND 2 * contradicting > judged
""",
)

PLAN_DOUBT = Derived(
    name="plan_doubt",
    holds="The column of plans, where the config knows the plan of fewer than one account in ten.",
    optional=("account", "plan"),
    sql=f"""
SELECT 'account' AS relation, 'plan' AS column_name, judged, agreeing, example
FROM (
    SELECT count(*) AS judged, count(p.plan) AS agreeing,
           min(CASE WHEN p.plan IS NULL THEN a.plan END) AS example
    FROM account AS a
    LEFT JOIN plan AS p ON p.plan = a.plan
    WHERE a.plan IS NOT NULL AND EXISTS (SELECT 1 FROM plan)
) AS plan_column
WHERE judged >= {FEWEST_JUDGED} AND 10 * agreeing < judged
""",
)


def _times_of(column: str) -> str:
    """Return a query that counts the times of one column, and those at which nothing can have happened."""
    relation, name = column.split(".")
    return f"""
SELECT '{relation}' AS relation, '{name}' AS column_name, count(*) AS judged,
       coalesce(sum(CASE WHEN {name} < TIMESTAMP '1990-01-01 00:00:00' OR {name} > $future_after
                         THEN 1 ELSE 0 END), 0) AS impossible
FROM {relation}
WHERE {name} IS NOT NULL"""


TIME_DOUBT = Derived(
    name="time_doubt",
    holds="Columns of when something happened that mostly hold times before 1990 or in the future.",
    optional=("account", "ledger_entry", "plan_change", "webhook_event"),
    sql=f"""
SELECT relation, column_name, judged, judged - impossible AS agreeing
FROM (
{" UNION ALL ".join(map(_times_of, _TIMES))}
) AS time_column
WHERE judged >= {FEWEST_JUDGED} AND 2 * impossible > judged
""",
)

OWNER_DOUBT = Derived(
    name="owner_doubt",
    holds="The column of an entry's owner, where fewer than one ledger in ten is an account's.",
    optional=("account", "ledger_entry"),
    sql=f"""
SELECT 'ledger_entry' AS relation, 'account_id' AS column_name, judged, agreeing
FROM (
    SELECT count(*) AS judged, count(a.account_id) AS agreeing
    FROM account_total AS t
    LEFT JOIN account AS a ON a.account_id = t.account_id
    WHERE EXISTS (SELECT 1 FROM account)
) AS owner_column
WHERE judged >= {FEWEST_JUDGED} AND 10 * agreeing < judged
""",
)

COLUMN_DOUBTS = (ID_DOUBT, PLAN_DOUBT, TIME_DOUBT, OWNER_DOUBT)
