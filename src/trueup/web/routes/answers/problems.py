"""The problems of single routes, for OpenAPI. Those that every route can have are added elsewhere."""

from __future__ import annotations

from typing import Any

from trueup.web.problems import MEDIA_TYPE

_CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}

NO_SUCH_ISSUE = "There is no such issue."
NO_SUCH_RUN = "There is no such run."


def problems(described: dict[int, str]) -> dict[int | str, dict[str, Any]]:
    """These statuses and their descriptions, each with a problem as its body."""
    return {status: {"description": description, "content": _CONTENT} for status, description in described.items()}


NOT_REPAIRED = problems(
    {
        404: NO_SUCH_ISSUE,
        409: "The data that the repair was planned from has changed, or the finding is gone. Nothing was changed.",
        422: "The request is not valid, or the repair must not be made now; `detail` says why.",
        503: "The rows are in use, or the database cannot be reached; `detail` says whether to check or to try again.",
    }
)
"""Why a repair was not made."""
