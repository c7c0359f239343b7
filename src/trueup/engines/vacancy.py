"""Read a query for the relations without whose rows it has none itself: such a query need not be run."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

from sqlglot import expressions as exp

Vacancy = frozenset[frozenset[str]]
"""Sets of relations: a query has no rows where every relation of one of the sets has none."""

UNKNOWN: Vacancy = frozenset()
"""Of a query that may have rows whatever it reads."""

_OF_SEVERAL_GROUPINGS = (exp.Tuple, exp.Rollup, exp.Cube, exp.GroupingSets)
"""Forms of a grouping's key among which may be the group of all rows, which is there without rows."""

_MOST_SETS = 64
"""What a union of many joins would have beyond that is not worth finding out."""


def vacancy_of(tree: exp.Expr) -> Vacancy:
    """Return the sets of relations of which one set, all without rows, leaves the query without rows.

    A set that is not returned says nothing: the query is then run.

    >>> import sqlglot
    >>> sorted(map(sorted, vacancy_of(sqlglot.parse_one("SELECT 1 FROM a JOIN b ON TRUE LEFT JOIN c ON TRUE"))))
    [['a'], ['b']]
    """
    return _of_query(tree, {})


def _of_query(node: exp.Expr, known: Mapping[str, Vacancy]) -> Vacancy:
    """Return the vacancy of a query; ``known`` are the queries that are named before it."""
    clause = node.args.get("with_") or node.args.get("with")
    if clause is not None:
        if clause.args.get("recursive"):
            return UNKNOWN
        known = dict(known)
        for named in clause.expressions:
            known[named.alias] = _of_query(named.this, known)
    match node:
        case exp.Subquery():
            return _of_query(node.this, known)
        case exp.Union():
            return _all_of(_of_query(node.left, known), _of_query(node.right, known))
        case exp.Select():
            return UNKNOWN if _has_a_row_of_nothing(node) else _any_of(_needed(node, known))
        case _:
            return UNKNOWN


def _has_a_row_of_nothing(select: exp.Select) -> bool:
    """Return whether the query may have a row although it reads none: one that counts or sums without groups."""
    group = select.args.get("group")
    if group is not None:
        is_plain = not any(value for name, value in group.args.items() if name != "expressions")
        return not is_plain or any(isinstance(key, _OF_SEVERAL_GROUPINGS) for key in group.expressions)
    computed = [part for part in (*select.expressions, select.args.get("having")) if part is not None]
    return any(
        node.find_ancestor(exp.Select) is select and not isinstance(node.parent, exp.Window)
        for part in computed
        for node in part.find_all(exp.AggFunc, exp.Anonymous)
    )


def _needed(select: exp.Select, known: Mapping[str, Vacancy]) -> Iterator[Vacancy]:
    """Yield the vacancy of each part without whose rows the query has none."""
    yield _of_sources(select, known)
    where = select.args.get("where")
    for condition in _conditions(where.this) if where is not None else ():
        yield _of_condition(condition, known)


def _of_sources(select: exp.Select, known: Mapping[str, Vacancy]) -> Vacancy:
    """Return the vacancy of what the query reads, joined from left to right."""
    clause = select.args.get("from_") or select.args.get("from")
    vacancy = _of_source(clause.this, known) if clause is not None else UNKNOWN
    for join in select.args.get("joins") or []:
        joined = _of_source(join.this, known)
        match join.side:
            case "" if join.kind in ("", "INNER", "CROSS"):
                vacancy = _any_of((vacancy, joined))
            case "FULL":
                vacancy = _all_of(vacancy, joined)
            case "RIGHT":
                vacancy = joined
    return vacancy


def _conditions(condition: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the conditions that must all be true."""
    match condition:
        case exp.And():
            yield from _conditions(condition.left)
            yield from _conditions(condition.right)
        case exp.Paren():
            yield from _conditions(condition.this)
        case _:
            yield condition


def _of_source(source: exp.Expr, known: Mapping[str, Vacancy]) -> Vacancy:
    match source:
        case exp.Table() if source.name in known:
            return known[source.name]
        case exp.Table() if isinstance(source.this, exp.Identifier):
            return frozenset({frozenset({source.name})})
        case exp.Subquery():
            return _of_query(source, known)
        case _:
            return UNKNOWN


def _of_condition(condition: exp.Expr, known: Mapping[str, Vacancy]) -> Vacancy:
    """Return the vacancy of a condition that is true only while another query has rows."""
    match condition:
        case exp.In() if condition.args.get("query") is not None:
            return _of_query(condition.args["query"], known)
        case exp.Exists():
            return _of_query(condition.this, known)
        case _:
            return UNKNOWN


def _any_of(vacancies: Iterable[Vacancy]) -> Vacancy:
    """Return the sets of which one is enough, without those that another one is part of."""
    sets = frozenset(itertools.chain.from_iterable(vacancies))
    return frozenset(names for names in sets if not any(other < names for other in sets))


def _all_of(left: Vacancy, right: Vacancy) -> Vacancy:
    sets = frozenset(names | others for names, others in itertools.product(left, right))
    return _any_of([sets]) if len(sets) <= _MOST_SETS else UNKNOWN
