"""The shape of ``trueup.toml``: its keys and their types. What the words mean is decided later.

A key that the program uses unchanged is declared in ``model/settings.py`` or ``model/policy.py``; this module has those
that must be resolved first. ``docs/configuration.md`` is made from all of them.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

from trueup.config.declared_keys import Section, with_keys_of
from trueup.config.field_types import (
    LARGEST_COUNT,
    NOTHING,
    Absent,
    ChannelOption,
    Columns,
    Count,
    CreditDecimals,
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
    UnitText,
    Words,
    as_date,
    one_of,
    whole,
)
from trueup.model.approval import ApprovalSettings
from trueup.model.policy import Policy
from trueup.model.row_counts import RowCounts
from trueup.model.settings import (
    MEMORY_LIMIT,
    STATEMENT_TIMEOUT_SECONDS,
    JwtSettings,
    OidcSettings,
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
    """``[database]``: where the app's rows are read, and the role that may repair them."""

    url: Text
    """``sqlite:///app.db``, ``postgresql://…``, ``mysql://…`` (MariaDB too), or a folder of Parquet or CSV files."""
    repair_url: Text | None = None
    """The same database, with a role that may repair. Without it trueup never changes anything."""
    statement_timeout_seconds: Seconds = STATEMENT_TIMEOUT_SECONDS
    """How long one statement of an audit may run in the app's database."""


class StoreSection(Section):
    """``[store]``: where trueup keeps runs, findings, exemptions and alerts."""

    url: Text
    """``sqlite:///trueup.db``, or ``postgresql://…``, which several replicas can share."""


class BooksSection(Section):
    """``[books]``: the snapshot that the checks read."""

    memory_limit: Memory = MEMORY_LIMIT
    """How much memory the checks may use; beyond it they spill to disk."""
    credit_decimals: CreditDecimals | None = None
    """How many digits after the point every amount of credits is kept with, at most 18, and below 10 to the power of 29
    less that many. Without it an audit keeps nine, and as many more as an amount has that it reads; a repair needs it
    said. Binary fractions are rounded to so many, without it to nine."""


class PlaceSection(Section):
    """One of several places that a relation's rows come from: a table or a part of one. What it does not say, it has
    from the relation; a row must meet the conditions of both.
    """

    table: Text | None = None
    """Your table, schema-qualified or not."""
    query: Text | None = None
    """A ``SELECT`` in place of a table."""
    where: Text | None = None
    """A condition in your database's SQL: rows that do not meet it are not read."""
    key_prefix: Text | None = None
    """What goes before the row's own key, such as ``"org_"``: two tables that number their rows from 1 need it."""
    account_prefix: Text | None = None
    """What goes before ``account_id`` in a row that names an account: the ``key_prefix`` of its account's table."""
    absent: list[Text] = Field(default_factory=list)
    """The columns of which a row of this place never has a value. Without it, a column such as
    ``stripe_payment_intent_id`` that only another place has counts as not mapped, and the checks that need it are
    skipped: they could not know whether a row without it is wrong."""
    columns: dict[str, Text] = Field(default_factory=dict)
    """trueup's column = your column, or a scalar expression in your database's SQL."""
    values: dict[str, dict[str, Words]] = Field(default_factory=dict)
    """trueup's word = your words, for plans and for columns of fixed words. ``""`` also matches NULL."""


