"""What the app's routes declare. A route that does not declare its permission is refused before it serves a request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from trueup.model.errors import ConfigurationError
from trueup.web.access import Door, Requirement, StrictForm
from trueup.web.access.permissions import Permission
from trueup.web.strict import StrictBody


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRoute:
    """One route: its whole path with ``{names}``, its methods, and what it declares."""

    path: str
    pattern: re.Pattern[str]
    methods: frozenset[str]
    endpoint: Callable[..., Any]
    permission: Permission
    door: Door
    query_names: frozenset[str]
    body: StrictBody | None


def declared_routes(app: FastAPI) -> tuple[DeclaredRoute, ...]:
    """Every route of the app. Raises ``ConfigurationError`` for a route that declares too little."""
    return tuple(_declared(context) for context in iter_route_contexts(app.routes))


def _declared(context: RouteContext) -> DeclaredRoute:
    dependant = getattr(context, "dependant", None)
    calls = [each.call for each in dependant.dependencies] if isinstance(dependant, Dependant) else []
    if not isinstance(dependant, Dependant) or not calls or not isinstance(calls[0], Requirement):
        raise ConfigurationError(
            f"The route {context.path} does not declare its permission first; give it requires(Permission.…)."
        )
    if sum(isinstance(call, Requirement) for call in calls) > 1:
        raise ConfigurationError(f"The route {context.path} declares several permissions; give it one.")
    if dependant.body_params:
        raise ConfigurationError(
            f"The route {context.path} reads its body without strict checks; give it strict_json(Model)."
        )
    if (calls[0].door is Door.FORM) != any(isinstance(call, StrictForm) for call in calls):
        raise ConfigurationError(
            f"The route {context.path} must both require and read a form: form_requires(…) and strict_form(Model)."
        )
    return DeclaredRoute(
        path=str(context.path_format),
        pattern=context.path_regex,
        methods=frozenset(context.methods or ()),
        endpoint=cast("Callable[..., Any]", dependant.call),
        permission=calls[0].permission,
        door=calls[0].door,
        query_names=frozenset(_query_names(dependant)),
        body=next((call for call in calls if isinstance(call, StrictBody)), None),
    )


def _query_names(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for each in dependant.dependencies:
        yield from _query_names(each)
