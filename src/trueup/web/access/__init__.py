"""Access: every route names the permission that it needs, and what was not granted is denied.

A JSON route begins with ``requires``, a page of the console with ``page_requires``, a form with ``form_requires``::

    @router.get("/findings", include_in_schema=False)
    def show(who: Annotated[Principal, page_requires(Permission.FINDING_READ)], request: Request) -> HTMLResponse:
        token = form_token(request)  # <input type="hidden" name="form_token" value="{{ token() }}">

    @router.post("/findings/exempt", include_in_schema=False)
    def exempt(
        who: Annotated[Principal, form_requires(Permission.EXEMPTION_WRITE)],
        form: Annotated[ExemptForm, strict_form(ExemptForm)],
    ) -> Response: ...

Each form has a token of its own: make one token a form. A form that was sent once is refused the second time (409).
"""

from __future__ import annotations

from trueup.model.access import Role
from trueup.web.access.forms import StrictForm, form_token, strict_form
from trueup.web.access.permissions import Permission
from trueup.web.access.principal import Authenticate, Principal
from trueup.web.access.requirements import Door, Requirement, form_requires, page_requires, requires

__all__ = [
    "Authenticate",
    "Door",
    "Permission",
    "Principal",
    "Requirement",
    "Role",
    "StrictForm",
    "form_requires",
    "form_token",
    "page_requires",
    "requires",
    "strict_form",
]
