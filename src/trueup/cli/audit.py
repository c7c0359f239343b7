"""``trueup audit``: one audit, its report on stdout or in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.options import (
    AsOfOption,
    ConfigOption,
    Format,
    FormatOption,
    catalogue_for,
    config_from,
    config_if_any,
    moment,
    utc_now,
)
from trueup.model.policy import PERIOD_DAYS_LIMIT
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.model.check import Check
    from trueup.model.report import Report

OutputOption = Annotated[Path | None, typer.Option("--output", "-o", help="Write the report to this file.")]
FailOnOption = Annotated[Severity, typer.Option("--fail-on", help="Exit 1 for findings of this severity or worse.")]


def audit(
    period_days: Annotated[
        int | None,
        typer.Option("--period-days", min=1, max=PERIOD_DAYS_LIMIT, help="How far back recent reaches; default 45."),
    ] = None,
    output_format: FormatOption = Format.TEXT,
    output: OutputOption = None,
    check: Annotated[list[str] | None, typer.Option("--check", help="Run only this check; repeat for several.")] = None,
    fail_on: FailOnOption = Severity.ERROR,
    keep_books: Annotated[
        Path | None, typer.Option("--keep-books", help="Keep the snapshot in this new file. It holds personal data.")
    ] = None,
    books: Annotated[Path | None, typer.Option("--books", help="Audit a kept snapshot; no database is needed.")] = None,
    as_of: AsOfOption = None,
    config: ConfigOption = None,
) -> None:
    """Audit the database once and print a scored report.

    The database is read once, in one read-only snapshot. Exit code: 0 clean, 1 findings, 2 usage or configuration,
    3 could not check.

    Example: trueup audit --period-days 30 --format json --output report.json
    """
    from trueup.actions.catalogue import chosen  # noqa: PLC0415 - heavy
    from trueup.cli.report import deliver  # noqa: PLC0415 - heavy

    everything = catalogue_for(config)
    checks = chosen(everything, check or [])
    if books is not None:
        report = _of_books(books, config, everything, checks, as_of, period_days)
    else:
        report = _of_database(config, everything, checks, as_of, period_days, keep_books)
    raise typer.Exit(deliver(report, everything, output_format=output_format, output=output, fail_on=fail_on))


def _of_database(
    path: Path | None,
    everything: tuple[Check, ...],
    checks: Sequence[Check],
    as_of: str | None,
    period_days: int | None,
    keep_books: Path | None,
) -> Report:
    from trueup.actions.audit import audit as run_audit  # noqa: PLC0415 - heavy
    from trueup.actions.audit import with_period  # noqa: PLC0415 - heavy
    from trueup.cli.progress import terminal_progress  # noqa: PLC0415 - heavy

    config = with_period(config_from(path, everything), period_days)
    with terminal_progress() as progress:
        return run_audit(
            config, checks=checks, now=moment(as_of) or utc_now(), progress=progress, keep_books=keep_books
        )


def _of_books(
    books: Path,
    path: Path | None,
    everything: tuple[Check, ...],
    checks: Sequence[Check],
    as_of: str | None,
    period_days: int | None,
) -> Report:
    from trueup.actions.audit import audit_books, with_period  # noqa: PLC0415 - heavy
    from trueup.cli.progress import terminal_progress  # noqa: PLC0415 - heavy

    found = config_if_any(path, everything)
    config = with_period(found, period_days) if found else None
    with terminal_progress() as progress:
        return audit_books(books, config=config, checks=checks, now=moment(as_of), progress=progress)
