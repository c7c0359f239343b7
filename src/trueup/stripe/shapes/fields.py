"""Read fields of one of Stripe's objects, in which any field may be missing."""

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
        """Return the account that the first of these metadata names."""
        values = (within(holder, self.account_metadata_key) for holder in holders)
        return next((value for value in values if value is not None), None)

    def mode_of(self, item: JSON) -> Any:
        """Whether the object moves real money: what it says, or the key's mode where it says nothing."""
        livemode = item.get("livemode")
        return self.livemode if livemode is None else livemode

    def is_other_application(self, subscription: JSON) -> bool:
        """Return whether the metadata say that the subscription belongs to another app. What it is for is judged by
        the checks, which know the prices of each plan.
        """
        metadata = subscription.get("metadata")
        return any(within(metadata, name) != value for name, value in self.metadata.items())


def within(value: object, *path: str) -> Any:
    """Return the value at this path; None where a step of it is missing."""
    for step in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def id_of(reference: object) -> Any:
    """Return the id of a reference: the reference itself, or the id of the object that Stripe expanded there."""
    return reference.get("id") if isinstance(reference, Mapping) else reference


def first(*values: Any) -> Any:
    """Return the first value that is not None."""
    return next((value for value in values if value is not None), None)


def parts(item: JSON, name: str) -> list[JSON]:
    """Return the parts of a list inside an object."""
    data = within(item, name, "data")
    return [part for part in data if isinstance(part, Mapping)] if isinstance(data, list) else []
