"""The OpenAPI document, with what the framework does not know: permissions, strict bodies, problems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from trueup.web.access.permissions import ANYONE
from trueup.web.declared import DeclaredRoute
from trueup.web.problems import MEDIA_TYPE

_REFERENCE = "#/components/schemas/{model}"
_ALWAYS = {422: "The request is not valid.", 500: "The server failed.", 503: "This cannot be answered now."}
_OF_PRINCIPALS = {
    401: "The request needs authentication.",
    403: "The role does not have the permission, or the page's origin may not make changes.",
    429: "Too many failed attempts to authenticate.",
}
_OF_BODIES = {413: "The body is too large.", 415: "The body is not JSON in UTF-8."}

_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457). It repeats nothing of the request.",
    "required": ["type", "title", "status", "detail", "errorId"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errorId": {"type": "string", "description": "Names this error in the server's log."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "problem"],
                "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
            },
        },
    },
}


def completed(document: dict[str, Any], routes: Iterable[DeclaredRoute]) -> dict[str, Any]:
    """The framework's document, with every operation's permission, body and problems added."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for framework_s in ("HTTPValidationError", "ValidationError"):
        schemas.pop(framework_s, None)
    schemas["Problem"] = _PROBLEM
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "An API token, or a JSON Web Token."}
    }
    for route, operation in _operations(document, routes):
        operation["x-permission"] = route.permission.value
        if route.permission not in ANYONE:
            operation["security"] = [{"bearer": []}]
        if route.body is not None:
            schema = route.body.model.model_json_schema(ref_template=_REFERENCE)
            schemas.update(schema.pop("$defs", {}))
            operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
        _describe_problems(operation, route)
    return document


def _operations(
    document: dict[str, Any], routes: Iterable[DeclaredRoute]
) -> Iterator[tuple[DeclaredRoute, dict[str, Any]]]:
    for route in routes:
        for method in route.methods:
            operation = document["paths"].get(route.path, {}).get(method.lower())
            if operation is not None:
                yield route, operation


def _describe_problems(operation: dict[str, Any], route: DeclaredRoute) -> None:
    responses = operation.setdefault("responses", {})
    if MEDIA_TYPE not in responses.get("422", {}).get("content", {}):
        responses.pop("422", None)  # the framework's own
    possible = {
        **_ALWAYS,
        **({} if route.permission in ANYONE else _OF_PRINCIPALS),
        **(_OF_BODIES if route.body is not None else {}),
    }
    for status, description in possible.items():
        content = {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}}
        responses.setdefault(str(status), {"description": description, "content": content})
