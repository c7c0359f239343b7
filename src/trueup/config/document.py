"""The shape of ``trueup.toml``: its keys and their types. What the words mean is decided later.

What a key means is written below it, and in ``Policy`` for those of ``[policy]``: ``docs/configuration.md`` comes from
there.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from trueup.config.field_types import (
    Cap,
    ChannelOption,
    Columns,
    Connections,
    Currency,
    Exact,
    GraceDays,
    IntervalWord,
    Memory,
    Minutes,
    Money,
    NotNegative,
    Often,
    PeriodDays,
    ProbeOption,
    ProrationWord,
    Rank,
    ReachDays,
    Seconds,
    SeverityWord,
    StaleHours,
    StripeRate,
    Subject,
    SupplierWord,
    SweepHours,
    Text,
    Threshold,
    Words,
)
from trueup.model.row_counts import RowCounts
from trueup.model.settings import (
    MEMORY_LIMIT,
    STATEMENT_TIMEOUT_SECONDS,
    JwtSettings,
    ReleaseSettings,
    RepairSettings,
    ServerSettings,
    StripeSettings,
    StripeTables,
)

# Each default is declared in the model; a key here gives its bounds and its meaning.
_REPAIRS, _WRITES = RepairSettings(), RowCounts()
_SERVER, _JWT = ServerSettings(), JwtSettings(issuer="", audience="", jwks_url="")
_STRIPE, _STRIPE_TABLES = StripeSettings(), StripeTables()
_RELEASE = ReleaseSettings()


def _as_section(value: object) -> object:
    return {"id": value} if isinstance(value, str) else value


class Section(BaseModel):
    """A table of the file: no unknown keys, no conversions, and no value in an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


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


class PolicySection(Section):
    """``[policy]``: the business's own numbers, each inside the bounds where the checks' arithmetic holds."""

    period_days: PeriodDays | None = None
    settle_minutes: Minutes | None = None
    past_due_grace_days: GraceDays | None = None
    paused_entitles: bool | None = None
    idempotency_since: date | None = None
    balance_floor: Exact | None = None
    clock_skew_minutes: Minutes | None = None
    large_movement_factor: NotNegative | None = None
    large_movement_floor: NotNegative | None = None
    credits_per_seat: bool | None = None
    proration: ProrationWord | None = None
    delayed_payment_days: GraceDays | None = None
    duplicate_charge_minutes: Minutes | None = None
    webhook_api_version: Text | None = None
    livemode: bool | None = None
    credit_value: dict[Currency, NotNegative] | None = None
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


class ExpectedWritesSection(Section):
    """``[repairs.expected_writes.WRITTEN.TABLE]``: rows that the application's own triggers write into TABLE whenever a
    repair writes the table WRITTEN, or replaces a column where it is ``"table.column"``. A repair that writes any other
    number of rows is taken back. MySQL and MariaDB do not count by table: there only the sum of all rows that are
    inserted, updated and deleted is proven, so that a row which went into another table is not noticed.
    """

    inserts: Cap = _WRITES.inserts
    """Rows that they insert."""
    updates: Cap = _WRITES.updates
    """Rows that they update."""
    deletes: Cap = _WRITES.deletes
    """Rows that they delete."""


class RepairsSection(Section):
    """``[repairs]``: how many repairs may run unattended, what may go ahead without Stripe, and what triggers write."""

    most_per_run: Cap = _REPAIRS.most_per_run
    """How many repairs one ``trueup repair --safe`` may apply."""
    most_per_day: Cap = _REPAIRS.most_per_day
    """``--safe`` applies nothing once this many repairs, however made, were applied within 24 hours."""
    downgrade_without_stripe: bool = _REPAIRS.downgrade_without_stripe
    """Only where Stripe's side is not configured at all: a plan may be taken away, by name, because the person who asks
    says so. Without it, or with Stripe, that needs Stripe's own answer that it has no such customer."""
    expected_writes: dict[Text, dict[Text, ExpectedWritesSection]] = Field(default_factory=dict)
    balance_without_serialization: bool = _REPAIRS.balance_without_serialization
    """Only for an application that locks the account's row before it writes an entry: a balance may be synced although
    neither a foreign key nor a lock shows that the account has no uncommitted entry. The journal says so each time."""


class AuditsSection(Section):
    """``[audits]``: when ``trueup serve`` audits by itself."""

    every_minutes: Often | None = None
    """On a fixed grid in UTC, so that 60 means every full hour. Not beside ``cron``."""
    cron: Text | None = None
    """Five fields, in UTC, such as ``15 4 * * *``. Not beside ``every_minutes``."""


