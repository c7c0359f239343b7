"""Schemas as single apps grew them."""

from __future__ import annotations

from tests.mapping.schema import Schema, table

NOISE = (
    table("sessions", "id text !; user_id text !; token text !; created_at timestamp !"),
    table("posts", "id bigint !; title text; body text; created_at timestamp !"),
)

CENTS = Schema(
    name="integer cents, prefixed columns, UUID ids, a schema of its own, Postgres",
    dialect="postgres",
    tables=(
        table(
            "customers",
            """customer_id uuid !; customer_email text !; tier text; stripe_customer_id text; balance_cents bigint
            !; is_unlimited boolean !; inserted_at timestamp with time zone !""",
            key="customer_id",
            schema="billing",
        ),
        table(
            "ledger",
            """ledger_id uuid !; customer_id uuid !; seq bigint !; category text !; amount_cents bigint !;
            balance_after_cents bigint !; settled boolean !; stripe_pi_id text; stripe_invoice text; event_id
            text; posted_at timestamp with time zone !""",
            key="ledger_id",
            schema="billing",
        ),
        table(
            "webhook_events",
            "id text !; type text !; state text !; live_mode boolean !; received_at timestamp with time zone !",
            schema="billing",
        ),
    ),
    understood={
        "account": {"": "billing.customers", "account_id": "customer_id", "plan": "tier", "credits": "balance_cents"},
        "ledger_entry": {
            "": "billing.ledger",
            "entry_id": "ledger_id",
            "account_id": "customer_id",
            "sequence": "seq",
            "kind": "category",
            "amount": "amount_cents",
            "balance_after": "balance_after_cents",
            "posted": "settled",
            "stripe_payment_intent_id": "stripe_pi_id",
            "stripe_invoice_id": "stripe_invoice",
            "stripe_event_id": "event_id",
            "created_at": "posted_at",
        },
        "webhook_event": {"": "billing.webhook_events", "event_id": "id", "status": "state", "livemode": "live_mode"},
    },
    words={
        ("billing.customers", "tier"): ["basic", "premium", ""],
        ("billing.webhook_events", "state"): ["received", "done", "dead"],
        ("billing.ledger", "category"): ["CREDIT_PACK", "PRO_RENEWAL", "generation"],
    },
)

SQLITE = Schema(
    name="a small SQLite app without a webhook table",
    dialect="sqlite",
    tables=(
        table(
            "profiles",
            "id TEXT !; email TEXT; membership_tier TEXT; stripe_customer_id TEXT; tokens INTEGER; created TEXT",
        ),
        table(
            "token_transactions",
            """id INTEGER !; profile_id TEXT !; delta INTEGER !; new_balance INTEGER; reason TEXT; source TEXT;
            created TEXT !""",
        ),
        *NOISE,
    ),
    understood={
        "account": {"": "profiles", "plan": "membership_tier", "credits": "tokens", "created_at": "created"},
        "ledger_entry": {
            "": "token_transactions",
            "account_id": "profile_id",
            "amount": "delta",
            "balance_after": "new_balance",
            "kind": "source",
        },
    },
    absent=(("webhook_event", ""), ("plan_change", ""), ("member", "")),
)

DRIZZLE = Schema(
    name="Drizzle with an auth library's own account table, a wallet row per user, epoch times, SQLite",
    dialect="sqlite",
    tables=(
        table(
            "account",
            "id text !; accountId text !; providerId text !; userId text !; createdAt integer !",
        ),
        table(
            "user",
            "id text !; name text !; email text !; stripe_customer_id text; createdAt integer !",
        ),
        table("credits", "id text !; balance integer !; userId text !; createdAt integer !", unique=("userId",)),
        table(
            "credit_transactions",
            "id text !; amount integer !; type text !; status text !; userId text !; createdAt integer !",
        ),
        table("StripeEvent", "id text !; processedAt integer !"),
    ),
    understood={
        "account": {
            "": "user",
            "account_id": "id",
            "stripe_customer_id": "stripe_customer_id",
            "credits": '(SELECT balance FROM credits WHERE credits."userId" = "user".id)',
        },
        "ledger_entry": {"": "credit_transactions", "account_id": "userId", "amount": "amount", "kind": "type"},
        "webhook_event": {"": "StripeEvent", "event_id": "id", "processed_at": "processedAt"},
    },
    words={("credit_transactions", "type"): ["purchase", "usage", "subscription_allocation"]},
    absent=(("ledger_entry", "posted"), ("ledger_entry", "balance_after")),
)

PACKS = Schema(
    name="a shop of credit packs whose ledger names money and credits side by side, Postgres",
    dialect="postgres",
    tables=(
        table("users", "id uuid !; email text; credits integer !; is_admin boolean !; created_at timestamptz"),
        table(
            "transactions",
            """id uuid !; user_id uuid; amount integer !; credits integer !; status text !; stripe_session_id text;
            created_at timestamptz""",
        ),
        table("credit_packages", "id serial !; name varchar(100) !; credits integer !; price_cents integer !"),
        table("orders", "id uuid !; user_id uuid; total integer; status text"),
    ),
    understood={
        "account": {"": "users", "credits": "credits", "role": "CASE WHEN is_admin THEN 'admin' ELSE 'user' END"},
        "ledger_entry": {
            "": "transactions",
            "account_id": "user_id",
            "amount": "credits",
            "stripe_checkout_session_id": "stripe_session_id",
        },
    },
    absent=(("webhook_event", ""), ("ledger_entry", "posted"), ("account", "plan")),
)

APPS = (CENTS, SQLITE, DRIZZLE, PACKS)
