"""``expand``: ids become objects, lists that are not shown appear."""

from __future__ import annotations

import json
from typing import Any

from tests.support.stripe.errors import Refused, invalid
from tests.support.stripe.objects import JSON, listing
from tests.support.stripe.resources import REFERENCES, SUBLIST_LENGTH, SUBLISTS_OF, UNEXPANDABLE
from tests.support.stripe.storage import Record
from tests.support.stripe.versions import is_old, old_shape
from tests.support.stripe.world import StripeWorld


def sublist(world: StripeWorld, parent: Record, kind: str, field_name: str) -> JSON:
    """The beginning of an object's list."""
    parts = world.parts(parent, field_name)
    url = SUBLISTS_OF[kind][field_name].url.format(id=parent.id)
    return listing(parts[:SUBLIST_LENGTH], url, has_more=len(parts) > SUBLIST_LENGTH)


def with_sublists(world: StripeWorld, one: Record, kind: str, names: list[str]) -> bytes:
    """The serialised object with such lists added. Quick: nothing of the object is read."""
    body = one.serialised()
    for name in names:
        added = json.dumps(sublist(world, one, kind, name), separators=(",", ":")).encode()
        body = body[:-1] + b',"%s":%s}' % (name.encode(), added)
    return body


def plain_sublists(kind: str, paths: tuple[str, ...]) -> list[str] | None:
    """The lists to add, where the paths (without ``data.``) ask for lists and for nothing else."""
    known = SUBLISTS_OF.get(kind, {})
    if any(path not in known or (kind, path) in UNEXPANDABLE for path in paths):
        return None
    return [path for path in dict.fromkeys(paths) if not known[path].is_shown]


class Expansion:
    """Expands paths in objects of one version of the API."""

    def __init__(self, world: StripeWorld, version: str) -> None:
        self._world = world
        self._is_old = is_old(version)

    def shaped(self, one: Record) -> JSON:
        """The object in the version's shape."""
        shown = one.shown()
        return dict(old_shape(self._world, shown)) if self._is_old else shown

    def shaped_part(self, part: JSON) -> JSON:
        """A part of an object in the version's shape; a copy."""
        copied = json.loads(json.dumps(part))
        return dict(old_shape(self._world, copied) if self._is_old else copied)

    def expand(self, found: JSON, path: str, *, whole: str) -> None:
        """Expand a path below an object, in place. Raises ``Refused`` where there is nothing to expand."""
        name, _, rest = path.partition(".")
        if name not in found:
            found[name] = self._sublist(found, name, whole)
        inner = found[name]
        if isinstance(inner, str):
            inner = found[name] = self._object(inner, name, whole)
        if rest:
            self._descend(inner, rest, whole)
        elif name not in REFERENCES and not (isinstance(inner, dict) and inner.get("object") == "list"):
            raise _unexpandable(whole)

    def _descend(self, inner: Any, rest: str, whole: str) -> None:
        if isinstance(inner, dict) and inner.get("object") == "list":
            data, _, rest = rest.partition(".")
            if data != "data" or not rest:
                raise _unexpandable(whole)
            inner = inner["data"]
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, dict) and not one.get("deleted"):
                self.expand(one, rest, whole=whole)

    def _sublist(self, found: JSON, name: str, whole: str) -> JSON:
        kind = found.get("object", "")
        one = self._world.find(found.get("id", ""))
        is_known = name in SUBLISTS_OF.get(kind, {}) and (kind, name) not in UNEXPANDABLE
        if one is None or not is_known or (self._is_old and name == "payments"):
            message = f"This property cannot be expanded because it doesn't exist: {whole}."
            raise invalid(message, "expand")
        return sublist(self._world, one, kind, name)

    def _object(self, named: str, name: str, whole: str) -> Any:
        if name not in REFERENCES:
            raise _unexpandable(whole)
        one = self._world.find(named)
        return named if one is None else self.shaped(one)


def _unexpandable(path: str) -> Refused:
    return invalid(f"This property cannot be expanded ({path}).", "expand")
