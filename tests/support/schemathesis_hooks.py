"""What schemathesis cannot read from OpenAPI: which well-formed requests are refused all the same, and why.

A repair that must not be made is 422, and so is a cursor that we did not sign: no schema can say that. This check holds
every other 422 to the schema, so that allowing the status hides nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import schemathesis
from schemathesis import Case, Response
from schemathesis.checks import CheckContext
from schemathesis.hooks import HookContext

_OUR_TOKENS = frozenset(os.environ.get("TOKENS_IN_USE", "").split())
_REPAIRS = {"/api/admin/billing-assurance", "/api/v1/repairs", "/api/v1/repairs/preview"}


@schemathesis.check
def well_formed_is_refused_for_its_meaning_alone(context: CheckContext, response: Response, case: Case[Any]) -> None:
    """A 422 to a request that keeps the schema names the cursor, or is a repair's and names no field."""
    if response.status_code != 422 or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    fields = {problem["field"] for problem in response.json().get("errors", [])}
    assert fields <= {"query.cursor"}, f"the schema allows what the server refuses: {sorted(fields)}"
    assert fields or case.operation.path in _REPAIRS, response.text


@schemathesis.hook
def filter_path_parameters(context: HookContext, path_parameters: Mapping[str, object] | None) -> bool:
    """It finds the ids of tokens in answers and revokes them: not those that it and the test ask with."""
    return path_parameters is None or path_parameters.get("token_id") not in _OUR_TOKENS
