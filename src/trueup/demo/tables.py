"""The app's tables: the schema that trueup's preset calls canonical, and one of credits that lapse."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """What a column holds; each kind of database has its own word for it."""

    ID = "id"
    TEXT = "text"
    INTEGER = "integer"
    FLAG = "flag"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppColumn:
    """A column of an app's table."""

    name: str
    type: Type
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AppTable:
    """A table of the app. ``key`` is its primary key, none where it has none; ``indexed`` are further indexes."""

    name: str
    columns: tuple[AppColumn, ...]
    key: str | None
    indexed: tuple[str, ...] = ()


def _columns(*, required: str = "", **types: Type) -> tuple[AppColumn, ...]:
    return tuple(AppColumn(name=name, type=type_, required=name in required.split()) for name, type_ in types.items())


TABLES = (
    AppTable(
        name="users",
        key="id",
        columns=_columns(
            required="id role plan unlimited_credits active",
            id=Type.ID,
            email=Type.TEXT,
            role=Type.TEXT,
            plan=Type.TEXT,
            stripe_customer_id=Type.ID,
            stripe_subscription_id=Type.ID,
            credits=Type.INTEGER,
            unlimited_credits=Type.FLAG,
            active=Type.FLAG,
            created_at=Type.MOMENT,
        ),
    ),
    AppTable(
        name="credit_transactions",
        key="id",
        indexed=("user_id", "stripe_event_id"),
        columns=_columns(
            required="id",
            id=Type.INTEGER,
            user_id=Type.ID,
            sequence=Type.INTEGER,
            type=Type.TEXT,
            amount=Type.INTEGER,
            balance_after=Type.INTEGER,
            posted=Type.FLAG,
            stripe_event_id=Type.ID,
            stripe_payment_intent_id=Type.ID,
            stripe_invoice_id=Type.ID,
            stripe_checkout_session_id=Type.ID,
            created_at=Type.MOMENT,
            actor=Type.TEXT,
            reason=Type.TEXT,
        ),
    ),
    AppTable(
        name="stripe_webhook_events",
        key="event_id",
        columns=_columns(
            required="event_id type status received_at livemode",
            event_id=Type.ID,
            type=Type.TEXT,
            status=Type.TEXT,
            received_at=Type.MOMENT,
            processed_at=Type.MOMENT,
            livemode=Type.FLAG,
            api_version=Type.TEXT,
        ),
    ),
    AppTable(
        name="plan_changes",
        key="id",
        indexed=("user_id",),
        columns=_columns(
            required="id user_id to_plan changed_at",
            id=Type.INTEGER,
            user_id=Type.ID,
            from_plan=Type.TEXT,
            to_plan=Type.TEXT,
            changed_at=Type.MOMENT,
            actor=Type.TEXT,
            reason=Type.TEXT,
        ),
    ),
    AppTable(
        name="members",
        key=None,
        indexed=("account_id",),
        columns=_columns(
            required="account_id member_id billable",
            account_id=Type.ID,
            member_id=Type.ID,
            role=Type.TEXT,
            billable=Type.FLAG,
        ),
    ),
    AppTable(
        name="credit_grants",
        key="id",
        indexed=("user_id",),
        columns=_columns(
            required="id user_id amount remaining",
            id=Type.INTEGER,
            user_id=Type.ID,
            amount=Type.INTEGER,
            remaining=Type.INTEGER,
            expires_at=Type.MOMENT,
        ),
    ),
    AppTable(
        name="subscriptions",
        key="id",
        indexed=("user_id",),
        columns=_columns(
            required="id user_id stripe_subscription_id",
            id=Type.INTEGER,
            user_id=Type.ID,
            stripe_subscription_id=Type.ID,
            status=Type.TEXT,
            plan=Type.TEXT,
            current_period_end=Type.MOMENT,
        ),
    ),
)
