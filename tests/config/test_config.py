"""What a config says, and what stands in for what it does not say."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from trueup.config import Config, load_config
from trueup.config.document import PolicySection
from trueup.model.policy import Policy, Proration
from trueup.model.relations import (
    STRIPE,
    CreditGrant,
    Exemption,
    Interval,
    LocalSubscription,
    Plan,
    PlanPrice,
    relation_name,
)
from trueup.model.severity import Severity
from trueup.model.source import ColumnMapping

ENVIRON = {"DATABASE_URL": "postgresql://audit:hunter2@db/app", "PASSWORD": "hunter2"}

WHOLE = """
environment = "staging"

[database]
url = "${DATABASE_URL}"
repair_url = "postgresql://repair:${PASSWORD}@db/app"
statement_timeout_seconds = 60

[store]
url = "sqlite:///elsewhere.db"

[books]
memory_limit = "512MB"

[relations.account]
table = "app.users"
where = "deleted_at IS NULL"
[relations.account.columns]
account_id = "id"
plan = "subscription_tier"
role = "role"
credits = "credits_cents * 0.01"
[relations.account.values.plan]
FREE = ["free", ""]
PRO = ["pro", "pro_yearly"]
[relations.account.values.role]
admin = [1]
super_admin = "root"

[relations.ledger_entry]
table = "credit_transactions"
dense_sequence = true
[relations.ledger_entry.columns]
entry_id = "id"
sequence = "seq"

[plans.PRO]
rank = 1
interval = "month"
prices = ["price_1", { id = "price_2", interval = "year" }]
credits_per_period = 1000
price = { USD = 4900 }
[plans.FREE]
rank = 0
[plans.PARTNER]
rank = 2
paid = false

[policy]
period_days = 30
settle_minutes = 5
past_due_grace_days = 20
paused_entitles = false
idempotency_since = 2025-03-01
balance_floor = "-100.5"
clock_skew_minutes = 1
large_movement_factor = 2.5
large_movement_floor = 10
credits_per_seat = true
proration = "proportional"
delayed_payment_days = 7
duplicate_charge_minutes = 3
webhook_api_version = "2024-06-20"
livemode = false
[policy.credit_value]
usd = "1.5"
EUR = 2
[policy.severity]
"large-credit-movement" = "off"
"credit-balance" = "warning"

