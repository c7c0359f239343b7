"""A folder in which ``trueup gate`` can be asked, with a report that passes until a test breaks something.

The command runs in this process, through its own door, so that a hundred questions take seconds. It leaves out the
signal handler and the top of ``main``, which turns an error into its sentence and its exit code: that is done here.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from typer._click.exceptions import ClickException

from trueup.checks import catalogue
from trueup.cli.main import command_line
from trueup.formats import write
from trueup.model.check import Check
from trueup.model.errors import TrueupError
from trueup.model.finding import Finding
from trueup.model.gate import PlanGate
from trueup.model.guardrail import GATE_CHECKS, REPAIRS, REPLAY, Guardrail, GuardrailStatus
from trueup.model.outcome import Checked, CheckOutcome, Outcome
from trueup.model.relations import Exemption
from trueup.model.report import RelationRead, Report

CONFIG = """
environment = "production"
preset = "canonical"
[database]
url = "sqlite:///app.db"
[store]
url = "sqlite:///store.db"
"""
ALLOWED_GATE = PlanGate(feature="exports", plan="FREE", expected=False, actual=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """How the command ended and what it said on stdout; an error's sentence stands in ``error``."""

    code: int
    out: str
    error: str = ""


def gate(folder: Path, *arguments: str) -> Gated:
    """``trueup gate`` with these arguments in this folder."""
    out = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out):
        try:
            code = command_line()(["gate", *arguments], standalone_mode=False)
        except TrueupError as error:
            return Gated(code=error.exit_code, out=out.getvalue(), error=str(error))
        except ClickException as error:
            return Gated(code=error.exit_code, out=out.getvalue(), error=error.format_message())
    return Gated(code=int(code or 0), out=out.getvalue())


def now() -> datetime:
    """Now, naive UTC: the command asks the real clock."""
    return datetime.now(UTC).replace(tzinfo=None)


def known(check: str) -> Check | None:
    """The check of the catalogue."""
    return next((one for one in catalogue() if one.id == check), None)


def finding(issue_id: str, **fields: Any) -> Finding:
    """A finding of a check of the catalogue, with its severity."""
    check, _, subject = issue_id.partition(":")
    of = known(check)
    assert of is not None, check
    values: dict[str, Any] = {
        "check": check,
        "area": of.area,
        "severity": of.severity,
        "title": of.title,
        "subject": subject,
        "message": f"{subject} is broken.",
        "revenue_impacting": of.revenue_impacting,
    }
    return Finding(**(values | fields))


def accepted(issue_id: str, *, until: datetime | None) -> Finding:
    """A finding that somebody answers for."""
    made = finding(issue_id)
    day = until.date() if until else None
    exemption = Exemption(check_id=made.check, subject=made.subject, owner="finance", reason="agreed", expires_at=day)
    return dataclasses.replace(made, exemption=exemption)


def report(
    *findings: Finding | str,
    outcomes: dict[str, Outcome | None] | None = None,
    guardrails: dict[str, GuardrailStatus | None] | None = None,
    at: datetime | None = None,
    **fields: Any,
) -> Report:
    """A report that every check of the catalogue answered and every guardrail allows, with these findings.

    ``outcomes`` and ``guardrails`` put others in place of some; None leaves one out.
    """
    moment = at or now()
    found = [finding(one) if isinstance(one, str) else one for one in findings]
    asked = list(dict.fromkeys([*(check.id for check in catalogue()), *GATE_CHECKS]))
    made: dict[str, Outcome | None] = {
        check: Checked(population=10, findings=tuple(one for one in found if one.check == check)) for check in asked
    }
    made |= outcomes or {}
    rails: dict[str, GuardrailStatus | None] = dict.fromkeys((REPLAY, REPAIRS), GuardrailStatus.ALLOWED)
    rails |= guardrails or {}
    values: dict[str, Any] = {
        "run_id": f"run-{moment.isoformat()}",
        "generated_at": moment,
        "environment": "production",
        "period_days": 45,
        "database_as_of": moment,
        "relations": (RelationRead(relation="account", table="users", rows=10),),
        "outcomes": tuple(
            CheckOutcome(check=check, outcome=outcome, milliseconds=1)
            for check, outcome in made.items()
            if outcome is not None
        ),
        "plan_gates": (ALLOWED_GATE,),
        "guardrails": tuple(
            Guardrail(id=name, status=status, reasons=(f"{name} is {status}.",))
            for name, status in rails.items()
            if status is not None
        ),
    }
    return Report(**(values | fields))


def before(*findings: Finding | str, **fields: Any) -> Report:
    """The report of the day before."""
    return report(*findings, **({"at": now() - timedelta(days=1)} | fields))


def save(made: Report, path: Path) -> dict[str, Any]:
    """Write the report's document; the document."""
    out = io.StringIO()
    write(made, format="json", stream=out)
    path.write_text(out.getvalue(), encoding="utf-8")
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def edited(path: Path, **changes: Any) -> None:
    """Change keys of a document that was saved."""
    document = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(document | changes), encoding="utf-8")


def ready(folder: Path) -> Path:
    """The folder with a config and a report that passes."""
    (folder / "trueup.toml").write_text(CONFIG, encoding="utf-8")
    save(report(), folder / "report.json")
    return folder


@contextlib.contextmanager
def variable(name: str, value: str) -> Iterator[None]:
    """A variable of the environment, for as long as this holds."""
    kept = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if kept is None:
            del os.environ[name]
        else:
            os.environ[name] = kept
