"""What the config says about everything around an audit: repairs, schedule, server, alerts. Secrets are resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from trueup.model.config_key import Whole, key
from trueup.model.finding import printable
from trueup.model.policy import MINUTES_LIMIT, Policy
from trueup.model.relations import GateExpectation
from trueup.model.row_counts import CAP_LIMIT, RowCounts
from trueup.model.severity import Severity

FRESH_MINUTES = 60
"""How old a report may be for something to go ahead, where the config does not say."""

STATEMENT_TIMEOUT_SECONDS = 900
"""How long one statement of an audit may run in the app's database."""

MEMORY_LIMIT = "1GiB"
"""How much memory the checks, or reading files, may use."""

TIMEOUT_LIMIT_SECONDS = 86_400  # a day

OptionValue = str | int | bool | tuple[str, ...] | tuple[int, ...] | Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairSettings:
    """``[repairs]``: how many repairs may run unattended (``--safe``), and whether one may go ahead without proof.

    ``downgrade_without_stripe``: there is no Stripe to ask, and the person who asks for a downgrade answers for it.
    ``expected_writes``: what the application's own triggers write, by table, when a repair writes a table (``users``)
    or replaces one of its columns (``users.plan``).
    ``balance_without_serialization``: a balance may be written while the app may have entries that are not committed.
    """

    most_per_run: int = key(default=20, within=Whole(0, CAP_LIMIT))
    """How many repairs one ``trueup repair --safe`` may apply."""
    most_per_day: int = key(default=100, within=Whole(0, CAP_LIMIT))
    """``--safe`` applies nothing once this many repairs, however made, were applied within 24 hours."""
    downgrade_without_stripe: bool = key(default=False)
    """Only where Stripe's side is not configured at all: a plan may be taken away, by name, because the person who asks
    says so. Without it, or with Stripe, that needs Stripe's own answer that it has no such customer."""
    expected_writes: Mapping[str, Mapping[str, RowCounts]] = field(default_factory=dict)
    balance_without_serialization: bool = key(default=False)
    """Only for an application that locks the account's row before it writes an entry: a balance may be synced although
    neither a foreign key nor a lock shows that the account has no uncommitted entry. The journal says so each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSettings:
    """``[audits]``: when ``trueup serve`` audits by itself: by ``cron`` (UTC), every N minutes, or never."""

    every_minutes: int | None = key(default=None, within=Whole(1, MINUTES_LIMIT))
    """On a fixed grid in UTC, so that 60 means every full hour. Not beside ``cron``."""
    cron: str | None = key(default=None)
    """Five fields, in UTC, such as ``15 4 * * *``. Not beside ``every_minutes``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtSettings:
    """``[server.jwt]``: which issuer's tokens are accepted, and which of their roles mean which of trueup's.

    ``roles`` maps trueup's role (``viewer``, ``admin``, ``super_admin``) to the words of the claim ``role_claim``.
    """

    issuer: str = key()
    """What ``iss`` must be."""
    audience: str = key()
    """What ``aud`` must be or hold."""
    jwks_url: str = key()
    """Where the issuer publishes its keys, by HTTPS."""
    algorithms: tuple[str, ...] = key(default=("RS256",))
    """Signatures that are believed: RS256, ES256, EdDSA."""
    type: str = key(default="JWT")
    """What ``typ`` in the token's header must be."""
    role_claim: str = key(default="roles")
    """The claim that holds the holder's roles."""
    roles: Mapping[str, tuple[str, ...]] = key(default_factory=dict)
    """Our role (``viewer``, ``admin``, ``super_admin``) = the words of that claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """``[server.oidc]``: the identity provider with which people sign in to the console.

    ``client_secret`` is resolved. ``roles`` maps trueup's role to the words of the claim ``role_claim``.
    """

    issuer: str = key()
    """The provider, as its discovery document names itself: ``https://id.example.com``."""
    client_id: str = key()
    """Its name for trueup. The redirect address to register there is ``public_url`` + ``/sign-in/oidc/callback``."""
    client_secret: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = key(default=("openid",))
    """What is asked for; some providers put roles into a scope of their own."""
    algorithms: tuple[str, ...] = key(default=("RS256",))
    """Signatures of ID tokens that are believed: RS256, ES256, EdDSA."""
    role_claim: str = key(default="roles")
    """The claim of the ID token that holds the person's roles."""
    roles: Mapping[str, tuple[str, ...]] = key(default_factory=dict)
    """Our role (``viewer``, ``admin``, ``super_admin``) = the words of that claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """``[server]``: the address it listens at, the browser origins that may change things, and who may sign in.

    ``trusted_proxies`` are the addresses and networks whose ``X-Forwarded-For`` is trusted, by default none. Only they
    may use all of the ``max_connections``. The head of a request has ``request_timeout_seconds`` to arrive, and its
    body as many again.
    """

    host: str = "127.0.0.1"
    port: int = 8321
    origins: tuple[str, ...] = key(default=())
    """Other origins whose pages may send changes, such as ``https://admin.example.com``; our own always may."""
    trusted_proxies: tuple[str, ...] = key(default=())
    """Addresses and networks whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed."""
    public_url: str | None = key(default=None)
    """The address at which people open the console, such as ``https://trueup.example.com``: links in alerts begin with
    it, and behind a proxy it says that the browser's connection is encrypted."""
    tokens: bool = key(default=True)
    """Whether API tokens (``trueup token create``) let in."""
    jwt: JwtSettings | None = None
    oidc: OidcSettings | None = None
    request_timeout_seconds: int = key(default=30, within=Whole(1, TIMEOUT_LIMIT_SECONDS))
    """How long the head of a request may take to arrive, and its body. Later the connection is closed."""
    max_connections: int = key(default=500, within=Whole(10, 10_000))
    """Open at once, if the process may have that many files and 96 more (``ulimit -n``). One more ends the one that
    has waited longest for its request; while all are being answered it gets 503."""
    max_connections_per_address: int = key(default=100, within=Whole(10, 10_000))
    """The same of one client's address (IPv6: of one /64). ``trusted_proxies`` are not counted."""

    @property
    def console_url(self) -> str:
        """The address at which people open the console: the public one, or where the server listens."""
        if self.public_url is not None:
            return self.public_url
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - recognized, not used
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """``[alerts.channels.NAME]``: one channel for alerts. ``options`` may hold secrets and are hidden from ``repr``.

    ``literal`` names the options whose value is written in the file itself, not behind a reference.
    """

    name: str
    kind: str
    options: Mapping[str, OptionValue] = field(default_factory=dict, repr=False)
    literal: frozenset[str] = frozenset()

    @property
    def place(self) -> str:
        """The channel's place in the config."""
        return f"alerts.channels.{printable(self.name)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """``[alerts]``: where alerts go. ``private_hosts`` are hosts inside the network that may be called all the same."""

    channels: tuple[ChannelSettings, ...] = ()
    private_hosts: tuple[str, ...] = ()
    public_url: str | None = None
    """The console's address, of ``[server]``: messages link to its pages. None where it has no public one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSettings:
    """``[gates.probes.NAME]``: one way to ask the app what it allows. ``options`` may hold secrets.

    ``features`` are the features of the matrix that it is asked about; None: all. ``folder`` is the config's own, where
    relative paths start. ``literal`` names the options whose value is written in the file, not behind a reference.
    """

    name: str
    kind: str
    folder: str
    features: tuple[str, ...] | None = None
    options: Mapping[str, OptionValue] = field(default_factory=dict, repr=False)
    literal: frozenset[str] = frozenset()

    @property
    def place(self) -> str:
        """The probe's place in the config."""
        return f"gates.probes.{printable(self.name)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """``[gates]``: what each plan should get, how to ask what it gets, and the file of what was accepted.

    ``matrix`` has a row for each feature on each plan, in the matrix file's order and by rank.
    """

    matrix: tuple[GateExpectation, ...]
    matrix_file: str
    lock_file: str
    probes: tuple[ProbeSettings, ...] = ()
    private_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSettings:
    """``[release]``: when a release may go out, and which environment and how many days the report must cover.

    ``shadow`` holds, by check, the day from which it blocks.
    """

    environment: str = "production"
    period_days: int = Policy().period_days
    fail_on: Severity = key(default=Severity.ERROR)
    """Open findings of this severity or worse block, where they are new or worse than in the baseline."""
    baseline_environment: str | None = key(default=None)
    """Whose newest complete run in the store is the baseline. Without a baseline every open finding counts."""
    max_age_minutes: int = key(default=FRESH_MINUTES, within=Whole(1, MINUTES_LIMIT))
    """How old a report, and what it read, may be."""
    shadow: Mapping[str, date] = key(default_factory=dict)
    """The day from which this check blocks; until then its findings are reported and let pass."""
