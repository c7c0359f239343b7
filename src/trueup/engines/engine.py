"""What runs the checks' SQL, as the rest of an audit sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from trueup.model.check import EvidenceRow


class Engine(Protocol):
    """Runs queries in DuckDB's dialect inside the portable subset, over the relations and the derived relations.

    The parameters that a query may bind were given when the engine was made.
    """

    name: str

    def number(self, sql: str) -> int:
        """Return the number that this query returns."""

    def rows(self, sql: str) -> Iterator[EvidenceRow]:
        """Return the query's rows; column order is kept."""


EngineMaker = Callable[[Mapping[str, object]], Engine]
"""Makes an engine with the values of the parameters that queries may bind, by name."""