class JwtSection(Section):
    """``[server.jwt]``: whose tokens are believed."""

    issuer: Text
    """What ``iss`` must be."""
    audience: Text
    """What ``aud`` must be or hold."""
    jwks_url: Text
    """Where the issuer publishes its keys, by HTTPS."""
    algorithms: list[Text] = Field(default_factory=lambda: list(_JWT.algorithms))
    """Signatures that are believed: RS256, ES256, EdDSA."""
    type: Text = _JWT.type
    """What ``typ`` in the token's header must be."""
    role_claim: Text = _JWT.role_claim
    """The claim that holds the holder's roles."""
    roles: dict[str, Words] = Field(default_factory=dict)
    """Our role (``viewer``, ``admin``, ``super_admin``) = the words of that claim."""


class ServerSection(Section):
    """``[server]``: where it listens and who may come in."""

    bind: Text = f"{_SERVER.host}:{_SERVER.port}"
    """Address and port. Encryption is the work of a proxy in front."""
    origins: list[Text] = Field(default_factory=list)
    """Other origins whose pages may send changes, such as ``https://admin.example.com``; our own always may."""
    trusted_proxies: list[Text] = Field(default_factory=list)
    """Addresses and networks whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed."""
    tokens: bool = _SERVER.tokens
    """Whether API tokens (``trueup token create``) let in."""
    request_timeout_seconds: Seconds = _SERVER.request_timeout_seconds
    """How long the head of a request may take to arrive, and its body. Later the connection is closed."""
    max_connections: Connections = _SERVER.max_connections
    """Open at once, if the process may have that many files and 96 more (``ulimit -n``). One more ends the one that
    has waited longest for its request; while all are being answered it gets 503."""
    max_connections_per_address: Connections = _SERVER.max_connections_per_address
    """The same of one client's address (IPv6: of one /64). ``trusted_proxies`` are not counted."""
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


class StripeSection(StripePreset):
    """``[stripe]``: Stripe's side."""

    enabled: bool = True
    """Whether Stripe is part of the audit. ``false`` switches every check off that reads it; the report says so."""
    api_key: Text | None = None
    """A restricted key that only reads: ``${STRIPE_API_KEY}``. Without it, checks that read Stripe are skipped."""
    allow_full_key: bool = _STRIPE.allow_full_key
    """Whether ``api_key`` may be a full secret key (``sk_…``), which could also change and charge."""
    account: Text | None = None
    """The account's id, ``acct_…``: a key of any other account stops the run. A downgrade needs it: another
    account knows none of your customers."""
    account_metadata_key: Text = _STRIPE.account_metadata_key
    """The metadata key under which your objects at Stripe name the account of the app."""
    products: list[Text] = Field(default_factory=list)
    """Your products' ids, where the account also sells those of another application. Empty: all are yours. What is in a
    plan of yours is yours without being listed."""
    metadata: dict[str, Text] = Field(default_factory=dict)
    """What your subscriptions carry as metadata, where another application shares the account. Empty: all are yours."""
    since_days: ReachDays = _STRIPE.since_days
    """How far back invoices, payments, refunds, disputes and checkouts are read: a yearly plan and a month."""
    requests_per_second: StripeRate | None = None
    """How fast to ask: 15 a second unless you say so, and never more than a quarter of what Stripe takes."""
    deadline_minutes: Often = _STRIPE.deadline_minutes
    """How long reading Stripe may take. What was not read by then is unknown, and the next audit goes on there."""
    full_sweep_hours: SweepHours = _STRIPE.full_sweep_hours
    """How old what is kept may grow before everything is read again; until then only changes are asked for."""
    cache: Text | None = None
    """The folder that keeps what was read, or ``off``. Without it: the store's folder."""
    proxy_from_environment: bool = _STRIPE.proxy_from_environment
    """Whether the proxy that ``HTTPS_PROXY`` names is used."""
    api_base: Text = _STRIPE.api_base
    """Another address of Stripe's API: by HTTPS, or on this machine."""
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
    stale_after_hours: StaleHours = _STRIPE_TABLES.stale_after_hours
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


class ReleaseSection(Section):
    """``[release]``: when ``trueup gate`` lets a release go out. Options of the command come before it."""

    fail_on: Threshold = _RELEASE.fail_on.value
    """Open findings of this severity or worse block, where they are new or worse than in the baseline."""
    baseline_environment: Text | None = None
    """Whose newest complete run in the store is the baseline. Without a baseline every open finding counts."""
    max_age_minutes: Often = _RELEASE.max_age_minutes
    """How old a report, and what it read, may be."""
    shadow: dict[str, date] = Field(default_factory=dict)
    """The day from which this check blocks; until then its findings are reported and let pass."""


class Preset(Section):
    """A known schema's mapping: what a config starts from."""

    plans: dict[str, PlanSection] = Field(default_factory=dict)
    """Your plans by name."""
    relations: dict[str, RelationSection] = Field(default_factory=dict)
    """Where the rows of each relation stand."""


class Document(Preset):
    """The whole file."""

    environment: Text = _RELEASE.environment
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
