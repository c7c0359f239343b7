"""Query parameters: each must be known to its route, occur once, and be clean text."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import parse_qsl

from starlette.requests import Request

from trueup.web import text
from trueup.web.problems import Problem

_BYTES_LIMIT = 4096
_FIELDS_LIMIT = 50
_UNSHOWN = re.compile(text.UNSHOWN)


def refuse_loose_query(request: Request, known: Collection[str]) -> None:
    """Raises ``Problem`` for a parameter that the route does not know, one given twice, or text that is not clean.

    The framework ignores the first, takes the last value of the second, and hands NUL to the database.
    """
    raw: bytes = request.scope["query_string"]
    if len(raw) > _BYTES_LIMIT:
        raise Problem(422, "The query is too long.")
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS_LIMIT)
    except ValueError:
        raise Problem(422, "The query must be percent-encoded UTF-8.") from None
    names = [name for name, _ in pairs]
    if set(names) - set(known):
        names_allowed = ", ".join(sorted(known)) or "none"
        raise Problem(422, f"The query holds an unknown parameter; known are: {names_allowed}.")
    if len(set(names)) < len(names):
        raise Problem(422, "Each query parameter may be given once.")
    if any(_UNSHOWN.search(value) for _, value in pairs):
        raise Problem(422, "A query parameter must not hold control characters.")
