"""All that was told: every scenario of the design's list, and every innocent."""

from __future__ import annotations

from tests.incidents import configuration, duplicates, entitlements, innocent, ledger, order_and_loss
from tests.support.incidents.company import Company
from tests.support.incidents.scenario import Innocent, Part, Scenario

SECTIONS: tuple[tuple[str, tuple[Scenario, ...]], ...] = (
    ("Duplicates and idempotency", duplicates.SCENARIOS),
    ("Order, lateness, loss", order_and_loss.SCENARIOS),
    ("Entitlement against subscription", entitlements.SCENARIOS),
    ("Credits and ledger", ledger.SCENARIOS),
    ("Configuration", configuration.SCENARIOS),
)
SCENARIOS: tuple[Scenario, ...] = tuple(scenario for _, scenarios in SECTIONS for scenario in scenarios)
INNOCENTS: tuple[Innocent, ...] = innocent.INNOCENTS
PARTS: tuple[Part, ...] = (
    *(part for scenario in SCENARIOS for part in scenario.parts),
    *(innocent.part for innocent in INNOCENTS),
)


def company_of(*parts: Part) -> Company:
    """A company in which these things happened."""
    version = next((part.endpoint_version for part in parts if part.endpoint_version), None)
    company = Company.healthy(api_version=version)
    for number, part in enumerate(parts):
        company.tell(part.telling, tag=f"{part.form}{part.number:02}x{number:03}")
    return company


def incident(number: int) -> Part:
    """The incident of this number."""
    return next(part for part in PARTS if part.form == "incident" and part.number == number)
