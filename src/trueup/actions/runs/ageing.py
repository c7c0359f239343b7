"""Judge the guardrails of a report that is served later: what was allowed then may not be allowed now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from trueup.actions.audit import aged, is_fresh
from trueup.formats.document import as_json
from trueup.formats.json import guardrail
from trueup.formats.report_reader import guardrails_of, renewed
from trueup.model.guardrail import Guardrail

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.config import Config
    from trueup.store import StoredRun

Head = Mapping[str, Any]
"""A stored report's JSON without its issues."""


def fresh_minutes(config: Config) -> int:
    """How old a report may be for something to go ahead."""
    return config.release.max_age_minutes


def is_run_fresh(run: StoredRun, *, now: datetime, config: Config) -> bool:
    """Whether this run is still recent at ``now`` (naive UTC)."""
    return is_fresh(generated_at=run.generated_at, as_of=run.as_of, now=now, fresh_minutes=fresh_minutes(config))


def guardrails_now(head: Head, run: StoredRun, *, now: datetime, config: Config) -> tuple[Guardrail, ...]:
    """The guardrails of a stored report as they are at ``now`` (naive UTC)."""
    return aged(
        guardrails_of(head),
        generated_at=run.generated_at,
        as_of=run.as_of,
        now=now,
        fresh_minutes=fresh_minutes(config),
    )


def head_now(head: Head, run: StoredRun, *, now: datetime, config: Config) -> dict[str, Any]:
    """The stored report with its guardrails as they are at ``now`` (naive UTC); the rest is unchanged."""
    return {**renewed(head), "guardrails": documents(guardrails_now(head, run, now=now, config=config))}


def documents(guardrails: Iterable[Guardrail]) -> list[dict[str, Any]]:
    """Return guardrails as a report's JSON has them."""
    return [as_json(guardrail(judged)) for judged in guardrails]
