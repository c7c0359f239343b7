"""``trueup checks``: list the catalogue, or show one check in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.options import ConfigOption, catalogue_for

if TYPE_CHECKING:
    from trueup.model.check import Check


def checks(
    check: Annotated[str | None, typer.Argument(help="A check's id: show it in full, with its examples.")] = None,
    config: ConfigOption = None,
) -> None:
    """List the checks, or show one in full.

    Example: trueup checks credit-balance
    """
    from trueup.actions.checks import chosen  # noqa: PLC0415 - heavy

    catalogue = catalogue_for(config)
    if check is None:
        typer.echo(listing(catalogue))
    else:
        (selected,) = chosen(catalogue, [check])
        typer.echo(in_full(selected))


def listing(catalogue: tuple[Check, ...]) -> str:
    """One line per check, under its area: severity, id, what fires, and whether a repair exists."""
    width = max(len(check.id) for check in catalogue)
    lines: list[str] = []
    for area in dict.fromkeys(check.area for check in catalogue):
        lines += ["", area.upper()]
        lines += [
            f"  {check.severity:<8}  {check.id:<{width}}  {check.title}{' [repair]' if check.repair else ''}"
            for check in catalogue
            if check.area is area
        ]
    return "\n".join([*lines[1:], "", "`trueup checks ID` shows one in full."])


def in_full(check: Check) -> str:
    """Everything in the catalogue about a check."""
    lines = [
        f"{check.id}: {check.title}",
        f"{check.area}, {check.severity}. {check.severity.asks}",
        "",
        f"What holds when all is well: {check.invariant}",
        f"Why it matters: {check.why}",
        f"Repair: {'one of the four audited repairs' if check.repair else 'none; a person decides'}",
        "",
        "Examples",
    ]
    for case in check.cases:
        verdict = f"fires for {', '.join(case.fires)}" if case.fires else "stays quiet"
        lines.append(f"  - {case.name}: {verdict}")
    return "\n".join([*lines, "", "SQL", check.violations.strip()])
