"""Read Stripe's own objects from a sync tool's tables or from exported files, as those of the API are read."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from trueup.model.errors import ConfigurationError, FileEmpty, FileUnreadable, SourceUnavailable
from trueup.model.finding import printable
from trueup.model.stripe_objects import EVENT_DAYS, OBJECT_KINDS
from trueup.stripe.object_tables import ObjectTables, open_object_tables
from trueup.stripe.shapes import SHAPES
from trueup.stripe.shapes.fields import AccountFilter
from trueup.stripe.shapes.sql import PRICES, SCHEDULES, part_shapes, shape_named, shapes_of

if TYPE_CHECKING:
    import pyarrow as pa

    from trueup.model.source import RelationMapping

_ID = re.compile(r'"id"\s*:\s*"([^"\\]{1,80})"')

Batches = Callable[[str], Iterable["pa.RecordBatch"]]
"""The rows of a kind: ``object`` (JSON as text), or a column for each ``field.NAME`` and ``nested.NAME`` (JSON)."""


Locate = Callable[[str, str], "str | None"]
"""Returns the place of a line of this kind, such as ``customers.jsonl, line 3``; None where it is not known."""


def _nowhere(kind: str, text: str) -> None:
    """Return None: a row of a table is not on any line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedObjects:
    """A copy of Stripe's objects: the ``kinds`` that it holds, and how to read one.

    Objects of another account than ``account`` are left out; None means that all must be of one. ``complete_since``
    is the moment of creation from which on everything is there, None since ever; ``as_of`` when it was written.
    """

    kinds: Collection[str]
    batches: Batches
    as_of: datetime
    complete_since: datetime | None = None
    account: str | None = None
    locate: Locate = _nowhere
    may_be_empty: Collection[str] = ()
    """The kinds of which a file without a byte means that Stripe has none."""


def list_relations(kinds: Collection[str]) -> tuple[str, ...]:
    """Return the relations that these kinds of objects supply."""
    return tuple(shape.relation for shape in SHAPES if shape.kind in kinds)


def list_kinds(relations: Collection[str], kinds: Collection[str]) -> tuple[str, ...]:
    """Return the kinds that these relations are made from."""
    shapes = [shape_named(relation) for relation in relations]
    wanted = {shape.kind for shape in shapes}
    wanted |= {PRICES} if wanted & {"invoices", "subscriptions"} else set()
    wanted |= {kind for kind, (shape, _) in part_shapes().items() if shape.kind in wanted}
    wanted |= {SCHEDULES} if "subscriptions" in wanted else set()
    return tuple(kind for kind in OBJECT_KINDS if kind in kinds and kind in wanted)


@contextlib.contextmanager
def read_exported_objects(
    exported: ExportedObjects, *, account_filter: AccountFilter, relations: Collection[str], scratch: Path
) -> Iterator[ExportedSnapshot]:
    """Read these relations. ``scratch`` is a private folder.

    What cannot be read is a problem of its relations, never an error. Raises ``ConfigurationError`` where the objects
    are of several accounts, or all of the other mode, and ``SourceUnavailable`` when they go away in the middle.
    """
    kinds = list_kinds(relations, exported.kinds)
    with open_object_tables(scratch, account_filter) as tables:
        for kind in kinds:
            _take_kind(tables, exported, kind)
        _refuse_mixture(tables, account_filter)
        tables.finish([kind for kind in kinds if shapes_of(kind)])
        _note_missing_prices(tables, kinds)
        yield ExportedSnapshot(tables, exported, relations)


class ExportedSnapshot:
    """What was read of exported objects: a ``Snapshot``. ``problems`` says, by relation, why it is not whole.

    ``unsupplied`` are relations that the objects could hold and do not: they are as if their kind was not there. So
    are the ``unsupplied_columns`` of a relation.
    """

    def __init__(self, tables: ObjectTables, exported: ExportedObjects, relations: Collection[str]) -> None:
        self.as_of = exported.as_of
        self.types_are_known = True
        self._tables = tables
        self.problems = {name: problem for name, problem in tables.problems.items() if name in relations}
        self.unsupplied = tables.unsupplied & set(relations)
        self.unsupplied_columns = tables.unsupplied_columns
        self.complete_since = {name: _find_complete_since(exported, name) for name in relations}

    def read(self, mapping: RelationMapping) -> pa.RecordBatchReader:
        """The relation's rows. Raises ``SourceUnavailable`` for one that is not whole."""
        if mapping.relation in self.problems:
            raise SourceUnavailable(self.problems[mapping.relation])
        return self._tables.read(mapping.relation)

    def cancel(self) -> None:
        """Interrupt the query that reads the rows made of the objects."""
        self._tables.cancel()


