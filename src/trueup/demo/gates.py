"""What the demo company's plans get: its matrix, the file that its build writes, what was accepted, what went wrong.

Plan gates belong to the company as a whole, not to an account, so that each fault is planted once, whatever its size.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from trueup.config.gate_lock import Lock, list_accepted_cells, write_lock
from trueup.demo.truth import PlantedFinding, Twin
from trueup.model.gate import Allowance, PlanGate

MATRIX_FILE = "gates.toml"
LOCK_FILE = "gates.lock"
BUILD_FILE = "plans.json"
FILES = (MATRIX_FILE, LOCK_FILE, BUILD_FILE)
"""What the config names beside itself."""

Offer = Mapping[str, Allowance]
"""What each plan gets of one feature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A feature. ``says`` is its line of the matrix, empty where the matrix forgot it; ``meant`` is what it says.

    ``got`` is what the app really gives, where a fault makes it another thing; ``before`` what it gave when that was
    accepted, where the matrix was changed since. ``finding`` and ``innocent`` name a subject, ``story`` tells of it.
    """

    feature: str
    says: str
    meant: Offer
    got: Offer | None = None
    before: Offer | None = None
    story: str = ""
    finding: tuple[str, str] | None = None
    innocent: str | None = None


def _by_plan(free: Allowance, pro: Allowance, team: Allowance) -> Offer:
    return {"FREE": free, "PRO": pro, "TEAM": team}


_NOBODY = _by_plan(free=False, pro=False, team=False)
_PAID = _by_plan(free=False, pro=True, team=True)
_TEAM = _by_plan(free=False, pro=False, team=True)

OFFERED = (
    Offered(feature="api_access", says='{ min_plan = "PRO" }', meant=_PAID),
    Offered(
        feature="beta_assistant",
        says='{ plans = ["FREE", "TEAM"], deliberate = true }',
        meant=_by_plan(free=True, pro=False, team=True),
        story="A beta that FREE and TEAM have and PRO has not, and the matrix says that this is meant.",
        innocent="beta_assistant:PRO",
    ),
    Offered(
        feature="csv_export",
        says='{ min_plan = "PRO" }',
        meant=_PAID,
        got=_by_plan(free=True, pro=True, team=True),
        story="A refactoring turned a condition round, and FREE accounts export what PRO pays for.",
        finding=("gate-regression", "csv_export:FREE"),
    ),
    Offered(
        feature="fax_gateway",
        says="{ plans = [] }",
        meant=_NOBODY,
        story="A retired feature that no plan has, and that the app denies to every plan.",
        innocent="fax_gateway:TEAM",
    ),
    Offered(feature="sso", says="{ team_only = true }", meant=_TEAM),
    Offered(
        feature="bulk_import",
        says="",
        meant=_PAID,
        story="A feature went live and was never added to the matrix.",
        finding=("gate-uncovered", "bulk_import"),
    ),
    Offered(
        feature="exports_per_month",
        says="{ FREE = 5, PRO = 200, TEAM = 1000 }",
        meant=_by_plan(free=5, pro=200, team=1000),
        before=_by_plan(free=5, pro=100, team=1000),
        story="The PRO limit was raised on purpose: it differs from what was accepted, and the matrix allows it.",
        innocent="exports_per_month:PRO",
    ),
    Offered(
        feature="seats",
        says="{ FREE = 1, PRO = 5, TEAM = 50 }",
        meant=_by_plan(free=1, pro=5, team=50),
        got=_by_plan(free=1, pro=50, team=50),
        story="A typo in the plans' configuration gives PRO the seats of TEAM.",
        finding=("gate-regression", "seats:PRO"),
    ),
)


def list_planted_gates(*, faulty: bool) -> tuple[PlantedFinding, ...]:
    """The findings that the plan gates must cause."""
    return tuple(
        PlantedFinding(check=offered.finding[0], subject=offered.finding[1], planted=offered.story)
        for offered in OFFERED
        if faulty and offered.finding
    )


def innocent_gates() -> tuple[Twin, ...]:
    """The plan gates that look wrong and are right."""
    return tuple(Twin(subject=offered.innocent, story=offered.story) for offered in OFFERED if offered.innocent)


def write_gates(folder: Path, *, faulty: bool, now: datetime) -> None:
    """Write the matrix, the lock and the build's file into ``folder``."""
    offered = [each for each in OFFERED if faulty or each.says]
    (folder / MATRIX_FILE).write_text(_matrix(), encoding="utf-8")
    (folder / BUILD_FILE).write_text(_build(offered, faulty=faulty, now=now), encoding="utf-8")
    write_lock(str(folder / LOCK_FILE), _lock(now))


def _matrix() -> str:
    lines = ["# Which plan of the demo company gets which feature."]
    for table, of in (("features", bool), ("limits", int)):
        lines += [f"\n[{table}]"]
        lines += [f"{o.feature} = {o.says}" for o in OFFERED if o.says and type(o.meant["FREE"]) is of]
    return "\n".join(lines) + "\n"


def _build(offered: list[Offered], *, faulty: bool, now: datetime) -> str:
    tables: dict[str, dict[str, Offer]] = {"features": {}, "limits": {}}
    for each in offered:
        given = each.got if faulty and each.got else each.meant
        tables["limits" if type(given["FREE"]) is int else "features"][each.feature] = given
    answered_at = (now - timedelta(hours=2)).replace(microsecond=0)
    return json.dumps({"generatedAt": f"{answered_at.isoformat()}Z", **tables}, indent=2) + "\n"


def _lock(now: datetime) -> Lock:
    accepted = [
        PlanGate(feature=each.feature, plan=plan, expected=None, actual=value)
        for each in OFFERED
        if each.says
        for plan, value in (each.before or each.meant).items()
    ]
    return Lock(
        accepted_by="release@demo.example",
        accepted_at=(now - timedelta(days=30)).replace(microsecond=0),
        reason="the plans as they were launched",
        cells=list_accepted_cells(accepted),
    )
