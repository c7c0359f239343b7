"""Which of the business's own numbers each name in a check's query is bound to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from docs.promises import promises_of
from trueup.model.check import CASE_NOW
from trueup.model.policy import Policy


def policy_keys() -> Mapping[str, str]:
    """For each parameter, the ``[policy]`` key that moves it; the moment of the audit itself has none."""
    usual = Policy().parameters(CASE_NOW)
    keys: dict[str, str] = {}
    for field in dataclasses.fields(Policy):
        moved = _moved(field.name)
        if moved is not None:
            changed = moved.parameters(CASE_NOW)
            keys |= {name: field.name for name in usual if changed[name] != usual[name]}
    return keys


def policy_promises() -> Mapping[str, str]:
    """What each ``[policy]`` key means, as ``Policy`` itself says beside the field."""
    return promises_of(Policy)


def _moved(name: str) -> Policy | None:
    """A policy that differs from the usual one in this key, or None where the key is not one number."""
    value = getattr(Policy(), name)
    match value:
        case bool():
            other: object = not value
        case StrEnum():
            other = next(word for word in type(value) if word != value)
        case int() | Decimal():
            other = value + 1
        case None | date():
            other = CASE_NOW.date() - timedelta(days=7)
        case _:
            return None
    changes: dict[str, Any] = {name: other}
    return dataclasses.replace(Policy(), **changes)
