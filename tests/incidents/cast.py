"""All that was told: every scenario of the design's list, and every innocent."""

from __future__ import annotations

from tests.incidents import configuration, duplicates, entitlements, innocent, ledger, order_and_loss
from tests.support.incidents.scenario import Innocent, Part, Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *duplicates.SCENARIOS,
    *order_and_loss.SCENARIOS,
    *entitlements.SCENARIOS,
    *ledger.SCENARIOS,
    *configuration.SCENARIOS,
)
INNOCENTS: tuple[Innocent, ...] = innocent.INNOCENTS
PARTS: tuple[Part, ...] = (
    *(part for scenario in SCENARIOS for part in scenario.parts),
    *(innocent.part for innocent in INNOCENTS),
)
