"""The names that apps give to relations, columns and words. Data only; the nearer to the front, the more usual.

A word is written in snake case; its plural and its camelCase match too. ``?`` marks one that is as often used
for something else.
"""

from __future__ import annotations

TABLES: dict[str, str] = {
    "account": "users accounts customers profiles organizations organisations workspaces tenants companies "
    "subscribers auth_users app_users user_profiles user_accounts teams?",
    "ledger_entry": "credit_transactions credit_ledger ledger_entries token_transactions wallet_transactions "
    "credit_ledger_entries credit_entries credit_ledger_transactions credit_history credit_logs credit_movements "
    "credit_events credit_usage_logs usage_transactions point_transactions account_transactions balance_transactions "
    "user_credit_transactions ledger transactions? credits? user_credits? account_entries?",
    "webhook_event": "stripe_webhook_events webhook_events stripe_events processed_events processed_webhook_events "
    "processed_stripe_events webhook_calls stripe_webhooks webhooks processed_webhooks webhook_logs "
    "stripe_webhook_logs pay_webhooks webhook_deliveries idempotency_keys? events?",
    "plan_change": "plan_changes plan_history subscription_history subscription_changes subscription_audits "
    "subscription_audit_logs plan_change_logs plan_audit_logs tier_changes subscription_logs subscription_events?",
    "member": "members memberships organization_members organisation_members team_members workspace_members "
    "org_members team_memberships organization_memberships workspace_memberships organization_users seats "
    "user_organizations?",
    "credit_grant": "credit_grants credit_lots credit_batches credit_buckets expiring_credits credit_expirations "
    "credit_expire_records credit_expires_records grant_balances?",
}

_CREATED = "created_at created inserted_at created_on date_created created_time creation_date"
_CONNECTED = (
    "stripe_account stripe_account_id connected_account connected_account_id connect_account_id "
    "stripe_connect_account_id stripe_connected_account_id connect_account"
)
_OWNER = (
    "user_id account_id customer_id organization_id organisation_id org_id workspace_id team_id tenant_id company_id "
    "owner_id profile_id subscriber_id user? account? customer? organization? wallet_id?"
)

_NEVER_BY_NAME = ""
"""What a name alone never says: an account with one balance has a column of such a name, too."""

COLUMNS: dict[str, dict[str, str]] = {
    "account": {
        "account_id": "account_id user_id id uuid",
        "email": "email email_address contact_email billing_email mail e_mail",
        "role": "role user_role system_role account_role access_level? user_type?",
        "plan": "plan subscription_tier subscription_plan plan_name plan_code plan_key plan_slug tier plan_type "
        "plan_tier current_plan membership_tier billing_plan subscription_type membership? subscription? plan_id?",
        "stripe_customer_id": "stripe_customer_id stripe_customer stripe_cust_id stripe_id billing_customer_id "
        "payment_customer_id customer_id?",
        "stripe_subscription_id": "stripe_subscription_id stripe_subscription stripe_sub_id subscription_id?",
        "credits": "credits credit_balance credits_balance credits_remaining remaining_credits available_credits "
        "token_balance balance tokens wallet_balance current_credits current_balance points? total_credits?",
        "unlimited_credits": "unlimited_credits has_unlimited_credits is_unlimited credits_unlimited unlimited "
        "unlimited_usage",
        "active": "active is_active enabled is_enabled",
        "created_at": f"{_CREATED} date_joined registered_at signed_up_at joined_at signup_date",
    },
    "ledger_entry": {
        "entry_id": "entry_id id transaction_id uuid",
        "account_id": _OWNER,
        "wallet": _NEVER_BY_NAME,
        "sets_balance": _NEVER_BY_NAME,
        "sequence": "sequence seq sequence_number sequence_no entry_number ordinal position?",
        "kind": "kind type transaction_type entry_type txn_type tx_type movement_type transaction_kind operation "
        "category reason_code change_type entry_reason operation_type log_type action? source? event_type?",
        "amount": "amount delta credits_delta credit_delta credits_change credit_amount change credits tokens "
        "quantity? value? points?",
        "balance_after": "balance_after new_balance running_balance resulting_balance balance_after_transaction "
        "after_balance closing_balance ending_balance post_balance balance?",
        "posted": "posted is_posted settled is_settled confirmed is_confirmed committed",
        "stripe_event_id": "stripe_event_id stripe_event event_id webhook_event_id?",
        "stripe_payment_intent_id": "stripe_payment_intent_id stripe_payment_intent payment_intent_id payment_intent "
        "stripe_pi_id stripe_payment_id payment_id?",
        "stripe_invoice_id": "stripe_invoice_id stripe_invoice invoice_id?",
        "stripe_checkout_session_id": "stripe_checkout_session_id checkout_session_id stripe_session_id checkout_id? "
        "session_id?",
        "stripe_charge_id": "stripe_charge_id stripe_charge charge_id charge?",
        "stripe_subscription_id": "stripe_subscription_id stripe_subscription stripe_sub_id subscription_id?",
        "stripe_account": _CONNECTED,
        "created_at": f"{_CREATED} posted_at occurred_at timestamp",
        "actor": "actor actor_id performed_by created_by initiated_by admin_id? changed_by?",
        "reason": "reason description note memo notes comment details?",
    },
    "webhook_event": {
        "event_id": "event_id stripe_event_id provider_event_id external_id stripe_id? id?",
        "type": "type event_type event_name? topic? name? kind?",
        "status": "status state processing_status",
        "received_at": f"received_at date_received {_CREATED}",
        "processed_at": "processed_at handled_at completed_at finished_at handled? processed?",
        "livemode": "livemode live_mode is_live live?",
        "api_version": "api_version stripe_api_version stripe_version",
        "stripe_account": f"{_CONNECTED} account? account_id?",
    },
    "plan_change": {
        "account_id": _OWNER,
        "from_plan": "from_plan old_plan previous_plan prior_plan plan_before from_tier old_tier previous_tier",
        "to_plan": "to_plan new_plan plan_after to_tier new_tier plan?",
        "changed_at": f"changed_at effective_at occurred_at {_CREATED} timestamp?",
        "actor": "actor actor_id changed_by performed_by created_by admin_id?",
        "reason": "reason description note notes comment source?",
    },
    "member": {
        "account_id": "account_id organization_id organisation_id org_id workspace_id team_id tenant_id company_id "
        "organization? team? workspace?",
        "member_id": "member_id user_id profile_id user?",
        "role": "role member_role membership_role",
        "billable": "billable is_billable billed",
    },
    "credit_grant": {
        "grant_id": "grant_id id lot_id batch_id uuid",
        "account_id": _OWNER,
        "wallet": _NEVER_BY_NAME,
        "amount": "amount granted original_amount initial_amount credits",
        "remaining": "remaining remaining_amount remaining_credits amount_remaining left balance?",
        "expires_at": "expires_at expiry expiry_date expiration_date expires_on expires valid_until",
        "entry_id": "entry_id ledger_entry_id transaction_id credit_transaction_id",
    },
}

