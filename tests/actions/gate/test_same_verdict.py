"""The release guardrail of a report and `trueup gate` say the same of it, where nothing but the report is asked.

The gate reads the report's document; the guardrail was made with the report. Reports and companies are random, and each
test is named for its seed.
"""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import trueup
from tests.support.gating import accepted, finding, gate, known, now, report, save
from tests.support.tiny_company import change_plans, make_company, replace, run_sql
from trueup.actions.audit.guardrails.judgement import judge_guardrails
from trueup.checks import catalogue
from trueup.config import load_release_settings
from trueup.model.finding import Area, Finding
from trueup.model.gate import PlanGate
from trueup.model.guardrail import GATE_CHECKS, RELEASE, RepairEvidence
from trueup.model.money import Impact
from trueup.model.outcome import Broken, Checked, Off, Outcome, Skipped
from trueup.model.relations import Exemption
from trueup.model.release import gate_rules
from trueup.model.repair_evidence import JournalState
from trueup.model.report import RelationRead, Report
from trueup.model.severity import Severity

SAYS = {"allowed": 0, "blocked": 1, "unknown": 3}
REPORTS = range(120)
COMPANIES = range(12)
CHECKS = tuple(check.id for check in catalogue())


def write_config(folder: Path, chance: random.Random) -> None:
    fail_on = chance.choice(["", 'fail_on = "critical"', 'fail_on = "warning"', 'fail_on = "info"'])
    (folder / "trueup.toml").write_text(
        f'environment = "production"\npreset = "canonical"\n[database]\nurl = "sqlite:///app.db"\n[release]\n{fail_on}\n'
    )


def random_report(chance: random.Random) -> Report:
    findings = [random_finding(chance, number) for number in range(chance.choice([0, 0, 1, 2, 5]))]
    gates = tuple(random_cell(chance, number) for number in range(chance.choice([0, 1, 1, 1, 3])))
    asked_more = {f.check: Checked(population=9, findings=(f,)) for f in findings if known(f.check) is None}
    changes: dict[str, Any] = {}
    if chance.random() < 0.1:
        changes["relations"] = (RelationRead(relation="account", table="users", rows=0, problem="connection lost"),)
    if chance.random() < 0.1:
        changes["database_as_of"] = None
    if chance.random() < 0.2:
        changes["stripe_as_of"] = now() - timedelta(minutes=chance.choice([1, 30, 90]))
    if chance.random() < 0.1:
        changes["environment"] = "staging"
    if chance.random() < 0.1:
        changes["period_days"] = 7
    outcomes = dict(random_outcomes(chance, {f.check for f in findings}))
    return report(*findings, outcomes={**asked_more, **outcomes}, plan_gates=gates, **changes)


def random_finding(chance: random.Random, number: int) -> Finding:
    subject = f"user_{number}"
    if chance.random() < 0.15:
        evidence = {"check_id": "credit-balance", "exempt_plan": chance.choice([None, "PRO"])}
        ended = "credit-balance:user_0" if evidence["exempt_plan"] is None else "credit-balance:PRO"
        return finding(f"exemption-expired:{ended}#{number}"[: -2 if number == 0 else None], evidence=evidence)
    if chance.random() < 0.2:
        check = chance.choice(GATE_CHECKS[:2])
        made = finding(f"{check}:exports{number}:FREE", area=Area.GATES, severity=Severity.CRITICAL)
        expires = chance.choice([None, now().date(), now().date() - timedelta(days=1)])
        exemption = Exemption(check_id=check, subject=made.subject, owner="a", reason="b", expires_at=expires)
        return made if chance.random() < 0.5 else finding(made.id, area=Area.GATES, exemption=exemption)
    check = chance.choice([*CHECKS, "credit-balance", "missing-idempotency-record", "duplicate-event-grant"])
    if check in GATE_CHECKS or check == "exemption-expired":
        check = "credit-balance"
    until = now() + timedelta(days=chance.choice([-3, 0, 3]))
    if chance.random() < 0.3:
        return accepted(f"{check}:{subject}", until=chance.choice([None, until]))
    plan = chance.choice([{}, {"plan": "PRO"}, {"plan": "FREE"}])
    severity = chance.choice(list(Severity))
    return finding(f"{check}:{subject}", severity=severity, evidence=plan, impact=Impact(credits=Decimal(number)))


def random_cell(chance: random.Random, number: int) -> PlanGate:
    expected = chance.choice([False, False, True, None])
    actual = expected if chance.random() < 0.8 else chance.choice([True, False, None])
    return PlanGate(feature=f"exports{number}", plan="FREE", expected=expected, actual=actual)


