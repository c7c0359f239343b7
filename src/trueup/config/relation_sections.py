"""``[relations]``: where the rows of each relation come from, in the words of the file."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

from trueup.config.declared_keys import Section
from trueup.config.field_types import Absent, NotNegative, Text, Words, as_version, one_of


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
    version: Annotated[str, BeforeValidator(as_version)] | None = None
    """Only with ``[engine]``: the version or snapshot of the table that is read. Without it, rows may change while they
    are read. See [warehouse](warehouse.md)."""
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
