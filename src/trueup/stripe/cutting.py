"""What is kept of an object: the places that are read, and nothing else. No name, no address, no card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trueup.stripe.failures import NotRead
from trueup.stripe.shapes.declaration import ID_OF
from trueup.stripe.shapes.fields import JSON, AccountFilter, within
from trueup.stripe.shapes.sql import list_places, list_places_of_kind, point_to, shapes_of

_EACH, _ALL = "[]", "{}"
_ENDS = ""
"""Marks a branch at which a place ends: a value that is there is kept."""

_NOTHING = object()


class Cut:
    """Cuts objects of a kind to the places that are read."""

    def __init__(self, kind: str, account_filter: AccountFilter) -> None:
        self.places = _list_kept(kind, account_filter)
        self._tree: dict[str, Any] = {}
        self._named_parts = [
            s.part_of.list for s in shapes_of(kind) if s.part_of and s.list_fields()[0].places[0].at == "id"
        ]
        for place in self.places:
            self._grow(place.removesuffix(ID_OF), account_filter)
            if place.endswith(ID_OF):
                self._grow(place.replace(ID_OF, ".id"), account_filter)

    def _grow(self, path: str, account_filter: AccountFilter) -> None:
        branch = self._tree
        for step in point_to(path.replace(_EACH, f".{_EACH}").replace(_ALL, f".{_ALL}"), account_filter):
            branch = branch.setdefault(step, {})
        branch[_ENDS] = {}

    def __call__(self, item: JSON) -> dict[str, Any]:
        """Return what is kept of the object. Raises ``NotRead`` for one that holds a part without an id."""
        kept = _cut(item, self._tree)
        for name in self._named_parts:
            parts = within(item, name, "data")
            if isinstance(parts, list) and not all(within(part, "id") for part in parts):
                raise NotRead(f"{item['id']} holds something without an id")
        return dict(kept)


def _list_kept(kind: str, account_filter: AccountFilter) -> list[str]:
    """Return the places that are kept of an object of this kind, ``[]`` after each list that is gone through."""
    places = list_places_of_kind(kind, account_filter)
    for shape in shapes_of(kind):
        within = "" if shape.part_of is None else f"{shape.part_of.list}.data[]."
        own = (*list_places(shape, account_filter), *shape.keeps)
        places += [within + place for place in own if not place.startswith("^")]
    return sorted(set(places))


def _cut(value: Any, tree: Mapping[str, Any]) -> Any:
    """Return the value with the branches of the tree alone. An object where a value belongs becomes an empty one."""
    if isinstance(value, Mapping):
        if _ALL in tree:
            return {_clean(name): _cut(part, tree) for name, part in value.items()}
        cut = {name: _cut(value[name], branch) for name, branch in tree.items() if name in value and name != _ENDS}
        return {name: part for name, part in cut.items() if part is not _NOTHING}
    if isinstance(value, list | tuple):
        parts = [_cut(part, tree[_EACH]) for part in value] if _EACH in tree else []
        return [part for part in parts if part is not _NOTHING]
    return _clean(value) if _ENDS in tree or value is None else _NOTHING


def _clean(value: Any) -> Any:
    """Return the value; half of a character in a text is spelled out, since JSON cannot hold it."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
