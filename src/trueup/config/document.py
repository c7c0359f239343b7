"""The shape of ``trueup.toml``: its keys and their types. What the words mean is decided later.

A key that the program uses as the file says it is declared in ``model/settings.py`` or ``model/policy.py``; here are
those that mean something else until they are resolved. ``docs/configuration.md`` comes from both.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

from trueup.config.declared_keys import Section, with_keys_of
from trueup.config.field_types import (
    ChannelOption,
    Columns,
    Currency,
    IntervalWord,
    Memory,
    Money,
    NotNegative,
    ProbeOption,
    Rank,
    Seconds,
    SeverityWord,
    StaleHours,
    Subject,
    SupplierWord,
    Text,
    Words,
)
from trueup.model.policy import Policy
from trueup.model.row_counts import RowCounts
from trueup.model.settings import (
    MEMORY_LIMIT,
    STATEMENT_TIMEOUT_SECONDS,
    JwtSettings,
    ReleaseSettings,
    RepairSettings,
    ScheduleSettings,
    ServerSettings,
    StripeSettings,
    StripeTables,
)


def _as_section(value: object) -> object:
    return {"id": value} if isinstance(value, str) else value


class DatabaseSection(Section):
    """``[database]``: where the app's rows are read, and with which role they may be repaired."""

    url: Text
    """``sqlite:///app.db``, ``postgresql://…``, ``mysql://…`` (MariaDB too), or a folder of Parquet or CSV files."""
    repair_url: Text | None = None
    """The same database as a role that may repair. Without it nothing is ever changed."""
    statement_timeout_seconds: Seconds = STATEMENT_TIMEOUT_SECONDS
    """How long one statement of an audit may run in the app's database."""


class StoreSection(Section):
    """``[store]``: our own memory."""

    url: Text
    """``sqlite:///trueup.db``, or ``postgresql://…``, which replicas can share."""


class BooksSection(Section):
    """``[books]``: the snapshot that the checks read."""

    memory_limit: Memory = MEMORY_LIMIT
    """How much memory the checks may use; beyond it they spill to disk."""


class RelationSection(Section):
    """``[relations.NAME]``: one relation's table, columns and words."""

    table: Text | None = None
    """Your table, schema-qualified or not. It must be given, here or by the preset."""
    where: Text | None = None
    """A condition in your database's SQL: rows that do not meet it are not read."""
    dense_sequence: bool | None = None
    """Whether the sequence of one account has no gaps, so that a gap is a finding."""
    exact_keys: bool | None = None
    """Whether every account id is spelled exactly as its account's own, where your schema cannot say so: two columns of
    different types or collations. It lets such rows be checked and repaired by their text alone, and each repair's
    journal row says so."""
    allow_empty: bool | None = None
    """Only for ``account`` and ``ledger_entry``: it is right that no row is there yet. Without it, an audit that reads
    no row of them, or only rows dated in the future, is incomplete: nothing read is not clean."""
    synced_at: Text | None = None
    """Only for relations of Stripe's: your column of when a row was last synced. The newest is how fresh they are."""
    columns: dict[str, Text] = Field(default_factory=dict)
    """Our column = your column, or a scalar expression in your database's SQL."""
    values: dict[str, dict[str, Words]] = Field(default_factory=dict)
    """Our word = your words, for plans and for columns of fixed words. ``""`` also matches NULL."""


class PriceSection(Section):
    """One of ``prices``: a Stripe price id or lookup key, with its own interval where it differs."""

    id: Text
    """The price's id, or its lookup key."""
    interval: IntervalWord | None = None
    """How often this price bills, where it is not the plan's ``interval``."""


class PlanSection(Section):
    """``[plans.NAME]``: what you sell, by the names that ``values.plan`` gives your words."""

    rank: Rank | None = None
    """0 for the free plan, higher for more. It must be given, here or by the preset."""
    paid: bool | None = None
    """Whether it is paid for. Without it: when ``rank`` is above 0."""
    prices: list[Annotated[PriceSection, BeforeValidator(_as_section)]] | None = None
    """The Stripe prices that mean this plan."""
    interval: IntervalWord | None = None
    """How often its prices bill: every ``month``, unless you say so."""
    credits_per_period: NotNegative | None = None
    """How many credits one ``interval`` of the plan grants. A yearly price of a monthly plan: twelve times that."""
    price: dict[Currency, Money] | None = None
    """What one period costs, in minor units of one currency; only puts a price on findings."""


