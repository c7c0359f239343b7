"""``trueup token``: who may use the admin API. A token is shown once and stored as its hash."""

from __future__ import annotations

import json
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
from trueup.model.access import Role
from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.store import StoredToken

token = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Tokens for the admin API: create, list, revoke.")


@token.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for, such as grafana.")],
    role: Annotated[Role, typer.Option("--role", help="What its holder may do.")],
    days: Annotated[int, typer.Option("--days", help="How long it lives: 1 to 90 days.")] = 30,
    config: ConfigOption = None,
) -> None:
    """Make a token and print it, once: nobody can show it again.

    Example: trueup token create grafana --role viewer --days 90
    """
    from trueup.cli.memory import required_store  # noqa: PLC0415 - heavy

    with required_store(config_from(config, catalogue_for(config))) as store:
        text, made = store.tokens.create(name=name, role=role, lifetime_days=days, created_by=caller(), now=utc_now())
    typer.echo(f"Token {made.token_id} ({made.role}) ends on {made.expires_at:%Y-%m-%d}. Keep it now:", err=True)
    typer.echo(text)


@token.command("list")
def list_them(output_format: ListFormatOption = ListFormat.TEXT, config: ConfigOption = None) -> None:
    """List the tokens, newest first. None of them can be shown.

    Example: trueup token list
    """
    from trueup.cli.memory import required_store  # noqa: PLC0415 - heavy

    with required_store(config_from(config, catalogue_for(config))) as store:
        tokens = store.tokens.list()
    if output_format is ListFormat.JSON:
        typer.echo(json.dumps({"schemaVersion": 1, "tokens": [_json(one) for one in tokens]}, indent=2))
    else:
        typer.echo("\n".join(_line(one, utc_now()) for one in tokens) or "There is no token.")


@token.command()
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The token's id, as `trueup token list` shows it.")],
    config: ConfigOption = None,
) -> None:
    """Make a token worthless at once.

    Example: trueup token revoke 3f9c2a71d05be846
    """
    from trueup.cli.memory import required_store  # noqa: PLC0415 - heavy

    with required_store(config_from(config, catalogue_for(config))) as store:
        if not store.tokens.revoke(token_id, revoked_by=caller(), now=utc_now()):
            raise ConfigurationError("There is no such token to revoke; `trueup token list` shows those there are.")
    typer.echo("It is worth nothing from now on.")


def _line(one: StoredToken, now: datetime) -> str:
    from trueup.formats.wording import legible  # noqa: PLC0415 - heavy

    if one.revoked_at is not None:
        held = f"revoked {one.revoked_at:%Y-%m-%d %H:%M}"
    else:
        held = f"{'ends' if one.valid(now) else 'ended'} {one.expires_at:%Y-%m-%d %H:%M}"
    used = f"last used {one.last_used_at:%Y-%m-%d %H:%M}" if one.last_used_at else "never used"
    return f"{one.token_id}  {one.role:<11}  {held}, {used}, made by {legible(one.created_by)}: {legible(one.name)}"


def _json(one: StoredToken) -> dict[str, str | None]:
    from trueup.formats.wording import instant  # noqa: PLC0415 - heavy

    return {
        "id": one.token_id,
        "name": one.name,
        "role": one.role.value,
        "createdBy": one.created_by,
        "createdAt": instant(one.created_at),
        "expiresAt": instant(one.expires_at),
        "revokedAt": instant(one.revoked_at) if one.revoked_at else None,
        "lastUsedAt": instant(one.last_used_at) if one.last_used_at else None,
    }
