"""Correct the config where the data prove how: the changed text, with its comments and order kept, and the reasons."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import tomlkit

from trueup.actions.audit import copied_books
from trueup.actions.doctor.directions import propose_direction, with_words
from trueup.actions.doctor.observed import ledgers_begin_at_zero
from trueup.actions.doctor.schema_changes import list_successors, written_again
from trueup.config import Config
from trueup.disk import whole_file
from trueup.engines.duckdb import DuckDB
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError
from trueup.model.redact import redact
from trueup.model.source import Progress, SourceTable
from trueup.sources import open_source

if TYPE_CHECKING:
    from tomlkit.items import Table

PROVEN_PERCENT = 99
"""How many of a hundred accounts must show the same before it is written."""

FEWEST_ACCOUNTS = 10
"""As many as a doubt needs."""

_SECONDS_IN = {"days": 86_400, "hours": 3_600, "minutes": 60}

_READ_AS = """
SELECT count(*) AS times,
       count(*) FILTER (WHERE epoch({column}) * {seconds} >= epoch(TIMESTAMP '1990-01-01')
                          AND epoch({column}) * {seconds} <= epoch(CAST($future_after AS TIMESTAMP))) AS plausible
FROM {relation}
WHERE {column} IS NOT NULL
"""

_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFix:
    """One key to write, as its path in the file, and what proves it."""

    keys: tuple[str, ...]
    value: str | int | dict[str, object]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedConfig:
    """The config's text before and after; equal where the data prove nothing."""

    path: Path
    before: str
    after: str
    reasons: tuple[str, ...]

    @property
    def difference(self) -> str:
        """The difference as a unified diff of the changed lines alone: lines around them may hold a secret."""
        name = self.path.name
        lines = difflib.unified_diff(self.before.splitlines(), self.after.splitlines(), name, name, n=0, lineterm="")
        return redact("\n".join(lines))


def propose_fixes(config: Config, checks: Sequence[Check], *, now: datetime, progress: Progress) -> FixedConfig:
    """Read one snapshot, and return the config with what it proves. Nothing is written.

    Raises ``ConfigurationError`` and ``SourceUnavailable``.
    """
    tables = open_source(config.database_url).tables()
    schema = tuple(_schema_fixes(config, tables))
    if any(fix.keys[0] == "relations" for fix in schema):  # nothing can be read before the names are right
        before = _text(config.path)
        return FixedConfig(path=config.path, before=before, after=_changed(before, schema), reasons=_reasons(schema))
    with copied_books(with_words(config), checks=checks, now=now, progress=progress, everything=True) as books:
        engine, mapped = DuckDB(books.run, config.policy.parameters(now)), books.mapped_columns()
        signs = tuple(_direction(config, engine, mapped))
        fixes = (*schema, *signs, *_moments(config, engine))
        if not signs:  # balances and beginnings are judged by the amounts
            fixes = (*fixes, *_scale(config, engine), *_beginning(config, engine, mapped))
    before = _text(config.path)
    return FixedConfig(path=config.path, before=before, after=_changed(before, fixes), reasons=_reasons(fixes))


def _reasons(fixes: Sequence[ConfigFix]) -> tuple[str, ...]:
    return tuple(fix.reason for fix in fixes)


def _schema_fixes(config: Config, tables: Sequence[SourceTable]) -> Iterator[ConfigFix]:
    """The names of renamed columns, and the schema as it is now."""
    for renamed in list_successors(config, tables):
        keys = ("relations", renamed.relation, "columns", renamed.column)
        yield ConfigFix(keys=keys, value=renamed.now, reason=renamed.reason)
    section = written_again(config, tables)
    if section is not None:
        yield ConfigFix(keys=("written_for",), value=section, reason="the schema changed since the config was written")


def write_fixes(fixed: FixedConfig) -> None:
    """Put the changed text into the config's place, whole or not at all. Raises ``ConfigurationError``."""
    if _text(fixed.path) != fixed.before:
        raise ConfigurationError(f"{fixed.path} was changed in the meantime, so nothing was written; run it again.")
    try:
        with whole_file(fixed.path) as stream:
            stream.write(fixed.after)
    except OSError as error:
        raise ConfigurationError(f"{fixed.path} cannot be written: {error.strerror}.") from None