@with_keys_of(Policy)
class PolicySection(Section):
    """``[policy]``: the business's own numbers, each inside the bounds where the checks' arithmetic holds."""

    credit_value: dict[Currency, NotNegative] = Field(default_factory=dict)
    """Minor units of money that one credit is worth, per currency; prices the findings about credits."""
    severity: dict[str, SeverityWord] = Field(default_factory=dict)
    """Another severity for a check, or ``off``; the report says so."""


class ExemptionSection(Section):
    """One of ``[[exemptions]]``: a known and accepted exception, with the person who answers for it.

    It names a ``subject`` or a ``plan``, one of the two.
    """

    check: Text
    """The check's id."""
    subject: Subject | None = None
    """The part of the issue's id after the colon."""
    plan: Text | None = None
    """One of ``[plans]``: every finding of the check whose account is on it."""
    owner: Text
    """Who answers for it."""
    reason: Text
    """Why it is right as it is."""
    expires: date | None = None
    """The last day it holds; afterwards it is itself a finding. The checks of plan gates (``gate-…``) need one."""


@with_keys_of(RowCounts)
class ExpectedWritesSection(Section):
    """``[repairs.expected_writes.WRITTEN.TABLE]``: rows that the application's own triggers write into TABLE whenever a
    repair writes the table WRITTEN, or replaces a column where it is ``"table.column"``. A repair that writes any other
    number of rows is taken back. MySQL and MariaDB do not count by table: there only the sum of all rows that are
    inserted, updated and deleted is proven, so that a row which went into another table is not noticed.
    """


@with_keys_of(RepairSettings)
class RepairsSection(Section):
    """``[repairs]``: how many repairs may run unattended, what may go ahead without Stripe, and what triggers write."""

    expected_writes: dict[Text, dict[Text, ExpectedWritesSection]] = Field(default_factory=dict)


@with_keys_of(ScheduleSettings)
class AuditsSection(Section):
    """``[audits]``: when ``trueup serve`` audits by itself."""


@with_keys_of(JwtSettings)
class JwtSection(Section):
    """``[server.jwt]``: whose tokens are believed."""


@with_keys_of(ServerSettings)
class ServerSection(Section):
    """``[server]``: where it listens and who may come in."""

    bind: Text = f"{ServerSettings().host}:{ServerSettings().port}"
    """Address and port. Encryption is the work of a proxy in front."""
    jwt: JwtSection | None = None


class AlertsSection(Section):
    """``[alerts]``: where alerts go. What a channel may say depends on its kind."""

    private_hosts: list[Text] = Field(default_factory=list)
    """Hosts, addresses and networks inside your network that may be called all the same."""
    channels: dict[str, dict[str, ChannelOption]] = Field(default_factory=dict)
    """A name of yours = a ``kind`` and its options: see [channels](channels.md)."""


class ObjectsSection(Section):
    """``[stripe.objects.NAME]``: a table that keeps one kind of Stripe's objects, such as ``customers``."""

    table: Text | None = None
    """Your table, schema-qualified or not. It must be given, here or by the preset."""
    where: Text | None = None
    """A condition in your database's SQL: rows that do not meet it are not read."""
    object: Columns = Field(default_factory=list)
    """The column, or expression, that holds the object's JSON; of several names, the first that is there."""
    fields: dict[str, Text] = Field(default_factory=dict)
    """Stripe's field = your column, where the table has a column for each field and none for the whole object."""
    account: Columns = Field(default_factory=list)
    """The column of the Stripe account that an object is of, where the table holds several accounts'."""
    livemode: Columns = Field(default_factory=list)
    """The column of an object's mode, for kinds that do not say it themselves."""
    synced_at: Columns = Field(default_factory=list)
    """The column of when an object was last synced. The newest is how fresh the tables are."""


