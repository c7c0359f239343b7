"""Answer a request that fails: one shape for every status. The details are only in the log."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from trueup.model.errors import ConfigurationError, DatabaseMissing, TrueupError
from trueup.web.console.rendering import render_plain, wants_page
from trueup.web.declared import DeclaredRoute
from trueup.web.headers import REQUEST_ID, SECURITY
from trueup.web.logs import LOGGED, logger
from trueup.web.notes import Notes, notes
from trueup.web.problems import Problem, SeeOther, problem_response
from trueup.web.strict import problems_of

RETRY_SECONDS = 5
NO_CONTENT, NOT_ALLOWED = 204, 405

Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]

_SAID = {
    404: "There is nothing at this address.",
    405: "This address does not support this method.",
    413: "The request is too large.",
}


def handlers() -> dict[int | type[Exception], Handler]:
    """The handlers of an app: each turns one kind of failure into a problem."""
    return {
        Problem: _problem,
        SeeOther: _see_other,
        HTTPException: _http,
        RequestValidationError: _validation,
        TrueupError: _known,
        Exception: _unknown,
    }


async def _problem(request: Request, problem: Problem) -> Response:
    return _answered(request, problem)


async def _see_other(_request: Request, elsewhere: SeeOther) -> Response:
    return RedirectResponse(elsewhere.address, 303, headers=dict(SECURITY))


async def _http(request: Request, error: HTTPException) -> Response:
    headers = dict(error.headers or {})
    if error.status_code == NOT_ALLOWED:
        # The framework names the methods of the first route with this path; the others have some too.
        headers["Allow"] = ", ".join(allowed_methods(request))
        if request.method == "OPTIONS":
            return Response(status_code=NO_CONTENT, headers=headers)
    detail = _SAID.get(error.status_code, "The request cannot be answered.")
    return _answered(request, Problem(error.status_code, detail, headers=headers))


async def _validation(request: Request, error: RequestValidationError) -> Response:
    return _answered(request, Problem(422, "A parameter is not valid.", fields=problems_of(error.errors())))


async def _known(request: Request, error: TrueupError) -> Response:
    """An error with a message. The message is for the operator: it names places that a caller need not know."""
    noted = notes(request)
    logger().warning("cannot answer", requestId=noted.request_id, errorId=noted.error_id, reason=str(error))
    if isinstance(error, ConfigurationError) and not isinstance(error, DatabaseMissing):
        return _answered(request, Problem(500, "The server's configuration does not fit; its log says more."))
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return _answered(request, Problem(503, "This cannot be answered now; try again later.", headers=headers))


async def _unknown(request: Request, error: Exception) -> Response:
    """A bug, or an unforeseen failure of a library. The framework raises it again after the answer."""
    noted = notes(request)
    logger().error("failed", requestId=noted.request_id, errorId=noted.error_id, exc_info=error)
    error.add_note(f"{LOGGED}{noted.error_id}")
    return _answered(request, Problem(500, "The server failed; its log says more."))


def _answered(request: Request, problem: Problem) -> Response:
    noted = notes(request)
    noted.failed = True
    if noted.is_page or wants_page(request):
        return _error_page(request, problem, noted)
    return problem_response(problem, noted)


def _error_page(request: Request, problem: Problem, noted: Notes) -> Response:
    """The problem as a page: what went wrong, field by field, and the id that names it in the log."""
    title = HTTPStatus(problem.status).phrase
    page = render_plain(
        request, "problem.html", title=title, status=problem.status, problem=problem, error_id=noted.error_id
    )
    page.headers.update({REQUEST_ID: noted.request_id, **problem.headers})
    return page


def allowed_methods(request: Request) -> list[str]:
    """Every method that some route takes at the request's path."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    routes: Sequence[DeclaredRoute] = request.app.state.routes
    methods = {method for route in routes if route.pattern.match(path) for method in route.methods}
    return sorted(methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set()))
