"""The preflight: everything that can be known to be wrong before the first audit."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from trueup.engines.requirements import unmapped
from trueup.mapping.config import Config
from trueup.mapping.fit import fit
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.relations import MAPPED, relation_name
from trueup.model.source import RelationMapping, Source, SourceTable, mapped_columns
from trueup.sources import open_source


class Health(StrEnum):
    """How one thing looked."""

    FINE = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """One thing the doctor looked at, and what it saw."""

    health: Health
    about: str
    says: str


def examine_setup(config: Config, checks: Sequence[Check]) -> Iterator[Symptom]:
    """Look at the config, the connection, the privileges and the mapping, one after the other.

    Stops after the first thing without which the next cannot be looked at.
    """
    yield from _config(config)
    try:
        source = open_source(config.database_url, statement_timeout_seconds=config.statement_timeout_seconds)
        tables = source.tables()
    except SourceUnavailable as error:
        yield Symptom(health=Health.UNREACHABLE, about="connection", says=str(error))
        return
    except ConfigurationError as error:
        yield Symptom(health=Health.WRONG, about="connection", says=str(error))
        return
    yield Symptom(health=Health.FINE, about="connection", says=f"{source.place}: {len(tables)} tables to read")
    yield from _privileges(source)
    yield from _mapping(config, source, tables, checks)


def _config(config: Config) -> Iterator[Symptom]:
    yield Symptom(health=Health.FINE, about="config", says=f"{config.path}, environment {config.environment}")
    for key in config.literal_secrets:
        says = f"{key} holds its secret in plain text; write a reference such as ${{DATABASE_URL}}"
        yield Symptom(health=Health.WARNING, about="config", says=says)
    if config.path.exists() and config.path.stat().st_mode & stat.S_IWOTH:
        says = f"{config.path} may be changed by everybody on this machine; chmod o-w"
        yield Symptom(health=Health.WARNING, about="config", says=says)


def _privileges(source: Source) -> Iterator[Symptom]:
    excess = tuple(source.privileges())
    for sentence in excess:
        yield Symptom(health=Health.WARNING, about="privileges", says=sentence)
    if not excess:
        yield Symptom(health=Health.FINE, about="privileges", says="this connection only reads")


def _mapping(
    config: Config, source: Source, tables: Sequence[SourceTable], checks: Sequence[Check]
) -> Iterator[Symptom]:
    try:
        fitted, notes = fit(config.relations, tables, required=config.required, dialect=source.dialect)
        yield from (Symptom(health=Health.WARNING, about="mapping", says=note) for note in notes)
        _read_a_little(source, fitted.values())
    except ConfigurationError as error:
        yield Symptom(health=Health.WRONG, about="mapping", says=str(error))
        return
    except SourceUnavailable as error:
        yield Symptom(health=Health.UNREACHABLE, about="mapping", says=str(error))
        return
    for name in (relation_name(relation) for relation in MAPPED):
        if name in fitted:
            says = f"{name} from {fitted[name].table}: {len(fitted[name].columns)} columns"
            yield Symptom(health=Health.FINE, about="mapping", says=says)
    yield from _skipped(config, fitted, checks)


def _read_a_little(source: Source, mappings: Iterable[RelationMapping]) -> None:
    """Ask for each relation's first batch, which finds the expressions and conditions that cannot work.

    Each from a snapshot of its own: a stream that is left in the middle must be the last of its snapshot.
    """
    for mapping in mappings:
        with source.snapshot() as snapshot, snapshot.read(mapping) as reader:
            next(iter(reader), None)


def _skipped(config: Config, fitted: Mapping[str, RelationMapping], checks: Sequence[Check]) -> Iterator[Symptom]:
    mapped = {name: mapped_columns(mapping) for name, mapping in fitted.items()}
    for check in checks:
        if config.policy.severity.get(check.id, check.severity) is None:
            continue
        missing = unmapped(check, mapped, plans_configured=bool(config.plans))
        if missing:
            says = f"{check.id} will be skipped, not mapped: {', '.join(missing)}"
            yield Symptom(health=Health.WARNING, about="checks", says=says)
