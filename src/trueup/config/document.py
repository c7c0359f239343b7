"""The shape of ``trueup.toml``: its keys and their types. What the words mean is decided later.

A key that the program uses unchanged is declared in a settings class of ``model``; this module has those
that must be resolved first. ``docs/configuration.md`` is made from all of them.
"""

from __future__ import annotations

from datetime import date

from pydantic import Field

from trueup.config.declared_keys import Section, with_keys_of
from trueup.config.field_types import (
    ChannelOption,
    CreditDecimals,
    Currency,
    EngineWord,
    Memory,
    Money,
    NotNegative,
    ProbeOption,
    Seconds,
    SeverityWord,
    Subject,
    Text,
    UnitText,
)
from trueup.config.price_sections import PlanSection, SoldPriceSection
from trueup.config.relation_sections import RelationSection
from trueup.config.stripe_sections import StripeSection
from trueup.model.approval import ApprovalSettings
from trueup.model.kept_books import BooksSettings
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
)


class DatabaseSection(Section):
    """``[database]``: where the app's rows are read, and the role that may repair them."""

    url: Text | None = None
    """``sqlite:///app.db``, ``postgresql://…``, ``mysql://…`` (MariaDB too), or a folder of Parquet or CSV files.
    It must be given, unless ``[engine]`` is."""
    repair_url: Text | None = None
    """The same database, with a role that may repair. Without it trueup never changes anything."""
    statement_timeout_seconds: Seconds = STATEMENT_TIMEOUT_SECONDS
    """How long one statement of an audit may run in the app's database."""


class EngineSection(Section):
    """``[engine]``: a cluster that has the app's tables, and runs the checks on them in place of a copy."""

    kind: EngineWord
    """Which kind of cluster it is."""
    url: Text
    """The address of its Spark Connect server: ``sc://spark.internal:15002``, with a token as a reference."""


class StoreSection(Section):
    """``[store]``: where trueup keeps runs, findings, exemptions and alerts."""

    url: Text
    """``sqlite:///trueup.db``, or ``postgresql://…``, which several replicas can share."""


@with_keys_of(BooksSettings)
class BooksSection(Section):
    """``[books]``: the snapshot that the checks read."""

    memory_limit: Memory = MEMORY_LIMIT
    """How much memory the checks may use; beyond it they spill to disk."""
    credit_decimals: CreditDecimals | None = None
    """How many digits after the point every amount of credits is kept with, at most 18, and below 10 to the power of 29
    less that many. Without it an audit keeps nine, and as many more as an amount has that it reads; a repair needs it
    said. Binary fractions are rounded to so many, without it to nine."""
    folder: Text | None = None
    """The folder of the kept books, readable by this user only. Default: ``kept-books`` in the store's folder."""


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
    database: DatabaseSection = Field(default_factory=DatabaseSection)
    engine: EngineSection | None = None
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
