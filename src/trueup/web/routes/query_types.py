"""The written forms of parameters: each value has exactly one, where the framework accepts several."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from pydantic_core import CoreSchema, PydanticKnownError, core_schema

_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}")


class QueryType(ABC):
    """The written form of one parameter. A value that is not a string is the default, and stays as it is."""

    @abstractmethod
    def read(self, written: str) -> object:
        """Return the value. Raises pydantic's own errors, which the API translates."""

    @abstractmethod
    def schema(self) -> dict[str, object]:
        """Return its JSON Schema."""

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            lambda given: self.read(given) if isinstance(given, str) else given
        )

    def __get_pydantic_json_schema__(self, _core: CoreSchema, _handler: Any) -> dict[str, object]:
        return self.schema()


@dataclass(frozen=True, slots=True)
class WholeNumber(QueryType):
    """A whole number from ``least`` to ``most``, in digits alone."""

    least: int
    most: int

    def read(self, written: str) -> int:
        """Raises for anything else, leading zeros included."""
        if not _WHOLE.fullmatch(written):
            raise PydanticKnownError("int_parsing")
        if int(written) < self.least:
            raise PydanticKnownError("greater_than_equal", {"ge": self.least})
        if int(written) > self.most:
            raise PydanticKnownError("less_than_equal", {"le": self.most})
        return int(written)

    def schema(self) -> dict[str, object]:
        """An integer with bounds."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Text(QueryType):
    """Text of the form ``pattern``, which is anchored at both ends."""

    pattern: str

    def read(self, written: str) -> str:
        """Raises for text of another form."""
        # Python's "$" also matches before a last line break.
        if not re.fullmatch(self.pattern.removesuffix("$"), written):
            raise PydanticKnownError("string_pattern_mismatch", {"pattern": self.pattern})
        return written

    def schema(self) -> dict[str, object]:
        """A string with a pattern."""
        return {"type": "string", "pattern": self.pattern}


@dataclass(frozen=True, slots=True)
class Word(QueryType):
    """One of these words."""

    words: tuple[str, ...]

    def read(self, written: str) -> str:
        """Raises for another word."""
        if written not in self.words:
            raise PydanticKnownError("enum", {"expected": ", ".join(self.words)})
        return written

    def schema(self) -> dict[str, object]:
        """A closed set."""
        return {"type": "string", "enum": [str(word) for word in self.words]}


@dataclass(frozen=True, slots=True)
class TrueOrFalse(QueryType):
    """``true`` or ``false``."""

    def read(self, written: str) -> bool:
        """Raises for another word."""
        if written not in {"true", "false"}:
            raise PydanticKnownError("bool_parsing")
        return written == "true"

    def schema(self) -> dict[str, object]:
        """A boolean."""
        return {"type": "boolean"}
