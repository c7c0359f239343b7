"""``trueup approvals``: changes that need a second person."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.options import ConfigOption, ListFormat, ListFormatOption, catalogue_for, config_from, utc_now
from trueup.model.access import Role
from trueup.model.approval import ApprovalState
from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.actions.approvals import ApprovalCaller, DecisionRefused
    from trueup.model.approval import Approval
    from trueup.store import Store

REFUSED = 1
TOKEN_VARIABLE = "TRUEUP_TOKEN"  # noqa: S105 - a variable's name

approvals = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Changes that need a second person: request, list, show, approve, reject.",
)

IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The approval's id, as `trueup approvals list` shows it.")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for the record: 10 to 500 characters.")]


@approvals.command()
def request(
    reason: ReasonOption,
    issue_id: Annotated[str | None, typer.Argument(help="The issue's id, as the report prints it.")] = None,
    undo: Annotated[
        str | None, typer.Option("--undo", metavar="REPAIR_ID", help="Instead of an issue: the repair to undo.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Ask for a second person for the repair of an issue, or for the undo of one, exactly as it is planned now.

    Example: trueup approvals request credit-balance:user_123 --reason "Agreed with finance in ticket 4711"
    """
    from trueup.actions.approvals import request_repair, request_undo  # noqa: PLC0415 - heavy
    from trueup.actions.exemptions import with_stored_exemptions  # noqa: PLC0415 - heavy
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy
    from trueup.cli.repair import actor  # noqa: PLC0415 - heavy
    from trueup.cli.repaired import as_text, exit_code  # noqa: PLC0415 - heavy
    from trueup.model.repair import Failed, Refused, Stale  # noqa: PLC0415 - heavy

    if (issue_id is None) is (undo is None):
        raise ConfigurationError("Name one issue, or give --undo with the id of one repair.")
    checks = catalogue_for(config)
    loaded, now = config_from(config, checks), utc_now()
    ask = request_repair if undo is None else request_undo
    with open_store(loaded) as store:
        result = ask(
            str(issue_id or undo),
            reason=reason,
            actor=actor(),
            config=with_stored_exemptions(loaded, store),
            catalogue=checks,
            store=store,
            now=now,
        )
    if isinstance(result, (Stale, Refused, Failed)):
        typer.echo(as_text(result))
        raise typer.Exit(exit_code(result))
    typer.echo(_line(result, now))
    typer.echo(f"Another person can approve it: {loaded.server.console_url}/approvals#{result.approval_id}", err=True)


@approvals.command("list")
def list_them(
    state: Annotated[ApprovalState | None, typer.Option("--state", help="Only those in this state.")] = None,
    output_format: ListFormatOption = ListFormat.TEXT,
    config: ConfigOption = None,
) -> None:
    """List what waits for a second person, and what became of earlier requests, newest first.

    Example: trueup approvals list --state requested
    """
    from trueup.actions.approvals import approvals_document, list_approvals  # noqa: PLC0415 - heavy
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy

    loaded, now = config_from(config, catalogue_for(config)), utc_now()
    with open_store(loaded) as store:
        listed = list_approvals(store, loaded, now=now, state=state)
    if output_format is ListFormat.JSON:
        typer.echo(json.dumps(approvals_document(listed, now=now), indent=2))
    else:
        typer.echo("\n".join(_line(approval, now) for approval in listed) or "There are no approvals.")


@approvals.command()
def show(approval_id: IdArgument, config: ConfigOption = None) -> None:
    """Print one request as JSON, with everything that was tried with it.

    Example: trueup approvals show 0b5c2a5e-53a1-4f0c-9d3e-1f2f6f0c8a11
    """
    from trueup.actions.approvals import approval_document, find_approval, list_events  # noqa: PLC0415 - heavy
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy

    loaded = config_from(config, catalogue_for(config))
    with open_store(loaded) as store:
        approval = find_approval(approval_id, store=store, config=loaded)
        events = list_events(approval_id, store=store)
    typer.echo(json.dumps(approval_document(approval, now=utc_now(), events=events), indent=2))


@approvals.command()
def approve(approval_id: IdArgument, reason: ReasonOption, config: ConfigOption = None) -> None:
    """Approve what another person asked for, as the holder of the API token in the variable TRUEUP_TOKEN.

    The user of the operating system is not a person here. The token may be five minutes old at most, and must be one
    that [approvals.people] names or that a known person made. Exit code 1: it was refused.

    Example: trueup approvals approve 0b5c2a5e-53a1-4f0c-9d3e-1f2f6f0c8a11 --reason "Checked against the invoice"
    """
    _decide(approval_id, reason, config, approves=True)


@approvals.command()
def reject(approval_id: IdArgument, reason: ReasonOption, config: ConfigOption = None) -> None:
    """Reject a request, or withdraw your own. Exit code 1: it was refused.

    Example: trueup approvals reject 0b5c2a5e-53a1-4f0c-9d3e-1f2f6f0c8a11 --reason "Not this customer's fault"
    """
    _decide(approval_id, reason, config, approves=False)


def _decide(approval_id: str, reason: str, config: ConfigOption, *, approves: bool) -> None:
    from trueup.actions.approvals import DecisionRefused  # noqa: PLC0415 - heavy
    from trueup.actions.approvals import approve as run_approve  # noqa: PLC0415 - heavy
    from trueup.actions.approvals import reject as run_reject  # noqa: PLC0415 - heavy
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy

    loaded, now = config_from(config, catalogue_for(config)), utc_now()
    decide = run_approve if approves else run_reject
    with open_store(loaded) as store:
        result: Approval | DecisionRefused = decide(
            approval_id, caller=_caller(store, now), reason=reason, config=loaded, store=store, now=now
        )
    if isinstance(result, DecisionRefused):
        typer.echo(f"refused  {result.reason}")
        raise typer.Exit(REFUSED)
    typer.echo(_line(result, now))


def _caller(store: Store, now: datetime) -> ApprovalCaller:
    """The token's holder, or the user of the operating system, who is not known as a person."""
    from trueup.actions.approvals import ApprovalCaller  # noqa: PLC0415 - heavy
    from trueup.actions.tokens import TokenRefused, authenticate_token  # noqa: PLC0415 - heavy
    from trueup.cli.repair import actor  # noqa: PLC0415 - heavy

    text = os.environ.get(TOKEN_VARIABLE)
    if text is None:
        return ApprovalCaller(actor=actor(), proven_at=None)
    token = authenticate_token(text, store=store, now=now)
    if isinstance(token, TokenRefused):
        raise ConfigurationError(f"The token in {TOKEN_VARIABLE} is not valid here.")
    if token.role is Role.VIEWER:
        raise ConfigurationError(f"The token in {TOKEN_VARIABLE} may only read; it needs the role admin.")
    return ApprovalCaller(actor=f"token:{token.token_id}", proven_at=token.created_at)


def _line(approval: Approval, now: datetime) -> str:
    from trueup.formats.wording import legible  # noqa: PLC0415 - heavy

    by = f" by {approval.decided_by}" if approval.decided_by else f", until {approval.expires_at:%Y-%m-%d %H:%M} UTC"
    text = (
        f"{approval.approval_id}  {approval.state_at(now):<9}  {approval.kind} {approval.target}: {approval.summary}; "
        f"asked by {approval.requested_by}{by}"
    )
    return legible(text)
