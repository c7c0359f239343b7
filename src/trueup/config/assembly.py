"""Assemble a config from its file; each section is resolved by its own module."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from trueup.config.absence import absences
from trueup.config.approvals import approval_settings
from trueup.config.config import STORE_FILE, Config
from trueup.config.config_errors import complaint, refuse_unknown_check, suggestion
from trueup.config.declared_keys import settings_from
from trueup.config.document import Document, Preset
from trueup.config.exemptions import exemptions_of
from trueup.config.field_types import OFF
from trueup.config.gates import gate_settings
from trueup.config.plans import plans_and_prices
from trueup.config.preset import plans_over, preset_named, preset_names
from trueup.config.prices import add_priced_plans, price_list
from trueup.config.queries import dialect_of
from trueup.config.references import has_literal_secret, resolved
from trueup.config.relations import named_in, relation_mappings
from trueup.config.release import release_settings
from trueup.config.settings import (
    alert_settings,
    books_settings,
    repair_settings,
    schedule_settings,
    server_settings,
    stripe_settings,
)
from trueup.config.stripe_tables import stripe_tables
from trueup.model.credit_unit import read_unit
from trueup.model.gate import UNREACHABLE
from trueup.model.policy import Policy
from trueup.model.relations import STRIPE, relation_name
from trueup.model.severity import Severity
from trueup.model.source import places_of
from trueup.model.written_schema import WrittenSchema

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from trueup.model.source import RelationMapping

T = TypeVar("T")


def assemble(
    document: Document, *, path: Path, environ: Mapping[str, str], known_checks: Collection[str] | None
) -> Config:
    """Return the config that the file says. Raises ``ConfigurationError`` for the first thing that cannot be right."""
    preset = _preset(document.preset, path) if document.preset is not None else Preset()
    plans, prices = plans_and_prices(plans_over(preset.plans, document.plans), path=path)
    names = [plan.plan for plan in plans]
    own, own_of_stripe = _divide(document.relations)
    addresses = _read_addresses(document)
    secrets = {key: resolved(text, key=key.split("."), path=path, environ=environ) for key, text in addresses.items()}
    address = _address(document, secrets, path)
    mapped = relation_mappings(
        preset.relations, document.relations, plans=names, dialect=dialect_of(address), path=path
    )
    relations, of_stripe = _divide(mapped)
    if not relations:
        raise complaint(path, ("relations",), 'is empty: name at least one relation, or a preset = "canonical"')
    tables = stripe_tables(document.stripe, own_of_stripe, of_stripe, url=secrets.get("stripe.url"), path=path)
    store_url = secrets.get("store.url", f"sqlite:///{(path.parent / STORE_FILE).as_posix()}")
    server = server_settings(document.server, path=path, environ=environ)
    return Config(
        path=path,
        environment=document.environment,
        preset=document.preset,
        database_url=address,
        engine_url=secrets.get("engine.url"),
        repair_url=secrets.get("database.repair_url"),
        store_url=store_url,
        statement_timeout_seconds=document.database.statement_timeout_seconds,
        memory_limit=document.books.memory_limit,
        credit_decimals=document.books.credit_decimals,
        relations=relations,
        required=named_in(own),
        plans=plans,
        plan_prices=add_priced_plans(prices, document.prices, plans, path=path),
        price_list=price_list(document.prices, path=path),
        exemptions=exemptions_of(document.exemptions, known_checks=known_checks, plans=names, path=path),
        policy=dataclasses.replace(
            _read_policy(document, known_checks, path, mapped),
            plan_from=mapped["account"].plan_from if "account" in mapped else None,
        ),
        books=books_settings(document.books, store_url=store_url, path=path),
        repairs=repair_settings(document.repairs, tables=_tables(relations), path=path),
        approvals=approval_settings(document.approvals, known_checks=known_checks, path=path),
        schedule=schedule_settings(document.audits, path=path),
        server=server,
        alerts=alert_settings(document.alerts, public_url=server.public_url, path=path, environ=environ),
        gates=gate_settings(document.gates, plans=plans, path=path, environ=environ),
        release=release_settings(document, known_checks, path=path),
        written_for=_written_for(document),
        stripe=stripe_settings(
            document.stripe, key=secrets.get("stripe.api_key"), tables=tables, store_url=store_url, path=path
        ),
        literal_secrets=tuple(key for key, text in addresses.items() if has_literal_secret(text)),
    )


def _divide(named: Mapping[str, T]) -> tuple[dict[str, T], dict[str, T]]:
    """The relations of the app, and those of Stripe."""
    of_stripe = {relation_name(relation) for relation in STRIPE}
    return (
        {name: mapping for name, mapping in named.items() if name not in of_stripe},
        {name: mapping for name, mapping in named.items() if name in of_stripe},
    )


def _tables(relations: Mapping[str, RelationMapping]) -> set[str]:
    return {place.table for mapping in relations.values() for place in places_of(mapping) if place.query is None}


def _preset(name: str, path: Path) -> Preset:
    known = preset_names()
    if name not in known:
        raise complaint(path, ("preset",), f'is "{name}", which trueup does not have{suggestion(name, known)}')
    return preset_named(name)


def _address(document: Document, secrets: Mapping[str, str], path: Path) -> str:
    """Return where the app's rows are: in its database, or on the cluster."""
    if document.engine is None:
        return secrets["database.url"]
    if not secrets["engine.url"].startswith("sc://"):
        raise complaint(path, ("engine", "url"), "must begin with sc://, as the address of a Spark Connect server")
    return secrets["engine.url"]


def _read_addresses(document: Document) -> dict[str, str]:
    """The keys that may hold secrets, as the file writes them."""
    addresses = {
        "database.url": document.database.url,
        "database.repair_url": document.database.repair_url,
        "engine.url": document.engine.url if document.engine else None,
        "store.url": document.store.url if document.store else None,
        "stripe.api_key": document.stripe.api_key,
        "stripe.url": document.stripe.url,
    }
    return {key: text for key, text in addresses.items() if text is not None}


def _read_policy(
    document: Document, known_checks: Collection[str] | None, path: Path, mapped: Collection[str]
) -> Policy:
    section = document.policy
    for check in section.severity:
        refuse_unknown_check(check, known_checks, ("policy", "severity", check), path)
    if section.severity.get(UNREACHABLE) == OFF:
        mend = "write gates.enabled = false if there are no plan gates"
        reason = "cannot be off, or a gate that could not be asked would pass as right"
        raise complaint(path, ("policy", "severity", UNREACHABLE), f"{reason}; {mend}")
    severity = {check: None if word == OFF else Severity(word) for check, word in section.severity.items()}
    return settings_from(
        Policy,
        section,
        credit_value=section.credit_value,
        unit=read_unit(section.unit) if section.unit is not None else None,
        severity=severity,
        ledger_starts_at=_ledger_start(document),
        absent=absences(document, mapped=mapped),
    )


def _ledger_start(document: Document) -> Decimal | None:
    """The balance before every account's first entry; a preset knows none."""
    section = document.relations.get("ledger_entry")
    return section.ledger_starts_at if section is not None else None


def _written_for(document: Document) -> WrittenSchema | None:
    section = document.written_for
    return None if section is None else WrittenSchema(tables=section.tables, others=tuple(section.others))
