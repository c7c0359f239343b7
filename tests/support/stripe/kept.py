"""A world's objects as others keep them: the tables of Stripe Sync Engine and of dj-stripe, and exported files.

The tables are those of the tools' own migrations (Stripe Sync Engine 0001 to 0061, dj-stripe 2.10 to 3.0), with the
columns that hold what Stripe said and when it was synced. Left out: indexes, foreign keys, triggers, and every table
and column that is about something else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tests.support.stripe.objects import JSON
from tests.support.stripe.versions import old_shape
from tests.support.stripe.world import StripeWorld

KINDS: Mapping[str, str] = {
    "customers": "customer",
    "subscriptions": "subscription",
    "subscription_schedules": "subscription_schedule",
    "invoices": "invoice",
    "invoice_payments": "invoice_payment",
    "payment_intents": "payment_intent",
    "refunds": "refund",
    "disputes": "dispute",
    "checkout_sessions": "checkout.session",
    "prices": "price",
}
DJANGO_TABLES = {
    "customers": "customer",
    "subscriptions": "subscription",
    "subscription_items": "subscriptionitem",
    "subscription_schedules": "subscriptionschedule",
    "invoices": "invoice",
    "payment_intents": "paymentintent",
    "refunds": "refund",
    "disputes": "dispute",
    "checkout_sessions": "session",
    "prices": "price",
}
TYPED: Mapping[str, str] = {
    "customers": "id text, object text, metadata jsonb, email text, deleted boolean, created integer, livemode boolean",
    "subscriptions": "id text, object text, customer text, metadata jsonb, status stripe.subscription_status, "
    "collection_method text, created integer, current_period_start integer, current_period_end integer, "
    "trial_end jsonb, cancel_at integer, cancel_at_period_end boolean, canceled_at integer, ended_at integer, "
    "pause_collection jsonb, schedule text, latest_invoice text, items jsonb, livemode boolean",
    "subscription_items": "id text, object text, price text, quantity integer, subscription text, deleted boolean, "
    "created integer, current_period_start integer, current_period_end integer",
    "subscription_schedules": "id text, object text, subscription text, status text, phases jsonb, "
    "current_phase jsonb, end_behavior text, livemode boolean",
    "invoices": "id text, object text, customer text, subscription text, metadata jsonb, "
    "status stripe.invoice_status, billing_reason text, collection_method text, currency text, subtotal integer, "
    "total bigint, amount_due bigint, amount_paid bigint, post_payment_credit_notes_amount integer, created integer, "
    "status_transitions jsonb, due_date integer, livemode boolean, lines jsonb, payment_intent text, "
    "charge text, paid boolean",
    "payment_intents": "id text, object text, customer text, metadata jsonb, status text, amount integer, "
    "amount_received integer, currency text, description text, payment_method_types jsonb, created integer, "
    "livemode boolean",
    "refunds": "id text, object text, payment_intent text, charge text, status text, amount integer, currency text, "
    "created integer",
    "disputes": "id text, object text, payment_intent text, charge text, status text, amount bigint, currency text, "
    "created integer, livemode boolean",
    "checkout_sessions": "id text, object text, customer text, client_reference_id text, metadata jsonb, mode text, "
    "status text, payment_status text, payment_intent text, subscription text, invoice text, amount_total integer, "
    "currency text, created integer, livemode boolean",
    "prices": "id text, object text, lookup_key text, product text, active boolean, unit_amount integer, "
    "currency text, recurring jsonb, livemode boolean",
}
_ENUMS = """
CREATE SCHEMA stripe;
CREATE TYPE stripe.subscription_status AS ENUM ('trialing', 'active', 'canceled', 'incomplete', 'incomplete_expired',
                                                'past_due', 'unpaid', 'paused');
CREATE TYPE stripe.invoice_status AS ENUM ('draft', 'open', 'paid', 'uncollectible', 'void', 'deleted');
"""


def kept(world: StripeWorld, kind: str) -> list[JSON]:
    """The objects of a kind as a tool keeps them: lists as they are shown, deleted customers as such."""
    if kind == "subscription_items":
        subscriptions = world.objects("subscription")
        return [
            item | {"price": item["price"]["id"], "subscription": one["id"]}
            for one in subscriptions
            for item in one["items"]["data"]
        ]
    return [one.shown() for one in world.collections[KINDS[kind]].records.values()]


def keep_in_sync_engine(
    url: str, world: StripeWorld, *, synced_at: datetime, account: str | None = "acct_1Example"
) -> None:
    """Fill the tables that Stripe Sync Engine has made since its migration 0048: Stripe's own JSON, a row each."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS stripe")
        for kind in (*KINDS, "subscription_items"):
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS stripe.{kind} (_raw_data jsonb NOT NULL, _last_synced_at timestamptz, "
                "_updated_at timestamptz NOT NULL DEFAULT now(), _account_id text, "
                "id text GENERATED ALWAYS AS ((_raw_data->>'id')::text) STORED PRIMARY KEY)".encode()
            )
            rows = [(Jsonb(one), synced_at, account) for one in kept(world, kind)]
            with connection.cursor() as cursor:
                insert = f"INSERT INTO stripe.{kind} (_raw_data, _last_synced_at, _account_id) VALUES (%s, %s, %s)"
                cursor.executemany(insert.encode(), rows)


