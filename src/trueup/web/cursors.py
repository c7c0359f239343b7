"""Signed cursors: the place where a list continues, which the client gives back unchanged.

A cursor names its list, its run, its filters, and the last row's place. It is signed with a secret of the store, so
that every replica accepts it and no client can make one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trueup.web.problems import FieldProblem, Problem

_TAG = b"trueup-cursor-1\0"


@dataclass(frozen=True, slots=True)
class Cursors:
    """Writes and reads the cursors of one store."""

    secret: bytes = field(repr=False)

    def written(self, *, of: str, **place: object) -> str:
        """Write the cursor of this place in the list ``of``. The place's values are JSON values."""
        payload = json.dumps({"of": of, **place}, separators=(",", ":"), sort_keys=True).encode("ascii")
        return f"{_text(payload)}.{_text(self._signature(payload))}"

    def read(self, cursor: str, *, of: str) -> Mapping[str, Any]:
        """Read the place. Raises ``Problem`` 422 for a cursor that was not written for this list."""
        payload, _, signature = cursor.partition(".")
        try:
            content, given = _bytes(payload), _bytes(signature)
        except ValueError:
            raise refused() from None
        # Compared as text too: base64 has several spellings of the same bytes.
        if not hmac.compare_digest(given, self._signature(content)) or cursor != f"{_text(content)}.{_text(given)}":
            raise refused()
        place: Mapping[str, Any] = json.loads(content)
        if place["of"] != of:
            raise refused()
        return place

    def _signature(self, payload: bytes) -> bytes:
        return hmac.new(self.secret, _TAG + payload, hashlib.sha256).digest()


def refused() -> Problem:
    """The answer to an invalid cursor: not signed here, of another list, or of a run that was pruned."""
    problem = FieldProblem(field="query.cursor", problem="is not a cursor of this list; begin again without one")
    return Problem(422, "A query parameter is not valid.", fields=[problem])


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
