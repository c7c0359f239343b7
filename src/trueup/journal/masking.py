"""Keep secrets out of the journal: text that people wrote is redacted before it is hashed."""

from __future__ import annotations

import json
from collections.abc import Mapping

from trueup.model.redact import redact

_CELL = frozenset({"table", "key", "column", "value"})


def mask_record(recorded: Mapping[str, object]) -> dict[str, object]:
    """Return the record with secrets masked; the changed cell stays exactly as in its row."""
    return {name: value if name in _CELL else _mask(value) for name, value in recorded.items()}


def mask_json(document: str) -> str:
    """The same JSON with its text masked. Text that is not JSON is masked as a whole."""
    try:
        return json.dumps(_mask(json.loads(document)), ensure_ascii=False)
    except ValueError:
        return redact(document)


def _mask(value: object) -> object:
    match value:
        case str():
            return redact(value)
        case Mapping():
            return {name: _mask(inner) for name, inner in value.items()}
        case list():
            return [_mask(inner) for inner in value]
        case _:
            return value
