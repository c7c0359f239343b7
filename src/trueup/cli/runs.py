"""``trueup runs``: the recorded audits, and what changed from one to the next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.options import ConfigOption, ListFormat, ListFormatOption, catalogue_for, config_from, utc_now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.actions.runs import RunComparison
    from trueup.model.guardrail import Guardrail
    from trueup.store import StoredRun

SHOWN = 10
"""The most findings of each kind of change that a person is shown; JSON holds all."""


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
    from trueup.actions.runs import compare, guardrails_now, list_runs, runs_document  # noqa: PLC0415 - heavy
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy

    loaded = config_from(config, catalogue_for(config))
    as_json = output_format is ListFormat.JSON
    with open_store(loaded) as store:
        if run is None:
            listed = list_runs(store, loaded.environment, limit=limit)
            typer.echo(json.dumps(runs_document(listed), indent=2) if as_json else _listed(listed, loaded.environment))
        else:
            shown = None if as_json else SHOWN
            comparison = compare(run, store=store, environment=loaded.environment, against=against, limit=shown)
            head = json.loads(comparison.run.head)
            guardrails = guardrails_now(head, comparison.run, now=utc_now(), config=loaded)
            typer.echo(_shown_json(comparison, guardrails) if as_json else _shown(comparison, guardrails))


def _listed(runs: Sequence[StoredRun], environment: str) -> str:
    from trueup.formats.wording import legible  # noqa: PLC0415 - heavy

    if not runs:
        return f"No run of {legible(environment)} is recorded yet; `trueup audit` records one."
    lines = [
        "when (UTC)           run       status      score  checks   issues      new    worse reopened resolved  by",
        *(
            f"{run.generated_at:%Y-%m-%d %H:%M:%S}  {run.run_id[:8]:<8}  {run.status:<10}  {run.score:>5}"
            f"  {_checks(run):>6} {run.issues:>8,} {run.new:>8,} {run.worse:>8,} {run.reopened:>8,} {run.resolved:>8,}"
            f"  {_by(run)}"
            for run in runs
        ),
    ]
    return "\n".join(lines)


def _checks(run: StoredRun) -> str:
    """How many checks apply, of how many."""
    from trueup.formats.wording import checks_of  # noqa: PLC0415 - heavy
    from trueup.model.outcome import Answered  # noqa: PLC0415 - heavy

    counts = checks_of(json.loads(run.head))
    total = sum(counts.values())
    return f"{total - counts[Answered.NOT_APPLICABLE]}/{total}" if counts else ""


def _by(run: StoredRun) -> str:
    """What started the run, and why it may not show the state of everything."""
    parts = [run.trigger]
    if not run.covers_all_checks:
        parts.append("some checks")
    if not run.updates_state:
        parts.append(f"{run.period_days} days, changed no finding's state")
    return ", ".join(parts)


def _shown(comparison: RunComparison, guardrails: Sequence[Guardrail]) -> str:
    from trueup.formats.wording import counted, legible  # noqa: PLC0415 - heavy

    run, earlier, changed = comparison.run, comparison.earlier, comparison.difference
    lines = [
        f"Run {run.run_id} of {legible(run.environment)}, {run.generated_at:%Y-%m-%d %H:%M:%S} UTC ({_by(run)})",
        f"{run.status}, score {run.score}/100, {_applying(run)}{counted(run.issues, 'issue')}, {run.milliseconds:,} ms",
        "",
        f"Since run {earlier.run_id} of {earlier.generated_at:%Y-%m-%d %H:%M:%S} UTC"
        if earlier
        else "There is no earlier run to compare with.",
    ]
    kinds = {"new": changed.new, "worse": changed.worse, "reopened": changed.reopened, "resolved": changed.resolved}
    for (name, moved), count in zip(kinds.items(), changed.counts.values(), strict=True):
        lines.append(f"  {name:<8} {count:>8,}")
        lines += [f"             {legible(finding.issue_id)} ({finding.severity})" for finding in moved]
        if count > len(moved):
            lines.append(f"             and {count - len(moved):,} more (--format json shows all)")
    lines += ["", "Guardrails now:"] if guardrails else []
    for guardrail in guardrails:
        lines.append(f"  {guardrail.id:<22} {guardrail.status}")
        lines += [f"             {legible(reason)}" for reason in guardrail.reasons]
    return "\n".join(lines)


def _applying(run: StoredRun) -> str:
    from trueup.formats.wording import checks_of  # noqa: PLC0415 - heavy
    from trueup.model.outcome import say_how_many_apply  # noqa: PLC0415 - heavy

    counts = checks_of(json.loads(run.head))
    return f"{say_how_many_apply(counts)}, " if counts else ""


def _shown_json(comparison: RunComparison, guardrails: Sequence[Guardrail]) -> str:
    from trueup.actions.runs import documents, moved_document, run_document  # noqa: PLC0415 - heavy

    difference, earlier = comparison.difference, comparison.earlier
    document = {
        "schemaVersion": 1,
        "run": run_document(comparison.run),
        "guardrails": documents(guardrails),
        "comparedWith": run_document(earlier) if earlier else None,
        "difference": {
            "new": [moved_document(moved) for moved in difference.new],
            "worse": [moved_document(moved) for moved in difference.worse],
            "reopened": [moved_document(moved) for moved in difference.reopened],
            "resolved": [moved_document(moved) for moved in difference.resolved],
        },
    }
    return json.dumps(document, indent=2)
