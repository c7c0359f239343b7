"""The types that OpenAPI is made from say what the report's published schema says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given

from tests.support.reports import QUICK, reports
from tests.support.writing import document
from trueup.formats import json as report_format
from trueup.model.report import Report
from trueup.web.routes.answers.report import ReportDocument

SCHEMA = json.loads((Path(report_format.__file__).parent / "report.schema.json").read_text())
_WORDS_OF_PYDANTIC = {"title", "description", "default"}


def plain(schema: Any, definitions: dict[str, Any]) -> Any:
    """A schema in one form: references resolved, prose left out, what is a set sorted."""
    if isinstance(schema, list):
        return [plain(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return plain(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    found = {name: part for name, part in schema.items() if name not in {*_WORDS_OF_PYDANTIC, "$schema", "$defs"}}
    if "properties" in found:
        found["properties"] = {name: plain(part, definitions) for name, part in found["properties"].items()}
    for name in ("items", "additionalProperties", "anyOf"):
        if name in found:
            found[name] = plain(found[name], definitions)
    return _canonical(found)


def _canonical(schema: dict[str, Any]) -> dict[str, Any]:
    """One spelling for what can be said in two: a list of types is a choice, a closed set needs no type."""
    if isinstance(kinds := schema.get("type"), list):
        rest = {name: part for name, part in schema.items() if name != "type"}
        schema = {"anyOf": [{"type": kind} | (rest if kind == "string" else {}) for kind in kinds]}
    if "enum" in schema or "const" in schema:
        schema = {name: part for name, part in schema.items() if name != "type"}
    if "anyOf" in schema:
        schema = schema | {"anyOf": sorted(schema["anyOf"], key=lambda option: json.dumps(option, sort_keys=True))}
    if not schema.get("required", True):
        schema = {name: part for name, part in schema.items() if name != "required"}
    return {name: sorted(part) if name in {"required", "enum"} else part for name, part in schema.items()}


def test_the_type_and_the_published_schema_are_the_same() -> None:
    typed = ReportDocument.model_json_schema(mode="serialization")
    assert plain(typed, typed["$defs"]) == plain(SCHEMA, SCHEMA["$defs"])


@QUICK
@given(reports())
def test_every_report_is_of_the_type(report: Report) -> None:
    written = document(report)
    read = ReportDocument.model_validate(written)
    assert json.loads(read.model_dump_json(by_alias=True)) == written
