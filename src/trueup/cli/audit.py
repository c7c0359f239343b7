"""``trueup audit``: one audit, its report on stdout or in a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.options import (
    TEXT,
    AsOfOption,
    ConfigOption,
    FormatOption,
    catalogue_for,
    config_from,
    config_if_any,
    moment,
    utc_now,
)
from trueup.model.errors import ConfigurationError
from trueup.model.policy import PERIOD_DAYS_LIMIT
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from trueup.actions.audit import RecordedAudit
    from trueup.config import Config
    from trueup.model.check import Check
    from trueup.model.report import Report
    from trueup.store import Store

OutputOption = Annotated[Path | None, typer.Option("--output", "-o", help="Write the report to this file.")]
FailOnOption = Annotated[Severity, typer.Option("--fail-on", help="Exit 1 for findings of this severity or worse.")]
AllOption = Annotated[bool, typer.Option("--all", help="Show every finding with its id; text only.")]
ExplainScoreOption = Annotated[bool, typer.Option("--explain-score", help="Show how the score is computed; text only.")]
NotifyOption = Annotated[bool, typer.Option("--notify", help="Send what this run changed to the channels of [alerts].")]


def audit(
    period_days: Annotated[
        int | None,
        typer.Option(
            "--period-days", min=1, max=PERIOD_DAYS_LIMIT, help="How many days back the audit looks; default 45."
        ),
    ] = None,
    output_format: FormatOption = TEXT,
    output: OutputOption = None,
    check: Annotated[list[str] | None, typer.Option("--check", help="Run only this check; repeat for several.")] = None,
    fail_on: FailOnOption = Severity.ERROR,
    keep_books: Annotated[
        Path | None, typer.Option("--keep-books", help="Keep the snapshot in this new file. It holds personal data.")
    ] = None,
    books: Annotated[Path | None, typer.Option("--books", help="Audit a kept snapshot; no database is needed.")] = None,
    as_of: AsOfOption = None,
    fresh: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--fresh", help="Read every row, also where [books] keeps them from one audit to the next.")
    ] = False,
    store: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--store/--no-store", help="Record this run in the store, and use the store's exemptions.")
    ] = True,
    everything_shown: AllOption = False,  # noqa: FBT002 - a flag
    explain_score: ExplainScoreOption = False,  # noqa: FBT002 - a flag
    notify: NotifyOption = False,  # noqa: FBT002 - a flag
    config: ConfigOption = None,
) -> None:
    """Audit the database once and print a scored report.

    The database is read once, in one read-only snapshot, and the run is recorded in the store. Exit code: 0 clean,
    1 findings, 2 usage or configuration, 3 could not check.

    Example: trueup audit --period-days 30 --format json --output report.json
    """
    from trueup.actions.checks import chosen  # noqa: PLC0415 - heavy
    from trueup.cli.alerts import decide_alerts, send_alerts  # noqa: PLC0415 - heavy
    from trueup.cli.memory import store_for_audit  # noqa: PLC0415 - heavy
    from trueup.cli.report import deliver  # noqa: PLC0415 - heavy

    if notify and (books is not None or as_of is not None or not store):
        raise ConfigurationError("--notify reports the present state: leave out --books, --as-of and --no-store.")
    everything = catalogue_for(config)
    checks = chosen(everything, check or [])
    first_seen: Mapping[str, datetime] = {}
    if books is not None:
        report = _of_books(books, config, everything, checks, as_of, period_days, store=store)
    else:
        loaded = config_from(config, everything)
        memory = store_for_audit(loaded, wanted=store)
        report, first_seen = audited(loaded, everything, checks, memory, as_of, period_days, keep_books, fresh=fresh)
    if notify:
        decide_alerts(loaded, report.run_id)
    code = deliver(
        report,
        everything,
        output_format=output_format,
        output=output,
        fail_on=fail_on,
        first_seen=first_seen,
        everything=everything_shown,
        explains_score=explain_score,
    )
    if notify:
        send_alerts(loaded)  # after the report: a slow receiver must not delay it
    raise typer.Exit(code)


def audited(
    config: Config,
    everything: tuple[Check, ...],
    checks: Sequence[Check],
    memory: AbstractContextManager[Store | None],
    as_of: str | None = None,
    period_days: int | None = None,
    keep_books: Path | None = None,
    *,
    trigger: str = "command",
    fresh: bool = False,
) -> tuple[Report, Mapping[str, datetime]]:
    """Audit the database and record the run. Return the report, and when its findings were first seen.

    ``memory`` opens the store, or gives None where the run is not to be recorded. An error that keeps the run from
    being recorded is one line on stderr.
    """
    from trueup.actions.audit import audit_and_record  # noqa: PLC0415 - heavy
    from trueup.cli.progress import terminal_progress  # noqa: PLC0415 - heavy

    now = moment(as_of) or utc_now()
    with memory as store, terminal_progress() as progress:
        result = audit_and_record(
            config,
            checks=checks,
            catalogue=everything,
            store=store,
            trigger=trigger,
            now=now,
            progress=progress,
            period_days=period_days,
            keep_books=keep_books,
            clock=utc_now,
            needs_store=False,
            fresh=fresh,
        )
    _say_what_is_not_recorded(result)
    return result.report, result.first_seen


def _say_what_is_not_recorded(result: RecordedAudit) -> None:
    from trueup.actions.audit import Recording  # noqa: PLC0415 - heavy
    from trueup.cli.memory import WITHOUT_STORE, warn  # noqa: PLC0415 - heavy

    if result.recording is Recording.AHEAD:
        sys.stderr.write("trueup: This run is not recorded, because --as-of is in the future.\n")
    if result.trouble is not None:
        failed = result.recording is Recording.FAILED
        warn(result.trouble, "The run is not recorded." if failed else WITHOUT_STORE)


def _of_books(
    books: Path,
    path: Path | None,
    everything: tuple[Check, ...],
    checks: Sequence[Check],
    as_of: str | None,
    period_days: int | None,
    *,
    store: bool,
) -> Report:
    from trueup.actions.audit import audit_books, with_period  # noqa: PLC0415 - heavy
    from trueup.cli.memory import with_exemptions_if_any  # noqa: PLC0415 - heavy
    from trueup.cli.progress import terminal_progress  # noqa: PLC0415 - heavy

    config = config_if_any(path, everything)
    if config is not None:
        config = with_period(with_exemptions_if_any(config) if store else config, period_days)
    with terminal_progress() as progress:
        return audit_books(
            books,
            config=config,
            checks=checks,
            now=moment(as_of),
            progress=progress,
            covers_all_checks=len(checks) == len(everything),
        )
