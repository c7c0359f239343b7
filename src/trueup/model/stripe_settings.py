"""What the config says of Stripe's side: how it is read, and where it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from trueup.model.config_key import Whole, key
from trueup.model.policy import MINUTES_LIMIT, PERIOD_DAYS_LIMIT
from trueup.model.source import RelationMapping

STRIPE_RATE_LIMIT = 25
"""A quarter of the requests a second that Stripe takes in live mode: the rest is the business's own."""


SWEEP_LIMIT_HOURS = 600
"""Within the 30 days for which Stripe lists events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeTables:
    """Stripe's side as tables or files: rows of our relations, and Stripe's own objects, one a row.

    ``url`` None means the app's own database. ``relations`` and ``objects`` hold what the config says, before it is
    resolved against the live schema; an object's columns are ``object``, ``account``, ``livemode`` and, by
    ``field.NAME``, its fields, each with the names it may have. With ``are_files`` the files' names say what they hold,
    and both are empty. ``synced_at`` is keyed by relation or kind of object. ``required`` is what the config itself
    names.
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
    """The kinds of objects whose file may be empty, which then means that there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectTable:
    """A table of one kind of Stripe's objects. Of several names for a column, the first that exists is used.

    ``is_own`` says that the config itself names it, so that it must exist.
    """

    table: str
    where: str | None = None
    object: tuple[str, ...] = ()
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    metadata: str | None = None
    """The table of the objects' metadata as pairs."""
    account: tuple[str, ...] = ()
    livemode: tuple[str, ...] = ()
    synced_at: tuple[str, ...] = ()
    is_own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeSettings:
    """``[stripe]``: which account is read, and at which rate. Without ``api_key`` Stripe's API is not asked.

    ``products`` and ``metadata`` say which of the account's subscriptions are ours; empty means all.
    ``requests_per_second`` None means the usual rate. ``cache_folder`` None means that no answer is kept.
    ``tables`` come before the API: it is not asked for what they hold.
    """

    api_key: str | None = field(default=None, repr=False)
    allow_full_key: bool = key(default=False)
    """Whether ``api_key`` may be a full secret key (``sk_…``), which could also change and charge."""
    account: str | None = key(default=None)
    """The account's id, ``acct_…``: a key of any other account stops the run. A downgrade needs it: another
    account knows none of your customers."""
    api_base: str = key(default="https://api.stripe.com")
    """Another address of Stripe's API: by HTTPS, or on this machine."""
    proxy_from_environment: bool = key(default=False)
    """Whether the proxy that ``HTTPS_PROXY`` names is used."""
    requests_per_second: int | None = key(default=None, within=Whole(1, STRIPE_RATE_LIMIT))
    """How fast to ask: 15 a second unless you say so, and never more than a quarter of what Stripe takes."""
    deadline_minutes: int = key(default=60, within=Whole(1, MINUTES_LIMIT))
    """How long reading Stripe may take. What was not read by then is unknown, and the next audit goes on there."""
    since_days: int = key(default=400, within=Whole(31, PERIOD_DAYS_LIMIT))
    """How far back invoices, payments, refunds, disputes and checkouts are read: a yearly plan and a month."""
    full_sweep_hours: int = key(default=24, within=Whole(0, SWEEP_LIMIT_HOURS))
    """How old what is kept may grow before everything is read again; until then only changes are asked for."""
    account_metadata_key: str = key(default="user_id")
    """The metadata key under which your objects at Stripe name the account of the app."""
    products: tuple[str, ...] = key(default=())
    """Your products' ids, where the account also sells those of another application. Empty: all are yours. What is in a
    plan of yours is yours without being listed."""
    metadata: Mapping[str, str] = key(default_factory=dict)
    """What your subscriptions carry as metadata, where another application shares the account. Empty: all are yours."""
    cache_folder: str | None = None
    tables: StripeTables | None = None
