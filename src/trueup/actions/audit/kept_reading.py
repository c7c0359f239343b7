"""Begin an audit with the books that the one before kept, where nothing speaks against it, and keep those it makes.

Whatever is in doubt is read whole, and the report says why.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from trueup.books.copy import note_unread
from trueup.books.file import Books
from trueup.books.history import carry_over, compare_history
from trueup.books.kept import KeptFile, KeptRelation, KeptState
from trueup.books.opening import continued_books, create_books
from trueup.books.refresh import key_of, refresh_relation
from trueup.model.changes import Changes, UnknownChanges
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.kept_books import RelationReread, Rereading
from trueup.model.money import CREDIT_DECIMALS
from trueup.model.policy import PERIOD_DAYS_LIMIT
from trueup.model.relations import relation_named
from trueup.model.source import RelationMapping
from trueup.sources.stream import this_moment

if TYPE_CHECKING:
    from trueup.config import Config
    from trueup.model.source import Progress, SourceTable, TrackedSnapshot

_LONGEST_PERIOD = timedelta(days=PERIOD_DAYS_LIMIT)
_FIRST = "no books were kept before"


class KeptReading:
    """What one audit does with the kept books of its environment, whose lock it holds."""

    def __init__(
        self, file: KeptFile, config: Config, *, place: str, relations: frozenset[str], wants_all: bool
    ) -> None:
        state = file.state()
        self._file, self._config, self._wanted = file, config, relations
        self._place = re.sub(r"//[^/@]*@", "//", place)  # another role sees the same rows
        self._of_before = state if isinstance(state, KeptState) and state.place == self._place else None
        self._before = self._of_before if self._of_before is not None and self._of_before.is_of_this_version else None
        self._whole_because = self._why_whole(state, wants_all=wants_all)
        self._reads: dict[str, RelationReread] = {}
        self._marks: dict[str, str | None] = {}
        self._fingerprints: dict[str, tuple[str, str]] = {}
        self._problem: str | None = None
        self._runs_left: int | None = None
        self._compared_with: datetime | None = None

    @contextlib.contextmanager
    def books(self, path: Path) -> Iterator[Books]:
        """The books that this audit works on: a copy of those that were kept, or new ones."""
        config = self._config
        if self._whole_because is None and self._before is not None:
            try:
                self._file.copy_to(path)
            except OSError as error:
                path.unlink(missing_ok=True)
                self._whole_because = f"the kept books could not be copied: {error.strerror}"
        if self._whole_because is None and self._before is not None:
            with continued_books(
                path,
                relations=self._before.relations.keys() & self._wanted,
                memory_limit=config.memory_limit,
                credit_decimals=config.credit_decimals,
            ) as books:
                yield books
            return
        with create_books(
            path, memory_limit=config.memory_limit, credit_decimals=config.credit_decimals, is_kept=False
        ) as books:
            yield books

    def refresh(
        self,
        books: Books,
        snapshot: TrackedSnapshot,
        mapping: RelationMapping,
        table: SourceTable | None,
        *,
        unique_key: bool,
        progress: Progress,
    ) -> bool:
        """Refresh the relation; False where all of it has to be read."""
        self._fingerprints[mapping.relation] = _fingerprint(mapping, table, self._config.credit_decimals)
        reason = self._whole_because or self._obstacle(mapping, unique_key=unique_key)
        kept = self._before.relations.get(mapping.relation) if self._before is not None else None
        if reason is None and kept is not None and kept.mark is not None:
            try:
                reason = self._refreshed(books, snapshot, mapping, kept.mark, progress)
            except SourceUnavailable as error:
                note_unread(books, mapping, f"reading its changes ended: {error}")
                raise
        if reason is not None:
            self._reads[mapping.relation] = RelationReread(because=reason)
        return reason is None

    def why_whole(self, relation: str) -> str:
        """Why all of the relation is read."""
        return self._reads[relation].because or ""

    def note_copied(self, snapshot: TrackedSnapshot, mapping: RelationMapping, *, unique_key: bool) -> None:
        """Note that all of the relation was read."""
        may_refresh = _form_obstacle(mapping, unique_key=unique_key) is None
        self._marks[mapping.relation] = snapshot.mark(mapping) if may_refresh else None

    def keep(self, books: Books, file: Path, snapshot: TrackedSnapshot) -> None:
        """Keep the books, to which every relation was read. What prevents it is noted, and the earlier ones stay."""
        self._compare_history(books, snapshot)
        before, is_refreshed = self._before, any(read.because is None for read in self._reads.values())
        refreshes = before.refreshes + 1 if before is not None and is_refreshed else 0
        state = KeptState(
            place=self._place,
            as_of=snapshot.as_of,
            whole_at=before.whole_at if before is not None and is_refreshed else snapshot.as_of,
            refreshes=refreshes,
            decimals=books.scale.decimals,
            relations=self._relations(books),
        )
        try:
            self._file.keep(books, file, state)
        except (OSError, ConfigurationError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            self._problem = f"the books could not be kept: {reason}; those of before stay"
            return
        self._runs_left = self._config.books.full_read_after_runs - refreshes

    def note_not_kept(self, problem: str) -> None:
        """Note why these books are not kept."""
        self._problem = problem

    @property
    def result(self) -> Rereading:
        """What the report says of it."""
        return Rereading(
            relations=dict(self._reads),
            full_read_in_runs=self._runs_left,
            problem=self._problem,
            compared_with=self._compared_with,
        )

    def _compare_history(self, books: Books, snapshot: TrackedSnapshot) -> None:
        """Compare what was read with the books of before, of whichever moment they are."""
        before, policy = self._of_before, self._config.policy
        if before is None:
            return
        with self._file.attached(books):
            carry_over(books.connection, since=snapshot.as_of - _LONGEST_PERIOD)
            for name, (_, mapping) in self._fingerprints.items():
                # Another version of trueup may have read the same rows otherwise.
                if name in before.relations and before.is_of_this_version:
                    compare_history(
                        books.connection,
                        name,
                        mappings=(before.relations[name].mapping, mapping),
                        is_refreshed=self._reads[name].because is None,
                        settled_before=before.as_of - timedelta(minutes=policy.settle_minutes),
                        now=snapshot.as_of,
                    )
        self._compared_with = before.as_of

    def _why_whole(self, state: KeptState | str | None, *, wants_all: bool) -> str | None:
        settings, now = self._config.books, this_moment()
        if wants_all:
            return "every row was asked for"
        if not isinstance(state, KeptState):
            return state or _FIRST
        if self._of_before is None:
            return "the kept books are of another database"
        if self._before is None:
            return "the kept books are of another version of trueup"
        if state.refreshes >= settings.full_read_after_runs:
            return f"{state.refreshes} audits read only changes since every row was read"
        if not timedelta(0) <= now - state.whole_at < timedelta(days=settings.full_read_after_days):
            return f"every row was last read on {state.whole_at:%Y-%m-%d}"
        decimals = self._config.credit_decimals
        if decimals is not None and state.decimals != decimals:
            return f"credits were kept with {state.decimals} decimals, and not with {decimals}"
        if decimals is None and state.decimals != CREDIT_DECIMALS:
            return (
                f"some credits have {state.decimals} decimals: write credit_decimals = {state.decimals} under [books]"
            )
        return None

    def _obstacle(self, mapping: RelationMapping, *, unique_key: bool) -> str | None:
        """Why the relation may not be refreshed, as far as that shows without asking the source."""
        kept = self._before.relations.get(mapping.relation) if self._before is not None else None
        if kept is None:
            return "it was not read before"
        if kept.fingerprint != self._fingerprints[mapping.relation][0]:
            return "its mapping or its table changed"
        obstacle = _form_obstacle(mapping, unique_key=unique_key)
        if obstacle is not None:
            return obstacle
        return None if kept.mark is not None else "the source does not say which of its rows changed"

    def _refreshed(
        self, books: Books, snapshot: TrackedSnapshot, mapping: RelationMapping, mark: str, progress: Progress
    ) -> str | None:
        progress.begin(f"Looking for changes in {mapping.table}", None)
        changes = snapshot.changes(mapping, mark)
        progress.end()
        match changes:
            case UnknownChanges(reason=reason):
                return reason
            case Changes():
                total = f"{changes.changed:,} of {changes.rows:,} rows"
                progress.begin(f"Copying {total} of {mapping.table}", changes.changed)
                problem = refresh_relation(books, snapshot, mapping, changes, progress=progress)
                progress.end()
                if problem is None:
                    self._marks[mapping.relation] = changes.mark
                    self._reads[mapping.relation] = RelationReread(changed_rows=changes.changed)
                return problem

    def _relations(self, books: Books) -> Mapping[str, KeptRelation]:
        rows = {read.relation: read.rows for read in books.copies()}
        relations = {}
        for name, (fingerprint, mapping) in self._fingerprints.items():
            ((count,),) = books.connection.execute(f"SELECT count(*) FROM {name}").fetchall()
            # A row without a name, or one of several of one key, is not in the books: there a key does not name a row.
            mark = self._marks.get(name) if count == rows.get(name) else None
            relations[name] = KeptRelation(fingerprint=fingerprint, mapping=mapping, rows=count, mark=mark)
        return relations


@contextlib.contextmanager
def kept_reading(
    config: Config, *, place: str, relations: frozenset[str], wants_all: bool
) -> Iterator[KeptReading | Rereading | None]:
    """Hold the environment's kept books for an audit; None where the config does not keep any.

    Where another audit holds them, or their folder cannot be used, the answer says so: such an audit reads everything
    and keeps nothing.
    """
    if not config.books.keep:
        yield None
        return
    file = KeptFile(Path(config.books.folder), config.environment)
    with contextlib.ExitStack() as held:
        try:
            is_ours = held.enter_context(file.locked())
        except OSError as error:
            yield Rereading(problem=f"the books cannot be kept in {file.folder}: {error.strerror}")
            return
        if not is_ours:
            yield Rereading(problem="another audit was using the kept books, so this one read everything")
            return
        yield KeptReading(file, config, place=place, relations=relations, wants_all=wants_all)


def _form_obstacle(mapping: RelationMapping, *, unique_key: bool) -> str | None:
    """Why a relation of this mapping can never be refreshed; None where it can."""
    key = key_of(relation_named(mapping.relation))
    if not mapping.is_one_table or mapping.key_prefix or mapping.account_prefix:
        return "its rows come from a query or from several places"
    if mapping.rows_repeat:
        return "several of its rows are one"
    if key is None or not unique_key or mapping.columns[key.name].values:
        return "the database does not keep one column of it unique"
    return None


def _fingerprint(mapping: RelationMapping, table: SourceTable | None, decimals: int | None) -> tuple[str, str]:
    """What the relation's rows depend on besides themselves, and the part of that which the config says; as JSON."""
    config_says = {**dataclasses.asdict(mapping), "credit_decimals": decimals}
    config_part = json.dumps(config_says, default=_in_order, sort_keys=True)
    there = None if table is None else dataclasses.asdict(dataclasses.replace(table, rows=None, indexed=frozenset()))
    return json.dumps([config_part, there], default=_in_order, sort_keys=True), config_part


def _in_order(value: object) -> object:
    match value:
        case frozenset() | set():
            return sorted((_in_order(part) for part in value), key=repr)
        case _:
            return str(value)
