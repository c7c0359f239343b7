"""Tables and columns of the app that the config leaves out, copied beside it, and proposed where their rows fit."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from trueup.actions.init import Sampler
from trueup.formats.wording import counted
from trueup.mapping.inference.connected import guess_stripe_account
from trueup.mapping.samples import Look
from trueup.mapping.scores import matched_columns, table_score
from trueup.model.source import ColumnMapping, RelationMapping, places_of, without_ours
from trueup.sources import open_source

if TYPE_CHECKING:
    from trueup.config import Config
    from trueup.engines.duckdb import DuckDB
    from trueup.model.source import Source, SourceTable

_GRANT = "credit_grant"
_ACCOUNTS_IN = ("ledger_entry", "webhook_event")

FEWEST_GRANTS = 2
FITTING_PERCENT = 90

# A row that counts credits has an entry that gave them: what else has an amount and a date has none.
_GRANTS = """
WITH given AS (
    SELECT DISTINCT account_id, amount FROM ledger_entry WHERE amount > 0
)
SELECT count(*) AS grants,
       coalesce(sum(CASE WHEN given.account_id IS NOT NULL AND g.remaining BETWEEN 0 AND g.amount
                         THEN 1 ELSE 0 END), 0)                                                 AS fitting,
       coalesce(sum(CASE WHEN g.expires_at < $now AND g.remaining > 0 THEN 1 ELSE 0 END), 0)    AS lapsed
FROM credit_grant AS g
LEFT JOIN given ON given.account_id = g.account_id AND given.amount = g.amount
"""
_CONNECTED = """
SELECT count(*) AS total, count(c.stripe_account) AS connected
FROM {relation} AS r
LEFT JOIN connected_account AS c ON c.stripe_account = r.stripe_account
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmappedPlaces:
    """A config with what it leaves out: the table of grants, and for each relation the column that names accounts."""

    config: Config
    grants: RelationMapping | None = None
    accounts: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def without_them(self, mapped: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
        """Return the columns that the config itself maps."""
        own = {name: columns for name, columns in mapped.items() if name != _GRANT or self.grants is None}
        return own | {name: own[name] - {"stripe_account"} for name in self.accounts if name in own}


def find_unmapped(config: Config) -> UnmappedPlaces:
    """Look for them by name and by a few rows. Raises ``SourceUnavailable``."""
    if config.engine_url is not None or not {"account", "ledger_entry"} <= config.relations.keys():
        return UnmappedPlaces(config=config)
    source = open_source(config.database_url, statement_timeout_seconds=config.statement_timeout_seconds)
    tables = without_ours(source.tables())
    relations = dict(config.relations)
    accounts = dict(_accounts(config, source, tables))
    for name, column in accounts.items():
        columns = {**relations[name].columns, "stripe_account": ColumnMapping(column=column)}
        relations[name] = dataclasses.replace(relations[name], columns=columns)
    grants = _grants(config, tables)
    if grants is not None:
        relations[_GRANT] = grants
    return UnmappedPlaces(config=dataclasses.replace(config, relations=relations), grants=grants, accounts=accounts)


def propose_unmapped(engine: DuckDB, places: UnmappedPlaces) -> Iterator[tuple[str, str]]:
    """Propose what fits, each as what it is about and what to say."""
    if places.grants is not None:
        (row,) = engine.rows(_GRANTS)
        grants, fitting, lapsed = (cast("int", row[name]) for name in ("grants", "fitting", "lapsed"))
        if grants >= FEWEST_GRANTS and 100 * fitting >= FITTING_PERCENT * grants:
            says = f"{places.grants.table} seems to hold credits that lapse: {fitting:,} of {counted(grants, 'row')} "
            says += f"are of an account that has an entry of their amount, and {lapsed:,} "
            says += f"{'is past its' if lapsed == 1 else 'are past their'} date with credits left"
            yield "lapses", f"{says}: say [relations.credit_grant] {_lines(places.grants)}"
    for name, column in places.accounts.items():
        (row,) = engine.rows(_CONNECTED.format(relation=name))
        total, connected = cast("int", row["total"]), cast("int", row["connected"])
        if connected:
            table = places.config.relations[name].table
            says = (
                f"{table}.{column} names connected accounts in {connected:,} of {counted(total, 'row')}, and nothing "
            )
            yield "connect", f'{says}of theirs was read: say stripe_account = "{column}" in [relations.{name}.columns]'


def _accounts(config: Config, source: Source, tables: Sequence[SourceTable]) -> Iterator[tuple[str, str]]:
    by_name = {table.qualified_name: table for table in tables} | {table.name: table for table in tables}
    with Sampler(source) as sampler:
        for name in _ACCOUNTS_IN:
            mapping = config.relations.get(name)
            table = by_name.get(mapping.table) if mapping is not None and mapping.is_one_table else None
            if mapping is None or table is None or "stripe_account" in mapping.columns:
                continue
            guess = guess_stripe_account(Look(table=table, sample=sampler.sample(table)), name)
            if guess is not None and f"{name}.stripe_account" not in config.policy.absent:
                yield name, guess.theirs


def _grants(config: Config, tables: Sequence[SourceTable]) -> RelationMapping | None:
    """Return the likeliest table of grants by its columns, of those that the config does not read."""
    if _GRANT in config.relations:
        return None
    read = {place.table for mapping in config.relations.values() for place in places_of(mapping)}
    others = [table for table in tables if not {table.name, table.qualified_name} & read]
    scores = {table.qualified_name: table_score(_GRANT, table) for table in others}
    best = max(others, key=lambda table: scores[table.qualified_name], default=None)
    if best is None or not scores[best.qualified_name]:  # names only say where to look: the rows decide
        return None
    columns = {
        match.column: ColumnMapping(column=match.theirs)
        for match in matched_columns(_GRANT, best, config.relations["account"].table)
    }
    if not {"account_id", "amount", "remaining", "expires_at"} <= columns.keys():
        return None
    return RelationMapping(relation=_GRANT, table=best.qualified_name, columns=columns)


def _lines(mapping: RelationMapping) -> str:
    columns = ", ".join(f'{ours} = "{theirs.column}"' for ours, theirs in mapping.columns.items())
    return f'table = "{mapping.table}", columns = {{ {columns} }}'
