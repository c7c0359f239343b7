"""What the server says to a request, faults aside."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from tests.support.stripe.errors import Refused, forbidden, invalid, masked, missing, other_mode, unknown_url
from tests.support.stripe.expand import Expansion, plain_sublists, with_sublists
from tests.support.stripe.listing import horizon, page, parts_page
from tests.support.stripe.objects import JSON
from tests.support.stripe.query import Query, check_depth, check_status, parameters, parse, unknown
from tests.support.stripe.resources import BY_OBJECT, BY_PATH, SUBLISTS_OF, Resource, Sublist
from tests.support.stripe.storage import Record
from tests.support.stripe.versions import is_old
from tests.support.stripe.world import Key, StripeWorld

JSON_TYPE = "application/json"
ACCOUNT = "/v1/account"
ITEMS = "/v1/subscription_items"
ACCOUNT_PERMISSION = "rak_accounts_kyc_id_numbers_read"


SEARCH = "search"
SEARCHED = ("/v1/customers", "/v1/subscriptions")
_CLAUSE = re.compile(r'(?:metadata\["(?P<key>(?:[^"\\]|\\.)+)"\]|email):"(?P<value>(?:[^"\\]|\\.)+)"')
_UNESCAPED = re.compile(r"\\(.)")


def _says(one: Record, key: str | None, value: str) -> bool:
    """Whether an object's metadata, or its e-mail address, say this: capitals make no difference to a search."""
    shown = one.shown()
    said = shown.get("email") if key is None else (shown.get("metadata") or {}).get(_UNESCAPED.sub(r"\1", key))
    return isinstance(said, str) and said.casefold() == _UNESCAPED.sub(r"\1", value).casefold()


