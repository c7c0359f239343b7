"""``trueup store``: our own memory, made on purpose."""

from __future__ import annotations

import typer

from trueup.cli.options import ConfigOption, catalogue_for, config_from

store = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What trueup remembers: make its store.")


@store.callback()
def _group() -> None:
    """What trueup remembers."""


@store.command("init")
def init(config: ConfigOption = None) -> None:
    """Make the store of the config, where there is none; `trueup serve` makes none by itself.

    Example: trueup store init
    """
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy

    with open_store(config_from(config, catalogue_for(config)), may_make=True) as opened:
        typer.echo(f"The store is {opened.database.place}.")
