"""Read a JSON body strictly: a body that is not clearly valid is refused before it is used.

The framework's own reader accepts NaN, 1e400, lone surrogates, duplicate keys and any size, and its errors echo them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import ClientDisconnect, Request

from trueup.web import text
from trueup.web.problems import FieldProblem, Problem

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

BODY_BYTES_LIMIT = 64 * 1024
DEPTH_LIMIT = 32

_DIGITS_LIMIT = 19
"""As many digits as 64 bits have. Readers differ about longer numbers."""

_MEDIA_TYPE = re.compile(r"""application/json[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?""", re.IGNORECASE)
_FORM_TYPE = re.compile(_MEDIA_TYPE.pattern.replace("json", "x-www-form-urlencoded"), re.IGNORECASE)

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Model = TypeVar("Model", bound=BaseModel)


class Body(BaseModel):
    """A body's form: no unknown fields, no conversions, and no value in an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class StrictBody:
    """The dependency that reads the body as ``model``."""

    model: type[BaseModel]

    async def __call__(self, request: Request) -> BaseModel:
        """Read the body. Raises ``Problem``: 413, 415 or 422."""
        refuse_other_media(request)
        value = parsed(await limited_body(request))
        try:
            # Validated as JSON and not as Python values: a date is a string there.
            return self.model.model_validate_json(json.dumps(value))
        except ValidationError as error:
            raise Problem(422, "The body does not have the required form.", fields=field_problems(error)) from None


def strict_json(model: type[Model]) -> Any:
    """The dependency of a route with a body: ``order: Annotated[RepairBody, strict_json(RepairBody)]``."""
    return Depends(StrictBody(model))


def refuse_other_media(request: Request) -> None:
    """Raises ``Problem`` unless the body is declared as uncompressed JSON in UTF-8."""
    given = request.headers.getlist("content-type")
    if len(given) != 1 or not _MEDIA_TYPE.fullmatch(given[0]):
        raise Problem(415, "The body must be application/json in UTF-8.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "The body must not be compressed.")


def refuse_other_forms(request: Request) -> None:
    """Raises ``Problem`` unless the body is declared as an uncompressed form."""
    given = request.headers.getlist("content-type")
    if len(given) != 1 or not _FORM_TYPE.fullmatch(given[0]):
        raise Problem(415, "The body must be application/x-www-form-urlencoded in UTF-8.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "The body must not be compressed.")


async def limited_body(request: Request) -> bytes:
    """The body's bytes. Raises ``Problem`` as soon as there are too many, whatever its declared length."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > _DIGITS_LIMIT or int(announced) > BODY_BYTES_LIMIT):
        _too_large()
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES_LIMIT:
                _too_large()
    except ClientDisconnect:
        raise Problem(422, "The body ended early.") from None
    return bytes(body)


def parsed(body: bytes) -> Json:
    """The JSON value. Raises ``Problem`` for JSON that different readers could understand differently."""
    try:
        text = body.decode("utf-8")
        if too_deep(text):
            raise Problem(422, f"The body must not be nested deeper than {DEPTH_LIMIT}.")
        value: Json = json.loads(
            text, object_pairs_hook=_object, parse_constant=_not_a_number, parse_float=_finite, parse_int=_whole
        )
    except ValueError:  # also not UTF-8, and what the hooks below refuse
        raise Problem(422, "The body must be one JSON value in UTF-8 without duplicate keys.") from None
    if not is_clean(value):
        raise Problem(422, "The body must not hold NUL or half a surrogate pair.")
    return value


def too_deep(text: str) -> bool:
    """Whether arrays and objects are nested deeper than allowed, decided without building any of them."""
    depth, inside, escaped = 0, False, False
    for character in text:
        if inside:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                inside = False
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
            if depth > DEPTH_LIMIT:
                return True
        elif character in "]}":
            depth -= 1
    return False


def field_problems(error: ValidationError) -> Sequence[FieldProblem]:
    """What is wrong, field by field. The names and limits are the API's; nothing that was sent is repeated."""
    details = error.errors(include_url=False, include_input=False)
    return problems_of(details)


def problems_of(details: Sequence[ErrorDetails]) -> Sequence[FieldProblem]:
    """The same for pydantic's details, wherever they come from."""
    return tuple(dict.fromkeys(_field_problem(detail) for detail in details))


_UNKNOWN_KEY = "extra_forbidden"
_SAID = {
    _UNKNOWN_KEY: "holds an unknown field",
    "missing": "is missing",
    "string_type": "must be a string",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "does not have the required form",
    "enum": "must be one of: {expected}",
    "literal_error": "must be one of: {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "too_short": "holds too few",
    "too_long": "holds too many",
    "one_scope": "must name either a subject or a plan",
}


def _field_problem(detail: ErrorDetails) -> FieldProblem:
    place = detail["loc"][:-1] if detail["type"] == _UNKNOWN_KEY else detail["loc"]
    field = ".".join(str(step) for step in place) or "body"
    limits = detail.get("ctx", {})  # the API's own, never what was sent
    if detail["type"] == "string_pattern_mismatch" and (rule := text.RULES.get(limits.get("pattern", ""))):
        return FieldProblem(field=field, problem=rule)
    return FieldProblem(field=field, problem=_SAID.get(detail["type"], "is not valid").format_map(limits))


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError
    return values


def _not_a_number(_word: str) -> NoReturn:
    raise ValueError


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError
    return number


def _whole(digits: str) -> int:
    if len(digits.removeprefix("-")) > _DIGITS_LIMIT:
        raise ValueError
    return int(digits)


def is_clean(value: Json) -> bool:
    """Whether its text holds neither NUL nor half a surrogate pair."""
    match value:
        case str():
            return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
        case list():
            return all(map(is_clean, value))
        case dict():
            return all(is_clean(key) and is_clean(part) for key, part in value.items())
        case _:
            return True


def _too_large() -> NoReturn:
    raise Problem(413, f"The body must not be larger than {BODY_BYTES_LIMIT:,} bytes.")
