"""``trueup init``: write a config from a live schema."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from trueup.cli.options import DEFAULT_CONFIG
from trueup.model.errors import ConfigurationError


def init(
    url: Annotated[
        str | None, typer.Argument(help="The app's database; default: the environment variable DATABASE_URL.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write the config.")] = DEFAULT_CONFIG,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a config that is there.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Read a database's schema and write a config for it, every guess marked.

    The password never goes into the file: it says ${DATABASE_URL}.

    Example: trueup init postgresql://reader@localhost/app
    """
    from trueup.actions.init import proposed_config, write_config  # noqa: PLC0415 - heavy

    address = url or os.environ.get("DATABASE_URL")
    if not address:
        raise ConfigurationError("Name the database: `trueup init postgresql://…`, or set DATABASE_URL.")
    if output.exists() and not force:
        raise ConfigurationError(f"{output} exists already; `--force` overwrites it.")
    write_config(output, proposed_config(address), force=force)
    typer.echo(f"Wrote {output}. Read the lines marked `guess`, then:")
    if not os.environ.get("DATABASE_URL"):
        typer.echo("  export DATABASE_URL='…'   # the address you gave, with its password")
    typer.echo("  trueup doctor\n  trueup audit")
