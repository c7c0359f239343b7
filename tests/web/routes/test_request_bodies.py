"""The schemas' names are part of the API: generated clients are named after them."""

from __future__ import annotations

import inspect

from trueup.web.routes import request_bodies
from trueup.web.routes.request_bodies import RequestBody


def test_the_schemas_of_bodies_keep_the_names_that_clients_know() -> None:
    bodies = [each for _, each in inspect.getmembers(request_bodies, inspect.isclass) if issubclass(each, RequestBody)]
    assert {body.model_json_schema()["title"] for body in bodies if body is not RequestBody} == {
        "RepairOrder",
        "PreviewOrder",
        "AuditOrder",
        "ExemptionOrder",
        "ExemptionScope",
        "TokenOrder",
        "RepairRequest",
        "Decision",
        "UndoOrder",
        "NoteOrder",
    }
