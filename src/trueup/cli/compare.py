"""``trueup compare``: what another config would find in the same rows, without recording anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.options import (
    AsOfOption,
    ConfigOption,
    ListFormat,
    ListFormatOption,
    catalogue_for,
    config_from,
    moment,
    utc_now,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trueup.actions.audit import ConfigComparison
    from trueup.model.finding import Finding

SHOWN = 10
"""The most findings of each kind that a person is shown; JSON holds all."""


def compare(
    changed: Annotated[Path, typer.Argument(metavar="CHANGED", help="The config to try, beside the one in force.")],
    output_format: ListFormatOption = ListFormat.TEXT,
    check: Annotated[list[str] | None, typer.Option("--check", help="Run only this check; repeat for several.")] = None,
    books: Annotated[Path | None, typer.Option("--books", help="Use a kept snapshot; no database is read.")] = None,
    as_of: AsOfOption = None,
    config: ConfigOption = None,
) -> None:
    """Show which findings another config would add, take away or change. Nothing is recorded.

    Both are held against one snapshot, so that only the configs differ: their [plans], [prices], [policy] and
    [[exemptions]]. Exit code: 0 the same findings, 1 others, 2 usage or configuration.

    Example: trueup compare trueup-with-new-prices.toml
    """
    from trueup.actions.audit import compare_configs  # noqa: PLC0415 - heavy
    from trueup.actions.checks import chosen  # noqa: PLC0415 - heavy
    from trueup.cli.progress import terminal_progress  # noqa: PLC0415 - heavy

    everything = catalogue_for(config)
    current, other = config_from(config, everything), config_from(changed, everything)
    given = moment(as_of)
    with terminal_progress() as progress:
        comparison = compare_configs(
            current,
            other,
            checks=chosen(everything, check or []),
            now=given if given is not None or books is not None else utc_now(),
            progress=progress,
            books=books,
        )
    typer.echo(_as_json(comparison) if output_format is ListFormat.JSON else "\n".join(_lines(comparison, changed)))
    raise typer.Exit(1 if comparison.differs else 0)


def _lines(comparison: ConfigComparison, changed: Path) -> Iterator[str]:
    from trueup.formats.wording import counted, legible  # noqa: PLC0415 - heavy

    before, after = (sum(1 for _ in report.open_findings()) for report in (comparison.before, comparison.after))
    yield f"{legible(str(changed))} would find {counted(after, 'issue')}, where now there are {before:,}"
    yield from _kind("new", comparison.new)
    yield from _kind("gone", comparison.gone)
    yield from _kind("changed", [other for _, other in comparison.changed])


def _kind(name: str, findings: Sequence[Finding]) -> Iterator[str]:
    from trueup.formats.wording import legible  # noqa: PLC0415 - heavy

    yield f"  {name:<8} {len(findings):>8,}"
    for finding in findings[:SHOWN]:
        yield f"             {legible(finding.id)} ({finding.severity}): {legible(finding.message)}"
    if len(findings) > SHOWN:
        yield f"             and {len(findings) - SHOWN:,} more (--format json shows all)"


def _as_json(comparison: ConfigComparison) -> str:
    changed = [{"before": _document(present), "after": _document(other)} for present, other in comparison.changed]
    document = {
        "schemaVersion": 1,
        "asOf": f"{comparison.after.generated_at.isoformat()}Z",
        "new": [_document(finding) for finding in comparison.new],
        "gone": [_document(finding) for finding in comparison.gone],
        "changed": changed,
    }
    return json.dumps(document, indent=2)


def _document(finding: Finding) -> dict[str, object]:
    return {
        "id": finding.id,
        "severity": finding.severity,
        "message": finding.message,
        "moneyAtRisk": dict(finding.impact.money),
        "exempted": finding.exemption is not None,
    }