class RelationSection(Section):
    """``[relations.NAME]``: one relation's table, columns and words."""

    table: Text | None = None
    """Your table, schema-qualified or not. It must be given, here or by the preset, unless ``from`` or ``query`` is."""
    query: Text | None = None
    """One ``SELECT`` in your database's SQL, read in place of a table. A column of its result that has trueup's name
    needs no line in ``columns``. Nothing that it supplies can be repaired."""
    places: list[PlaceSection] | None = Field(default=None, alias="from")
    """Several tables, or parts of one, that hold these rows, each with what differs:
    ``[{ table = "users" }, { table = "organisations", key_prefix = "org_" }]``. See [several places](places.md)."""
    where: Text | None = None
    """A condition in your database's SQL: rows that do not meet it are not read."""
    key_prefix: Text | None = None
    """What goes before the row's own key, such as ``"org_"``."""
    account_prefix: Text | None = None
    """What goes before ``account_id`` in a row that names an account: the ``key_prefix`` of its account's table."""
    dense_sequence: bool | None = None
    """Whether the sequence of one account has no gaps, so that a gap is a finding."""
    exact_keys: bool | None = None
    """Whether every account id is spelled exactly as its account's own, where your schema cannot say so: two columns of
    different types or collations. Such rows are then checked and repaired by their text alone, and the journal row of
    each repair says so."""
    rows_repeat: bool | None = None
    """Only for ``webhook_event``: the table has a row for each delivery, so that an event may be on several. One that
    is processed is read for all of them, else the first."""
    balances_since: date | None = None
    """Only for ``ledger_entry``: the day from which every entry has a ``balance_after``. Earlier ones without it are
    not unreadable; the running balance begins after them."""
    ledger_starts_at: NotNegative | None = None
    """Only for ``ledger_entry``: the balance before every account's first entry, usually 0. Then a first entry that was
    deleted, edited or invented is found, too; without it the first entry may follow from any balance."""
    allow_empty: bool | None = None
    """Only for ``account`` and ``ledger_entry``: the table may have no rows yet.

    Without it, an audit that reads no row of them, or only rows dated in the future, is incomplete.
    """
    synced_at: Text | None = None
    """Only for Stripe's relations: your column with the moment of a row's last sync.

    The newest says how fresh they are.
    """
    wallets: dict[Text, Text] | None = None
    """Only for ``account``: where an account has several balances, your columns that hold them, by the wallet's name in
    ``ledger_entry.wallet``, as in ``{ paid = "paid_credits", bonus = "bonus_credits" }``. See
    [wallets](wallets.md)."""
    plan_from: Annotated[str, BeforeValidator(one_of(("local_subscription",), "a relation that says plans"))] | None = (
        None
    )
    """Only for ``account``, in place of ``columns.plan``: ``"local_subscription"``. An account has the highest plan of
    its subscriptions that are ``active``, ``trialing`` or ``past_due``, by their ``plan`` or else their ``price_id``,
    and without one the free plan. See [plans](wallets.md#plans-from-a-subscriptions-table)."""
    absent: Absent | None = None
    """What your app does not have: ``true`` for the whole relation, or a list of trueup's columns, as in
    ``["unlimited_credits", "role"]``. Checks that need it do not apply, and the report is complete without them."""
    columns: dict[str, Text] = Field(default_factory=dict)
    """trueup's column = your column, or a scalar expression in your database's SQL."""
    values: dict[str, dict[str, Words]] = Field(default_factory=dict)
    """trueup's word = your words, for plans and for columns of fixed words. ``""`` also matches NULL."""


class PriceSection(Section):
    """One of ``prices``: a Stripe price id or lookup key, with its own interval where that differs from the plan's."""

    id: Text
    """The price's id, or its lookup key."""
    interval: IntervalWord | None = None
    """How often this price bills, where it is not the plan's ``interval``."""


class PlanSection(Section):
    """``[plans.NAME]``: what you sell. ``values.plan`` maps your words for plans to these names."""

    rank: Rank | None = None
    """0 for the free plan, higher for more. It must be given, here or by the preset."""
    paid: bool | None = None
    """Whether customers pay for it. Default: yes when ``rank`` is above 0."""
    prices: list[Annotated[PriceSection, BeforeValidator(_as_section)]] | None = None
    """The Stripe prices that mean this plan."""
    interval: IntervalWord | None = None
    """How often its prices bill; the default is every ``month``."""
    credits_per_period: NotNegative | None = None
    """How many credits one ``interval`` of the plan grants. A yearly price of a monthly plan grants twelve times that.
    """
    price: dict[Currency, Money] | None = None
    """What one period costs, in minor units of one currency. It only prices findings."""


