"""What a caller without ``evidence:read`` sees of a finding: enough to count and follow it, but no personal data.

- An e-mail address is masked everywhere, also in a subject and an id.
- Evidence keeps numbers, moments, and the words of the few columns that hold the app's or trueup's words (plan, kind).
  Every other text is masked: a name, an id, a reason.
- The message is masked wherever it repeats evidence that is masked.
"""

from __future__ import annotations

import re
from typing import Any

from trueup.model.redact import MASK

_WORDS = frozenset(
    {"checkId", "diagnosis", "freePlan", "kind", "plan", "priceCurrency", "relation", "role", "status", "type"}
)
_NUMBER_OR_MOMENT = re.compile(r"-?\d+(?:\.\d+)?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?Z", re.ASCII)
_EMAIL = re.compile(r"""[^\s@"'<>()\[\]{},;:]+@[^\s@"'<>()\[\]{},;:]+""")


def without_addresses(value: Any) -> Any:
    """A JSON value with every e-mail address in its texts masked.

    >>> without_addresses({"reason": "asked by eve@example.com"})
    {'reason': 'asked by ***'}
    """
    match value:
        case str():
            return _EMAIL.sub(MASK, value) if "@" in value else value
        case list():
            return [without_addresses(part) for part in value]
        case dict():
            return {name: without_addresses(part) for name, part in value.items()}
        case _:
            return value


def masked_issue(issue: dict[str, Any]) -> dict[str, Any]:
    """An issue as JSON, for a caller who may not read evidence."""
    evidence = issue["evidence"]
    hidden = {name: value for name, value in evidence.items() if isinstance(value, str) and not _shown(name, value)}
    message = issue["message"]
    for value in sorted(set(hidden.values()) - {""}, key=len, reverse=True):
        message = message.replace(value, MASK)
    masked = issue | {"evidence": evidence | dict.fromkeys(hidden, MASK), "message": message}
    return {name: without_addresses(value) for name, value in masked.items()}


def _shown(name: str, value: str) -> bool:
    return name in _WORDS or _NUMBER_OR_MOMENT.fullmatch(value) is not None
