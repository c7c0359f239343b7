"""``trueup alerts``: test a channel, send what waits, list the open episodes and the messages."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.options import ConfigOption, ListFormat, ListFormatOption, catalogue_for, config_from, utc_now

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.actions.alerts import ChannelDelivery, Delivered
    from trueup.config import Config
    from trueup.store import Store
    from trueup.store.alerts import OpenEpisode
    from trueup.store.outbox import Message

alerts = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Alerts: test a channel, send, list.")

ChannelArgument = Annotated[str, typer.Argument(help="The channel's name in the config.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="The most episodes and messages to show.")]
AgainOption = Annotated[
    bool,
    typer.Option("--again", help="Also retry messages that failed within a day or wait for their next attempt."),
]
_NOT_SENT = 3


@alerts.command("test")
def try_channel(channel: ChannelArgument, config: ConfigOption = None) -> None:
    """Send one test message to a channel, at once.

    Exit code: 0 the receiver accepted it, 2 no such channel or wrong settings, 3 the message was not accepted.

    Example: trueup alerts test ops
    """
    from trueup.actions.alerts import send_test  # noqa: PLC0415 - heavy

    loaded = _config(config)
    send_test(channel, loaded.alerts, environment=loaded.environment, now=utc_now())
    typer.echo(f"{_legible(channel)} accepted the test message.")


@alerts.command()
def send(again: AgainOption = False, config: ConfigOption = None) -> None:  # noqa: FBT002 - a flag
    """Send the messages that wait, and alert if complete audits stopped arriving.

    A server does this by itself. Where audits run from cron, run this command from cron too, every minute. Exit code:
    0 nothing failed, 3 a message could not be sent; it stays in the store and is tried again.

    Example: trueup alerts send --again
    """
    from trueup.actions.alerts import heartbeat, retry_soon  # noqa: PLC0415 - heavy
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy

    loaded, now = _config(config), utc_now()
    with open_store(loaded) as store:
        heartbeat(store, environment=loaded.environment, schedule=loaded.schedule, settings=loaded.alerts, now=now)
        if again:
            retry_soon(store, environment=loaded.environment, now=now)
        delivered = _deliver(store, loaded, now)
    for channel in delivered.channels:
        typer.echo(_outcome(channel))
    if not delivered.channels:
        typer.echo("Nothing to send.")
    raise typer.Exit(_NOT_SENT if delivered.troubles else 0)


@alerts.command("list")
def list_alerts(
    limit: LimitOption = 50, output_format: ListFormatOption = ListFormat.TEXT, config: ConfigOption = None
) -> None:
    """List the open episodes, then the newest messages and their state.

    Example: trueup alerts list --limit 20
    """
    from trueup.actions.alerts import alerts_document  # noqa: PLC0415 - heavy
    from trueup.actions.alerts import list_alerts as run_list  # noqa: PLC0415 - heavy
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy

    loaded = _config(config)
    with open_store(loaded) as store:
        alerts = run_list(store, loaded.environment, limit=limit)
    if output_format is ListFormat.JSON:
        typer.echo(json.dumps(alerts_document(alerts), indent=2))
        return
    typer.echo(f"OPEN: {alerts.open_count:,}")
    for episode in alerts.episodes:
        typer.echo(_episode_line(episode))
    typer.echo("\nMESSAGES, newest first")
    for message in alerts.messages:
        typer.echo(_message_line(message))


def decide_alerts(config: Config, run_id: str) -> None:
    """Store what this recorded run changes about alerts.

    An error of the store is one line on stderr: the audit's report is valid all the same.
    """
    from trueup.actions.alerts import notify  # noqa: PLC0415 - heavy
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy
    from trueup.cli.memory import warn  # noqa: PLC0415 - heavy
    from trueup.model.errors import StoreUnavailable  # noqa: PLC0415 - heavy

    try:
        with open_store(config) as store:
            decision = notify(
                store, environment=config.environment, run_id=run_id, settings=config.alerts, now=utc_now()
            )
    except StoreUnavailable as error:
        warn(error, "This run causes no alert.")
        return
    if decision.passed_over:
        sys.stderr.write(f"trueup: This run causes no alert: {decision.passed_over}\n")


def send_alerts(config: Config) -> None:
    """Send the messages that wait, once. An error is a line on stderr; what was not sent stays in the store."""
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy
    from trueup.cli.memory import warn  # noqa: PLC0415 - heavy
    from trueup.model.errors import StoreUnavailable  # noqa: PLC0415 - heavy

    try:
        with open_store(config) as store:
            delivered = _deliver(store, config, utc_now())
    except StoreUnavailable as error:
        warn(error, "The waiting messages are not sent now.")
        return
    for trouble in delivered.troubles:
        sys.stderr.write(f"trueup: {_legible(trouble)} `trueup alerts send` tries again.\n")


def _config(path: ConfigOption) -> Config:
    return config_from(path, catalogue_for(path))


def _deliver(store: Store, config: Config, now: datetime) -> Delivered:
    from trueup.actions.alerts import deliver  # noqa: PLC0415 - heavy

    worker = f"{socket.gethostname()}:{os.getpid()}"
    return deliver(store, config.alerts, environment=config.environment, now=now, worker=worker)


def _outcome(channel: ChannelDelivery) -> str:
    counts = ((channel.sent, "sent"), (channel.postponed, "to be tried again"), (channel.given_up, "given up"))
    outcome = ", ".join(f"{count:,} {word}" for count, word in counts if count) or "nothing sent"
    return _legible(f"{channel.channel}: {outcome}{f'; {channel.trouble}' if channel.trouble else ''}")


def _episode_line(open_episode: OpenEpisode) -> str:
    episode, words = open_episode.episode, open_episode.words
    return _legible(f"  {episode.severity:<8}  since {_moment(episode.opened_at)}  {words.issue_id}: {words.title}")


def _message_line(message: Message) -> str:
    title = message.document.get("title", "")
    return _legible(
        f"  {message.state:<7}  {message.channel:<12}  {_moment(message.made_at)}  {title}{''.join(_fate(message))}"
    )


def _fate(message: Message) -> Iterator[str]:
    """Yield why a message was not sent, and when it is tried again."""
    if message.state == "waiting" and message.reason:
        yield f" (attempt {message.attempts:,} failed, next {_moment(message.due_at)})"
    if message.reason:
        yield f": {message.reason}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _legible(text: str) -> str:
    from trueup.formats.wording import legible  # noqa: PLC0415 - heavy

    return legible(text)
