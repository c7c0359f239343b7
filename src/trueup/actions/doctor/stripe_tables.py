"""The preflight of Stripe's side where a sync tool's tables, or files, supply it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from datetime import timedelta

from trueup.actions.audit import TableSupply, account_filter_of, read_moment, staleness, table_supply
from trueup.actions.doctor.diagnostic import Health, Symptom
from trueup.actions.doctor.stripe import name_absent_fields
from trueup.config import Config
from trueup.model.errors import ConfigurationError, FileEmpty, FileUnreadable, SourceUnavailable
from trueup.model.relations import STRIPE, relation_name
from trueup.model.source import Source, SourceTable, mapped_columns
from trueup.model.stripe_objects import OBJECT
from trueup.stripe.absent_fields import LOOKED_AT
from trueup.stripe.object_text import parse_objects
from trueup.stripe.shapes.fields import JSON

_ABOUT = "stripe"
_SHOWN_HOURS_LIMIT = 48

Supplied = dict[str, frozenset[str]]
"""The columns of Stripe's relations that the tables or files supply."""


def examine_stripe_tables(
    config: Config, source: Source, live: Sequence[SourceTable]
) -> Generator[Symptom, None, Supplied]:
    """Look for the tables, ask each for one row, and say how old they are. ``source`` is the app's database.

    Returns what they supply: nothing where there are none, or where they cannot be looked at.
    """
    try:
        supply = table_supply(config, source, live)
        if supply is None:
            return {}
        yield from _notes(supply)
        samples = yield from _read_a_little(supply)
        yield from _age(supply)
    except ConfigurationError as error:
        yield Symptom(health=Health.WRONG, about=_ABOUT, says=str(error))
        return {}
    except SourceUnavailable as error:
        yield Symptom(health=Health.UNREACHABLE, about=_ABOUT, says=str(error))
        return {}
    if config.stripe.api_key is None:
        yield from _missing(supply)
    for kind, objects in samples.items():
        yield from name_absent_fields(kind, objects, account_filter_of(config))
    return {relation: mapped_columns(supply.mapping(relation)) for relation in supply.relations}


def _notes(supply: TableSupply) -> Iterator[Symptom]:
    for note in (*supply.fitted.notes, *supply.fitted.unknown):
        yield Symptom(health=Health.WARNING, about=_ABOUT, says=note)
    if not supply.is_apps:
        excess = tuple(supply.source.privileges())
        yield from (Symptom(health=Health.WARNING, about="privileges", says=sentence) for sentence in excess)


def _read_a_little(supply: TableSupply) -> Generator[Symptom, None, dict[str, list[JSON]]]:
    """Return some objects of each kind that is kept as JSON.

    Each from its own snapshot: a stream that is left before its end must be the last of its snapshot.
    """
    samples = {}
    for name, mapping in supply.fitted.mappings.items():
        try:
            with supply.source.snapshot() as snapshot, snapshot.read(mapping) as reader:
                batch = next(iter(reader), None)
            if batch is not None and OBJECT in batch.schema.names:
                texts = batch.column(OBJECT).slice(0, LOOKED_AT).to_pylist()
                samples[name] = list(parse_objects(texts))
        except FileEmpty as error:
            if name not in supply.tables.may_be_empty:
                says = f"{str(error).rstrip('.')}; an audit takes it for none where nothing names one"
                yield Symptom(health=Health.WARNING, about=_ABOUT, says=says)
        except FileUnreadable as error:
            yield Symptom(health=Health.WRONG, about=_ABOUT, says=str(error))
    return samples


def _age(supply: TableSupply) -> Iterator[Symptom]:
    with supply.source.snapshot() as snapshot:
        now = snapshot.as_of
        moment = read_moment(supply, snapshot, now=now)
    problem = staleness(supply, moment, now)
    if problem is not None or moment is None:
        says = f"everything about Stripe will be unknown: {problem}"
        yield Symptom(health=Health.WRONG, about=_ABOUT, says=says)
        return
    what = "files" if supply.tables.are_files else "tables"
    count = len({mapping.table for mapping in supply.fitted.mappings.values()})
    says = f"{count} {what} of {supply.source.place}, last written {_ago(now - moment)} ago"
    if not supply.tables.are_files and not supply.fitted.newest:
        says = f"{count} {what} of {supply.source.place}; it is unknown when they were last synced; set synced_at"
        yield Symptom(health=Health.WARNING, about=_ABOUT, says=says)
        return
    yield Symptom(health=Health.FINE, about=_ABOUT, says=says)


def _ago(age: timedelta) -> str:
    hours = age // timedelta(hours=1)
    if hours < 1:
        return f"{age // timedelta(minutes=1)} minutes"
    return f"{hours} hours" if hours <= _SHOWN_HOURS_LIMIT else f"{age.days} days"


def _missing(supply: TableSupply) -> Iterator[Symptom]:
    left = [name for name in map(relation_name, STRIPE) if name not in supply.relations]
    if left:
        says = f"not in the tables, and read only if [stripe] also has an api_key: {', '.join(left)}"
        yield Symptom(health=Health.WARNING, about=_ABOUT, says=says)
