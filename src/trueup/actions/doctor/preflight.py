"""The preflight: find everything that can be known to be wrong before the first audit."""

from __future__ import annotations

import stat
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from trueup.actions.alerts import examine_channels
from trueup.actions.audit import not_mapped
from trueup.actions.doctor.cluster import examine_cluster
from trueup.actions.doctor.config_faults import config_faults
from trueup.actions.doctor.diagnostic import Health, Symptom
from trueup.actions.doctor.plan_gates import examine_gates
from trueup.actions.doctor.repairs import examine_repairs
from trueup.actions.doctor.schema_changes import examine_changes
from trueup.actions.doctor.stripe import examine_stripe
from trueup.actions.doctor.stripe_tables import Supplied, examine_stripe_tables
from trueup.channels import secrets_in_plain_sight
from trueup.config import Config
from trueup.engines.requirements import absent_need, reads_gates, unmapped
from trueup.mapping.resolve import fit
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.finding import printable
from trueup.model.relations import MAPPED, STRIPE, columns_of, relation_name
from trueup.model.settings import AlertSettings, ScheduleSettings
from trueup.model.source import RelationMapping, Source, SourceTable, mapped_columns, places_of
from trueup.sources import open_source

__all__ = ["Health", "Symptom", "examine_setup"]

NOTHING_MAPPED = (
    "nothing is mapped, so no audit could look at anything: name a table under [relations], or let `trueup init` "
    "propose them"
)


def examine_setup(config: Config, checks: Sequence[Check], *, now: datetime) -> Iterator[Symptom]:
    """Look at the config, the channels, the connection, the privileges, the mapping and the plan gates, one by one.

    ``now`` is naive UTC. Stops after the first failure that makes the next look impossible.
    """
    yield from _config(config)
    faults = tuple(config_faults(config, checks, now=now))
    yield from (Symptom(health=Health.WRONG, about=fault.about, says=fault.says) for fault in faults)
    wrong = {fault.about for fault in faults}
    yield from _doors(config)
    yield from _channels(config.alerts)
    if config.schedule != ScheduleSettings() and not config.alerts.channels:
        says = "audits are scheduled, but [alerts.channels] has no channel: alerts would only be kept in the store"
        yield Symptom(health=Health.WARNING, about="alerts", says=says)
    if "stripe" not in wrong:
        yield from examine_stripe(config, checks)
    if config.engine_url is not None:
        yield from examine_cluster(config, config.engine_url)
        return
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
    yield from examine_changes(config, tables)
    supplied = yield from examine_stripe_tables(config, source, tables)
    fitted = yield from _mapping(config, source, tables, checks, supplied)
    if "gates" not in wrong:
        yield from examine_gates(config, checks, now=now)
    if fitted is not None:
        yield from examine_repairs(config, fitted)


def _config(config: Config) -> Iterator[Symptom]:
    yield Symptom(health=Health.FINE, about="config", says=f"{config.path}, environment {config.environment}")
    for key in config.literal_secrets:
        says = f"{key} holds its secret in plain text; write a reference such as ${{DATABASE_URL}}"
        yield Symptom(health=Health.WARNING, about="config", says=says)
    if config.path.exists() and config.path.stat().st_mode & stat.S_IWOTH:
        says = f"{config.path} can be changed by every user of this machine; run chmod o-w on it"
        yield Symptom(health=Health.WARNING, about="config", says=says)


def _doors(config: Config) -> Iterator[Symptom]:
    if not config.server.tokens and config.server.jwt is None:
        says = "server.tokens is false and there is no [server.jwt], so no client could sign in to `trueup serve`"
        yield Symptom(health=Health.WARNING, about="server", says=says)


def _channels(settings: AlertSettings) -> Iterator[Symptom]:
    for seen in examine_channels(settings):
        name = printable(seen.name)
        if seen.problem is None:  # the faults name the others
            says = f"channel {name}: {seen.kind}; `trueup alerts test {name}` tries it"
            yield Symptom(health=Health.FINE, about="alerts", says=says)
    for channel in settings.channels:
        for key in secrets_in_plain_sight(channel):
            says = f"{key} holds its secret in plain text; write a reference such as ${{NAME}}"
            yield Symptom(health=Health.WARNING, about="alerts", says=says)


def _privileges(source: Source) -> Iterator[Symptom]:
    excess = tuple(source.privileges())
    for sentence in excess:
        yield Symptom(health=Health.WARNING, about="privileges", says=sentence)
    if not excess:
        yield Symptom(health=Health.FINE, about="privileges", says="this connection only reads")


def _mapping(
    config: Config, source: Source, tables: Sequence[SourceTable], checks: Sequence[Check], supplied: Supplied
) -> Generator[Symptom, None, Mapping[str, RelationMapping] | None]:
    """Return the mapping, resolved against the live schema; None where it does not fit."""
    try:
        fitted, notes = fit(config.relations, tables, required=config.required, dialect=source.dialect)
        yield from (Symptom(health=Health.WARNING, about="mapping", says=note) for note in notes)
        _read_a_little(source, fitted.values())
    except ConfigurationError as error:
        yield Symptom(health=Health.WRONG, about="mapping", says=str(error))
        return None
    except SourceUnavailable as error:
        yield Symptom(health=Health.UNREACHABLE, about="mapping", says=str(error))
        return None
    for name in (relation_name(relation) for relation in MAPPED):
        if name in fitted:
            says = f"{name} from {fitted[name].table}: {len(fitted[name].columns)} columns"
            yield Symptom(health=Health.FINE, about="mapping", says=says)
    if not fitted and config.gates is None:
        yield Symptom(health=Health.WRONG, about="mapping", says=NOTHING_MAPPED)
    yield from _skipped(config, fitted, checks, supplied)
    return fitted


def _read_a_little(source: Source, mappings: Iterable[RelationMapping]) -> None:
    """Read each relation's first batch, which finds expressions and conditions that do not work.

    Each from its own snapshot: a stream that is left before its end must be the last of its snapshot.
    """
    for place in (place for mapping in mappings for place in places_of(mapping)):
        with source.snapshot() as snapshot, snapshot.read(place) as reader:
            next(iter(reader), None)


def _skipped(
    config: Config, fitted: Mapping[str, RelationMapping], checks: Sequence[Check], supplied: Supplied
) -> Iterator[Symptom]:
    mapped = {name: mapped_columns(mapping) for name, mapping in fitted.items()}
    if config.stripe.api_key is not None:
        mapped |= {
            relation_name(relation): frozenset(column.name for column in columns_of(relation)) for relation in STRIPE
        }
    mapped |= supplied
    for check in checks:
        if config.policy.severity.get(check.id, check.severity) is None:
            continue
        absent = config.policy.absent
        if absent_need(check, absent, mapped) is not None or reads_gates(check):
            continue
        missing = unmapped(check, mapped, plans_configured=bool(config.plans), absent=absent)
        if missing:
            says = f"{check.id} will be skipped, {not_mapped(missing)}"
            yield Symptom(health=Health.WARNING, about="checks", says=says)
