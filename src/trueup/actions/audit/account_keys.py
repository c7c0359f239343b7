"""Decide which ids name the same account: those that the app's own database compares as equal."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.books.account_keys import ACCOUNT, account_ids, alike, doubtful, note_problem, respell, strangers
from trueup.books.quarantine import keep_one_of_each
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.key_equality import Comparison, KeyEquality, comparison
from trueup.model.source import ColumnMapping, RelationMapping, places_of
from trueup.sources.key_matching import grouping_sql, matching_sql
from trueup.sources.select import select

if TYPE_CHECKING:
    from trueup.books.account_keys import Place
    from trueup.books.file import Books
    from trueup.model.source import Progress, Snapshot, SourceTable

REFERENCES: tuple[Place, ...] = (
    ("ledger_entry", "account_id"),
    ("plan_change", "account_id"),
    ("member", "account_id"),
    ("member", "member_id"),
    ("credit_grant", "account_id"),
    ("wallet_balance", "account_id"),
    ("local_subscription", "account_id"),
)
"""The columns that name an account."""

_IDS_A_QUERY = 5_000
_BYTES_A_QUERY = 4_000_000
"""Ids without an account are compared with each other in one query, with two digits a byte; MariaDB takes 16 MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A mapped column that names an account, and how its ids are compared with the accounts'.

    ``equality`` is the rule that both columns share, where they share one.
    """

    mapping: RelationMapping
    column: str
    comparison: Comparison
    equality: KeyEquality | None
    accounts: RelationMapping | None

    @property
    def place(self) -> Place:
        """The relation and the column, by trueup's names."""
        return self.mapping.relation, self.column

    def doubt(self) -> str:
        """Why it is not known which ids are equal, and what to do about it, as one sentence without its full stop."""
        theirs = _described(self.mapping, self.column)
        compared = f"{theirs} and {_described(self.accounts, 'account_id')}" if self.accounts else theirs
        return (
            f"how the database compares {compared} is not known, so a row may belong to another account than its id "
            "says; give both columns one type and one collation, or, where every id is spelled exactly as its "
            f"account's, set exact_keys = true under [relations.{self.mapping.relation}]"
        )


def references(fitted: Mapping[str, RelationMapping], tables: Mapping[str, SourceTable]) -> tuple[Reference, ...]:
    """Every mapped column that names an account. ``tables`` are the source's, by the names that the mapping uses."""
    accounts = fitted.get("account")
    references = []
    for relation, column in REFERENCES:
        mapping = fitted.get(relation)
        if mapping is None or column not in mapping.columns:
            continue
        compared = _equalities(mapping, column, tables)
        if accounts is not None:
            compared += _equalities(accounts, "account_id", tables)
        how = comparison(compared)
        if how is Comparison.UNKNOWN and mapping.exact_keys:
            how = Comparison.BY_TEXT
        references.append(
            Reference(mapping=mapping, column=column, comparison=how, equality=compared[0], accounts=accounts)
        )
    return tuple(references)


def trusted_relations(fitted: Mapping[str, RelationMapping], tables: Mapping[str, SourceTable]) -> frozenset[str]:
    """The relations whose ids are compared by text only because the config says ``exact_keys``."""
    doubted = {name: dataclasses.replace(mapping, exact_keys=False) for name, mapping in fitted.items()}
    relations = {r.mapping.relation for r in references(doubted, tables) if r.comparison is Comparison.UNKNOWN}
    return frozenset(name for name in relations if fitted[name].exact_keys)


def _equalities(mapping: RelationMapping, column: str, tables: Mapping[str, SourceTable]) -> list[KeyEquality | None]:
    """The rule by which each place of the relation compares the column."""
    return [_equality(place, column, tables) for place in places_of(mapping) if column in place.columns]


def _equality(mapping: RelationMapping, column: str, tables: Mapping[str, SourceTable]) -> KeyEquality | None:
    name = mapping.columns[column].column
    if name is None or mapping.table not in tables:
        return None
    return next((theirs.equality for theirs in tables[mapping.table].columns if theirs.name == name), None)


def _described(mapping: RelationMapping, column: str) -> str:
    source = mapping.columns[column]
    return f"{mapping.table}.{source.column}" if source.column else f"{mapping.table}'s expression for {column}"


