"""``trueup.toml``, read, checked and resolved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from trueup.config.config_errors import complaint, refuse_unknown_check, suggestion
from trueup.config.file import document_at
from trueup.config.references import has_literal_secret, resolved
from trueup.model.gate import UNREACHABLE
from trueup.model.policy import Policy
from trueup.model.relations import GATES, STRIPE, Exemption, Plan, PlanPrice, relation_name
from trueup.model.settings import (
    AlertSettings,
    GateSettings,
    ReleaseSettings,
    RepairSettings,
    ScheduleSettings,
    ServerSettings,
    StripeSettings,
)
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from trueup.config.document import Document, Preset
    from trueup.model.source import RelationMapping

STORE_FILE = "trueup.db"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One config, with its secrets resolved and hidden from ``repr``.

    ``required`` is what the file itself names, and so must exist in the live schema: ``fit`` takes it.
    ``literal_secrets`` are the keys whose value in the file holds a password in plain sight.
    """

    path: Path
    environment: str
    preset: str | None
    database_url: str = field(repr=False)
    repair_url: str | None = field(repr=False)
    store_url: str = field(repr=False)
    statement_timeout_seconds: int
    memory_limit: str
    relations: Mapping[str, RelationMapping]
    required: frozenset[tuple[str, str]]
    plans: tuple[Plan, ...]
    plan_prices: tuple[PlanPrice, ...]
    exemptions: tuple[Exemption, ...]
    policy: Policy
    repairs: RepairSettings = field(default_factory=RepairSettings)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    gates: GateSettings | None = None
    """None where the file names no matrix, or says that there are no plan gates."""
    release: ReleaseSettings = field(default_factory=ReleaseSettings)
    stripe: StripeSettings = field(default_factory=StripeSettings)
    literal_secrets: tuple[str, ...] = ()


def load_config(path: Path, environ: Mapping[str, str], *, known_checks: Collection[str] | None = None) -> Config:
    """The config in this file, its references resolved from ``environ``.

    ``known_checks`` are the ids that ``[policy.severity]`` and ``[[exemptions]]`` may name; ``None`` lets any stand.
    Raises ``ConfigurationError`` for the first thing that cannot be right.
    """
    # Pydantic is imported here so that ``trueup --help`` does not pay for it.
    from trueup.config.document import Preset  # noqa: PLC0415 - see above
    from trueup.config.exemptions import exemptions_of  # noqa: PLC0415 - see above
    from trueup.config.gates import gate_settings  # noqa: PLC0415 - see above
    from trueup.config.plans import plans_and_prices  # noqa: PLC0415 - see above
    from trueup.config.preset import plans_over  # noqa: PLC0415 - see above
    from trueup.config.relations import named_in, relation_mappings  # noqa: PLC0415 - see above
    from trueup.config.release import release_settings  # noqa: PLC0415 - see above
    from trueup.config.settings import (  # noqa: PLC0415 - see above
        alert_settings,
        repair_settings,
        schedule_settings,
        server_settings,
        stripe_settings,
    )
    from trueup.config.stripe_tables import stripe_tables  # noqa: PLC0415 - see above

    document = document_at(path)
    preset = _preset(document.preset, path) if document.preset is not None else Preset()
    plans, prices = plans_and_prices(plans_over(preset.plans, document.plans), path=path)
    names = [plan.plan for plan in plans]
    mapped = relation_mappings(preset.relations, document.relations, plans=names, path=path)
    relations, of_stripe = _divide(mapped)
    own, own_of_stripe = _divide(document.relations)
    if not relations:
        raise complaint(path, ("relations",), 'is empty: name at least one table of ours, or a preset = "canonical"')
    addresses = _read_addresses(document)
    secrets = {key: resolved(text, key=key.split("."), path=path, environ=environ) for key, text in addresses.items()}
    tables = stripe_tables(document.stripe, own_of_stripe, of_stripe, url=secrets.get("stripe.url"), path=path)
    store_url = secrets.get("store.url", f"sqlite:///{(path.parent / STORE_FILE).as_posix()}")
    return Config(
        path=path,
        environment=document.environment,
        preset=document.preset,
        database_url=secrets["database.url"],
        repair_url=secrets.get("database.repair_url"),
        store_url=store_url,
        statement_timeout_seconds=document.database.statement_timeout_seconds,
        memory_limit=document.books.memory_limit,
        relations=relations,
        required=named_in(own),
        plans=plans,
        plan_prices=prices,
        exemptions=exemptions_of(document.exemptions, known_checks=known_checks, plans=names, path=path),
        policy=_read_policy(document, known_checks, path),
        repairs=repair_settings(document.repairs, tables={mapping.table for mapping in relations.values()}, path=path),
        schedule=schedule_settings(document.audits, path=path),
        server=server_settings(document.server, path=path, environ=environ),
        alerts=alert_settings(document.alerts, path=path, environ=environ),
        gates=gate_settings(document.gates, plans=plans, path=path, environ=environ),
        release=release_settings(document, known_checks, path=path),
        stripe=stripe_settings(
            document.stripe, key=secrets.get("stripe.api_key"), tables=tables, store_url=store_url, path=path
        ),
        literal_secrets=tuple(key for key, text in addresses.items() if has_literal_secret(text)),
    )


def _divide(named: Mapping[str, T]) -> tuple[dict[str, T], dict[str, T]]:
    """What is the app's, and what is Stripe's."""
    of_stripe = {relation_name(relation) for relation in STRIPE}
    return (
        {name: mapping for name, mapping in named.items() if name not in of_stripe},
        {name: mapping for name, mapping in named.items() if name in of_stripe},
    )


def _preset(name: str, path: Path) -> Preset:
    from trueup.config.preset import preset_named, preset_names  # noqa: PLC0415 - slow to import

    known = preset_names()
    if name not in known:
        raise complaint(path, ("preset",), f'is "{name}", which trueup does not have{suggestion(name, known)}')
    return preset_named(name)


def _read_addresses(document: Document) -> dict[str, str]:
    """The keys that may hold secrets, as the file writes them."""
    addresses = {
        "database.url": document.database.url,
        "database.repair_url": document.database.repair_url,
        "store.url": document.store.url if document.store else None,
        "stripe.api_key": document.stripe.api_key,
        "stripe.url": document.stripe.url,
    }
    return {key: text for key, text in addresses.items() if text is not None}


def _read_policy(document: Document, known_checks: Collection[str] | None, path: Path) -> Policy:
    from trueup.config.field_types import OFF  # noqa: PLC0415 - slow to import

    section = document.policy
    for check in section.severity:
        refuse_unknown_check(check, known_checks, ("policy", "severity", check), path)
    if section.severity.get(UNREACHABLE) == OFF:
        mend = "write gates.enabled = false if there are no plan gates"
        reason = "cannot be off, or a gate that could not be asked would pass for right"
        raise complaint(path, ("policy", "severity", UNREACHABLE), f"{reason}; {mend}")
    severity = {check: None if word == OFF else Severity(word) for check, word in section.severity.items()}
    given = section.model_dump(exclude={"severity"}, exclude_none=True)
    without = (*(() if document.stripe.enabled else STRIPE), *(() if document.gates.enabled else GATES))
    return Policy(**given, severity=severity, without=frozenset(map(relation_name, without)))
