"""``trueup exempt``: findings that a person accepts, kept in the store."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.options import (
    ConfigOption,
    ListFormat,
    ListFormatOption,
    caller,
    catalogue_for,
    config_from,
    utc_now,
)
from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    from trueup.actions.exemptions import ListedExemption

exempt = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Exempt findings that a person answers for: add, list, remove."
)

CheckArgument = Annotated[str, typer.Argument(help="The check's id.")]
SubjectArgument = Annotated[str | None, typer.Argument(help="The subject: the part of the issue's id after the colon.")]
PlanOption = Annotated[
    str | None, typer.Option("--plan", help="A plan instead of a subject: every finding whose account is on it.")
]


@exempt.command()
def add(
    check: CheckArgument,
    owner: Annotated[str, typer.Option("--owner", help="Who answers for it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why the finding is acceptable, in 10 to 500 characters.")],
    expires: Annotated[str, typer.Option("--expires", metavar="DAY", help="The last day it holds: 2027-01-31.")],
    subject: SubjectArgument = None,
    plan: PlanOption = None,
    config: ConfigOption = None,
) -> None:
    """Exempt a subject, or all accounts on a plan, from a check. Its findings stay in the report, but no longer count.

    Example: trueup exempt add stale-paid-plan user_42 --owner finance --reason "paid by wire" --expires 2027-01-31
    """
    from trueup.actions.exemptions import exempt as run_exempt  # noqa: PLC0415 - heavy
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy

    catalogue = catalogue_for(config)
    loaded = config_from(config, catalogue)
    with open_store(loaded) as store:
        stored = run_exempt(
            store=store,
            config=loaded,
            catalogue=catalogue,
            check=check,
            subject=subject,
            plan=plan,
            owner=owner,
            reason=reason,
            expires_at=_day(expires),
            actor=caller(),
            now=utc_now(),
        )
    scope = stored.exemption.scope_text
    typer.echo(f"{scope} is exempted from {stored.check} until {stored.expires_at}, and {stored.owner} answers for it.")


@exempt.command("list")
def list_them(output_format: ListFormatOption = ListFormat.TEXT, config: ConfigOption = None) -> None:
    """List the exemptions of the store and those of the config.

    Example: trueup exempt list
    """
    from trueup.actions.exemptions import exemptions_document, list_exemptions  # noqa: PLC0415 - heavy
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy

    loaded = config_from(config, catalogue_for(config))
    with open_store(loaded) as store:
        listed = list_exemptions(loaded, store, today=utc_now().date())
    if output_format is ListFormat.JSON:
        typer.echo(json.dumps(exemptions_document(listed), indent=2))
    else:
        typer.echo("\n".join(_line(entry) for entry in listed) or "There are no exemptions.")


@exempt.command()
def remove(
    check: CheckArgument, subject: SubjectArgument = None, plan: PlanOption = None, config: ConfigOption = None
) -> None:
    """Remove an exemption from the store, named as it was added. A record of it stays.

    Example: trueup exempt remove paid-without-customer user_42
    """
    from trueup.actions.exemptions import end_exemption  # noqa: PLC0415 - heavy
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy

    loaded = config_from(config, catalogue_for(config))
    with open_store(loaded) as store:
        end_exemption(
            store=store,
            environment=loaded.environment,
            check=check,
            subject=subject,
            plan=plan,
            actor=caller(),
            now=utc_now(),
        )
    typer.echo("It is no longer exempted.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f'--expires "{text}" is not a day; write it like 2027-01-31.') from None


def _line(listed: ListedExemption) -> str:
    from trueup.formats.wording import legible  # noqa: PLC0415 - heavy

    exemption = listed.exemption
    held = "with no end" if exemption.expires_at is None else f"until {exemption.expires_at}"
    over = " (expired)" if listed.is_expired else ""
    by = f"by {listed.created_by}" if listed.created_by else "in the config"
    scope = f":{exemption.subject}" if exemption.plan is None else f", plan {exemption.plan}"
    return legible(f"{exemption.check_id}{scope}  {held}{over}, {exemption.owner}: {exemption.reason} ({by})")