class StripePreset(Section):
    """The tables of a known sync tool."""

    objects: dict[str, ObjectsSection] = Field(default_factory=dict)
    """The table of each kind of object."""


@with_keys_of(StripeSettings)
class StripeSection(StripePreset):
    """``[stripe]``: Stripe's side."""

    enabled: bool = True
    """Whether Stripe is part of the audit. ``false`` switches every check off that reads it; the report says so."""
    api_key: Text | None = None
    """A restricted key that only reads: ``${STRIPE_API_KEY}``. Without it, checks that read Stripe are skipped."""
    cache: Text | None = None
    """The folder that keeps what was read, or ``off``. Without it: the store's folder."""
    supplier: SupplierWord = "api"
    """Where Stripe's side comes from: its ``api``, a ``database`` that a sync tool keeps, or exported ``files``."""
    url: Text | None = None
    """The sync tool's database, where it is not the app's own; for ``files``, their folder."""
    preset: Text | None = None
    """The sync tool that keeps the tables: ``stripe-sync-engine`` or ``dj-stripe``."""
    complete_since: date | None = None
    """From which day on the tables or files hold everything; older things are unknown. Without it: since ever.
    Customers and subscriptions must be whole: with it they are read from the API, or without an ``api_key`` unknown."""
    may_be_empty: list[Text] = Field(default_factory=list)
    """For ``files``: the kinds of objects, such as ``disputes``, of which an empty file means that Stripe has none.
    An empty file of any other kind is unknown: an export that fails leaves one, too."""
    stale_after_hours: StaleHours = StripeTables().stale_after_hours
    """How old what the sync tool last wrote, or the files, may be; beyond it everything of Stripe's is unknown."""


class GatesSection(Section):
    """``[gates]``: which plan gets which feature."""

    enabled: bool = True
    """Whether there are plan gates to check. ``false`` switches their checks off; the report says so."""
    matrix: Text | None = None
    """The file that says which plan gets which feature, beside this one: ``gates.toml``. See [gates](gates.md)."""
    lock: Text = "gates.lock"
    """The file of what was accepted, which ``trueup gate accept`` writes, beside this one."""
    private_hosts: list[Text] = Field(default_factory=list)
    """Hosts, addresses and networks inside your network that an ``http`` probe may call all the same."""
    probes: dict[str, dict[str, ProbeOption]] = Field(default_factory=dict)
    """A name of yours = a ``kind``, its options, and the ``features`` it is asked about, where those are not all."""


@with_keys_of(ReleaseSettings)
class ReleaseSection(Section):
    """``[release]``: when ``trueup gate`` lets a release go out. Options of the command come before it."""


class Preset(Section):
    """A known schema's mapping: what a config starts from."""

    plans: dict[str, PlanSection] = Field(default_factory=dict)
    """Your plans by name."""
    relations: dict[str, RelationSection] = Field(default_factory=dict)
    """Where the rows of each relation stand."""


class Document(Preset):
    """The whole file."""

    environment: Text = ReleaseSettings().environment
    """What this database is called in reports, in the store and in alerts."""
    preset: str | None = None
    """A known schema, such as ``canonical``, to start from; what the file says overrides it, key by key."""
    database: DatabaseSection
    store: StoreSection | None = None
    books: BooksSection = Field(default_factory=BooksSection)
    policy: PolicySection = Field(default_factory=PolicySection)
    repairs: RepairsSection = Field(default_factory=RepairsSection)
    audits: AuditsSection = Field(default_factory=AuditsSection)
    server: ServerSection = Field(default_factory=ServerSection)
    alerts: AlertsSection = Field(default_factory=AlertsSection)
    stripe: StripeSection = Field(default_factory=StripeSection)
    gates: GatesSection = Field(default_factory=GatesSection)
    release: ReleaseSection = Field(default_factory=ReleaseSection)
    exemptions: list[ExemptionSection] = Field(default_factory=list)
