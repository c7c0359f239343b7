"""What the config says about everything around an audit: repairs, schedule, server, alerts. Secrets are resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from trueup.model.finding import printable
from trueup.model.policy import Policy
from trueup.model.relations import GateExpectation
from trueup.model.row_counts import RowCounts
from trueup.model.severity import Severity
from trueup.model.source import RelationMapping

FRESH_MINUTES = 60
"""How old a report may be, and still let something go ahead, where the config does not say."""

STATEMENT_TIMEOUT_SECONDS = 900
"""How long one statement of an audit may run in the app's database."""

MEMORY_LIMIT = "1GiB"
"""How much memory the checks, or reading files, may use."""

OptionValue = str | int | bool | tuple[str, ...] | tuple[int, ...] | Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairSettings:
    """``[repairs]``: how many repairs may run unattended (``--safe``), and whether one may go ahead without proof.

    ``downgrade_without_stripe``: where there is no Stripe to ask, whoever asks for a downgrade answers for it.
    ``expected_writes``: what the application's own triggers write, by table, when a repair writes a table (``users``)
    or replaces one of its columns (``users.plan``).
    ``balance_without_serialization``: a balance is written although nothing keeps out the app's uncommitted entries.
    """

    most_per_run: int = 20
    most_per_day: int = 100
    downgrade_without_stripe: bool = False
    expected_writes: Mapping[str, Mapping[str, RowCounts]] = field(default_factory=dict)
    balance_without_serialization: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSettings:
    """``[audits]``: when ``trueup serve`` audits by itself: by ``cron`` (UTC), every so many minutes, or never."""

    every_minutes: int | None = None
    cron: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtSettings:
    """``[server.jwt]``: whose tokens are believed, and which of their roles mean which of ours.

    ``roles`` maps our role (``viewer``, ``admin``, ``super_admin``) to the words of the claim ``role_claim``.
    """

    issuer: str
    audience: str
    jwks_url: str
    algorithms: tuple[str, ...] = ("RS256",)
    type: str = "JWT"
    role_claim: str = "roles"
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """``[server]``: where it listens, whose browsers may change things, who may come in.

    ``trusted_proxies`` are the addresses and networks whose ``X-Forwarded-For`` is believed: nobody's by default; they
    alone may have any number of the ``max_connections``. The head of a request has ``request_timeout_seconds`` to
    arrive, and its body as many again.
    """

    host: str = "127.0.0.1"
    port: int = 8321
    origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    tokens: bool = True
    jwt: JwtSettings | None = None
    request_timeout_seconds: int = 30
    max_connections: int = 500
    max_connections_per_address: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """``[alerts.channels.NAME]``: one way to be told. ``options`` may hold secrets and are hidden from ``repr``.

    ``literal`` names the options whose value stands in the file itself, not behind a reference.
    """

    name: str
    kind: str
    options: Mapping[str, OptionValue] = field(default_factory=dict, repr=False)
    literal: frozenset[str] = frozenset()

    @property
    def place(self) -> str:
        """Where in the config it stands."""
        return f"alerts.channels.{printable(self.name)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """``[alerts]``: who is told. ``private_hosts`` are hosts inside the network that we may call all the same."""

    channels: tuple[ChannelSettings, ...] = ()
    private_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSettings:
    """``[gates.probes.NAME]``: one way to ask the app what it allows. ``options`` may hold secrets.

    ``features`` are those of the matrix that it is asked about; None: all. ``folder`` is the config's own, where
    relative paths start. ``literal`` names the options whose value stands in the file itself, not behind a reference.
    """

    name: str
    kind: str
    folder: str
    features: tuple[str, ...] | None = None
    options: Mapping[str, OptionValue] = field(default_factory=dict, repr=False)
    literal: frozenset[str] = frozenset()

    @property
    def place(self) -> str:
        """Where in the config it stands."""
        return f"gates.probes.{printable(self.name)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """``[gates]``: what each plan should get, who is asked what it gets, and the file of what was accepted.

    ``matrix`` has a row for each feature on each plan, in the matrix file's order and by rank.
    """

    matrix: tuple[GateExpectation, ...]
    matrix_file: str
    lock_file: str
    probes: tuple[ProbeSettings, ...] = ()
    private_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSettings:
    """``[release]``: when a release may go out, and of which environment and how many days the report must be.

    ``shadow`` holds, by check, the day from which it blocks.
    """

    environment: str = "production"
    period_days: int = Policy().period_days
    fail_on: Severity = Severity.ERROR
    baseline_environment: str | None = None
    max_age_minutes: int = FRESH_MINUTES
    shadow: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeTables:
    """Stripe's side as tables or files: rows of our relations, and Stripe's own objects, one a row.

    ``url`` None means the app's own database. ``relations`` and ``objects`` are what the config says, before it meets
    the live schema; an object's columns are ``object``, ``account``, ``livemode`` and, by ``field.NAME``, its fields,
    each with the names it may have. With ``are_files`` the files' own names say what they hold, and both are empty.
    ``synced_at`` is keyed by relation or kind of object. ``required`` is what the file itself names.
    """

    url: str | None = field(default=None, repr=False)
    are_files: bool = False
    relations: Mapping[str, RelationMapping] = field(default_factory=dict)
    objects: Mapping[str, ObjectTable] = field(default_factory=dict)
    synced_at: Mapping[str, str] = field(default_factory=dict)
    required: frozenset[tuple[str, str]] = frozenset()
    complete_since: datetime | None = None
    stale_after_hours: int = 24
    may_be_empty: tuple[str, ...] = ()
    """The kinds of objects of which a file without a byte means that there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectTable:
    """A table of one kind of Stripe's objects. Of several names for a column, the first that is there is meant.

    ``is_own`` says that the config itself names it, so that it must exist.
    """

    table: str
    where: str | None = None
    object: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    account: tuple[str, ...] = ()
    livemode: tuple[str, ...] = ()
    synced_at: tuple[str, ...] = ()
    is_own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeSettings:
    """``[stripe]``: which account is read, and how carefully. Without ``api_key`` its API is not asked.

    ``products`` and ``metadata`` say which of the account's subscriptions are ours; empty means all.
    ``requests_per_second`` None means the usual rate. ``cache_folder`` None means that nothing is kept.
    ``tables`` go before the API: what they hold is not asked for.
    """

    api_key: str | None = field(default=None, repr=False)
    allow_full_key: bool = False
    account: str | None = None
    api_base: str = "https://api.stripe.com"
    proxy_from_environment: bool = False
    requests_per_second: int | None = None
    deadline_minutes: int = 60
    since_days: int = 400
    full_sweep_hours: int = 24
    account_metadata_key: str = "user_id"
    products: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    cache_folder: str | None = None
    tables: StripeTables | None = None
