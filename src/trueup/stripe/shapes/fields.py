"""Finding one's way in an object that may lack anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = Mapping[str, Any]
Row = Mapping[str, Any]
Rows = dict[str, list[Row]]
"""Rows by relation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFilter:
    """Which objects are the app's, how they name its accounts, and the mode that is read."""

    livemode: bool
    account_metadata_key: str = "user_id"
    products: frozenset[str] = frozenset()
    metadata: Mapping[str, str] = field(default_factory=dict)

    def account_of(self, *holders: object) -> Any:
        """The account that the first of these metadata names."""
        values = (within(holder, self.account_metadata_key) for holder in holders)
        return next((value for value in values if value is not None), None)

    def mode_of(self, item: JSON) -> Any:
        """Whether the object moves real money: what it says, or the key's mode where it says nothing."""
        livemode = item.get("livemode")
        return self.livemode if livemode is None else livemode

    def is_other_application(self, subscription: JSON) -> bool:
        """Whether the subscription is not this app's, by its metadata. By what it is for, the checks tell: they know
        which prices are in a plan.
        """
        metadata = subscription.get("metadata")
        return any(within(metadata, name) != value for name, value in self.metadata.items())


def within(value: object, *path: str) -> Any:
    """What stands at this path; None where it does not go on."""
    for step in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def id_of(reference: object) -> Any:
    """The id of what is named or, where it was asked for whole, shown."""
    return reference.get("id") if isinstance(reference, Mapping) else reference


def first(*values: Any) -> Any:
    """The first that is there."""
    return next((value for value in values if value is not None), None)


def parts(item: JSON, name: str) -> list[JSON]:
    """The parts of a list inside an object."""
    data = within(item, name, "data")
    return [part for part in data if isinstance(part, Mapping)] if isinstance(data, list) else []
