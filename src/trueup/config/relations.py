"""Turn ``[relations]`` into mappings: names must be known, keys mapped, and each word must mean one thing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trueup.config.absence import refuse_wrong_absence
from trueup.config.config_errors import Key, complaint, suggestion
from trueup.config.plan_source import refuse_wrong_plan_source
from trueup.config.preset import relations_over
from trueup.config.queries import read_query
from trueup.config.relation_places import (
    NAME_ACCOUNTS,
    joined_parts,
    merged_places,
    refuse_unknown_absent,
    refuse_wrong_place,
    words_of,
)
from trueup.config.wallets import with_wallets
from trueup.model.columns import Column, ColumnKind
from trueup.model.relations import MAPPED, MUST_HOLD_ROWS, STRIPE, columns_of, relation_name, relation_named
from trueup.model.source import ColumnMapping, RelationMapping

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from trueup.config.relation_sections import RelationSection

Need = tuple[str, str]
"""A relation and one of its columns; for the relation's table, the column is empty."""

_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_OF_GRANTS = ("remaining", "expires_at")
"""What may be mapped on a ledger entry that is a grant of its own."""
_PLAN_COLUMNS = frozenset(
    {("account", "plan"), ("plan_change", "from_plan"), ("plan_change", "to_plan"), ("local_subscription", "plan")}
)


def relation_mappings(
    preset: Mapping[str, RelationSection],
    own: Mapping[str, RelationSection],
    *,
    plans: Collection[str],
    dialect: str,
    path: Path,
) -> dict[str, RelationMapping]:
    """The mapping of every relation that the config or its preset names.

    ``column`` holds what the config says, which may still be an expression: only the live schema distinguishes them
    (``fit``). ``dialect`` is the one that queries are in. Raises ``ConfigurationError``.
    """
    for name, section in own.items():
        _refuse_unknown(name, section, path)
        refuse_wrong_absence(name, section, path)
    merged = with_wallets(_with_grants(relations_over(preset, own), path), path)
    refuse_wrong_plan_source(merged, plans, path)
    return {name: _mapping(name, section, plans=plans, dialect=dialect, path=path) for name, section in merged.items()}


def named_in(own: Mapping[str, RelationSection]) -> frozenset[Need]:
    """What the config itself names, and so must exist; a name that only a preset has may be missing."""
    tables = {
        (name, "")
        for name, section in own.items()
        if section.table is not None or section.places is not None or section.query is not None
    }
    columns = {
        (name, column)
        for name, section in own.items()
        for _, table in words_of(section)
        for column in (*table.columns, *table.values)
    }
    of_grants = {("credit_grant", column) for column in _OF_GRANTS if ("ledger_entry", column) in columns}
    return frozenset(tables | columns | of_grants)


def _refuse_unknown(name: str, section: RelationSection, path: Path) -> None:
    relations = [relation_name(relation) for relation in (*MAPPED, *STRIPE)]
    if name not in relations:
        raise complaint(path, ("relations", name), f"is not a known relation{suggestion(name, relations)}")
    columns = [column.name for column in columns_of(relation_named(name))]
    columns += _OF_GRANTS if name == "ledger_entry" else ()
    for key, owner in (
        ("ledger_starts_at", "ledger_entry"),
        ("balances_since", "ledger_entry"),
        ("rows_repeat", "webhook_event"),
        ("wallets", "account"),
        ("plan_from", "account"),
    ):
        if getattr(section, key) is not None and name != owner:
            raise complaint(path, ("relations", name, key), f"is only for {owner}")
    for place, table in words_of(section):
        for part, words in (("columns", table.columns), ("values", table.values)):
            for column in words:
                if column not in columns:
                    problem = f"is not a known column{suggestion(column, columns)}"
                    raise complaint(path, ("relations", name, *place, part, column), problem)
    refuse_unknown_absent(name, section, path)


def _with_grants(sections: dict[str, RelationSection], path: Path) -> dict[str, RelationSection]:
    """The relations, with one of the grants that ledger entries are where these say what is left and until when."""
    entry = sections.get("ledger_entry")
    named = [c for c in _OF_GRANTS if entry is not None and any(c in table.columns for _, table in words_of(entry))]
    if entry is None or not named:
        return sections
    key = ("relations", "ledger_entry", "columns", named[0])
    if entry.places is not None or entry.query is not None:
        raise complaint(path, key, "is for entries of one table: map [relations.credit_grant], which says the same")
    if "credit_grant" in sections:
        raise complaint(path, key, "is mapped beside [relations.credit_grant], which says the same: leave one of them")
    if len(named) < len(_OF_GRANTS):
        missing = next(column for column in _OF_GRANTS if column not in named)
        raise complaint(path, key, f"is mapped without {missing}: an entry's lapsed credits need both")
    columns = {name: column for name, column in entry.columns.items() if name not in _OF_GRANTS}
    shared = {name: columns[name] for name in ("account_id", "wallet", "amount", "entry_id") if name in columns}
    grant = entry.model_copy(
        update={
            "columns": {"grant_id": columns.get("entry_id", ""), **shared, **{n: entry.columns[n] for n in _OF_GRANTS}},
            "values": {name: words for name, words in entry.values.items() if name == "wallet"},
            "where": _of_grants_only(entry),
            "dense_sequence": None,
            "allow_empty": None,
            "ledger_starts_at": None,
            "balances_since": None,
        }
    )
    return {**sections, "ledger_entry": entry.model_copy(update={"columns": columns}), "credit_grant": grant}