EVIDENCE: dict[str, tuple[str, ...]] = {
    "account": ("account_id", "plan", "stripe_customer_id", "credits"),
    "ledger_entry": ("entry_id", "account_id", "amount", "balance_after", "kind"),
    "webhook_event": ("event_id", "type", "received_at"),
    "plan_change": ("account_id", "from_plan", "to_plan", "changed_at"),
    "member": ("account_id", "member_id"),
    "credit_grant": ("account_id", "remaining", "expires_at"),
}
"""The columns by which a table is recognised."""

WORDS: dict[str, dict[str, str]] = {
    "kind": {
        "purchase": "purchase top_up topup credit_purchase buy deposit pack credit_pack recharge refill one_time "
        "one_time_purchase payment order addon",
        "subscription_grant": "subscription_grant subscription renewal subscription_renewal subscription_credit "
        "monthly_grant monthly_allowance monthly_credits monthly_reset plan_grant plan_renewal allowance recurring "
        "subscription_payment subscription_cycle",
        "promotional_grant": "promotional_grant promotion promotional promo bonus signup_bonus welcome_bonus referral "
        "referral_bonus gift trial trial_grant free_grant free_credits coupon reward welcome signup",
        "usage": "usage spend spent consumption consume consumed debit deduction deduct charge use used "
        "withdraw withdrawal generation",
        "refund": "refund refunded usage_refund credit_back",
        "clawback": "clawback claw_back reversal reverse chargeback dispute revoke revoked",
        "adjustment": "adjustment adjust admin_adjustment manual_adjustment manual correction goodwill "
        "admin_grant admin",
        "balance_sync": "balance_sync sync reconcile reconciliation",
        "expiry": "expiry expire expired expiration lapse",
        "other": "other misc miscellaneous",
    },
    "role": {
        "user": "user member customer client basic",
        "admin": "admin administrator staff",
        "super_admin": "super_admin superadmin superuser super_user root",
    },
    "status": {
        "processing": "processing pending received queued in_progress started new",
        "processed": "processed completed complete success succeeded successful done handled ok",
        "failed": "failed failure error errored dead",
    },
}
"""trueup's words, and the app's for them."""

SPECIFIC_FIRST: tuple[str, ...] = (
    "clawback",
    "refund",
    "expiry",
    "balance_sync",
    "adjustment",
    "promotional_grant",
    "subscription_grant",
    "purchase",
    "usage",
)
"""The order in which a longer word (``PRO_MONTHLY_RENEWAL``) is searched for a known one."""

PLAN_LADDER = (
    "free starter basic hobby lite personal plus standard pro premium growth team business scale enterprise ultimate"
)
"""Plans as apps usually name them, cheapest first."""

PLAN_SYNONYMS = {
    "professional": "pro",
    "teams": "team",
    "free_tier": "free",
    "free_plan": "free",
    "freemium": "free",
    "none": "free",
    "null": "free",
    "paid": "pro",
}
