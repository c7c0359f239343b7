"""The shape of ``trueup.toml``: what may stand in it and of which type. What the words mean is decided later."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from trueup.mapping.field_types import (
    Currency,
    Exact,
    GraceDays,
    IntervalWord,
    Memory,
    Minutes,
    Money,
    NotNegative,
    PeriodDays,
    Rank,
    Seconds,
    SeverityWord,
    Subject,
    Text,
    Words,
)


def _as_section(value: object) -> object:
    return {"id": value} if isinstance(value, str) else value


class Section(BaseModel):
    """A table of the file: no unknown keys, no conversions, and no value in an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class DatabaseSection(Section):
    """``[database]``: where the app's rows are read, and with which role they may be repaired."""

    url: Text
    repair_url: Text | None = None
    statement_timeout_seconds: Seconds = 900


class StoreSection(Section):
    """``[store]``: our own memory."""

    url: Text


class BooksSection(Section):
    """``[books]``: the snapshot that the checks read."""

    memory_limit: Memory = "1GiB"


class RelationSection(Section):
    """``[relations.NAME]``: one relation's table, columns and words."""

    table: Text | None = None
    where: Text | None = None
    dense_sequence: bool | None = None
    columns: dict[str, Text] = Field(default_factory=dict)
    values: dict[str, dict[str, Words]] = Field(default_factory=dict)


class PriceSection(Section):
    """One of ``prices``: a Stripe price id or lookup key, with its own interval where it differs."""

    id: Text
    interval: IntervalWord | None = None


class PlanSection(Section):
    """``[plans.NAME]``: ``price`` is what one period costs, in minor units of one currency."""

    rank: Rank | None = None
    paid: bool | None = None
    prices: list[Annotated[PriceSection, BeforeValidator(_as_section)]] | None = None
    interval: IntervalWord | None = None
    credits_per_period: NotNegative | None = None
    price: dict[Currency, Money] | None = None


class PolicySection(Section):
    """``[policy]``: the fields of ``Policy``, each inside the bounds where the checks' arithmetic holds."""

    period_days: PeriodDays | None = None
    settle_minutes: Minutes | None = None
    past_due_grace_days: GraceDays | None = None
    idempotency_since: date | None = None
    balance_floor: Exact | None = None
    clock_skew_minutes: Minutes | None = None
    large_movement_factor: NotNegative | None = None
    large_movement_floor: NotNegative | None = None
    livemode: bool | None = None
    credit_value: dict[Currency, NotNegative] | None = None
    severity: dict[str, SeverityWord] = Field(default_factory=dict)


class ExemptionSection(Section):
    """One of ``[[exemptions]]``: a known and accepted exception, with the person who answers for it."""

    check: Text
    subject: Subject
    owner: Text
    reason: Text
    expires: date | None = None


class Preset(Section):
    """A known schema's mapping: what a config starts from."""

    plans: dict[str, PlanSection] = Field(default_factory=dict)
    relations: dict[str, RelationSection] = Field(default_factory=dict)


class Document(Preset):
    """The whole file."""

    environment: Text = "production"
    preset: str | None = None
    database: DatabaseSection
    store: StoreSection | None = None
    books: BooksSection = Field(default_factory=BooksSection)
    policy: PolicySection = Field(default_factory=PolicySection)
    exemptions: list[ExemptionSection] = Field(default_factory=list)