_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked. Header names are in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]

    @property
    def route(self) -> str:
        """The path with ids left out: what requests are counted by."""
        return _route(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: dict[str, str] = field(default_factory=dict)


def _route(path: str) -> str:
    if path in BY_PATH or path in {ACCOUNT, ITEMS} or path in {f"{base}/{SEARCH}" for base in SEARCHED}:
        return path
    base = next((known for known in (*BY_PATH, ITEMS) if path.startswith(known + "/")), None)
    if base is None:
        return path
    _, _, rest = path[len(base) + 1 :].partition("/")
    return f"{base}/{{id}}/{rest}" if rest else f"{base}/{{id}}"


def answer(world: StripeWorld, request: Request) -> Answer:
    """The answer to a request. Raises ``Refused``."""
    name, key = authenticate(world, request)
    _same_account(world, request, name)
    if request.method != "GET":
        raise unknown_url(request.method, request.path)
    version = request.headers.get("stripe-version", world.default_version)
    if not _VERSION.fullmatch(version):
        raise Refused(status=400, message=f"Invalid Stripe API version: {version}")
    reading = Reading(world=world, name=name, key=key, version=version)
    return Answer(body=reading.read(request))


def authenticate(world: StripeWorld, request: Request) -> tuple[str, Key]:
    """The key of a request, by either scheme. Raises ``Refused`` with 401."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    name = given.strip()
    if scheme.lower() == "basic":
        try:
            name = base64.b64decode(name, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            name = ""
    if not name:
        sentence = (
            "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        )
        raise Refused(status=401, message=sentence)
    key = world.keys.get(name)
    if key is None:
        raise Refused(status=401, message=f"Invalid API Key provided: {masked(name)}")
    return name, key


def _same_account(world: StripeWorld, request: Request, name: str) -> None:
    asked = request.headers.get("stripe-account", world.account_id)
    if asked != world.account_id:
        message = (
            f"The provided key '{masked(name)}' does not have access to account '{asked}' (or that account "
            "does not exist). Application access may have been revoked."
        )
        raise Refused(status=403, message=message, code="account_invalid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One read with a key and in a version."""

    world: StripeWorld
    name: str
    key: Key
    version: str

    def read(self, request: Request) -> bytes:
        """The body for an address."""
        path = request.path
        if path == ACCOUNT:
            self._permit(ACCOUNT_PERMISSION)
            return json.dumps(self.world.account()).encode()
        if path in BY_PATH:
            return self._list(BY_PATH[path], request.query)
        if path == ITEMS:
            return self._items(request.query)
        base, _, named = path.rpartition("/")
        if named == SEARCH and base in SEARCHED:
            return self._search(BY_PATH[base], request.query)
        if base == ITEMS:
            return self._item(unquote(named), request.query)
        if base in BY_PATH:
            return self._retrieve(BY_PATH[base], unquote(named), request.query)
        parent_path, _, parent = base.rpartition("/")
        resource = BY_PATH.get(parent_path)
        sublist = SUBLISTS_OF.get(resource.object, {}).get(named) if resource else None
        if resource is None or sublist is None:
            raise unknown_url(request.method, path)
        return self._sublist(resource, sublist, unquote(parent), request)

    def _permit(self, permission: str) -> None:
        if self.key.permissions is not None and permission not in self.key.permissions:
            raise forbidden(self.name, self.world.account_id, permission)

    def _list(self, resource: Resource, raw: str) -> bytes:
        self._permit(resource.permission)
        query = parse(raw, filters=resource.filters, has_created=resource.has_created)
        check_status(resource, query)
        check_depth(query.expand)
        records, has_more = page(self.world, resource, query, livemode=self.key.livemode)
        paths = tuple(self._below_data(path) for path in query.expand)
        bodies = self._bodies(records, resource.object, paths)
        head = b'{"object":"list","url":"%s","has_more":%s,"data":['
        return head % (resource.path.encode(), b"true" if has_more else b"false") + b",".join(bodies) + b"]}"

    def _search(self, resource: Resource, raw: str) -> bytes:
        """What a search of Stripe's finds: exact words, without regard to capitals."""
        self._permit(resource.permission)
        asked = dict(parameters(raw))
        clauses = [_CLAUSE.fullmatch(clause) for clause in asked.pop("query", "").split(" OR ")]
        limit = int(asked.pop("limit", "10"))
        for name in asked:
            raise unknown(name)
        matching: dict[str, Record] = {}
        for clause in clauses:
            if clause is None:
                raise invalid("We were unable to parse your search query.", "query")
            held = self.world.collections[resource.object].records.values()
            records = [one for one in held if one.livemode == self.key.livemode and not one.is_deleted]
            matching |= {one.id: one for one in records if _says(one, clause["key"], clause["value"])}
        found = list(matching.values())
        bodies = self._bodies(found[:limit], resource.object, ())
        head = b'{"object":"search_result","url":"%s/search","has_more":%s,"next_page":null,"data":['
        return head % (resource.path.encode(), b"true" if len(found) > limit else b"false") + b",".join(bodies) + b"]}"

    @staticmethod
    def _below_data(path: str) -> str:
        data, _, rest = path.partition(".")
        if data != "data" or not rest:
            sentence = (
                f"This property cannot be expanded ({path}). You may want to try expanding 'data.{path}' instead."
            )
            raise invalid(sentence, "expand")
        return rest

    def _bodies(self, records: list[Record], kind: str, paths: tuple[str, ...]) -> list[bytes]:
        quick = None if is_old(self.version) and kind != "event" else plain_sublists(kind, paths)
        if quick is not None:
            return [with_sublists(self.world, one, kind, quick) for one in records]
        return [json.dumps(self._expanded(one, kind, paths)).encode() for one in records]

    def _expanded(self, one: Record, kind: str, paths: tuple[str, ...]) -> JSON:
        expansion = Expansion(self.world, self.version)
        # an event is written in the version that it was made with, whatever the request's
        found = one.shown() if kind == "event" else expansion.shaped(one)
        for path in paths:
            expansion.expand(found, path, whole=path)
        return found

    def _retrieve(self, resource: Resource, named: str, raw: str) -> bytes:
        self._permit(resource.permission)
        paths = _only_expand(raw)
        one = self._found(resource, named, param="id", status=404)
        return self._bodies([one], resource.object, () if one.is_deleted else paths)[0]

    def _found(self, resource: Resource, named: str, *, param: str, status: int) -> Record:
        one = self.world.collections[resource.object].records.get(named)
        if one is not None and one.livemode != self.key.livemode:
            is_live = self.key.livemode
            raise other_mode(resource.name, named, param=param, status=status, is_live_key=is_live)
        if one is None or one.created < horizon(self.world, resource):
            raise missing(resource.name, named, param=param, status=status)
        return one

    def _sublist(self, resource: Resource, sublist: Sublist, parent: str, request: Request) -> bytes:
        self._permit(resource.permission)
        query = parse(request.query, filters=(), has_created=False)
        one = self._found(resource, parent, param="id", status=404)
        return self._parts(one, sublist, query, url=request.path)

    def _items(self, raw: str) -> bytes:
        subscriptions = BY_OBJECT["subscription"]
        self._permit(subscriptions.permission)
        query = parse(raw, filters=("subscription",), has_created=False)
        if "subscription" not in query.equals:
            raise invalid("Missing required param: subscription.", "subscription", "parameter_missing")
        one = self._found(subscriptions, query.equals["subscription"], param="subscription", status=400)
        return self._parts(one, SUBLISTS_OF["subscription"]["items"], query, url=ITEMS)

    def _parts(self, one: Record, sublist: Sublist, query: Query, *, url: str) -> bytes:
        check_depth(query.expand)
        paths = [self._below_data(path) for path in query.expand]
        noun = sublist.part.replace("_", " ")
        parts, has_more = parts_page(self.world.parts(one, sublist.field), query, noun=noun)
        expansion = Expansion(self.world, self.version)
        shaped = [expansion.shaped_part(part) for part in parts]
        for part in shaped:
            for path in paths:
                expansion.expand(part, path, whole=path)
        return json.dumps({"object": "list", "url": url, "has_more": has_more, "data": shaped}).encode()

    def _item(self, named: str, raw: str) -> bytes:
        self._permit(BY_OBJECT["subscription"].permission)
        _only_expand(raw)
        parent = self.world.find(self.world.parents.get(named, ""))
        items = self.world.parts(parent, "items") if parent and parent.livemode == self.key.livemode else []
        found = next((item for item in items if item["id"] == named), None)
        if found is None:
            raise missing("subscription_item", named, param="item", status=404)
        return json.dumps(Expansion(self.world, self.version).shaped_part(found)).encode()


def _only_expand(raw: str) -> tuple[str, ...]:
    found = parameters(raw)
    for name, _ in found:
        if name != "expand[]":
            raise unknown(name)
    paths = tuple(path for _, path in found)
    check_depth(paths)
    return paths
