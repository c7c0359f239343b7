"""``trueup store``: make the store on purpose."""

from __future__ import annotations

import typer

from trueup.cli.options import ConfigOption, catalogue_for, config_from

store = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The store of runs and findings: make it.")


@store.callback()
def _group() -> None:
    """The store of runs and findings."""


@store.command("init")
def init(config: ConfigOption = None) -> None:
    """Make the config's store where there is none; `trueup serve` does not make one by itself.

    Example: trueup store init
    """
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy

    with open_store(config_from(config, catalogue_for(config)), may_make=True) as opened:
        typer.echo(f"The store is {opened.database.place}.")
