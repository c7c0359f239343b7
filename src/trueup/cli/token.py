"""``trueup token``: manage the tokens of the admin API. A token is shown once and stored as its hash."""

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

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.store import StoredToken

token = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Tokens for the admin API: create, list, revoke.")


@token.command()
def create(
    name: Annotated[str, typer.Argument(help="The token's purpose, such as grafana.")],
    role: Annotated[Role, typer.Option("--role", help="The rights of its holder.")],
    days: Annotated[int, typer.Option("--days", help="How long it is valid: 1 to 90 days.")] = 30,
    config: ConfigOption = None,
) -> None:
    """Make a token and print it, once: it cannot be shown again.

    Example: trueup token create grafana --role viewer --days 90
    """
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy
    from trueup.actions.tokens import create_token  # noqa: PLC0415 - heavy

    with open_store(config_from(config, catalogue_for(config))) as store:
        new = create_token(store, name=name, role=role, lifetime_days=days, created_by=caller(), now=utc_now())
    stored = new.stored
    typer.echo(f"Token {stored.token_id} ({stored.role}) ends on {stored.expires_at:%Y-%m-%d}. Keep it now:", err=True)
    typer.echo(new.text)


@token.command("list")
def list_them(output_format: ListFormatOption = ListFormat.TEXT, config: ConfigOption = None) -> None:
    """List the tokens, newest first. Their secrets cannot be shown.

    Example: trueup token list
    """
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy
    from trueup.actions.tokens import list_tokens, tokens_document  # noqa: PLC0415 - heavy

    now = utc_now()
    with open_store(config_from(config, catalogue_for(config))) as store:
        tokens = list_tokens(store)
    if output_format is ListFormat.JSON:
        typer.echo(json.dumps(tokens_document(tokens, now=now), indent=2))
    else:
        typer.echo("\n".join(_line(stored, now) for stored in tokens) or "There is no token.")


@token.command()
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The token's id, as `trueup token list` shows it.")],
    config: ConfigOption = None,
) -> None:
    """Revoke a token at once.

    Example: trueup token revoke 3f9c2a71d05be846
    """
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy
    from trueup.actions.tokens import revoke_token  # noqa: PLC0415 - heavy

    with open_store(config_from(config, catalogue_for(config))) as store:
        revoke_token(store, token_id, revoked_by=caller(), now=utc_now())
    typer.echo("The token is revoked.")


@token.command("sign-in-link")
def sign_in_link(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The token's id, as `trueup token list` shows it.")],
    config: ConfigOption = None,
) -> None:
    """Print a link that signs a browser in as the token's holder: once, within ten minutes.

    Example: trueup token sign-in-link 3f9c2a71d05be846
    """
    from trueup.actions.sign_in import make_sign_in_link  # noqa: PLC0415 - heavy
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy

    loaded = config_from(config, catalogue_for(config))
    with open_store(loaded) as store:
        link = make_sign_in_link(store, token_id, created_by=caller(), now=utc_now())
    typer.echo(f"It signs in once, until {link.expires_at:%H:%M} UTC:", err=True)
    typer.echo(f"{loaded.server.console_url}{link.path}")


@token.command("sign-out")
def sign_out(
    actor: Annotated[str, typer.Argument(help="Who, as the journal names them: oidc:248289, or token:ID.")],
    config: ConfigOption = None,
) -> None:
    """End every browser session of a person at once, in every browser.

    Example: trueup token sign-out oidc:248289761001
    """
    from trueup.actions.sign_in import end_every_session  # noqa: PLC0415 - heavy
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy
    from trueup.formats.wording import counted  # noqa: PLC0415 - heavy

    with open_store(config_from(config, catalogue_for(config))) as store:
        count = end_every_session(actor, store=store)
    typer.echo(f"{counted(count, 'session')} of {actor} ended.")


@token.command("break-glass")
def break_glass(
    reason: Annotated[str, typer.Option("--reason", help="Why, for the alert and the record: 10 to 500 characters.")],
    role: Annotated[Role, typer.Option("--role", help="The rights of the session.")] = Role.ADMIN,
    config: ConfigOption = None,
) -> None:
    """Print a link that signs in once while the identity provider is down, for an hour, and alert every channel.

    Example: trueup token break-glass --reason "The identity provider is down, incident 4711"
    """
    from trueup.actions.sign_in import make_break_glass_link  # noqa: PLC0415 - heavy
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy
    from trueup.cli.alerts import send_alerts  # noqa: PLC0415 - heavy
    from trueup.formats.wording import counted  # noqa: PLC0415 - heavy

    loaded = config_from(config, catalogue_for(config))
    with open_store(loaded) as store:
        link = make_break_glass_link(store, loaded, role=role, reason=reason, created_by=caller(), now=utc_now())
    send_alerts(loaded)
    alerted = (
        f"{counted(link.channels, 'alert channel')} got a message" if link.channels else "no alert channel is set up"
    )
    typer.echo(f"It signs in once, until {link.expires_at:%H:%M} UTC, as {link.actor}; {alerted}.", err=True)
    typer.echo(f"{loaded.server.console_url}{link.path}")


def _line(stored: StoredToken, now: datetime) -> str:
    from trueup.formats.wording import legible  # noqa: PLC0415 - heavy

    if stored.revoked_at is not None:
        held = f"revoked {stored.revoked_at:%Y-%m-%d %H:%M}"
    else:
        held = f"{'ends' if stored.valid(now) else 'ended'} {stored.expires_at:%Y-%m-%d %H:%M}"
    used = f"last used {stored.last_used_at:%Y-%m-%d %H:%M}" if stored.last_used_at else "never used"
    author, name = legible(stored.created_by), legible(stored.name)
    return f"{stored.token_id}  {stored.role:<11}  {held}, {used}, made by {author}: {name}"
