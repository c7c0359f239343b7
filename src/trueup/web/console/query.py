"""The query parameters of pages. A form that filters sends every field, so an empty one counts as left out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import Query

from trueup.actions.runs import Sort
from trueup.model.finding import Area
from trueup.model.severity import Severity
from trueup.web import text
from trueup.web.routes.query_types import QueryType, Text, TrueOrFalse, WholeNumber, Word


@dataclass(frozen=True, slots=True)
class OrEmpty(QueryType):
    """A parameter of another form, or nothing."""

    inner: QueryType

    def read(self, written: str) -> object:
        """None for empty text. Raises as the other form does."""
        return self.inner.read(written) if written else None

    def schema(self) -> dict[str, object]:
        """The other form's."""
        return self.inner.schema()


class FindingState(StrEnum):
    """The state by which findings are listed."""

    OPEN = "open"
    EXEMPT = "exempt"
    RESOLVED = "resolved"


class Download(StrEnum):
    """The form in which a list is downloaded."""

    CSV = "csv"
    JSON = "json"


RunQuery = Annotated[str | None, OrEmpty(Text(text.RUN_ID)), Query(alias="run")]
SeverityQuery = Annotated[str | None, OrEmpty(Word(tuple(Severity))), Query(alias="severity")]
CategoryQuery = Annotated[str | None, OrEmpty(Word(tuple(Area))), Query(alias="category")]
CheckQuery = Annotated[str | None, OrEmpty(Text(text.CHECK_ID)), Query(alias="check")]
StateQuery = Annotated[str | None, OrEmpty(Word(tuple(FindingState))), Query(alias="state")]
RepairableQuery = Annotated[bool | None, OrEmpty(TrueOrFalse()), Query(alias="repairable")]
TextQuery = Annotated[str | None, OrEmpty(Text(text.SUBJECT)), Query(alias="q")]
SortQuery = Annotated[str | None, OrEmpty(Word(tuple(Sort))), Query(alias="sort")]
CursorQuery = Annotated[str | None, OrEmpty(Text(text.CURSOR)), Query(alias="cursor")]
BeforeQuery = Annotated[int | None, OrEmpty(WholeNumber(1, 999_999_999)), Query(alias="before")]
ActorQuery = Annotated[str | None, OrEmpty(Text(text.SUBJECT)), Query(alias="actor")]
SubjectQuery = Annotated[str | None, OrEmpty(Text(text.SUBJECT)), Query(alias="account")]
AddedQuery = Annotated[str | None, OrEmpty(Text(text.SUBJECT)), Query(alias="added")]
EntryQuery = Annotated[int | None, OrEmpty(WholeNumber(1, 999_999_999)), Query(alias="repaired")]
VerifyQuery = Annotated[bool | None, OrEmpty(TrueOrFalse()), Query(alias="verify")]
DownloadQuery = Annotated[str | None, OrEmpty(Word(tuple(Download))), Query(alias="format")]
