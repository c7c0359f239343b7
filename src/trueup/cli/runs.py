"""``trueup runs``: the audits that are remembered, and what changed from one to the next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.options import ConfigOption, ListFormat, ListFormatOption, catalogue_for, config_from, utc_now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.actions.runs import Comparison
    from trueup.model.guardrail import Guardrail
    from trueup.store import Moved, StoredRun

SHOWN = 10
"""How many findings of each kind of change a person is shown; JSON holds all."""


def runs(
    run: Annotated[
        str | None, typer.Argument(help="A run's id, the beginning of it, or `newest`: show it and what changed.")
    ] = None,
    against: Annotated[
        str | None, typer.Option("--against", metavar="RUN", help="Compare with this run; default: the one before.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many are listed.")] = 20,
    output_format: ListFormatOption = ListFormat.TEXT,
    config: ConfigOption = None,
) -> None:
    """List the audits, newest first, or show one and what it changed: new, worse, reopened, resolved.

    Example: trueup runs newest
    """
    from trueup.actions.runs import compare, guardrails_now  # noqa: PLC0415 - heavy
    from trueup.cli.memory import required_store  # noqa: PLC0415 - heavy

    found = config_from(config, catalogue_for(config))
    as_json = output_format is ListFormat.JSON
    with required_store(found) as store:
        if run is None:
            listed = store.runs.list(found.environment, limit=limit)
            typer.echo(_listed_json(listed) if as_json else _listed(listed, found.environment))
        else:
            made = compare(run, store=store, environment=found.environment, against=against)
            guardrails = guardrails_now(json.loads(made.run.head), made.run, now=utc_now(), config=found)
            typer.echo(_shown_json(made, guardrails) if as_json else _shown(made, guardrails))


def _listed(runs: Sequence[StoredRun], environment: str) -> str:
    from trueup.formats.wording import legible  # noqa: PLC0415 - heavy

    if not runs:
        return f"No run of {legible(environment)} is remembered yet; `trueup audit` records one."
    lines = [
        "when (UTC)           run       status      score   issues      new    worse reopened resolved  by",
        *(
            f"{run.generated_at:%Y-%m-%d %H:%M:%S}  {run.run_id[:8]:<8}  {run.status:<10}  {run.score:>5}"
            f" {run.issues:>8,} {run.new:>8,} {run.worse:>8,} {run.reopened:>8,} {run.resolved:>8,}  {_by(run)}"
            for run in runs
        ),
    ]
    return "\n".join(lines)


def _by(run: StoredRun) -> str:
    """What caused the run, and what keeps it from being the state of everything."""
    parts = [run.trigger]
    if not run.whole:
        parts.append("some checks")
    if not run.decides:
        parts.append(f"{run.period_days} days, decided nothing")
    return ", ".join(parts)


def _shown(made: Comparison, guardrails: Sequence[Guardrail]) -> str:
    from trueup.formats.wording import counted, legible  # noqa: PLC0415 - heavy

    run, changed = made.run, made.difference
    lines = [
        f"Run {run.run_id} of {legible(run.environment)}, {run.generated_at:%Y-%m-%d %H:%M:%S} UTC ({_by(run)})",
        f"{run.status}, score {run.score}/100, {counted(run.issues, 'issue')}, {run.milliseconds:,} ms",
        "",
        f"Since run {made.earlier.run_id} of {made.earlier.generated_at:%Y-%m-%d %H:%M:%S} UTC"
        if made.earlier
        else "There is no earlier run to compare with.",
    ]
    kinds = {"new": changed.new, "worse": changed.worse, "reopened": changed.reopened, "resolved": changed.resolved}
    for name, moved in kinds.items():
        lines.append(f"  {name:<8} {len(moved):>8,}")
        lines += [f"             {legible(one.issue_id)} ({one.severity})" for one in moved[:SHOWN]]
        if len(moved) > SHOWN:
            lines.append(f"             and {len(moved) - SHOWN:,} more (--format json shows all)")
    lines += ["", "Guardrails now:"] if guardrails else []
    for guardrail in guardrails:
        lines.append(f"  {guardrail.id:<22} {guardrail.status}")
        lines += [f"             {legible(reason)}" for reason in guardrail.reasons]
    return "\n".join(lines)


def _listed_json(runs: Sequence[StoredRun]) -> str:
    return json.dumps({"schemaVersion": 1, "runs": [_run_json(run) for run in runs]}, indent=2)


def _shown_json(made: Comparison, guardrails: Sequence[Guardrail]) -> str:
    from trueup.actions.runs import documents  # noqa: PLC0415 - heavy

    changed = made.difference
    document = {
        "schemaVersion": 1,
        "run": _run_json(made.run),
        "guardrails": documents(guardrails),
        "comparedWith": _run_json(made.earlier) if made.earlier else None,
        "difference": {
            "new": [_moved_json(one) for one in changed.new],
            "worse": [_moved_json(one) for one in changed.worse],
            "reopened": [_moved_json(one) for one in changed.reopened],
            "resolved": [_moved_json(one) for one in changed.resolved],
        },
    }
    return json.dumps(document, indent=2)


def _run_json(run: StoredRun) -> dict[str, object]:
    from trueup.formats.wording import instant  # noqa: PLC0415 - heavy

    return {
        "runId": run.run_id,
        "environment": run.environment,
        "generatedAt": instant(run.generated_at),
        "asOf": instant(run.as_of) if run.as_of else None,
        "periodDays": run.period_days,
        "status": run.status,
        "score": run.score,
        "confidence": run.confidence,
        "complete": run.complete,
        "everyCheck": run.whole,
        "decides": run.decides,
        "trigger": run.trigger,
        "milliseconds": run.milliseconds,
        "issues": run.issues,
        "new": run.new,
        "worse": run.worse,
        "reopened": run.reopened,
        "resolved": run.resolved,
    }


def _moved_json(moved: Moved) -> dict[str, str]:
    return {"id": moved.issue_id, "fingerprint": moved.fingerprint, "severity": moved.severity.value}