def random_outcomes(chance: random.Random, found: set[str]) -> Iterator[tuple[str, Outcome | None]]:
    others = [check for check in (*CHECKS, *GATE_CHECKS) if check not in found]
    kinds: list[Outcome | None] = [Off(), Skipped(reason="not mapped"), Broken(error="lost"), None]
    kinds.append(Checked(population=0, findings=()))
    for check in chance.sample(others, chance.choice([0, 0, 0, 1, 2])):
        yield check, chance.choice(kinds)
    if chance.random() < 0.1:
        yield from ((check, Off()) for check in GATE_CHECKS if check not in found)


def random_evidence(chance: random.Random) -> RepairEvidence:
    return chance.choice(
        [
            *[RepairEvidence(state=JournalState.ABSENT)] * 4,
            RepairEvidence(state=JournalState.READ, disagreements=("Repair 7 has no row.",)),
            RepairEvidence(state=JournalState.READ, doubts=("Not to be compared: repair 7.",)),
            RepairEvidence(state=JournalState.HIDDEN, problem="no right"),
        ]
    )


@pytest.mark.parametrize("seed", REPORTS)
def test_the_gate_says_of_a_report_what_its_guardrail_says(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    write_config(tmp_path, chance)
    made = random_report(chance)
    settings = load_release_settings(tmp_path / "trueup.toml")
    whole = {outcome.check for outcome in made.outcomes} >= set(CHECKS)
    rails = judge_guardrails(made, repairs=random_evidence(chance), covers_all_checks=whole, rules=gate_rules(settings))
    document = save(dataclasses.replace(made, guardrails=rails), tmp_path / "report.json")
    said = next(rail for rail in document["guardrails"] if rail["id"] == RELEASE)
    verdict = gate(tmp_path, "--report", "report.json")
    assert verdict.code == SAYS[said["status"]], f"seed {seed}: {said}\n{verdict.out}{verdict.error}"


def test_the_random_reports_get_every_verdict(tmp_path: Path) -> None:
    statuses = []
    for seed in REPORTS:
        chance = random.Random(seed)
        write_config(tmp_path, chance)
        made = random_report(chance)
        rails = judge_guardrails(made, repairs=random_evidence(chance), covers_all_checks=True)
        statuses.append(next(rail.status.value for rail in rails if rail.id == RELEASE))
    assert {status: statuses.count(status) >= 5 for status in SAYS} == dict.fromkeys(SAYS, True)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_company(tmp_path_factory.mktemp("company"))


SPOILS: tuple[Callable[[Path], object], ...] = (
    lambda folder: run_sql(folder, "UPDATE users SET credits = credits + 500 WHERE id = 'user_1'"),
    lambda folder: run_sql(folder, "UPDATE users SET unlimited_credits = 1 WHERE id = 'user_2'"),
    lambda folder: run_sql(folder, "UPDATE users SET plan = 'PRO' WHERE id = 'user_2'"),
    lambda folder: run_sql(folder, "UPDATE stripe_webhook_events SET status = 'failed', processed_at = NULL"),
    lambda folder: run_sql(folder, "UPDATE credit_transactions SET stripe_event_id = 'evt_9' WHERE user_id = 'user_1'"),
    lambda folder: run_sql(folder, "DELETE FROM users"),
    lambda folder: change_plans(folder, lambda plans: plans["features"]["exports"].update(FREE=True)),
    lambda folder: change_plans(folder, lambda plans: plans["features"]["exports"].pop("PRO")),
    lambda folder: replace(folder, "[stripe]", '[release]\nfail_on = "critical"\n[stripe]'),
    lambda folder: replace(folder, "[stripe]", '[policy.severity]\n"credit-balance" = "off"\n[stripe]'),
    lambda folder: replace(folder, "[stripe]\nenabled = false\n", ""),
)


@pytest.mark.parametrize("seed", COMPANIES)
def test_the_gate_says_of_a_company_what_its_report_says(seed: int, company: Path, tmp_path: Path) -> None:
    chance = random.Random(seed)
    folder = shutil.copytree(company, tmp_path / "company")
    for spoil in chance.sample(SPOILS, chance.choice([0, 1, 1, 2, 3])):
        spoil(folder)
    extra = chance.choice([[], [], ["--period-days", "7"], ["--check", "credit-balance"]])
    audit = trueup("audit", "--format", "json", "--output", "report.json", "--no-store", *extra, cwd=folder)
    assert audit.code in SAYS.values(), audit.err
    rails = json.loads((folder / "report.json").read_text())["guardrails"]
    said = next(rail for rail in rails if rail["id"] == RELEASE)
    verdict = gate(folder, "--report", "report.json")
    assert verdict.code == SAYS[said["status"]], f"seed {seed}: {said}\n{verdict.out}{verdict.error}"
