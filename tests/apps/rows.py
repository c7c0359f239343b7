"""Tables and rows written alike into every database, and the audit of what ``trueup init`` makes of them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pymysql

from tests.support.command import Ran, trueup
from tests.support.gating import now
from trueup.model.address import parse_address

Value = object
_LOUD = ("critical", "error")
_TYPES = {
    "postgres": {"int": "bigint", "text": "text", "time": "timestamp", "money": "numeric(18,6)", "json": "jsonb"}
    | {"bool": "boolean"},
    "sqlite": {
        "int": "integer",
        "text": "text",
        "time": "datetime",
        "money": "numeric",
        "json": "json",
        "bool": "boolean",
    },
    "mysql": {"int": "bigint", "text": "varchar(190)", "time": "datetime", "money": "decimal(18,6)", "json": "json"}
    | {"bool": "boolean"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An app's tables (each column's type, by its name), its rows, and the checks that must find something in it.

    A type is ``int``, ``text``, ``time``, ``money``, ``json`` or ``bool``, ``enum:a,b`` or ``ref:table.column``, with
    ``key`` or ``unique`` after it.
    """

    name: str
    tables: Mapping[str, Mapping[str, str]]
    fill: Callable[[Rows], None]
    faults: Mapping[str, int] = field(default_factory=dict)
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Rows:
    """Collects rows by table."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, dict[str, Value]]] = []

    def __call__(self, table: str, **columns: Value) -> None:
        """Add a row."""
        self.rows.append((table, columns))


def ago(days: float = 0, seconds: float = 0) -> datetime:
    """A moment before now."""
    return (now() - timedelta(days=days, seconds=seconds)).replace(microsecond=0)


def sid(prefix: str, *parts: object) -> str:
    """An id as Stripe makes them."""
    return f"{prefix}_1{hashlib.sha256(repr(parts).encode()).hexdigest()[:18]}"


def written(app: App, url: str) -> None:
    """Make the app's tables and rows in this database."""
    rows = Rows()
    app.fill(rows)
    dialect = {"postgresql": "postgres", "mysql": "mysql", "sqlite": "sqlite"}[url.partition(":")[0]]
    with _connected(url, dialect) as execute:
        for name, columns in app.tables.items():
            for statement in _ddl(name, columns, app.keys.get(name, ()), dialect):
                execute(statement, [])
        order = list(app.tables)
        for table, values in sorted(rows.rows, key=lambda row: order.index(row[0])):
            mark = "?" if dialect == "sqlite" else "%s"
            names = ", ".join(_quoted(name, dialect) for name in values)
            marks = ", ".join([mark] * len(values))
            execute(
                f"INSERT INTO {_quoted(table, dialect)} ({names}) VALUES ({marks})",
                [_cell(value, dialect) for value in values.values()],
            )
        if dialect == "postgres":
            execute("ANALYZE", [])


@contextlib.contextmanager
def _connected(url: str, dialect: str) -> Iterator[Callable[[str, list[Any]], object]]:
    if dialect == "sqlite":
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as lite:
            yield lite.execute
            lite.commit()
    elif dialect == "postgres":
        with psycopg.connect(url) as connection:
            yield lambda sql, values: connection.execute(sql.encode(), values or None)
    else:
        with contextlib.closing(pymysql.connect(**parse_address(url).for_mysql(), autocommit=True)) as server:
            cursor = server.cursor()
            yield lambda sql, values: cursor.execute(sql, values or None)


def _ddl(name: str, columns: Mapping[str, str], key: Sequence[str], dialect: str) -> Iterator[str]:
    parts = []
    for column, kind in columns.items():
        word, *marks = kind.split()
        if word.startswith("enum:"):
            labels = ", ".join(f"'{label}'" for label in word[5:].split(","))
            if dialect == "postgres":
                yield f'CREATE TYPE "{name}_{column}" AS ENUM ({labels})'
            declared = {"postgres": f'"{name}_{column}"', "mysql": f"enum({labels})"}.get(dialect, "text")
        elif word.startswith("ref:"):
            declared = _TYPES[dialect]["int" if word.endswith("#") else "text"]
        else:
            declared = _TYPES[dialect][word]
        suffix = {"key": " PRIMARY KEY", "unique": " UNIQUE"}.get(marks[0] if marks else "", "")
        parts.append(f"{_quoted(column, dialect)} {declared}{suffix}")
        if word.startswith("ref:"):
            table, referred = word[4:].removesuffix("#").split(".")
            target = f"{_quoted(table, dialect)} ({_quoted(referred, dialect)})"
            parts.append(f"FOREIGN KEY ({_quoted(column, dialect)}) REFERENCES {target}")
    parts.sort(key=lambda part: part.startswith("FOREIGN"))
    if key:
        parts.append(f"PRIMARY KEY ({', '.join(_quoted(column, dialect) for column in key)})")
    yield f"CREATE TABLE {_quoted(name, dialect)} ({', '.join(parts)})"


def _quoted(name: str, dialect: str) -> str:
    return f"`{name}`" if dialect == "mysql" else f'"{name}"'


def _cell(value: Value, dialect: str) -> Value:
    if isinstance(value, dict | list):
        return json.dumps(value)
    if isinstance(value, datetime) and dialect == "sqlite":
        return value.isoformat(sep=" ")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What an audit of the untouched file answers: findings by check, those that are loud, and the file."""

    checks: Counter[str]
    loud: Counter[str]
    config: str
    outcomes: Mapping[str, str]
    subjects: frozenset[str]


def audited(url: str, folder: Path) -> Audited:
    """Let ``trueup init`` write a config, and audit with it untouched."""
    init = trueup("init", url, "--force", "--no-audit", cwd=folder)
    assert init.code == 0, init.err + init.out
    ran: Ran = trueup("audit", "--format", "json", "--no-store", cwd=folder, DATABASE_URL=url)
    config = (folder / "trueup.toml").read_text()
    assert ran.out.startswith("{"), ran.err + ran.out + config
    report = json.loads(ran.out)
    return Audited(
        checks=Counter(issue["check"] for issue in report["issues"]),
        loud=Counter(issue["check"] for issue in report["issues"] if issue["severity"] in _LOUD),
        config=config,
        outcomes={outcome["check"]: outcome["outcome"] for outcome in report["outcomes"]},
        subjects=frozenset(issue["id"] for issue in report["issues"]),
    )


def missed_and_false(app: App, audit: Audited) -> tuple[list[str], list[str]]:
    """The planted faults without a finding, and the loud findings beyond them."""
    planted = Counter(dict(app.faults))
    return sorted((planted - audit.checks).elements()), sorted((audit.loud - planted).elements())


def assert_all_is_found(app: App, url: str, folder: Path) -> Audited:
    """Write the app's rows: every planted fault is found, nothing else is loud, and no check was skipped."""
    written(app, url)
    audit = audited(url, folder)
    assert missed_and_false(app, audit) == ([], []), audit.config
    assert not {check for check, outcome in audit.outcomes.items() if outcome in ("skipped", "broken")}, audit.config
    return audit
