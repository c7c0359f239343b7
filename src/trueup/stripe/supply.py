"""Stripe as a supplier of relations: read into the cache, then given out as Arrow batches, like an app's tables."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from trueup.model import source
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.relations import columns_of, relation_named
from trueup.model.source import ColumnMapping, RelationMapping
from trueup.model.stripe_settings import StripeSettings
from trueup.stripe.cache import FORMAT, Cache
from trueup.stripe.cache_file import cache_path, open_cache
from trueup.stripe.catching_up import catch_up
from trueup.stripe.connection import API_VERSION, JSON, StripeConnection, connected
from trueup.stripe.failures import NotPermitted, NotRead, Passing
from trueup.stripe.key import Key
from trueup.stripe.listings import LISTINGS, Listing, listings_for
from trueup.stripe.object_tables import ObjectTables, open_object_tables
from trueup.stripe.paging import PAGE
from trueup.stripe.rate_limiter import RateLimiter, RetryPolicy, allowed_rate
from trueup.stripe.reading import Clock, ReadingResult
from trueup.stripe.shapes.fields import AccountFilter

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(slots=True, kw_only=True)
class StripeSnapshot:
    """What was read of Stripe: a ``Snapshot`` whose rows are made of the objects in the cache.

    ``as_of`` is when the reading began by Stripe's clock, naive UTC. ``problems`` says, by relation, why it is not
    whole; ``complete_since`` from which moment of creation on it is, where it is not for ever.
    """

    as_of: datetime
    account: str | None
    problems: Mapping[str, str]
    complete_since: Mapping[str, datetime | None]
    requests: int
    tables: ObjectTables | None = None
    types_are_known: bool = True

    def read(self, mapping: RelationMapping) -> pa.RecordBatchReader:
        """The relation's rows. Raises ``SourceUnavailable`` for one that could not be read whole."""
        problem = self.problems.get(mapping.relation)
        if problem is not None or self.tables is None:
            raise SourceUnavailable(problem or "Stripe was not read")
        return self.tables.read(mapping.relation)

    def cancel(self) -> None:
        """Interrupt the query that reads the rows made of the objects."""
        if self.tables is not None:
            self.tables.cancel()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How a reading goes about it, beyond what a config says: for tests and measurements."""

    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    page_size: int = PAGE
    unlimited_rate: bool = False
    deadline_seconds: float | None = None
    """None means the config's, which is meant for reading everything."""


def identity_mapping(relation: str) -> RelationMapping:
    """The relation from Stripe: every column is the one of its name."""
    listing = next(candidate for candidate in LISTINGS if relation in candidate.relations)
    return RelationMapping(
        relation=relation,
        table=f"Stripe {listing.path} ({API_VERSION})",
        columns={column.name: ColumnMapping(column=column.name) for column in columns_of(relation_named(relation))},
    )


@contextlib.contextmanager
def stripe_connection(
    settings: StripeSettings, key: Key, *, progress: source.Progress, options: ReadOptions
) -> Iterator[StripeConnection]:
    """A connection as the config wants it. On this machine's own servers there is no budget to keep."""
    is_local = settings.api_base.startswith("http://")
    rate: float | None = allowed_rate(settings.requests_per_second, livemode=key.livemode)
    if options.unlimited_rate or (is_local and settings.requests_per_second is None):
        rate = None
    rate_limiter = RateLimiter(
        requests_per_second=rate,
        deadline_seconds=options.deadline_seconds or settings.deadline_minutes * 60,
        glance=lambda: progress.advance(0),
    )
    with connected(
        key=key,
        api_base=settings.api_base,
        rate_limiter=rate_limiter,
        retry_policy=options.retry_policy,
        proxy_from_environment=settings.proxy_from_environment,
    ) as connection:
        yield connection


@contextlib.contextmanager
def stripe_snapshot(
    settings: StripeSettings,
    key: Key,
    *,
    relations: Collection[str],
    now: datetime,
    scratch: Path,
    progress: source.Progress,
    options: ReadOptions | None = None,
) -> Iterator[StripeSnapshot]:
    """Read these relations, as of ``now`` (naive UTC). ``scratch`` is a private folder for what is not to be kept.

    What cannot be read is a problem of its relations, never an error. Raises ``ConfigurationError`` for a key of
    another account than ``settings.account``, and for objects of the other mode.
    """
    options = options or ReadOptions()
    listings = listings_for(frozenset(relations))
    with contextlib.ExitStack() as open_ones:
        connection = open_ones.enter_context(stripe_connection(settings, key, progress=progress, options=options))
        account_filter = _account_filter(settings, key)
        try:
            account = account_of(connection, pinned=settings.account)
            cache = open_ones.enter_context(_cache(settings, key, account, scratch, progress))
        except NotRead as error:
            yield _unread(relations, now, str(error), connection.requests)
            return
        # Changes are asked for by Stripe's clock: this machine's may be wrong.
        stripe_time = connection.stripe_time
        began_at = now if stripe_time is None else _plain(stripe_time)
        reading = ReadingResult(
            connection=connection,
            cache=cache,
            account_filter=account_filter,
            clock=Clock(now.replace(tzinfo=UTC).timestamp() if stripe_time is None else stripe_time),
            progress=progress,
            since_days=settings.since_days,
            full_sweep_seconds=settings.full_sweep_hours * 3600,
            page_size=options.page_size,
        )
        reading.sweep_due(listings)
        catch_up(reading, listings)
        tables = open_ones.enter_context(open_object_tables(scratch, account_filter))
        _fill(tables, cache, listings)
        yield _read(reading, tables, listings, relations, began_at, account)


