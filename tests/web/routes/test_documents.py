"""The API's types of the report are those of the document itself."""

from __future__ import annotations

import json

from hypothesis import given

from tests.support.reports import QUICK, reports
from tests.support.writing import document
from trueup.formats.report_document import ReportDocument
from trueup.model.report import Report
from trueup.web.routes import contract


def test_the_api_answers_with_the_documents_own_type() -> None:
    (route,) = [route for route in contract.router.routes if getattr(route, "name", "") == "read_report"]
    assert getattr(route, "response_model", None) is ReportDocument


@QUICK
@given(reports())
def test_every_report_is_of_the_type(report: Report) -> None:
    written = document(report)
    read = ReportDocument.model_validate(written)
    assert json.loads(read.model_dump_json(by_alias=True)) == written
