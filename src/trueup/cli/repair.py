"""``trueup repair``: apply one repair, or all that may run without a person."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.options import AsOfOption, ConfigOption, catalogue_for, config_from, moment, user_name, utc_now
from trueup.model.attribution import clean_reason
from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from trueup.config import Config
    from trueup.model.check import Check
    from trueup.model.repair import RepairResult
    from trueup.store import Store


class RepairFormat(StrEnum):
    """The format of results."""

    TEXT = "text"
    JSON = "json"


def repair(
    issue_id: Annotated[str | None, typer.Argument(help="The issue's id, as the report prints it.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the journal: 10 to 500 characters.")] = "",
    safe: Annotated[bool, typer.Option("--safe", help="Apply every repair that may run without a person.")] = False,  # noqa: FBT002 - a flag
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Run the whole repair and roll it back.")] = False,  # noqa: FBT002 - a flag
    plan: Annotated[
        str | None,
        typer.Option("--plan", metavar="HASH", help="Apply it only if its plan is still this one, from a dry run."),
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", help="An idempotency key: the same call again returns the same result.")
    ] = None,
    output_format: Annotated[
        RepairFormat, typer.Option("--format", "-f", help="The results' format; JSON is one line per issue.")
    ] = RepairFormat.TEXT,
    as_of: AsOfOption = None,
    config: ConfigOption = None,
) -> None:
    """Apply one repair, or with --safe all that may run without a person, each with its journal row in one transaction.

    Exit code: 0 applied (or would be), 1 refused, stale, or applied and changed by the application since, 2 usage or
    configuration, 3 the database could not do it.

    Example: trueup repair credit-balance:user_123 --reason "Agreed with finance in ticket 4711"
    """
    if (issue_id is None) is not safe:
        raise ConfigurationError("Name one issue, or give --safe for all repairs that may run without a person.")
    if safe and (plan or key):
        raise ConfigurationError("--plan and --key belong to one issue; leave them out with --safe.")
    checks = catalogue_for(config)
    loaded = _config(config, checks)
    now = moment(as_of) or utc_now()
    results: Iterable[RepairResult]
    if issue_id is None:
        results = _safe_results(loaded, checks, reason=reason, now=now, dry_run=dry_run)
    else:
        results = [_one(issue_id, loaded, checks, reason=reason, now=now, plan=plan, key=key, dry_run=dry_run)]
    raise typer.Exit(_told(results, output_format))


def _one(
    issue_id: str,
    config: Config,
    checks: tuple[Check, ...],
    *,
    reason: str,
    now: datetime,
    plan: str | None,
    key: str | None,
    dry_run: bool,
) -> RepairResult:
    from trueup.actions.approvals import repair_as_approved  # noqa: PLC0415 - heavy

    with _store_if_any(config) as store, _undisturbed():
        return repair_as_approved(
            issue_id,
            reason=reason,
            actor=actor(),
            config=config,
            catalogue=checks,
            store=store,
            now=now,
            idempotency_key=key,
            plan_hash=plan,
            dry_run=dry_run,
        )


@contextlib.contextmanager
def _store_if_any(config: Config) -> Iterator[Store | None]:
    """The store, which holds the approvals; None where there is none yet."""
    from trueup.actions.store import is_store_expected, open_store  # noqa: PLC0415 - heavy

    if not is_store_expected(config):
        yield None
        return
    with open_store(config) as store:
        yield store


def undo(
    repair_id: Annotated[str, typer.Argument(help="The repair's id, as its answer and the journal have it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the journal: 10 to 500 characters.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Run the whole undo and roll it back.")] = False,  # noqa: FBT002 - a flag
    output_format: Annotated[
        RepairFormat, typer.Option("--format", "-f", help="The result's format.")
    ] = RepairFormat.TEXT,
    config: ConfigOption = None,
) -> None:
    """Undo a balance sync, or the switching off of unlimited credits, as a second person has approved it.

    The value from before is back, and the finding with it; nothing is undone that was touched since. No other repair
    can be undone. Ask first: trueup approvals request --undo REPAIR_ID. Exit codes as of `trueup repair`.

    Example: trueup undo 0b5c2a5e-53a1-4f0c-9d3e-1f2f6f0c8a11 --reason "The ledger was wrong, ticket 4712"
    """
    from trueup.actions.approvals import undo_as_approved  # noqa: PLC0415 - heavy
    from trueup.actions.exemptions import with_stored_exemptions  # noqa: PLC0415 - heavy
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy

    checks = catalogue_for(config)
    loaded = config_from(config, checks)
    with open_store(loaded) as store, _undisturbed():
        result = undo_as_approved(
            repair_id,
            reason=reason,
            actor=actor(),
            config=with_stored_exemptions(loaded, store),
            catalogue=checks,
            store=store,
            now=utc_now(),
            dry_run=dry_run,
        )
    raise typer.Exit(_told([result], output_format))


def actor() -> str:
    """The person who runs this command, as the journal names them."""
    return f"cli:{user_name()}@{socket.gethostname()}"


def _config(path: Path | None, checks: tuple[Check, ...]) -> Config:
    """The config with the store's exemptions: a repair does not go ahead when those cannot be known."""
    from trueup.actions.exemptions import with_stored_exemptions  # noqa: PLC0415 - heavy
    from trueup.actions.store import is_store_expected, open_store  # noqa: PLC0415 - heavy

    config = config_from(path, checks)
    if not is_store_expected(config):
        return config
    with open_store(config) as store:
        return with_stored_exemptions(config, store)


def _safe_results(
    config: Config, checks: tuple[Check, ...], *, reason: str, now: datetime, dry_run: bool
) -> Iterator[RepairResult]:
    """Audit, then make the repairs that the audit offers, one after the other."""
    from trueup.actions.audit import audit_and_record  # noqa: PLC0415 - heavy
    from trueup.actions.repair import open_repair_session, repair_safe, safe_issues  # noqa: PLC0415 - heavy
    from trueup.cli.progress import terminal_progress  # noqa: PLC0415 - heavy

    clean_reason(reason)
    with contextlib.closing(open_repair_session(config, checks)) as session, terminal_progress() as progress:
        audited = audit_and_record(
            config, checks=checks, catalogue=checks, store=None, trigger="command", now=now, progress=progress
        )
        issues = safe_issues(audited.report)
        progress.begin("Repairing", len(issues))
        results = repair_safe(
            issues,
            reason=reason,
            actor=actor(),
            config=config,
            catalogue=checks,
            now=now,
            dry_run=dry_run,
            session=session,
        )
        for result in _one_by_one(results):
            progress.advance(1)
            yield result
        progress.end()


def _one_by_one(results: Iterator[RepairResult]) -> Iterator[RepairResult]:
    """Yield each result as it comes; Ctrl-C waits for the repair that is under way."""
    while True:
        with _undisturbed():
            result = next(results, None)
        if result is None:
            return
        yield result


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C takes effect after the repair: its transaction ends within seconds, and its outcome must be reported."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _told(results: Iterable[RepairResult], output_format: RepairFormat) -> int:
    """Write each result as it comes; the worst of their exit codes."""
    from trueup.cli.repaired import as_document, as_text, exit_code  # noqa: PLC0415 - heavy

    worst, count = 0, 0
    for result in results:
        count += 1
        worst = max(worst, exit_code(result))
        text = json.dumps(as_document(result)) if output_format is RepairFormat.JSON else as_text(result)
        typer.echo(text)
    if not count:
        typer.echo("There is nothing to repair without a person.", err=True)
    return worst