def _fill(tables: ObjectTables, cache: Cache, listings: Collection[Listing]) -> None:
    """Make the relations of what is in the cache."""
    for listing in listings:

        def refuse(_text: str | None, error: ValueError, listing: Listing = listing) -> None:
            tables.note(listing.relations, f"one of the {listing.title} cannot be read: {error}")

        tables.take(listing.kind, cache.batches(listing), refused=refuse)
    tables.finish([listing.kind for listing in listings])


def _account_filter(settings: StripeSettings, key: Key) -> AccountFilter:
    return AccountFilter(
        livemode=key.livemode,
        account_metadata_key=settings.account_metadata_key,
        products=frozenset(settings.products),
        metadata=settings.metadata,
    )


def account_of(connection: StripeConnection, *, pinned: str | None) -> str | None:
    """Return the id of the key's account; None where Stripe does not say it.

    Stripe names the account even to a key that may not read it. Raises ``ConfigurationError`` when that is not the
    ``pinned`` one, and ``NotRead`` when Stripe does not answer.
    """
    try:
        account: str | None = connection.get("/v1/account", {}, accept=_accept_account)["id"]
    except NotPermitted:
        account = connection.named_account
    if pinned is not None and account != pinned:
        seen = f"belongs to {account}" if account else "does not say which account it belongs to"
        raise ConfigurationError(
            f"stripe.account is {pinned} and the key of stripe.api_key {seen}; correct one of the two."
        )
    return account


def _accept_account(answer: JSON) -> None:
    if not isinstance(answer.get("id"), str):
        raise Passing("Stripe answered with something that is no account")


@contextlib.contextmanager
def _cache(
    settings: StripeSettings, key: Key, account: str | None, scratch: Path, progress: source.Progress
) -> Iterator[Cache]:
    """The kept cache; where nothing can be kept, one for this reading alone."""
    name = account or f"of-key-{hashlib.sha256(key.text.encode()).hexdigest()[:12]}"
    with contextlib.ExitStack() as open_ones:
        cache: Cache | None = None
        for folder in (settings.cache_folder, scratch):
            if folder is None:
                continue
            with contextlib.suppress(OSError, sqlite3.Error):
                opening = open_cache(
                    cache_path(Path(folder), account=name, mode=key.mode),
                    fingerprint=_fingerprint(settings, key),
                    glance=lambda: progress.advance(0),
                    patience_seconds=settings.deadline_minutes * 60,
                )
                cache = open_ones.enter_context(opening)
                break
        if cache is None:
            raise NotRead("what is read of Stripe cannot be written to a file")
        yield cache


def _fingerprint(settings: StripeSettings, key: Key) -> str:
    """Return what decides which objects are read: those kept under another fingerprint cannot be used."""
    address = urlsplit(settings.api_base).netloc if settings.api_base.startswith("http://") else settings.api_base
    facts = {
        "format": FORMAT,
        "version": API_VERSION,
        "address": address,
        "mode": key.mode,
        "account_metadata_key": settings.account_metadata_key,
        "products": sorted(settings.products),
        "metadata": dict(settings.metadata),
        "since_days": settings.since_days,
    }
    return json.dumps(facts, sort_keys=True)


def _read(
    reading: ReadingResult,
    tables: ObjectTables,
    listings: Collection[Listing],
    relations: Collection[str],
    began_at: datetime,
    account: str | None,
) -> StripeSnapshot:
    by_relation = {relation: listing for listing in listings for relation in listing.relations}
    problems = {relation: problem for relation, problem in tables.problems.items() if relation in relations}
    complete_since: dict[str, datetime | None] = {}
    for relation in relations:
        listing = by_relation[relation]
        completing = by_relation.get(listing.needs.get(relation, ""), listing)
        problem = reading.problems.get(listing.name) or reading.problems.get(completing.name)
        if problem is not None:
            problems[relation] = problem
        known = reading.cache.progress(listing)
        complete_since[relation] = _moment(known.complete_since) if known else None
    return StripeSnapshot(
        as_of=began_at,
        account=account,
        problems=problems,
        complete_since=complete_since,
        requests=reading.connection.requests,
        tables=tables,
    )


def _unread(relations: Collection[str], began_at: datetime, problem: str, requests: int) -> StripeSnapshot:
    return StripeSnapshot(
        as_of=began_at,
        account=None,
        problems=dict.fromkeys(relations, problem),
        complete_since={},
        requests=requests,
    )


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else _plain(seconds)


def _plain(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
