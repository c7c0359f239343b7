"""What schemathesis cannot read from OpenAPI: which well-formed requests are refused all the same, and why.

A repair that must not be made is 422, and so is a cursor that we did not sign: no schema can say that. This check holds
every other 422 to the schema, so that allowing the status hides nothing.
"""

from __future__ import annotations

import os
from typing import Any

import schemathesis
from schemathesis import Case, Response
from schemathesis.checks import CheckContext
from schemathesis.hooks import HookContext

_OUR_TOKENS = frozenset(os.environ.get("TOKENS_IN_USE", "").split())
_NO_TOKEN = "0" * 16
_REPAIRS = {
    "/api/admin/billing-assurance",
    "/api/v1/repairs",
    "/api/v1/repairs/preview",
    "/api/v1/repairs/undo",
    "/api/v1/approval-requests/repairs",
    "/api/v1/approval-requests/undos",
}


@schemathesis.check
def well_formed_is_refused_for_its_meaning_alone(context: CheckContext, response: Response, case: Case[Any]) -> None:
    """A 422 to a request that keeps the schema names the cursor, or is a repair's and names no field."""
    if response.status_code != 422 or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    fields = {problem["field"] for problem in response.json().get("errors", [])}
    assert fields <= {"query.cursor"}, f"the schema allows what the server refuses: {sorted(fields)}"
    assert fields or case.operation.path in _REPAIRS, response.text


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Spare the tokens that it and the test ask with: it takes ids from answers, and revokes those that it finds.

    Here and not where parameters are generated, because a link from one answer to the next request goes around that.
    """
    if (case.path_parameters or {}).get("token_id") in _OUR_TOKENS:
        case.path_parameters["token_id"] = _NO_TOKEN
