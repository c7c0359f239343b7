"""Read fields of one of Stripe's objects, in which any field may be missing; and whose objects are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFilter:
    """Which objects are the app's, how they name its accounts, and the mode that is read."""

    livemode: bool
    account_metadata_key: str = "user_id"
    products: frozenset[str] = frozenset()
    metadata: Mapping[str, str] = field(default_factory=dict)


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