def _find_complete_since(exported: ExportedObjects, relation: str) -> datetime | None:
    """Return since when the relation is complete: Stripe lists events for thirty days, so older ones are missing."""
    if relation != "stripe_event":
        return exported.complete_since
    listed = exported.as_of - timedelta(days=EVENT_DAYS)
    return listed if exported.complete_since is None else max(listed, exported.complete_since)


def _take_kind(tables: ObjectTables, exported: ExportedObjects, kind: str) -> None:
    """Take in a kind. What cannot be read makes its own relations unknown, and no others."""
    relations = _list_relations_of(kind)
    refusals: list[str] = []

    def refuse(text: str | None, error: ValueError) -> None:
        if not refusals:
            refusals.append(f"{_describe_place(exported, kind, text)} cannot be read: {error}")
        else:
            refusals.append("")

    try:
        tables.take(kind, exported.batches(kind), account=exported.account, refused=refuse)
    except FileEmpty as error:
        if kind in part_shapes() or kind == SCHEDULES:
            tables.leave_out(kind)  # those in lists and expanded are what there is; what they lack is on record then
        elif kind not in exported.may_be_empty:
            tables.note(relations, str(error).rstrip("."))
    except FileUnreadable as error:
        tables.note(relations, str(error).rstrip("."))
    if refusals:
        more = len(refusals) - 1
        tables.note(relations, refusals[0] + (f"; and {more} more of the {kind.replace('_', ' ')}" if more else ""))


def _list_relations_of(kind: str) -> Sequence[str]:
    """Return the relations that are not whole without this kind."""
    if kind == SCHEDULES:
        return ["stripe_subscription"]
    if kind not in part_shapes():
        return list_relations([kind])
    shape, part_of = part_shapes()[kind]
    return [shape.relation, *part_of.spoils]


def _describe_place(exported: ExportedObjects, kind: str, text: str | None) -> str:
    """Return the place of an object that cannot be read, with its id where that can be seen."""
    named = _ID.search(text) if text is not None else None
    an_id = f" ({printable(named[1])})" if named else ""
    line = exported.locate(kind, text) if text is not None else None
    return f"{line or 'one of the ' + kind.replace('_', ' ')}{an_id}"


def _refuse_mixture(tables: ObjectTables, account_filter: AccountFilter) -> None:
    if len(tables.accounts) > 1:
        named = ", ".join(sorted(map(printable, tables.accounts))[:3])
        raise ConfigurationError(
            f"Stripe's tables hold objects of {len(tables.accounts)} accounts ({named}); say which one is this app's "
            "as stripe.account."
        )
    if tables.of_other_mode and not tables.of_mode:
        other, expected = ("test", "live") if account_filter.livemode else ("live", "test")
        raise ConfigurationError(
            f"All {tables.of_other_mode} of Stripe's objects are in {other} mode, and policy.livemode says "
            f"{expected}. Correct it, or read the tables of this environment."
        )


def _note_missing_prices(tables: ObjectTables, kinds: Collection[str]) -> None:
    """Since 2025-03-31 a line only names its price: what that is called and whether it is metered, prices say."""
    missing = tables.problems.get("stripe_price") if PRICES in kinds else "the prices that it names are not there"
    if missing is None:
        return
    if "invoices" in kinds and PRICES in kinds:
        tables.note(["stripe_invoice_line"], missing)
    elif "invoices" in kinds:
        tables.unsupplied.add("stripe_invoice_line")
    if "subscriptions" in kinds and tables.find_named_price() is not None:
        tables.note(["stripe_subscription_item"], missing)