def _of_grants_only(entry: RelationSection) -> str | None:
    """The condition that leaves out entries without a date, where it can be written without knowing how to quote."""
    column = entry.columns["expires_at"]
    dated = f"{column} IS NOT NULL" if _PLAIN_NAME.fullmatch(column) else None
    return " AND ".join(f"({part})" for part in (entry.where, dated) if part) or None


def _mapping(
    name: str, section: RelationSection, *, plans: Collection[str], dialect: str, path: Path
) -> RelationMapping:
    key: Key = ("relations", name)
    _refuse_misplaced(name, section, path)
    if section.places is None:
        return _of_one_place(name, section, key, plans=plans, dialect=dialect, path=path)
    places = merged_places(section, key, path)
    parts = [
        _of_one_place(name, place, (*key, "from", position), plans=plans, dialect=dialect, path=path)
        for position, place in enumerate(places)
    ]
    return joined_parts(name, section, parts, path)


def _refuse_misplaced(name: str, section: RelationSection, path: Path) -> None:
    key = ("relations", name)
    if section.synced_at is not None and relation_named(name) in MAPPED:
        raise complaint(path, (*key, "synced_at"), "is only for Stripe's relations, which a sync tool writes")
    if section.exact_keys and name not in NAME_ACCOUNTS:
        problem = f"is only for {', '.join(NAME_ACCOUNTS)}, whose rows name an account"
        raise complaint(path, (*key, "exact_keys"), problem)
    if section.allow_empty and name not in MUST_HOLD_ROWS:
        raise complaint(
            path, (*key, "allow_empty"), f"is only for {' and '.join(MUST_HOLD_ROWS)}; other tables may be empty"
        )
    if section.places is not None and relation_named(name) not in MAPPED:
        raise complaint(path, (*key, "from"), "is only for the app's own relations")


def _of_one_place(
    name: str, section: RelationSection, key: Key, *, plans: Collection[str], dialect: str, path: Path
) -> RelationMapping:
    """Return the mapping of a relation, or of a part of one, that has one table or one query; ``key`` is its place."""
    refuse_wrong_place(name, section, key, path)
    columns = columns_of(relation_named(name))
    query: str | None = None
    outputs: tuple[str, ...] = ()
    if section.query is not None:
        query, outputs = read_query(section.query, dialect=dialect, key=(*key, "query"), path=path)
        by_name = {output.casefold(): output for output in outputs}
        same = {column.name: by_name[column.name] for column in columns if column.name in by_name}
        section = section.model_copy(update={"columns": same | section.columns})
    for column in columns:
        if column.is_key and column.name not in section.columns:
            problem = "is missing: it names the row"
            problem += f"; the query returns {', '.join(outputs)}" if outputs else ""
            raise complaint(path, (*key, "columns", column.name), problem)
    for column_name in section.values:
        if column_name not in section.columns:
            raise complaint(path, (*key, "values", column_name), "gives words for a column that is not mapped")
    if section.dense_sequence and "sequence" not in section.columns:
        raise complaint(path, (*key, "dense_sequence"), "is true, but columns.sequence is not mapped")
    return RelationMapping(
        relation=name,
        table=section.table or f"the query of {name}",
        query=query,
        outputs=outputs,
        key_prefix=section.key_prefix or "",
        account_prefix=section.account_prefix or "",
        columns={
            column.name: ColumnMapping(
                column=section.columns[column.name],
                values=_words(name, column, section.values.get(column.name, {}), plans=plans, path=path),
            )
            for column in columns
            if column.name in section.columns
        },
        where=section.where,
        dense_sequence=bool(section.dense_sequence),
        exact_keys=bool(section.exact_keys),
        allow_empty=bool(section.allow_empty),
        rows_repeat=bool(section.rows_repeat),
        balances_since=section.balances_since,
        version=section.version,
        plan_from=section.plan_from,
    )


def _words(
    relation: str, column: Column, words: Mapping[str, list[str]], *, plans: Collection[str], path: Path
) -> dict[str, str]:
    """``{trueup's word: the app's words}``, inverted."""
    meaning: dict[str, str] = {}
    for ours, theirs in words.items():
        key = ("relations", relation, "values", column.name, ours)
        _refuse_word(relation, column, ours, plans=plans, key=key, path=path)
        for word in theirs:
            if meaning.setdefault(word, ours) != ours:
                raise complaint(path, key, f'claims "{word}", which already means "{meaning[word]}"')
    return meaning


def _refuse_word(
    relation: str, column: Column, ours: str, *, plans: Collection[str], key: tuple[str, ...], path: Path
) -> None:
    if (relation, column.name) in _PLAN_COLUMNS:
        if ours not in plans:
            raise complaint(
                path, key, f"is not a plan of this config, which would need [plans.{ours}]{suggestion(ours, plans)}"
            )
    elif column.name == "wallet":
        return  # wallets are named by the app
    elif column.kind is not ColumnKind.WORD:
        raise complaint(path, key[:-1], "gives words, but only plans, wallets and columns of fixed words have any")
    elif ours not in column.words:
        raise complaint(path, key, f"is not a known word{suggestion(ours, column.words)}")
