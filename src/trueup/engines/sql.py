"""Read a check's SQL: what it needs, which parameters it binds, and whether it stays inside the portable subset."""

from __future__ import annotations

import functools
import re

import sqlglot
from sqlglot import expressions as exp
from sqlglot.optimizer.qualify_columns import qualify_columns
from sqlglot.optimizer.qualify_tables import qualify_tables
from sqlglot.schema import MappingSchema

from trueup.derived import DERIVED
from trueup.engines.vacancy import Vacancy, vacancy_of
from trueup.model.relations import RELATIONS, columns_of, relation_name

Need = tuple[str, str]
"""A relation and one of its columns; the column is empty where only the relation's rows are counted."""

_WORD = re.compile(r"[a-z_]+")
_PARAMETER = re.compile(r"\$([a-z_]+)")


@functools.cache
def parameters_of(sql: str) -> frozenset[str]:
    """The names that the SQL binds as ``$name``.

    >>> sorted(parameters_of("SELECT 1 WHERE a > $now AND b < $period_start"))
    ['now', 'period_start']
    """
    return frozenset(_PARAMETER.findall(sql))


def parameters_behind(sql: str) -> frozenset[str]:
    """The names that the SQL binds, itself or through the derived relations it names."""
    parameters = parameters_of(sql)
    for name in derived_of(sql):
        parameters |= parameters_behind(derived_sql()[name])
    return parameters


@functools.cache
def needs_of(sql: str, *, with_optional: bool = False) -> frozenset[Need]:
    """The relations and columns this SQL reads, looking through the derived ones; without the columns of ``made`` rows.

    What a derived relation reads only where it is mapped is left out, unless ``with_optional``. Raises
    ``sqlglot.errors.SqlglotError`` when the SQL names a relation or a column that does not exist.
    """
    needs, derived, _ = _named_in(sql)
    for name in derived:
        behind = needs_of(derived_sql()[name], with_optional=with_optional)
        needs |= {need for need in behind if with_optional or not _is_optional(name, need)}
    return needs


def vacancy_in(sql: str) -> Vacancy:
    """Return the sets of relations, derived ones among them, of which one set without rows leaves the SQL without rows.

    Raises as ``needs_of`` does.
    """
    return _named_in(sql)[2]


@functools.cache
def _named_in(sql: str) -> tuple[frozenset[Need], frozenset[str], Vacancy]:
    """What this SQL itself reads of relations, the derived relations that it names, and what it has no rows without."""
    tree = qualified(sql)
    ctes: set[str] = set()
    tables: set[str] = set()
    columns: set[tuple[str | None, str]] = set()
    for node in tree.walk():
        match node:
            case exp.CTE():
                ctes.add(node.alias)
            case exp.Table() if node.name:
                tables.add(node.name)
            case exp.Column():
                columns.add((table_behind(node), node.name))
    tables -= ctes
    derived = tables & derived_sql().keys()
    read = {(relation, name) for relation, name in columns if relation is not None and relation not in derived}
    needs = frozenset(read | {(table, "") for table in tables - derived})
    return needs, frozenset(derived), vacancy_of(tree)


@functools.cache
def derived_of(sql: str) -> frozenset[str]:
    """The derived relations this SQL names. No CTE may be named like one, so that the word alone says it."""
    return frozenset(_WORD.findall(sql)) & derived_sql().keys()


@functools.cache
def with_derived(sql: str, *, vacant: frozenset[str] = frozenset()) -> str:
    """The query as one statement that makes the derived relations it reads for itself, and leaves none behind.

    A ``vacant`` one is not worked out: its columns are read from a table without rows, ``shell_of`` it.

    >>> with_derived("SELECT plan FROM account")
    'SELECT plan FROM account'
    """
    names = _in_order(sql, vacant)
    if not names:
        return sql
    sources = {name: f"SELECT * FROM {shell_of(name)}" if name in vacant else derived_sql()[name] for name in names}
    made_first = ",\n".join(f"{name} AS ({source})" for name, source in sources.items())
    return f"WITH {made_first}\nSELECT * FROM ({sql}\n) AS asked"


def shell_of(name: str) -> str:
    """The name of a table that has a derived relation's columns and never any rows."""
    return f"shell_of_{name}"


def vacant_behind(sql: str, vacant: frozenset[str]) -> list[str]:
    """The first vacant relations that one meets behind this SQL."""
    return [name for name in _in_order(sql, vacant) if name in vacant]


@functools.cache
def vacant_without(relations: frozenset[str]) -> frozenset[str]:
    """The derived relations that can have no rows where these relations have none."""
    vacant = set(relations)
    for name in _in_order_of_all():
        if any(names <= vacant for names in vacancy_in(derived_sql()[name])):
            vacant.add(name)
    return frozenset(vacant - relations)


