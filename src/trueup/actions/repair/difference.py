"""Find what was really written, by reading the database, and which checks could see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot.errors import SqlglotError

from trueup.engines.scans import Scan, reads_of
from trueup.engines.sql import known_relations, parameters_of
from trueup.model.relations import ABOUT_READING, columns_of, relation_name, relation_named

if TYPE_CHECKING:
    from trueup.actions.repair.subject_reader import Raw
    from trueup.actions.repair.subject_snapshot import SubjectSnapshot
    from trueup.books.subject_books import Key, SubjectBooks
    from trueup.engines.sql import Need
    from trueup.model.check import Check
    from trueup.model.source import RelationMapping

_COUNTED = frozenset(map(relation_name, ABOUT_READING))
"""What the books themselves say of every row that is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotDifference:
    """How one snapshot differs from an earlier one.

    It holds the columns in which existing rows differ, the number of new rows by relation, and the relations of which
    it is only known that they changed.
    """

    cells: frozenset[Need]
    grown: Mapping[str, int]
    changed: frozenset[str]


def difference(before: SubjectSnapshot, after: SubjectSnapshot) -> SnapshotDifference:
    """What was written between two snapshots of one subject."""
    cells: set[Need] = set()
    grown: dict[str, int] = {}
    changed: set[str] = set()
    for name, mapping in after.mappings.items():
        gone, come = rows_apart(before.rows[name], after.rows[name])
        places = _places(mapping)
        old, new = _by_key(gone, places), _by_key(come, places)
        if old is None or new is None or not old.keys() <= new.keys():
            changed.add(name)
            continue
        for key, row in old.items():
            cells |= {(name, column) for column, a, b in zip(mapping.columns, row, new[key], strict=True) if a != b}
        if len(new) > len(old):
            grown[name] = len(new) - len(old)
    return SnapshotDifference(cells=frozenset(cells), grown=grown, changed=frozenset(changed))


def new_rows(before: SubjectSnapshot, after: SubjectSnapshot, relation: str) -> Sequence[Raw]:
    """The rows of this relation that only the later snapshot has."""
    return rows_apart(before.rows[relation], after.rows[relation])[1]


def rows_apart(before: Sequence[Raw], after: Sequence[Raw]) -> tuple[Sequence[Raw], Sequence[Raw]]:
    """The rows that only one of them has. Most are at the same place in both."""
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    gone, come = before[same:], list(after[same:])
    left = []
    for row in gone:
        if row in come:
            come.remove(row)
        else:
            left.append(row)
    return left, come


def _places(mapping: RelationMapping) -> list[int]:
    keys = {column.name for column in columns_of(relation_named(mapping.relation)) if column.is_key}
    return [place for place, name in enumerate(mapping.columns) if name in keys]


def _by_key(rows: Sequence[Raw], places: Sequence[int]) -> dict[tuple[str, ...], Raw] | None:
    """The rows by their keys; None where a key is not one row's."""
    by_key = {tuple(str(row[place]) for place in places): row for row in rows}
    return by_key if len(by_key) == len(rows) else None


def affected(
    checks: Sequence[Check],
    written: SnapshotDifference,
    *,
    books: SubjectBooks,
    known: Mapping[str, frozenset[Key]],
    parameters: Mapping[str, object],
) -> list[Check]:
    """The checks that see what was written; no other check can find anything new.

    ``books`` hold what is there now, ``known`` are the keys that they held before, by relation.
    """
    scans = {scan for check in checks for scan in _scans(check) or ()}
    blind: set[Scan] = set()
    for name, count in written.grown.items():
        conditional = [scan for scan in scans if scan.relation == name and scan.condition]
        blind |= _blind(books, name, conditional, known=known[name], count=count, parameters=parameters)
    return [check for check in checks if _sees(check, written, blind)]


def _scans(check: Check) -> frozenset[Scan] | None:
    """Where the check reads; None where its SQL is not understood, which running the check will report."""
    try:
        return reads_of(check.violations).scans
    except SqlglotError:
        return None


def _sees(check: Check, written: SnapshotDifference, blind: set[Scan]) -> bool:
    scans = _scans(check)
    if scans is None or reads_of(check.violations).columns & written.cells:
        return True
    changed = _COUNTED | written.changed
    return any(
        scan.relation in changed
        or scan.relation not in known_relations()
        or (scan.relation in written.grown and scan not in blind)
        for scan in scans
    )


def _blind(
    books: SubjectBooks,
    name: str,
    scans: Sequence[Scan],
    *,
    known: frozenset[Key],
    count: int,
    parameters: Mapping[str, object],
) -> set[Scan]:
    """Those scans of this relation that see none of its new rows, where there are this many."""
    if not scans:
        return set()
    keys = [column.name for column in columns_of(relation_named(name)) if column.is_key]
    # What cannot be answered for a row may be a condition that the row meets.
    answers = (f"coalesce(TRY({scan.condition}), TRUE) AS is_seen_{place}" for place, scan in enumerate(scans))
    sql = f"SELECT {', '.join([*keys, *answers])} FROM {name}"
    rows = books.books.run(sql, {bound: parameters[bound] for bound in parameters_of(sql)}).fetchall()
    new = [row[len(keys) :] for row in rows if row[: len(keys)] not in known]
    if len(new) != count:
        return set()
    return {scan for place, scan in enumerate(scans) if not any(seen[place] for seen in new)}
