"""``trueup gate``: what a pipeline asks before it releases, and what was accepted before."""

from __future__ import annotations

import typer

gate = typer.Typer(rich_markup_mode=None, help="The release gate, and what each plan was accepted to get.")

_USAGE = 2


@gate.callback(invoke_without_command=True)
def verdict(context: typer.Context) -> None:
    """Judge whether this may be released; with a subcommand, look at or accept what each plan gets."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(_USAGE)