class CreditsSinceSection(Section):
    """One of ``history``: how many credits one unit of the price owes from a day on."""

    since: Annotated[date, BeforeValidator(as_date)]
    """The first day (UTC) on which the number holds."""
    credits: NotNegative
    """Credits for one unit."""


class SoldPriceSection(Section):
    """``[prices.NAME]``: what one unit of a price sells. NAME is Stripe's id of the price, its lookup key, or the id of
    its product. Of several that are named, the price's id goes before its lookup key, and that before the product.
    """

    plan: Text | None = None
    """The plan that it means. The same as naming the price in ``prices`` of the plan."""
    credits: NotNegative | None = None
    """Credits for one unit: for each period of a recurring price, once for another. Default: what the plan owes."""
    history: list[CreditsSinceSection] = Field(default_factory=list)
    """From which day another number of credits holds: ``[{ since = 2026-03-01, credits = 500 }]``. Before the first of
    these days ``credits`` holds. What was granted before a change was right then."""
    credits_per: dict[Currency, NotNegative] = Field(default_factory=dict)
    """For amounts that customers type in: credits for one unit of the currency, as in ``{ usd = "100" }``."""
    credits_from: Text | None = None
    """For payments that say themselves how many credits they buy: ``"metadata.credits"`` of the payment, its checkout
    or its invoice."""
    seats: Count | None = None
    """How many seats one unit pays for: 0 where a quantity of it is not a number of members."""
    included_seats: Count | None = None
    """How many members one unit includes without further payment."""
    lifetime: bool = False
    """Whether paying it once pays for the plan for good."""
    lifetime_after: Annotated[int, BeforeValidator(whole(1, LARGEST_COUNT))] | None = None
    """The number of instalments after which the plan is paid for good."""
    sells: Annotated[str, BeforeValidator(one_of((NOTHING,), "a word for what a price sells"))] | None = None
    """``nothing``: the price is known, and sells nothing that the app keeps."""


@with_keys_of(Policy)
class PolicySection(Section):
    """``[policy]``: the business's own numbers, within the bounds in which the checks compute correctly."""

    credit_value: dict[Currency, NotNegative] = Field(default_factory=dict)
    """Minor units of money that one credit is worth, per currency; prices the findings about credits."""
    unit: UnitText | None = None
    """What one credit is, where the app counts money: ``microdollars``, ``cents``, ``milli-eur``. Findings and
    statements then show money, and ``credit_value`` follows from it."""
    severity: dict[str, SeverityWord] = Field(default_factory=dict)
    """Another severity for a check, or ``off``, which the report shows."""


class ExemptionSection(Section):
    """One of ``[[exemptions]]``: a known and accepted exception, with the person who answers for it.

    It names either a ``subject`` or a ``plan``.
    """

    check: Text
    """The check's id."""
    subject: Subject | None = None
    """The part of the issue's id after the colon."""
    plan: Text | None = None
    """A plan of ``[plans]``: covers every finding of the check whose account is on it."""
    owner: Text
    """The person who answers for it."""
    reason: Text
    """Why the finding is acceptable."""
    expires: date | None = None
    """The last day it holds; afterwards the exemption itself is a finding.

    Required for checks of plan gates (``gate-…``).
    """


@with_keys_of(RowCounts)
class ExpectedWritesSection(Section):
    """``[repairs.expected_writes.WRITTEN.TABLE]``: rows that the application's own triggers write into TABLE whenever a
    repair writes the table WRITTEN, or replaces a column where it is ``"table.column"``. A repair that writes any other
    number of rows is rolled back. MySQL and MariaDB do not count by table: there only the sum of all rows that are
    inserted, updated and deleted is verified, so a row that went into another table is not noticed.
    """


