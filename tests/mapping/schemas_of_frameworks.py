"""Schemas as frameworks write them."""

from __future__ import annotations

from tests.mapping.schema import Schema, table

PRISMA = Schema(
    name="Prisma, camelCase, cuid text ids, Postgres",
    dialect="postgres",
    tables=(
        table(
            "Account", "id text !; userId text !; type text !; provider text !; access_token text; expires_at integer"
        ),
        table("Session", "id text !; sessionToken text !; userId text !; expires timestamp(3) without time zone !"),
        table(
            "User",
            """id text !; email text; name text; role userrole !; plan subscriptionplan !; stripeCustomerId text;
            stripeSubscriptionId text; credits integer !; hasUnlimitedCredits boolean !; createdAt timestamp(3)
            without time zone !; deletedAt timestamp(3) without time zone""",
            unique=("email",),
        ),
        table(
            "CreditTransaction",
            """id text !; userId text !; type text !; amount integer !; balanceAfter integer !;
            stripePaymentIntentId text; stripeInvoiceId text; stripeEventId text; description text; metadata
            jsonb; createdAt timestamp(3) without time zone !""",
        ),
        table(
            "ProcessedWebhookEvent",
            """id text !; stripeEventId text !; type text !; livemode boolean !; processedAt timestamp(3) without
            time zone; createdAt timestamp(3) without time zone !""",
            unique=("stripeEventId",),
        ),
    ),
    understood={
        "account": {
            "": "User",
            "account_id": "id",
            "plan": "plan",
            "role": "role",
            "credits": "credits",
            "stripe_customer_id": "stripeCustomerId",
            "unlimited_credits": "hasUnlimitedCredits",
            "created_at": "createdAt",
        },
        "ledger_entry": {
            "": "CreditTransaction",
            "entry_id": "id",
            "account_id": "userId",
            "kind": "type",
            "amount": "amount",
            "balance_after": "balanceAfter",
            "stripe_event_id": "stripeEventId",
            "stripe_payment_intent_id": "stripePaymentIntentId",
            "stripe_invoice_id": "stripeInvoiceId",
            "reason": "description",
        },
        "webhook_event": {
            "": "ProcessedWebhookEvent",
            "event_id": "stripeEventId",
            "type": "type",
            "received_at": "createdAt",
            "processed_at": "processedAt",
        },
    },
    words={
        ("User", "plan"): ["FREE", "PRO", "ENTERPRISE"],
        ("User", "role"): ["USER", "ADMIN"],
        ("CreditTransaction", "type"): ["TOP_UP", "RENEWAL", "SPEND", "BONUS", "REFUND", "XFER_9"],
    },
    absent=(("account", "active"), ("ledger_entry", "sequence")),
)

DJANGO = Schema(
    name="Django, app-labelled tables, is_staff flags, Postgres",
    dialect="postgres",
    tables=(
        table(
            "django_session", "session_key varchar(40) !; session_data text !; expire_date timestamp with time zone !"
        ),
        table(
            "django_admin_log",
            "id integer !; action_time timestamp with time zone !; user_id integer !; change_message text !",
        ),
        table("auth_group", "id integer !; name varchar(150) !"),
        table(
            "accounts_user",
            """id bigint !; password varchar(128) !; last_login timestamp with time zone; is_superuser boolean !;
            username varchar(150) !; email varchar(254) !; is_staff boolean !; is_active boolean !; date_joined
            timestamp with time zone !; subscription_tier varchar(20) !; stripe_customer_id varchar(64);
            credit_balance numeric(12,2) !""",
        ),
        table(
            "billing_credittransaction",
            """id bigint !; user_id bigint !; transaction_type varchar(32) !; amount numeric(12,2) !; balance_after
            numeric(12,2) !; stripe_payment_intent_id varchar(255); stripe_invoice_id varchar(255);
            stripe_event_id varchar(255); notes text !; created_at timestamp with time zone !""",
        ),
        table(
            "billing_stripewebhookevent",
            """id bigint !; event_id varchar(255) !; event_type varchar(255) !; status varchar(20) !; received_at
            timestamp with time zone !; processed_at timestamp with time zone; livemode boolean !""",
            unique=("event_id",),
        ),
    ),
    understood={
        "account": {
            "": "accounts_user",
            "account_id": "id",
            "plan": "subscription_tier",
            "credits": "credit_balance",
            "active": "is_active",
            "created_at": "date_joined",
            "role": "CASE WHEN is_superuser THEN 'super_admin' WHEN is_staff THEN 'admin' ELSE 'user' END",
        },
        "ledger_entry": {
            "": "billing_credittransaction",
            "account_id": "user_id",
            "kind": "transaction_type",
            "amount": "amount",
            "balance_after": "balance_after",
            "reason": "notes",
        },
        "webhook_event": {
            "": "billing_stripewebhookevent",
            "event_id": "event_id",
            "type": "event_type",
            "status": "status",
            "livemode": "livemode",
        },
    },
    words={
        ("accounts_user", "subscription_tier"): ["free", "pro_monthly", "pro_yearly", "teams"],
        ("billing_credittransaction", "transaction_type"): ["purchase", "usage", "monthly_grant", "admin_adjustment"],
        ("billing_stripewebhookevent", "status"): ["pending", "processed", "error"],
    },
    absent=(("account", "unlimited_credits"),),
)