[[exemptions]]
check = "credit-balance"
subject = 42
owner = "finance"
reason = "annual contract"
expires = 2027-01-31
[[exemptions]]
check = "credit-balance"
subject = "user_2"
owner = "finance"
reason = "annual contract"
"""

_UNMAPPED = {
    relation_name(CreditGrant): "credit grants are not mapped (relations.credit_grant)",
    relation_name(LocalSubscription): "local subscriptions are not mapped (relations.local_subscription)",
}
"""Relations of few apps: their checks are off where a config does not map them."""


def load(tmp_path: Path, text: str, **environ: str) -> Config:
    path = tmp_path / "trueup.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, {**ENVIRON, **environ})


@pytest.fixture
def whole(tmp_path: Path) -> Config:
    return load(tmp_path, WHOLE)


def test_every_section_is_read(whole: Config) -> None:
    assert whole.environment == "staging"
    assert whole.database_url == "postgresql://audit:hunter2@db/app"
    assert whole.repair_url == "postgresql://repair:hunter2@db/app"
    assert whole.store_url == "sqlite:///elsewhere.db"
    assert (whole.statement_timeout_seconds, whole.memory_limit) == (60, "512MB")
    assert whole.literal_secrets == ()


def test_columns_keep_our_order_and_the_config_s_text(whole: Config) -> None:
    account = whole.relations["account"]
    assert (account.table, account.where) == ("app.users", "deleted_at IS NULL")
    assert list(account.columns) == ["account_id", "role", "plan", "credits"]
    assert account.columns["credits"] == ColumnMapping(column="credits_cents * 0.01")
    assert whole.relations["ledger_entry"].dense_sequence


def test_a_value_map_leads_from_their_word_to_ours(whole: Config) -> None:
    columns = whole.relations["account"].columns
    assert columns["plan"].values == {"free": "FREE", "": "FREE", "pro": "PRO", "pro_yearly": "PRO"}
    assert columns["role"].values == {"1": "admin", "root": "super_admin"}


def test_plans_come_in_order_of_rank_and_are_paid_above_zero(whole: Config) -> None:
    free, pro, partner = whole.plans
    assert free == Plan(plan="FREE", rank=0, paid=False)
    assert pro == Plan(
        plan="PRO", rank=1, paid=True, credits_per_period=Decimal(1000), price_minor=4900, price_currency="usd"
    )
    assert partner == Plan(plan="PARTNER", rank=2, paid=False)


def test_a_price_bills_at_its_own_interval_or_its_plan_s(whole: Config) -> None:
    assert whole.plan_prices == (
        PlanPrice(price_id="price_1", plan="PRO", interval=Interval.MONTH),
        PlanPrice(price_id="price_2", plan="PRO", interval=Interval.YEAR),
    )


def test_every_number_of_the_policy_can_be_set(whole: Config) -> None:
    assert whole.policy == Policy(
        period_days=30,
        settle_minutes=5,
        past_due_grace_days=20,
        paused_entitles=False,
        idempotency_since=date(2025, 3, 1),
        balance_floor=Decimal("-100.5"),
        clock_skew_minutes=1,
        large_movement_factor=Decimal("2.5"),
        large_movement_floor=Decimal(10),
        credits_per_seat=True,
        proration=Proration.PROPORTIONAL,
        delayed_payment_days=7,
        duplicate_charge_minutes=3,
        webhook_api_version="2024-06-20",
        livemode=False,
        credit_value={"usd": Decimal("1.5"), "eur": Decimal(2)},
        severity={"large-credit-movement": None, "credit-balance": Severity.WARNING},
        absent=_UNMAPPED,
    )


def test_the_config_knows_every_field_of_the_policy() -> None:
    assert {*PolicySection.model_fields, "absent", "ledger_starts_at", "plan_from"} == {
        field.name for field in dataclasses.fields(Policy)
    }


def test_stripe_is_part_of_the_audit_until_the_config_says_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "trueup.toml"
    of_stripe = frozenset(map(relation_name, STRIPE))
    for said, without in (
        ("", frozenset(_UNMAPPED)),
        ("[stripe]\nenabled = false\n", frozenset(_UNMAPPED) | of_stripe),
    ):
        path.write_text(f'preset = "canonical"\n[database]\nurl = "app.db"\n{said}', encoding="utf-8")
        assert load_config(path, {}).policy.without == without


def test_exemptions_are_read(whole: Config) -> None:
    assert whole.exemptions == (
        Exemption(
            check_id="credit-balance",
            subject="42",
            owner="finance",
            reason="annual contract",
            expires_at=date(2027, 1, 31),
        ),
        Exemption(check_id="credit-balance", subject="user_2", owner="finance", reason="annual contract"),
    )


def test_what_the_file_names_is_required(whole: Config) -> None:
    assert {need for need in whole.required if need[0] == "ledger_entry"} == {
        ("ledger_entry", ""),
        ("ledger_entry", "entry_id"),
        ("ledger_entry", "sequence"),
    }


SMALL = """
[database]
url = "app.db"
[relations.account]
table = "users"
[relations.account.columns]
account_id = "id"
"""


def test_a_small_config_has_the_defaults(tmp_path: Path) -> None:
    config = load(tmp_path, SMALL)
    assert config.environment == "production"
    assert config.repair_url is None
    assert config.store_url == f"sqlite:///{tmp_path.as_posix()}/trueup.db"
    assert (config.memory_limit, config.policy, config.plans) == ("1GiB", Policy(absent=_UNMAPPED), ())


def test_secrets_do_not_show_in_repr(whole: Config) -> None:
    assert "hunter2" not in repr(whole)
    assert "elsewhere" not in repr(whole)


def test_a_secret_file_is_read_without_its_line_break(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("postgresql://a:b@c/d \n", encoding="utf-8")
    assert load(tmp_path, SMALL.replace("app.db", f"file:{tmp_path}/secret")).database_url == "postgresql://a:b@c/d "
    assert load(tmp_path, SMALL.replace("app.db", "file:secret")).database_url == "postgresql://a:b@c/d "


def test_what_a_reference_yields_is_not_looked_through_again(tmp_path: Path) -> None:
    config = load(tmp_path, SMALL.replace("app.db", "${ONE}"), ONE="${TWO}", TWO="no")
    assert config.database_url == "${TWO}"


@pytest.mark.parametrize(
    ("url", "literal"),
    [
        ("postgresql://audit:hunter2@db/app", ("database.url",)),
        ("postgresql://db/app?user=a&password=hunter2", ("database.url",)),
        ("postgresql://audit:${PASSWORD}@db/app", ()),
        ("postgresql://audit@db:5432/app", ()),
        ("sqlite:///app.db", ()),
        ("${DATABASE_URL}", ()),
    ],
)
def test_a_password_in_the_file_is_accepted_and_named(tmp_path: Path, url: str, literal: tuple[str, ...]) -> None:
    assert load(tmp_path, SMALL.replace("app.db", url)).literal_secrets == literal


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "trueup.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.encode())
    assert load_config(path, {}).database_url == "app.db"
