"""Decide whose the rows are by the database's own equality, and spell each account's id as the account does."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trueup.actions.repair.subject_reader import Raw, raw_text
from trueup.model.key_equality import Comparison, KeyEquality
from trueup.sources.key_matching import equal_sql

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trueup.actions.repair.session import RepairSession
    from trueup.model.source import RelationMapping


@dataclass(slots=True, kw_only=True)
class AccountKeys:
    """The spellings of the accounts of one subject. The database is asked about a spelling that no account has."""

    session: RepairSession
    connection: Connection
    mapping: RelationMapping | None
    accounts: set[str] = field(default_factory=set)
    ambiguous: str | None = None
    """Why it is not known whose a row is; None where it is known."""

    def settle(self, asked: Collection[str], rows: Sequence[Raw]) -> None:
        """Add the accounts of these rows that the database compares as equal to those of ``asked``."""
        place = list(self.mapping.columns).index("account_id") if self.mapping is not None else 0
        kept = {raw_text(row[place]) for row in rows if row[place] is not None}
        rule = self._rule()
        if rule is None:
            self.accounts |= set(asked) | kept
            return
        missing, other = set(asked) - kept, kept - set(asked)
        self.accounts |= kept | (missing - self._equal(rule, missing, other).keys())
        if len(kept) > 1 and not self.session.layout().unique_accounts:
            doubled = {frozenset(pair) for pair in self._equal(rule, kept, kept).items() if len(set(pair)) > 1}
            for pair in doubled:
                names = " and ".join(f'"{name}"' for name in sorted(pair))
                self.ambiguous = f"{names} are two accounts, but the database compares their keys as equal; merge them"

    def respelled(self, mapping: RelationMapping | None, column: str, rows: Sequence[Raw]) -> list[Raw]:
        """The rows with the account id in ``column`` as its account spells it."""
        rule = self._rule((mapping.relation, column)) if mapping is not None else None
        if mapping is None or rule is None or column not in mapping.columns:
            return list(rows)
        place = list(mapping.columns).index(column)
        odd = {row[place] for row in rows} - self.accounts - {None}
        same = self._equal(rule, {str(spelling) for spelling in odd}, self.accounts)
        return [(*row[:place], same.get(str(row[place]), row[place]), *row[place + 1 :]) for row in rows]

    def _equal(self, rule: KeyEquality, spellings: Collection[str], keys: Collection[str]) -> Mapping[str, str]:
        """Each of ``spellings`` that the database compares as equal to one of ``keys``, with that key."""
        if not spellings or not keys:
            return {}
        sql = equal_sql(self.session.target.dialect, rule, spellings, keys)
        pairs = [(str(theirs), str(ours)) for theirs, ours in self.connection.exec_driver_sql(sql)]
        return dict(sorted(pairs, key=lambda pair: pair[0] != pair[1]))  # another spelling goes before the same one

    def _rule(self, place: tuple[str, str] | None = None) -> KeyEquality | None:
        """The rule by which another spelling is the same id in this column, or in any; None: equal text only."""
        rules = (
            reference.equality
            for reference in self.session.layout().references
            if reference.comparison is Comparison.BY_SOURCE and place in (None, reference.place)
        )
        return next(rules, None)