def _scale(config: Config, engine: DuckDB) -> Iterator[ConfigFix]:
    """A cached balance in another unit than the ledger's: the same multiple in nearly every account."""
    (cache,) = engine.rows("SELECT judged, at_one_multiple, factor FROM cache_agreement")
    judged, scaled = cast("int", cache["judged"]), cast("int", cache["at_one_multiple"])
    account = config.relations.get("account")
    if account is None or not account.is_one_table or "credits" not in account.columns:
        return  # which of several places has the other unit is not known
    if judged < FEWEST_ACCOUNTS or 100 * scaled < PROVEN_PERCENT * judged:
        return
    source = account.columns["credits"]
    text = source.column or source.expression or ""
    whole = text if _PLAIN_NAME.fullmatch(text) else f"({text})"
    reason = f"the cached balance is {cache['factor']} times the ledger's in {scaled:,} of {judged:,} accounts"
    yield ConfigFix(
        keys=("relations", "account", "columns", "credits"), value=f"{whole} / {cache['factor']}.0", reason=reason
    )


def _beginning(config: Config, engine: DuckDB, mapped: Mapping[str, frozenset[str]]) -> Iterator[ConfigFix]:
    """Where ledgers begin. A balance_after that is the amount itself would say 0 too, so balances must also follow."""
    (chain,) = engine.rows("SELECT ledgers, steps, breaks FROM chain_agreement")
    ledgers, steps, breaks = (cast("int", chain[name]) for name in ("ledgers", "steps", "breaks"))
    beginning = ledgers_begin_at_zero(config, engine, mapped)
    if beginning is not None and ledgers >= FEWEST_ACCOUNTS and 100 * (steps - breaks) >= PROVEN_PERCENT * steps:
        reason = f"{beginning} ledgers begin at 0 and their balances follow from the amounts"
        yield ConfigFix(keys=("relations", "ledger_entry", "ledger_starts_at"), value=0, reason=reason)


def _direction(config: Config, engine: DuckDB, mapped: Mapping[str, frozenset[str]]) -> Iterator[ConfigFix]:
    """Amounts without a sign, where one word's subtracting mends nearly every break."""
    entry = config.relations.get("ledger_entry")
    direction = propose_direction(engine, entry, mapped) if entry is not None and entry.is_one_table else None
    if direction is None or direction.breaks < FEWEST_ACCOUNTS:
        return
    if 100 * direction.mended >= PROVEN_PERCENT * direction.breaks:
        keys = ("relations", "ledger_entry", "columns", "amount")
        yield ConfigFix(keys=keys, value=direction.amount, reason=direction.says)


def _moments(config: Config, engine: DuckDB) -> Iterator[ConfigFix]:
    """Times that were written as days, hours or minutes since 1970, and are read as seconds."""
    for row in engine.rows("SELECT relation, column_name FROM time_doubt ORDER BY relation, column_name"):
        relation, column = str(row["relation"]), str(row["column_name"])
        mapping = config.relations.get(relation)
        source = mapping.columns[column] if mapping is not None and mapping.is_one_table else None
        theirs = None if source is None else source.column
        if theirs is None or not _PLAIN_NAME.fullmatch(theirs):
            continue
        for unit, seconds in _SECONDS_IN.items():
            (count,) = engine.rows(_READ_AS.format(relation=relation, column=column, seconds=seconds))
            times, plausible = cast("int", count["times"]), cast("int", count["plausible"])
            if 100 * plausible >= PROVEN_PERCENT * times:
                reason = f"{plausible:,} of {times:,} times of {relation}.{column} are {unit} since 1970"
                keys = ("relations", relation, "columns", column)
                yield ConfigFix(keys=keys, value=f"{theirs} * {seconds}", reason=reason)
                break


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None


def _section(value: dict[str, object]) -> Table:
    """A section, the tables in which are one line each."""
    section = tomlkit.table()
    for key, inner in value.items():
        if not isinstance(inner, dict):
            section[key] = inner
            continue
        lines = tomlkit.table()
        for name, columns in inner.items():
            line = tomlkit.inline_table()
            line.update(columns)
            lines[name] = line
        section[key] = lines
    return section


def _changed(text: str, fixes: Sequence[ConfigFix]) -> str:
    document = tomlkit.parse(text)
    for fix in fixes:
        *sections, key = fix.keys
        section = cast("Table", document)
        for name in sections:
            if name not in section:
                section[name] = tomlkit.table(is_super_table=name == "relations")
            section = cast("Table", section[name])
        section[key] = _section(fix.value) if isinstance(fix.value, dict) else fix.value
    return tomlkit.dumps(document)
