"""A Stripe account's objects, and how they change."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.support.stripe.objects import JSON, VERSION, account, deleted_customer
from tests.support.stripe.resources import BY_OBJECT, RESOURCES, SUBLISTS_OF
from tests.support.stripe.storage import Collection, Record, record

EVERY_PERMISSION = frozenset({*(resource.permission for resource in RESOURCES), "rak_accounts_kyc_id_numbers_read"})
ENDED = ("canceled", "incomplete_expired")
FULL_KEY = "sk_live_full"
KEY = "rk_live_trueup"
TEST_KEY = "rk_test_trueup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What an API key may read, in which mode. A full key has no list of permissions."""

    livemode: bool
    permissions: frozenset[str] | None


def _keys() -> dict[str, Key]:
    return {
        FULL_KEY: Key(livemode=True, permissions=None),
        KEY: Key(livemode=True, permissions=EVERY_PERMISSION),
        TEST_KEY: Key(livemode=False, permissions=EVERY_PERMISSION),
    }


@dataclass(slots=True, kw_only=True)
class StripeWorld:
    """One account with the objects of both modes. May be read and changed by several threads.

    It keeps what it is given and checks no reference: an incident's world may lack an object that others name. Nothing
    happens by itself: no event is made unless ``stories.emit`` is called, nothing renews, no total is worked out again.
    """

    account_id: str = "acct_1Example"
    default_version: str = VERSION
    """The version of requests that name none."""
    now: int | None = None
    """The server's own clock in Unix seconds; this machine's where it is None."""
    suffix: str = "Ex"
    """How the ids end that it makes: whoever lays several stories into one world tells them apart by it."""
    keys: dict[str, Key] = field(default_factory=_keys)
    lock: threading.RLock = field(default_factory=threading.RLock)
    collections: dict[str, Collection] = field(
        default_factory=lambda: {one.object: Collection(resource=one) for one in RESOURCES}
    )
    parents: dict[str, str] = field(default_factory=dict)
    """The subscription of a subscription item."""
    _kinds: dict[str, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def time(self) -> int:
        """What the server's clock says."""
        return int(time.time()) if self.now is None else self.now

    def account(self) -> JSON:
        """The account itself."""
        return account(self.account_id)

    def new_id(self, prefix: str) -> str:
        """An id that no object has."""
        return f"{prefix}_{next(self._numbers):06d}{self.suffix}"

    def add(self, added: JSON, *, livemode: bool | None = None) -> JSON:
        """Keep an object, in place of one with its id. ``livemode`` is for objects that do not say (refunds)."""
        resource = BY_OBJECT[added["object"]]
        mode = added.get("livemode", True) if livemode is None else livemode
        with self.lock:
            one = record(resource, added, livemode=mode, created=self._created(added["id"]))
            self.collections[resource.object].put(one)
            self._kinds[added["id"]] = resource.object
            if resource.object == "subscription":
                self.parents.update((item["id"], added["id"]) for item in added["items"]["data"])
        return added

    def _created(self, named: str) -> int:
        """The place in time of an object that has no ``created``: that of its addition."""
        old = self.find(named)
        return old.created if old else self.time()

    def kind(self, named: str) -> str | None:
        """The kind of object that has this id."""
        if named in self._kinds:
            return self._kinds[named]
        return next((kind for kind, held in self.collections.items() if named in held.records), None)

    def find(self, named: str) -> Record | None:
        """Its record."""
        kind = self.kind(named)
        return self.collections[kind].records.get(named) if kind else None

    def get(self, named: str) -> JSON:
        """The object as the API shows it, its lists to their end. Raises ``KeyError`` where there is none."""
        with self.lock:
            found = self.find(named)
            if found is None:
                raise KeyError(named)
            return found.shown() | found.ended()

    def objects(self, kind: str) -> list[JSON]:
        """All objects of a kind as ``get`` gives them, oldest first; deleted customers are not among them."""
        with self.lock:
            held = self.collections[kind]
            records = (held.records[named] for _, named in held.order())
            return [one.shown() | one.ended() for one in records if not one.is_deleted]

    def change(self, named: str, **fields: object) -> JSON:
        """Set fields of an object; the changed object."""
        return self.change_by(named, lambda old: old | fields)

    def change_by(self, named: str, changed: Callable[[JSON], JSON]) -> JSON:
        """Put what the function makes of an object in its place."""
        with self.lock:
            old = self.find(named)
            assert old is not None, f"there is no {named}"
            return self.add(changed(old.whole()), livemode=old.livemode)

    def remove(self, named: str) -> None:
        """Forget an object, as if it had never been."""
        with self.lock:
            kind = self.kind(named)
            assert kind is not None, f"there is no {named}"
            self.collections[kind].drop(named)
            self._kinds.pop(named, None)

    def delete_customer(self, named: str) -> None:
        """Delete as Stripe does: the subscriptions end, a stub remains, which no list shows."""
        with self.lock:
            for one in [held.shown() for held in self.naming("subscription", "customer", named)]:
                if one["status"] not in ENDED:
                    self.change(one["id"], status="canceled", canceled_at=self.time(), ended_at=self.time())
            old = self.find(named)
            assert old is not None, f"there is no {named}"
            old.body, old.is_deleted = json.dumps(deleted_customer(named)).encode(), True

    def add_part(self, parent: str, field_name: str, part: JSON) -> JSON:
        """Add to one of an object's lists."""
        with self.lock:
            old = self.find(parent)
            assert old is not None, f"there is no {parent}"
            parts = self.parts(old, field_name)
            whole = old.whole() | {field_name: {"data": [*parts, part]}}
            self.add(whole, livemode=old.livemode)
        return part

    def parts(self, parent: Record, field_name: str) -> list[JSON]:
        """One of an object's lists, to its end, as it is listed."""
        kind = self.kind(parent.id)
        assert kind is not None
        sublist = SUBLISTS_OF[kind][field_name]
        if sublist.of is not None:
            return [one.shown() for one in self.naming(sublist.part, sublist.of, parent.id)]
        if parent.parts and field_name in parent.parts:
            return parent.parts[field_name]
        return list(parent.shown().get(field_name, {"data": []})["data"])

    def naming(self, kind: str, field_name: str, named: str) -> list[Record]:
        """The objects of a kind whose field is this id, newest first."""
        held = self.collections[kind]
        return [held.records[one] for _, one in reversed(held.places({field_name: named}))]

    def revoke(self, permission: str) -> None:
        """Take a permission from every key."""
        with self.lock:
            for name, key in self.keys.items():
                left = (EVERY_PERMISSION if key.permissions is None else key.permissions) - {permission}
                self.keys[name] = Key(livemode=key.livemode, permissions=left)

    def restrict(self, *permissions: str, key: str = KEY) -> None:
        """Leave a key these permissions and no others."""
        with self.lock:
            self.keys[key] = Key(livemode=self.keys[key].livemode, permissions=frozenset(permissions))

    def expire(self, key: str) -> None:
        """Make a key unknown."""
        with self.lock, contextlib.suppress(KeyError):
            del self.keys[key]