def follow_equality(
    books: Books,
    snapshot: Snapshot,
    mappings: Sequence[RelationMapping],
    tables: Mapping[str, SourceTable],
    *,
    dialect: str,
    unique_accounts: bool,
    progress: Progress,
) -> bool:
    """Rewrite the account ids of all copied rows as the accounts spell them; False if the database did not answer.

    Ids that equal an account's byte by byte need no question; the database is asked about the others, in the same
    snapshot, and only where the schema says that they may be equal all the same. Where the rule is not known and two
    ids may be equal, the relation is recorded as not read whole, and no check says anything about it.
    """
    copied = {mapping.relation: mapping for mapping in mappings}
    all_references = references(copied, tables)
    for reference in all_references:
        if reference.comparison is Comparison.UNKNOWN:
            _note_doubt(books, reference)
    asked = [reference for reference in all_references if reference.comparison is Comparison.BY_SOURCE]
    if not asked:
        return True
    progress.begin("Comparing account ids", None)
    keys = _Keys(books, snapshot, dialect, asked)
    try:
        if copied.get("account") is not None and not unique_accounts:
            keys.join_accounts()
        keys.join_references()
    except (SourceUnavailable, ConfigurationError) as error:
        problem = f"the database did not say which account ids are equal: {error}"
        for reference in asked:
            note_problem(books, reference.mapping.relation, problem)
        return False
    progress.end()
    return True


def _note_doubt(books: Books, reference: Reference) -> None:
    by_text = reference.equality is not None and reference.equality.by_text
    example = doubtful(books, reference.place, among_themselves=not by_text)
    if example is not None:
        problem = f"{example} may be ids of the same account: {reference.doubt()}"
        note_problem(books, reference.mapping.relation, problem)


class _Keys:
    """The ids of all columns that share one rule; the database is asked about them."""

    def __init__(self, books: Books, snapshot: Snapshot, dialect: str, asked: Sequence[Reference]) -> None:
        self._books = books
        self._snapshot = snapshot
        self._dialect = dialect
        self._asked = asked

    def join_accounts(self) -> None:
        """Merge accounts whose keys the database compares as equal but does not keep unique, and record that."""
        equality, accounts = self._asked[0].equality, self._asked[0].accounts
        if equality is None or accounts is None:
            return
        respell(self._books, [ACCOUNT], self._grouped(equality, account_ids(self._books)))
        keep_one_of_each(self._books.connection, "account", "account_id", "account_id")

    def join_references(self) -> None:
        """Give every id without an account the spelling of the account it equals, or one spelling for equal ids."""
        by_rule: dict[str, list[Reference]] = {}
        for reference in self._asked:
            by_rule.setdefault(reference.equality.name if reference.equality else "", []).append(reference)
        for group in by_rule.values():
            self._join(group)

    def _join(self, group: Sequence[Reference]) -> None:
        equality, accounts = group[0].equality, group[0].accounts
        if equality is None:
            return
        places = [reference.place for reference in group]
        left = strangers(self._books, places)
        spelling: dict[str, str] = {}
        if accounts is not None and left:
            spelling = self._matched(equality, accounts, left)
            left -= spelling.keys()
        respell(self._books, places, spelling | self._grouped(equality, left))

    def _matched(self, equality: KeyEquality, accounts: RelationMapping, left: Collection[str]) -> dict[str, str]:
        known = account_ids(self._books)
        quote = '"' if self._dialect == "postgres" else "`"
        keys_sql = "\nUNION ALL\n".join(
            select(dataclasses.replace(place, columns={"account_id": place.columns["account_id"]}), quote=quote)
            for place in places_of(accounts)
        )
        spelling: dict[str, str] = {}
        ordered = sorted(left)
        for start in range(0, len(ordered), _IDS_A_QUERY):
            some = ordered[start : start + _IDS_A_QUERY]
            answer = self._ask(matching_sql(self._dialect, equality, some, keys_sql))
            spelling |= {theirs: ours for theirs, ours in answer if ours in known}
        return spelling

    def _grouped(self, equality: KeyEquality, ids: Collection[str]) -> dict[str, str]:
        """One spelling for all ids that are equal.

        Of very many, the database is asked only about those that look alike.
        """
        asked = ids if _size(ids) <= _BYTES_A_QUERY else alike(self._books, ids)
        if _size(asked) > _BYTES_A_QUERY:
            problem = f"{len(asked)} ids that no account has look alike, which are too many to ask about"
            raise ConfigurationError(problem)
        return dict(self._ask(grouping_sql(self._dialect, equality, asked))) if asked else {}

    def _ask(self, sql: str) -> Iterator[tuple[str, str]]:
        names = ("spelling", "account_id")
        columns = {name: ColumnMapping(column=name) for name in names}
        answer = RelationMapping(relation="account", table="the account ids", columns=columns, query=sql)
        for batch in self._snapshot.read(answer):
            for row in batch.to_pylist():
                yield str(row["spelling"]), str(row["account_id"])


def _size(ids: Collection[str]) -> int:
    return sum(len(account_id.encode()) for account_id in ids)
