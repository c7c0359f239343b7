"""The schemas' names are part of the API: generated clients are named after them."""

from __future__ import annotations

from trueup.web.routes.request_bodies import RequestBody


def test_the_schemas_of_bodies_keep_the_names_that_clients_know() -> None:
    titles = {body.model_json_schema()["title"] for body in RequestBody.__subclasses__()}
    assert titles == {
        "RepairOrder",
        "PreviewOrder",
        "AuditOrder",
        "ExemptionOrder",
        "TokenOrder",
        "RepairRequest",
        "Decision",
        "UndoOrder",
    }
