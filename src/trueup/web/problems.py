"""Every error as ``application/problem+json`` (RFC 9457): what went wrong, never what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import JSONResponse

from trueup.web.headers import REQUEST_ID, SECURITY
from trueup.web.notes import Notes

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """What is wrong with one field. ``field`` is a name that the API declares, never one that was sent."""

    field: str
    problem: str


class Problem(Exception):
    """Ends a request with this status. ``detail`` is one sentence without input, SQL or addresses."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        fields: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.fields = tuple(fields)
        self.headers = dict(headers or {})


class SeeOther(Exception):
    """Ends a request by leading the browser to another address of ours, with GET."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def problem_response(problem: Problem, noted: Notes) -> JSONResponse:
    """The answer. It carries every header itself, because a failure's answer passes no middleware of trueup's."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "errorId": noted.error_id,
    }
    if problem.fields:
        body["errors"] = [{"field": each.field, "problem": each.problem} for each in problem.fields]
    headers = {**SECURITY, REQUEST_ID: noted.request_id, **problem.headers}
    return JSONResponse(body, status_code=problem.status, headers=headers, media_type=MEDIA_TYPE)
