"""The shape of [stripe] and of presets for it."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from trueup.config.declared_keys import Section, with_keys_of
from trueup.config.field_types import (
    Columns,
    StaleHours,
    SupplierWord,
    Text,
)
from trueup.model.stripe_settings import StripeSettings, StripeTables


class ObjectsSection(Section):
    """``[stripe.objects.NAME]``: a table that keeps one kind of Stripe's objects, such as ``customers``."""

    table: Text | None = None
    """Your table, schema-qualified or not. It must be given, here or by the preset."""
    where: Text | None = None
    """A condition in your database's SQL: rows that do not meet it are not read."""
    object: Columns = Field(default_factory=list)
    """The column, or expression, that holds the object's JSON; of several names, the first that exists."""
    fields: dict[str, Columns] = Field(default_factory=dict)
    """Stripe's field = your column, where the table has a column for each field and none for the whole object; a field
    inside another one as in ``"recurring.interval"``; of several names, the first that exists."""
    metadata: Text | None = None
    """The table with the objects' metadata as pairs, where the table has none: its columns ``key`` and ``value``, and
    the object's id."""
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
    """The sync tool's database, where it is not the app's own; for ``files`` and ``stripe-data-pipeline``, a folder."""
    preset: Text | None = None
    """The sync tool that fills the tables: ``stripe-sync-engine``, ``stripe-database``, ``stripe-data-pipeline`` or
    ``dj-stripe``."""
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
