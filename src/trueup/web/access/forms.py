"""Read a form strictly: its size and fields are limited, and only the session that was shown it can send it, once."""

from __future__ import annotations

import functools
import json
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import Depends
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from trueup.actions.sign_in import FormTokens, SignInRefused, check_form_token, use_form_token
from trueup.web.logs import logger
from trueup.web.notes import notes
from trueup.web.problems import FieldProblem, Problem
from trueup.web.services import Services
from trueup.web.strict import field_problems, is_clean, limited_body

FORM_TOKEN = "form_token"  # noqa: S105 - a field's name
FIELDS_LIMIT = 1100
"""A list that was frozen for one action has at most 1,000 rows, and a form has a few fields beside it."""

Model = TypeVar("Model", bound=BaseModel)


def form_token(request: Request) -> Callable[[], str]:
    """Make the value of the hidden field ``form_token`` of each form on the page that answers this request.

    Nothing is read for a page without a form.
    """

    @functools.cache
    def tokens() -> FormTokens:
        services: Services = request.app.state.services
        return FormTokens(_binding(request), store=services.store, now=services.clock())

    return lambda: tokens().make()


def strict_form(model: type[Model]) -> Any:
    """The dependency that reads a form: ``form: Annotated[ExemptForm, strict_form(ExemptForm)]``.

    The model's fields are strings and dates, or lists of strings for a field that may be given several times.
    """
    return Depends(StrictForm(model))


@dataclass(frozen=True, slots=True)
class StrictForm:
    """The dependency that reads the body as a form of ``model``.

    ``is_bound`` is False only for a sign-in, before which there is no session that the form could be bound to.
    """

    model: type[BaseModel]
    is_bound: bool = True

    async def __call__(self, request: Request) -> BaseModel:
        """Read the form and use its token up. Raises ``Problem``: 403, 409, 413 or 422."""
        fields = parse_form(await limited_body(request))
        tokens = fields.pop(FORM_TOKEN, [])
        text = tokens[0] if len(tokens) == 1 else ""
        if self.is_bound:
            await run_in_threadpool(_refuse_foreign_token, request, text)
        form = self._model(fields)
        if self.is_bound:
            # Only now: a form with a mistake in it can be mended and sent again.
            await run_in_threadpool(_use_up, request, text)
        return form

    def _model(self, fields: dict[str, list[str]]) -> BaseModel:
        lists = {name for name, field in self.model.model_fields.items() if _is_list(field.annotation)}
        repeated = [name for name, values in fields.items() if len(values) > 1 and name not in lists]
        if set(repeated) & set(self.model.model_fields):
            problems = [FieldProblem(field=name, problem="may be given once") for name in self.model.model_fields]
            raise Problem(422, "The form is not valid.", fields=[each for each in problems if each.field in repeated])
        values = {name: values if name in lists else values[0] for name, values in fields.items()}
        try:
            # Validated as JSON and not as Python values: a date is a string there.
            return self.model.model_validate_json(json.dumps(values))
        except ValidationError as error:
            raise Problem(422, "The form is not valid.", fields=field_problems(error)) from None


def parse_form(body: bytes) -> dict[str, list[str]]:
    """The fields and their values. Raises ``Problem`` for text that is not clean UTF-8, and for too many fields."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=FIELDS_LIMIT,
        )
    except ValueError:
        raise Problem(422, "The form must be percent-encoded UTF-8 with a limited number of fields.") from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        if not is_clean(name) or not is_clean(value):
            raise Problem(422, "The form must not hold NUL or half a surrogate pair.")
        fields.setdefault(name, []).append(value)
    return fields


def _refuse_foreign_token(request: Request, text: str) -> None:
    services: Services = request.app.state.services
    refused = check_form_token(text, _binding(request), store=services.store, now=services.clock())
    if refused is not None:
        _note(request, refused)
        raise Problem(403, "This form was not shown to this session, or too long ago. Open its page again.")


def _use_up(request: Request, text: str) -> None:
    services: Services = request.app.state.services
    refused = use_form_token(text, _binding(request), store=services.store, now=services.clock())
    if refused is not None:
        _note(request, refused)
        raise Problem(409, "This form was sent before. See whether its change was made; to change more, open it again.")


def _note(request: Request, refused: SignInRefused) -> None:
    noted = notes(request)
    logger().warning("refused", requestId=noted.request_id, actor=noted.actor, reason=refused.reason)


def _binding(request: Request) -> str:
    binding = notes(request).form_binding
    if binding is None:
        raise Problem(403, "This needs a sign-in.")
    return binding


def _is_list(annotation: Any) -> bool:
    return any(typing.get_origin(part) in {list, tuple} for part in (annotation, *typing.get_args(annotation)))