@with_keys_of(RepairSettings)
class RepairsSection(Section):
    """``[repairs]``: how many repairs may run without a person, what is allowed without Stripe, what triggers write."""

    expected_writes: dict[Text, dict[Text, ExpectedWritesSection]] = Field(default_factory=dict)


@with_keys_of(ApprovalSettings)
class ApprovalsSection(Section):
    """``[approvals]``: which repairs and exemptions need a second person, and which identities are one person."""

    above_money: dict[Currency, Money] = Field(default_factory=dict)
    """A currency = minor units: a repair or an exemption of a finding that puts more money at risk than this needs a
    second person."""


@with_keys_of(ScheduleSettings)
class AuditsSection(Section):
    """``[audits]``: when ``trueup serve`` audits by itself."""


@with_keys_of(JwtSettings)
class JwtSection(Section):
    """``[server.jwt]``: which tokens of an issuer are accepted."""


@with_keys_of(OidcSettings)
class OidcSection(Section):
    """``[server.oidc]``: the identity provider with which people sign in to the console (code flow with PKCE)."""

    client_secret: Text | None = None
    """The provider's secret for trueup, where it gave one; a reference."""


@with_keys_of(ServerSettings)
class ServerSection(Section):
    """``[server]``: the address it listens at, and who may sign in."""

    bind: Text = f"{ServerSettings().host}:{ServerSettings().port}"
    """Address and port. Use a proxy in front for encryption."""
    jwt: JwtSection | None = None
    oidc: OidcSection | None = None


class AlertsSection(Section):
    """``[alerts]``: where alerts go. The options of a channel depend on its kind."""

    private_hosts: list[Text] = Field(default_factory=list)
    """Hosts, addresses and networks inside your network that may be called all the same."""
    channels: dict[str, dict[str, ChannelOption]] = Field(default_factory=dict)
    """A name that you choose = a ``kind`` and its options: see [channels](channels.md)."""


class ObjectsSection(Section):
    """``[stripe.objects.NAME]``: a table that keeps one kind of Stripe's objects, such as ``customers``."""

    table: Text | None = None
    """Your table, schema-qualified or not. It must be given, here or by the preset."""
    where: Text | None = None
    """A condition in your database's SQL: rows that do not meet it are not read."""
    object: Columns = Field(default_factory=list)
    """The column, or expression, that holds the object's JSON; of several names, the first that exists."""
    fields: dict[str, Text] = Field(default_factory=dict)
    """Stripe's field = your column, where the table has a column for each field and none for the whole object."""
    account: Columns = Field(default_factory=list)
    """The column with an object's Stripe account, where the table holds several accounts."""
    livemode: Columns = Field(default_factory=list)
    """The column with an object's mode, for kinds that do not hold it themselves."""
    synced_at: Columns = Field(default_factory=list)
    """The column with the moment of an object's last sync. The newest says how fresh the tables are."""


class StripePreset(Section):
    """The tables of a known sync tool."""

    objects: dict[str, ObjectsSection] = Field(default_factory=dict)
    """The table of each kind of object."""


@with_keys_of(StripeSettings)
class StripeSection(StripePreset):
    """``[stripe]``: Stripe's side."""

    enabled: bool = True
    """Whether Stripe is part of the audit. With ``false`` no check applies that reads it, which the report shows."""
    api_key: Text | None = None
    """A restricted key that only reads: ``${STRIPE_API_KEY}``. Without it, checks that read Stripe are skipped."""
    cache: Text | None = None
    """The folder that caches Stripe's answers, or ``off``. Default: the store's folder."""
    supplier: SupplierWord = "api"
    """Where Stripe's side comes from: its ``api``, a ``database`` that a sync tool fills, or exported ``files``."""
    url: Text | None = None
    """The sync tool's database, where it is not the app's own; for ``files``, their folder."""
    preset: Text | None = None
    """The sync tool that fills the tables: ``stripe-sync-engine``, ``stripe-database`` or ``dj-stripe``."""
    complete_since: date | None = None
    """The day from which on the tables or files hold everything; older things are unknown.

    Default: they hold everything. With it, customers and subscriptions, which must be complete, are read from the API,
    or are unknown without an ``api_key``.
    """
    may_be_empty: list[Text] = Field(default_factory=list)
    """For ``files``: the kinds of objects, such as ``disputes``, of which an empty file means that Stripe has none.
    An export that fails leaves an empty file, too: of any other kind it makes a report incomplete, and what reads it
    is unknown where something else names an object that should be in it."""
    stale_after_hours: StaleHours = StripeTables().stale_after_hours
    """How old the sync tool's last write, or the files, may be; after that everything about Stripe is unknown."""


