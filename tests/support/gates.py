"""A matrix of three plans, and ways to ask probes of it outside an audit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from trueup.model.relations import GateAnswer, GateExpectation
from trueup.model.settings import GateSettings, OptionValue, ProbeSettings
from trueup.model.source import Snapshot
from trueup.probes import Answers, answer_rows, open_probe
from trueup.probes.kind import Rows

NOW = datetime(2026, 3, 1, 12)
PLANS = ("FREE", "PRO", "TEAM")


def row(feature: str, *expected: bool | int) -> tuple[GateExpectation, ...]:
    """A feature's expectation on FREE, PRO and TEAM."""
    return tuple(
        GateExpectation(feature=feature, plan=plan, is_limit=type(value) is int, expected=int(value))
        for plan, value in zip(PLANS, expected, strict=True)
    )


MATRIX = (*row("exports", False, True, True), *row("sso", False, False, True), *row("seats", 1, 5, 50))


def gates(
    folder: Path,
    *,
    kind: str,
    options: Mapping[str, OptionValue],
    features: tuple[str, ...] | None = None,
    private_hosts: tuple[str, ...] = (),
    matrix: tuple[GateExpectation, ...] = MATRIX,
) -> GateSettings:
    """Plan gates with one probe, whose name is ``app``."""
    probe = ProbeSettings(name="app", kind=kind, folder=str(folder), features=features, options=options)
    return GateSettings(
        matrix=matrix,
        matrix_file=str(folder / "gates.toml"),
        lock_file=str(folder / "gates.lock"),
        probes=(probe,),
        private_hosts=private_hosts,
    )


def asked(
    settings: GateSettings,
    *,
    now: datetime = NOW,
    snapshot: Snapshot | None = None,
    rows: Rows | None = None,
    plan_words: Mapping[str, str] | None = None,
    trust: Any = None,
) -> Answers:
    """What the one probe says."""
    (probe,) = settings.probes
    opened = open_probe(
        probe, gates=settings, now=now, snapshot=snapshot, rows=rows, plan_words=plan_words, trust=trust
    )
    return opened.ask()


def answered(settings: GateSettings, answers: Answers) -> dict[str, int | str | None]:
    """What each cell became: a number, or why there is none."""
    known = {cell.feature for cell in settings.matrix}
    (probe,) = settings.probes
    cells = [c for c in settings.matrix if probe.features is None or c.feature in probe.features]
    found = answer_rows(answers, probe="app", asked=cells, known=known)
    return {f"{one.feature}:{one.plan}": _said(one) for one in found}


def _said(one: GateAnswer) -> int | str | None:
    assert (one.actual is None) == (one.problem is not None)
    return one.actual if one.problem is None else one.problem
