"""``trueup exempt``: findings that somebody answers for, kept in the store."""

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
    from collections.abc import Iterable

    from trueup.config import Config
    from trueup.model.relations import Exemption
    from trueup.store import StoredExemption

exempt = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Exempt findings that somebody answers for: add, list, remove."
)

CheckArgument = Annotated[str, typer.Argument(help="The check's id.")]
SubjectArgument = Annotated[
    str | None, typer.Argument(help="The subject: what stands after the colon of the issue's id.")
]
PlanOption = Annotated[
    str | None, typer.Option("--plan", help="A plan instead of a subject: every finding whose account is on it.")
]


@exempt.command()
def add(
    check: CheckArgument,
    owner: Annotated[str, typer.Option("--owner", help="Who answers for it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why it is right as it is, in 10 to 500 characters.")],
    expires: Annotated[str, typer.Option("--expires", metavar="DAY", help="The last day it holds: 2027-01-31.")],
    subject: SubjectArgument = None,
    plan: PlanOption = None,
    config: ConfigOption = None,
) -> None:
    """Exempt a subject, or all accounts on a plan, from a check. Its findings stay in the report, and count no more.

    Example: trueup exempt add stale-paid-plan user_42 --owner finance --reason "paid by wire" --expires 2027-01-31
    """
    from trueup.actions.exemptions import exempt as run_exempt  # noqa: PLC0415 - heavy
    from trueup.cli.memory import required_store  # noqa: PLC0415 - heavy

    catalogue = catalogue_for(config)
    found = config_from(config, catalogue)
    with required_store(found) as store:
        made = run_exempt(
            store=store,
            config=found,
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
    scope = made.exemption.scope_text
    typer.echo(f"{scope} is exempted from {made.check} until {made.expires_at}, and {made.owner} answers for it.")


@exempt.command("list")
def list_them(output_format: ListFormatOption = ListFormat.TEXT, config: ConfigOption = None) -> None:
    """List the exemptions of the store and those of the config.

    Example: trueup exempt list
    """
    from trueup.cli.memory import required_store  # noqa: PLC0415 - heavy

    found = config_from(config, catalogue_for(config))
    with required_store(found) as store:
        stored = store.exemptions.list(found.environment)
    rows = list(_rows(stored, found))
    if output_format is ListFormat.JSON:
        typer.echo(json.dumps({"schemaVersion": 1, "exemptions": rows}, indent=2))
    else:
        typer.echo("\n".join(_line(row) for row in rows) or "Nothing is exempted.")


@exempt.command()
def remove(
    check: CheckArgument, subject: SubjectArgument = None, plan: PlanOption = None, config: ConfigOption = None
) -> None:
    """Take back an exemption of the store, named as it was added. A record of it stays.

    Example: trueup exempt remove paid-without-customer user_42
    """
    from trueup.actions.exemptions import end_exemption  # noqa: PLC0415 - heavy
    from trueup.cli.memory import required_store  # noqa: PLC0415 - heavy

    found = config_from(config, catalogue_for(config))
    with required_store(found) as store:
        end_exemption(
            store=store,
            environment=found.environment,
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


def _rows(stored: Iterable[StoredExemption], config: Config) -> Iterable[dict[str, str | None]]:
    """The exemptions that hold: for the same check and subject, or plan, the store's does."""
    known = {one.exemption.scope for one in stored}
    for one in stored:
        created_at = f"{one.created_at.isoformat()}Z"
        yield {**_row(one.exemption), "from": "store", "createdBy": one.created_by, "createdAt": created_at}
    for ours in config.exemptions:
        if ours.scope not in known:
            yield {**_row(ours), "from": "config", "createdBy": None, "createdAt": None}


def _row(exemption: Exemption) -> dict[str, str | None]:
    return {
        "check": exemption.check_id,
        "subject": exemption.subject,
        "plan": exemption.plan,
        "owner": exemption.owner,
        "reason": exemption.reason,
        "expiresAt": exemption.expires_at.isoformat() if exemption.expires_at else None,
    }


def _line(row: dict[str, str | None]) -> str:
    from trueup.formats.wording import legible  # noqa: PLC0415 - heavy

    expires = row["expiresAt"]
    held = "with no end" if expires is None else f"until {expires}"
    over = " (expired)" if expires is not None and date.fromisoformat(expires) < utc_now().date() else ""
    by = f"by {row['createdBy']}" if row["createdBy"] else "in the config"
    scope = f":{row['subject']}" if row["plan"] is None else f", plan {row['plan']}"
    return legible(f"{row['check']}{scope}  {held}{over}, {row['owner']}: {row['reason']} ({by})")
