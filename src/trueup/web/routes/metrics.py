"""``/metrics`` for Prometheus: the store's facts, and this process's counters."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import PlainTextResponse, Response

from trueup.actions.runs import guardrails_now, newest_complete_run, newest_run
from trueup.model.check import Check
from trueup.model.errors import StoreUnavailable
from trueup.model.guardrail import GuardrailStatus
from trueup.model.outcome import Answered
from trueup.web.access import Permission, requires
from trueup.web.services import Services, services

if TYPE_CHECKING:
    from trueup.store import Store, StoredRun

router = APIRouter(tags=["metrics"])

_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get(
    "/metrics",
    dependencies=[requires(Permission.METRICS_READ)],
    response_class=PlainTextResponse,
    responses={200: {"description": "Prometheus' text format, version 0.0.4."}},
)
def metrics(at_hand: Annotated[Services, Depends(services)]) -> Response:
    """Findings, score, age of the last complete audit, alerts, repairs and requests."""
    known = CollectorRegistry(auto_describe=False)
    known.register(StoreFacts(at_hand))
    return Response(generate_latest(known) + generate_latest(at_hand.meters.registry), media_type=_MEDIA_TYPE)


class StoreFacts(Collector):
    """The store's facts, which are the same on every replica."""

    def __init__(self, at_hand: Services) -> None:
        self._at_hand = at_hand

    def describe(self) -> list[Metric]:
        """No metrics are described before they are collected."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The store's facts. A store that cannot be used is itself a fact, and hides no other metric."""
        usable = GaugeMetricFamily("trueup_store_usable", "Whether the store could be asked.")
        try:
            metrics = list(self._facts(self._at_hand.store))
        except StoreUnavailable:
            usable.add_metric((), 0)
            yield usable
            return
        usable.add_metric((), 1)
        yield usable
        yield from metrics

    def _facts(self, store: Store) -> Iterator[Metric]:
        config = self._at_hand.config
        newest = newest_run(store, config)
        if newest is not None:
            yield from _of_run(newest, self._at_hand.catalogue)
            yield _guardrails(newest, self._at_hand)
        complete = newest_complete_run(store, config)
        age = GaugeMetricFamily("trueup_last_complete_audit_age_seconds", "Age of the newest complete audit.")
        if complete is not None:
            age.add_metric((), max(0.0, (self._at_hand.clock() - complete.generated_at).total_seconds()))
        yield age
        yield _messages(store, config.environment)


def _of_run(run: StoredRun, catalogue: Sequence[Check]) -> Iterator[Metric]:
    head = json.loads(run.head)
    yield _findings(head, {check.id: check.severity.value for check in catalogue})
    outcomes = GaugeMetricFamily("trueup_checks", "Checks of the newest audit, by their outcome.", labels=["outcome"])
    counted = Counter(answer["outcome"] for answer in head["outcomes"])
    for outcome in Answered:
        outcomes.add_metric((outcome,), counted[outcome])
    yield outcomes
    yield from _at_risk(head["summary"])
    yield GaugeMetricFamily("trueup_score", "Score of the newest audit, 0 to 100.", value=run.score)
    yield GaugeMetricFamily(
        "trueup_confidence", "Share of the checks that the newest audit could answer, 0 to 1.", value=run.confidence
    )
    yield GaugeMetricFamily(
        "trueup_run_duration_seconds", "How long the newest audit took.", value=run.milliseconds / 1000
    )


def _at_risk(summary: dict[str, Any]) -> Iterator[Metric]:
    money = GaugeMetricFamily(
        "trueup_money_at_risk_minor_units", "Money at risk in open findings of the newest audit.", labels=["currency"]
    )
    for currency, amount in summary["moneyAtRisk"].items():
        money.add_metric((currency,), amount)
    yield money
    yield GaugeMetricFamily(
        "trueup_credits_at_risk",
        "Credits at risk in open findings of the newest audit, rounded to a number that Prometheus holds.",
        value=float(summary["creditsAtRisk"]),
    )


def _findings(head: dict[str, Any], severities: Mapping[str, str]) -> Metric:
    """Open findings. A check that was answered and found nothing is 0; one that was not answered is absent."""
    family = GaugeMetricFamily(
        "trueup_findings", "Open findings of the newest audit, by check and severity.", labels=["check", "severity"]
    )
    lines = head["scoreBreakdown"]
    for line in lines:
        family.add_metric((line["check"], line["severity"]), line["findings"])
    for answer in head["outcomes"]:
        if answer["outcome"] == "checked" and answer["check"] not in {line["check"] for line in lines}:
            family.add_metric((answer["check"], severities.get(answer["check"], "error")), 0)
    return family


def _guardrails(run: StoredRun, at_hand: Services) -> Metric:
    """1 for the status of each guardrail of the newest audit now, 0 otherwise; an old audit allows nothing."""
    family = GaugeMetricFamily("trueup_guardrail", "The status of each guardrail now.", labels=["id", "status"])
    for guardrail in guardrails_now(json.loads(run.head), run, now=at_hand.clock(), config=at_hand.config):
        for status in GuardrailStatus:
            family.add_metric((guardrail.id, status.value), guardrail.status is status)
    return family


def _messages(store: Store, environment: str) -> Metric:
    family = GaugeMetricFamily("trueup_alert_messages", "Messages in the outbox.", labels=["channel", "state"])
    for (channel, state), count in sorted(store.outbox.counts(environment).items()):
        family.add_metric((channel, state.value), count)
    return family