def _in_order_of_all() -> list[str]:
    names: dict[str, None] = {}
    for name, sql in derived_sql().items():
        names |= dict.fromkeys((*_in_order(sql, frozenset()), name))
    return list(names)


def _in_order(sql: str, vacant: frozenset[str]) -> list[str]:
    """The derived relations behind this SQL, each after those that it reads; a vacant one reads none."""
    names: dict[str, None] = {}
    for name in sorted(derived_of(sql)):
        below = [] if name in vacant else _in_order(derived_sql()[name], vacant)
        names |= dict.fromkeys((*below, name))
    return list(names)


@functools.cache
def subject_column(sql: str) -> str | None:
    """The column whose values are a check's subjects; None where they are computed.

    >>> subject_column("SELECT e.stripe_event_id AS subject FROM stripe_entry AS e")
    'stripe_event_id'
    """
    outermost = sqlglot.parse_one(sql, dialect="duckdb").assert_is(exp.Query)  # a UNION is named by its first SELECT
    subject = next((column for column in outermost.selects if column.alias_or_name == "subject"), None)
    inner = subject.unalias() if subject is not None else None
    inner = inner.this if isinstance(inner, exp.Cast) else inner
    return inner.name if isinstance(inner, exp.Column) else None


@functools.cache
def names_selected(sql: str) -> frozenset[str]:
    """The names of a query's columns.

    >>> sorted(names_selected("SELECT a.account_id AS subject, a.plan FROM account AS a"))
    ['plan', 'subject']
    """
    outermost = sqlglot.parse_one(sql, dialect="duckdb").assert_is(exp.Query)
    return frozenset(outermost.named_selects)


def rendered(sql: str, dialect: str) -> str:
    """The same query in another engine's dialect; raises if that dialect cannot express it."""
    return _parsed(sql).sql(dialect=dialect, unsupported_level=sqlglot.ErrorLevel.RAISE)


@functools.lru_cache(maxsize=2)
def _parsed(sql: str) -> exp.Expr:
    """The query as a tree, kept while it is rendered for one engine after the other."""
    return sqlglot.parse_one(sql, dialect="duckdb")


def _is_optional(derived: str, need: Need) -> bool:
    optional = next(relation.optional for relation in DERIVED if relation.name == derived)
    return need[0] in optional or ".".join(need) in optional


@functools.cache
def known_relations() -> frozenset[str]:
    """The names that SQL can read from: relations and derived ones."""
    return frozenset(map(relation_name, RELATIONS)) | derived_sql().keys()


@functools.cache
def derived_sql() -> dict[str, str]:
    """The SQL of each derived relation."""
    return {derived.name: derived.sql for derived in DERIVED}


@functools.cache
def _trees() -> dict[str, exp.Select]:
    """The SQL of each derived relation, parsed. A tree is taken out by who changes it: parsing is most of the work."""
    return {sql: sqlglot.parse_one(sql, dialect="duckdb").assert_is(exp.Select) for sql in derived_sql().values()}


@functools.cache
def _schema() -> MappingSchema:
    schema: dict[str, object] = {
        relation_name(r): {column.name: "UNKNOWN" for column in columns_of(r)} for r in RELATIONS
    }
    trees = _trees()
    for name, sql in derived_sql().items():
        schema[name] = dict.fromkeys(_column_names(trees[sql]), "UNKNOWN")
    return MappingSchema(schema)


def _column_names(select: exp.Select) -> list[str]:
    """The names of a query's columns; ``*`` means those of the one subquery it selects from."""
    if not select.is_star:
        return select.named_selects
    (source,) = sources_of(select)
    inner: exp.Select = source.this.assert_is(exp.Select)
    return inner.named_selects


def qualified(sql: str) -> exp.Expr:
    """The SQL with the table before every column's name.

    Raises ``sqlglot.errors.SqlglotError`` when it names a relation or a column that does not exist.
    """
    schema = _schema()  # it reads the trees before any is taken out
    parsed = _trees().pop(sql, None)
    tree = qualify_tables(parsed if parsed is not None else sqlglot.parse_one(sql, dialect="duckdb"), dialect="duckdb")
    return qualify_columns(tree, schema=schema, expand_alias_refs=False, expand_stars=True)


def table_behind(column: exp.Column) -> str | None:
    """The relation that this qualified column belongs to, or None where it belongs to a subquery or CTE."""
    scope = column.find_ancestor(exp.Select)
    while scope is not None:
        for source in sources_of(scope):
            if source.alias_or_name == column.table:
                return source.name if isinstance(source, exp.Table) and source.name in known_relations() else None
        scope = scope.find_ancestor(exp.Select)
    return None


def sources_of(select: exp.Select) -> list[exp.Expr]:
    """What a SELECT reads in its FROM and its joins, in order."""
    clause = select.args.get("from_") or select.args.get("from")
    sources = [clause.this] if clause else []
    return sources + [join.this for join in select.args.get("joins") or []]
