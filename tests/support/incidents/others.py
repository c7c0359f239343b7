"""The rest of the company: customers of whom nothing is to be said. From them the checks learn what is usual."""

from __future__ import annotations

from tests.support.incidents.people import somebody, subscriber
from tests.support.incidents.scenario import QUIET, Findings
from tests.support.incidents.stage import Stage
from trueup.model.relations import EntryKind

ENDPOINT = "we_company"
SUBSCRIBERS = 12
BUYERS = 4


def healthy(stage: Stage) -> Findings:
    """A year of business: renewals, purchases, usage, and goodwill."""
    eldest = somebody(stage, days=420)
    eldest.entry(EntryKind.PROMOTIONAL_GRANT, 100, stage.ago(400))
    eldest.uses(60, stage.ago(300))
    for number in range(SUBSCRIBERS):
        person, _ = subscriber(stage, renewed=(70 + number / 10, 40 + number / 10, 10 + number / 10))
        person.uses(30 + number, stage.ago(5))
    for number in range(BUYERS):
        buyer = somebody(stage)
        buyer.credited(buyer.buys(25 - number))
        buyer.uses(20, stage.ago(3))
    return QUIET