RAILS = Schema(
    name="Rails, integer enums, organisations pay, MySQL",
    dialect="mysql",
    tables=(
        table("schema_migrations", "version varchar(255) !", key="version"),
        table("ar_internal_metadata", "key varchar(255) !; value varchar(255); created_at datetime(6) !", key="key"),
        table(
            "users",
            """id bigint !; email varchar(255) !; encrypted_password varchar(255) !; role int !; created_at
            datetime(6) !""",
        ),
        table(
            "organizations",
            """id bigint !; name varchar(255); plan_name varchar(255); stripe_customer_id varchar(255);
            stripe_subscription_id varchar(255); credits_balance bigint !; discarded_at datetime(6); created_at
            datetime(6) !; updated_at datetime(6) !""",
        ),
        table(
            "memberships", "id bigint !; organization_id bigint !; user_id bigint !; role int !; billable tinyint(1) !"
        ),
        table(
            "credit_ledger_entries",
            """id bigint !; organization_id bigint !; entry_type int !; credits bigint !; running_balance bigint !;
            invoice_id bigint; stripe_payment_intent_id varchar(255); stripe_event_id varchar(255); memo
            varchar(255); created_at datetime(6) !""",
        ),
        table(
            "stripe_events",
            """id bigint !; stripe_id varchar(255) !; event_type varchar(255) !; payload json; processed_at
            datetime(6); created_at datetime(6) !""",
            unique=("stripe_id",),
        ),
        table(
            "subscription_changes",
            """id bigint !; organization_id bigint !; old_plan varchar(255); new_plan varchar(255) !; created_by
            varchar(255); created_at datetime(6) !""",
        ),
    ),
    understood={
        "account": {"": "organizations", "account_id": "id", "plan": "plan_name", "credits": "credits_balance"},
        "ledger_entry": {
            "": "credit_ledger_entries",
            "account_id": "organization_id",
            "kind": "entry_type",
            "amount": "credits",
            "balance_after": "running_balance",
            "reason": "memo",
        },
        "webhook_event": {"": "stripe_events", "event_id": "stripe_id", "type": "event_type"},
        "plan_change": {
            "": "subscription_changes",
            "from_plan": "old_plan",
            "to_plan": "new_plan",
            "changed_at": "created_at",
        },
        "member": {"": "memberships", "account_id": "organization_id", "member_id": "user_id", "billable": "billable"},
    },
    words={
        ("organizations", "plan_name"): ["starter", "growth", "enterprise_2024"],
        ("subscription_changes", "new_plan"): ["starter", "growth"],
        ("credit_ledger_entries", "entry_type"): ["0", "1", "2"],
    },
    absent=(("ledger_entry", "stripe_invoice_id"),),  # invoice_id is a bigint: the app's own invoice
)

LARAVEL = Schema(
    name="Laravel with Cashier, a wallet of its own, MySQL",
    dialect="mysql",
    tables=(
        table("migrations", "id int unsigned !; migration varchar(255) !; batch int !"),
        table("personal_access_tokens", "id bigint unsigned !; tokenable_id bigint unsigned !; token varchar(64) !"),
        table(
            "users",
            """id bigint unsigned !; name varchar(255) !; email varchar(255) !; is_admin tinyint(1) !; stripe_id
            varchar(255); pm_type varchar(255); trial_ends_at timestamp; created_at timestamp; deleted_at
            timestamp""",
        ),
        table(
            "subscriptions",
            """id bigint unsigned !; user_id bigint unsigned !; type varchar(255) !; stripe_id varchar(255) !;
            stripe_status varchar(255) !; stripe_price varchar(255); plan varchar(255); quantity int""",
        ),
        table(
            "wallets", "id bigint unsigned !; user_id bigint unsigned !; balance decimal(16,4) !", unique=("user_id",)
        ),
        table(
            "wallet_transactions",
            """id bigint unsigned !; user_id bigint unsigned !; type enum('deposit','withdraw') !; amount
            decimal(16,4) !; balance_after decimal(16,4) !; payment_intent_id varchar(255); created_at timestamp""",
        ),
        table(
            "webhook_calls",
            """id bigint unsigned !; name varchar(255) !; external_id varchar(255) !; type varchar(255); payload
            json; created_at timestamp""",
        ),
    ),
    understood={
        "account": {
            "": "users",
            "account_id": "id",
            "stripe_customer_id": "stripe_id",
            "credits": "(SELECT balance FROM wallets WHERE wallets.user_id = users.id)",
            "role": "CASE WHEN is_admin THEN 'admin' ELSE 'user' END",
        },
        "ledger_entry": {
            "": "wallet_transactions",
            "account_id": "user_id",
            "kind": "type",
            "stripe_payment_intent_id": "payment_intent_id",
        },
        "webhook_event": {"": "webhook_calls", "event_id": "external_id", "type": "type", "received_at": "created_at"},
    },
    words={("wallet_transactions", "type"): ["deposit", "withdraw"]},
    absent=(("account", "plan"),),
)

FRAMEWORKS = (PRISMA, DJANGO, RAILS, LARAVEL)
