"""Reading a test server, and what a reading of its world ought to say."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.support.stripe.objects import DAY, EPOCH, JSON
from tests.support.stripe.server import StripeServer
from tests.support.stripe.shaped import shape_objects
from tests.support.stripe.world import StripeWorld
from trueup.model.relations import STRIPE, relation_name
from trueup.model.source import Progress, Silent
from trueup.model.stripe_settings import StripeSettings
from trueup.stripe.key import read_key
from trueup.stripe.listings import LISTINGS
from trueup.stripe.paging import PAGE
from trueup.stripe.rate_limiter import RetryPolicy
from trueup.stripe.shapes.fields import AccountFilter
from trueup.stripe.supply import ReadOptions, identity_mapping, stripe_snapshot

RELATIONS = tuple(relation_name(relation) for relation in STRIPE)
NOW = EPOCH + 5 * DAY
"""Where the worlds of these tests stand."""

QUICK = RetryPolicy(attempts=3, first_wait_seconds=0.001, longest_wait_seconds=0.002)

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a reading gave: rows by relation, in the order of their keys; those with a problem have none."""

    rows: Mapping[str, Rows]
    problems: Mapping[str, str]
    complete_since: Mapping[str, datetime | None]
    requests: int
    account: str | None
    as_of: datetime


def settings_for(server: StripeServer, folder: Path | None, **changed: Any) -> StripeSettings:
    """A config's [stripe] for a test server, which keeps what was read in ``folder``."""
    plain: dict[str, Any] = {
        "api_key": server.key,
        "api_base": server.url,
        "cache_folder": str(folder) if folder else None,
    }
    return StripeSettings(**(plain | changed))


def read_stripe(
    server: StripeServer,
    folder: Path,
    *,
    relations: Sequence[str] = RELATIONS,
    page_size: int = PAGE,
    retry_policy: RetryPolicy = QUICK,
    progress: Progress | None = None,
    keeps: bool = True,
    **changed: Any,
) -> Read:
    """Read it once."""
    settings = settings_for(server, folder if keeps else None, **changed)
    key = read_key(settings.api_key or "", allow_full_key=settings.allow_full_key)
    with stripe_snapshot(
        settings,
        key,
        relations=relations,
        now=datetime.fromtimestamp(server.world.time(), UTC).replace(tzinfo=None),
        scratch=folder,
        progress=progress or Silent(),
        options=ReadOptions(retry_policy=retry_policy, page_size=page_size),
    ) as snapshot:
        whole = [relation for relation in relations if relation not in snapshot.problems]
        return Read(
            rows={
                relation: _sorted(snapshot.read(identity_mapping(relation)).read_all().to_pylist())
                for relation in whole
            },
            problems=dict(snapshot.problems),
            complete_since=dict(snapshot.complete_since),
            requests=snapshot.requests,
            account=snapshot.account,
            as_of=snapshot.as_of,
        )


def expected_rows(
    world: StripeWorld, *, livemode: bool = True, account_filter: AccountFilter | None = None
) -> dict[str, Rows]:
    """The rows of all that is in the world, by the same rules for one object, and none for reading lists."""
    objects: dict[str, list[JSON]] = {listing.kind: [] for listing in LISTINGS}
    for listing in LISTINGS:
        for one in world.objects(listing.object):
            if one.get("livemode", livemode) == livemode and _is_listed(world, one):
                objects[listing.kind].append(_expanded(world, one))
    if account_filter is not None or not livemode:
        return _rows_of(objects, account_filter or AccountFilter(livemode=livemode))
    return copy.deepcopy(_rows_of_text(json.dumps(objects)))


@functools.lru_cache(maxsize=32)
def _rows_of_text(objects: str) -> dict[str, Rows]:
    """The rows of these objects, worked out once for all tests of one world: it takes as long as a reading."""
    return _rows_of(json.loads(objects), AccountFilter(livemode=True))


def _rows_of(objects: dict[str, list[JSON]], account_filter: AccountFilter) -> dict[str, Rows]:
    found = shape_objects(objects, account_filter)
    return {relation: _sorted(found[relation]) for relation in RELATIONS}


def _is_listed(world: StripeWorld, one: JSON) -> bool:
    types = next(listing for listing in LISTINGS if listing.object == "event").passes[0]["types"]
    if one["object"] != "event":
        return True
    assert isinstance(types, list)
    return one["type"] in types and one["created"] >= world.time() - 30 * DAY


def _expanded(world: StripeWorld, one: JSON) -> JSON:
    if one["object"] == "subscription" and isinstance(one["schedule"], str):
        return one | {"schedule": world.get(one["schedule"])}
    hidden = {"invoice": "payments", "product": "features", "checkout.session": "line_items"}.get(one["object"])
    record = world.find(one["id"])
    if hidden is None or record is None:
        return one
    return one | {hidden: {"data": world.parts(record, hidden)}}


def _sorted(rows: Rows) -> Rows:
    return sorted(rows, key=lambda row: [str(value) for value in row.values()])