def keep_in_stripe_database(url: str, world: StripeWorld, *, written_at: datetime, synced: bool) -> None:
    """Fill the tables of Stripe Database, or those that `@stripe/sync-engine` 1.x makes in `public` (``synced``).

    The latter say in `_updated_at` when the object changed at Stripe, which may be long ago.
    """
    with psycopg.connect(url) as connection:
        for kind in (*KINDS, "subscription_items"):
            connection.execute(
                f"CREATE TABLE {kind} (_raw_data jsonb NOT NULL, _updated_at timestamptz NOT NULL, "
                f"{'_synced_at timestamptz NOT NULL, ' if synced else ''}_account_id text, "
                "id text GENERATED ALWAYS AS ((_raw_data->>'id')::text) STORED PRIMARY KEY)".encode()
            )
            names = "_raw_data, _account_id, _updated_at" + (", _synced_at" if synced else "")
            changed_at = written_at - timedelta(days=400) if synced else written_at
            moments = (changed_at, written_at) if synced else (changed_at,)
            insert = f"INSERT INTO {kind} ({names}) VALUES (%s, %s, {', '.join('%s' for _ in moments)})"
            with connection.cursor() as cursor:
                rows = [(Jsonb(one), "acct_1Example", *moments) for one in kept(world, kind)]
                cursor.executemany(insert.encode(), rows)


def keep_in_old_sync_engine(url: str, world: StripeWorld, *, synced_at: datetime) -> None:
    """Fill the tables of Stripe Sync Engine before its migration 0042: old shapes, a column for each field."""
    objects = {kind: [dict(old_shape(world, one)) for one in kept(world, kind)] for kind in TYPED}
    keep_typed(url, objects, synced_at=synced_at)


def keep_typed(url: str, objects: Mapping[str, Sequence[JSON]], *, synced_at: datetime) -> None:
    """Make these tables, and fill each column with the field of its name."""
    with psycopg.connect(url) as connection:
        connection.execute(_ENUMS.encode())
        for kind, columns in TYPED.items():
            connection.execute(
                f"CREATE TABLE stripe.{kind} ({columns}, last_synced_at timestamptz, PRIMARY KEY (id))".encode()
            )
            types = dict(column.split() for column in columns.split(", "))
            for item in objects[kind]:
                fields = {**item, "last_synced_at": synced_at}
                values = {
                    name: _value(types.get(name, ""), fields[name])
                    for name in (*types, "last_synced_at")
                    if name in fields
                }
                _insert(connection, f"stripe.{kind}", values)


def keep_in_django(url: str, world: StripeWorld, *, synced_at: datetime) -> None:
    """Fill the tables of dj-stripe since 2.10, with objects of the old shape."""
    with psycopg.connect(url) as connection:
        for kind, table in DJANGO_TABLES.items():
            connection.execute(
                f"CREATE TABLE djstripe_{table} (djstripe_id bigserial PRIMARY KEY, "
                "djstripe_created timestamptz NOT NULL, djstripe_updated timestamptz NOT NULL, "
                "stripe_data jsonb NOT NULL, id varchar(255) NOT NULL UNIQUE, livemode boolean, created timestamptz, "
                "metadata jsonb, djstripe_owner_account_id varchar(255))".encode()
            )
            for one in kept(world, kind):
                values: dict[str, Any] = {"id": one["id"], "livemode": one.get("livemode", True)}
                values |= {"stripe_data": Jsonb(old_shape(world, one)), "djstripe_owner_account_id": world.account_id}
                values |= {"djstripe_created": synced_at, "djstripe_updated": synced_at}
                _insert(connection, f"djstripe_{table}", values)


def keep_in_files(folder: Path, world: StripeWorld, shaped: Callable[[JSON], JSON] = lambda one: one) -> list[str]:
    """Write a file of JSON lines for each kind, as exports are written; what is listed by itself is ``shaped``.

    Returns the kinds of which the world has nothing, for ``stripe.may_be_empty``.
    """
    objects = {kind: [shaped(one) for one in kept(world, kind)] for kind in (*KINDS, "subscription_items")}
    objects["events"] = world.objects("event")
    objects["webhook_endpoints"] = world.objects("webhook_endpoint")
    for kind, listed in objects.items():
        write_lines(folder, kind, listed)
    return [kind for kind, listed in objects.items() if not listed]


def write_lines(folder: Path, kind: str, objects: list[JSON]) -> None:
    """One file of JSON lines."""
    folder.joinpath(f"{kind}.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in objects), encoding="utf-8")


def _value(declared: str, value: object) -> object:
    return Jsonb(value) if declared == "jsonb" and value is not None else value


def _insert(connection: psycopg.Connection, table: str, values: Mapping[str, Any]) -> None:
    marks = ", ".join(["%s"] * len(values))
    statement = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})"
    connection.execute(statement.encode(), list(values.values()))