class GatesSection(Section):
    """``[gates]``: which plan gets which feature."""

    enabled: bool = True
    """Whether there are plan gates to check. With ``false`` their checks do not apply, which the report shows."""
    matrix: Text | None = None
    """The file that says which plan gets which feature, beside this one: ``gates.toml``. See [gates](gates.md)."""
    lock: Text = "gates.lock"
    """The file, beside this one, that records what was accepted; ``trueup gate accept`` writes it."""
    private_hosts: list[Text] = Field(default_factory=list)
    """Hosts, addresses and networks inside your network that an ``http`` probe may call all the same."""
    probes: dict[str, dict[str, ProbeOption]] = Field(default_factory=dict)
    """A name that you choose = a ``kind``, its options, and the ``features`` it is asked about, if not all."""


@with_keys_of(ReleaseSettings)
class ReleaseSection(Section):
    """``[release]``: when ``trueup gate`` lets a release go out. Options of the command override it."""


class WrittenForSection(Section):
    """``[written_for]``: the schema for which ``trueup init`` wrote the file. ``trueup doctor`` says what changed
    since, and ``trueup doctor --fix`` writes it anew; nothing else reads it.
    """

    others: list[Text] = Field(default_factory=list)
    """The tables that the config does not read."""
    tables: dict[str, dict[str, Text]] = Field(default_factory=dict)
    """The columns and their types of each table that it reads: ``users = { id = "bigint", plan = "text" }``."""


class Preset(Section):
    """A known schema's mapping, which a config can start from."""

    plans: dict[str, PlanSection] = Field(default_factory=dict)
    """Your plans by name."""
    relations: dict[str, RelationSection] = Field(default_factory=dict)
    """The table of each relation."""


class KnownPreset(Preset):
    """A preset that comes with trueup, and by which tables, with which columns, a schema is recognised as its own."""

    recognised_by: dict[str, list[Text]] = Field(default_factory=dict)


class Document(Preset):
    """The whole file."""

    environment: Text = ReleaseSettings().environment
    """The name of this database in reports, in the store and in alerts."""
    preset: str | None = None
    """A known schema, such as ``canonical``, to start from; the file's own keys override it."""
    prices: dict[str, SoldPriceSection] = Field(default_factory=dict)
    """What each price sells, by its id, its lookup key or its product's id."""
    database: DatabaseSection
    store: StoreSection | None = None
    books: BooksSection = Field(default_factory=BooksSection)
    policy: PolicySection = Field(default_factory=PolicySection)
    repairs: RepairsSection = Field(default_factory=RepairsSection)
    approvals: ApprovalsSection = Field(default_factory=ApprovalsSection)
    audits: AuditsSection = Field(default_factory=AuditsSection)
    server: ServerSection = Field(default_factory=ServerSection)
    alerts: AlertsSection = Field(default_factory=AlertsSection)
    stripe: StripeSection = Field(default_factory=StripeSection)
    gates: GatesSection = Field(default_factory=GatesSection)
    release: ReleaseSection = Field(default_factory=ReleaseSection)
    exemptions: list[ExemptionSection] = Field(default_factory=list)
    written_for: WrittenForSection | None = None
