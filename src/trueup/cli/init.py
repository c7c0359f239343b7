"""``trueup init``: write a config from a live schema, or make the journal's tables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from trueup.cli.options import DEFAULT_CONFIG, ConfigOption, catalogue_for, config_from
from trueup.model.errors import ConfigurationError

UrlArgument = Annotated[
    str | None, typer.Argument(help="The app's database; default: the environment variable DATABASE_URL.")
]
OutputOption = Annotated[Path, typer.Option("--output", "-o", help="Where to write the config.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite an existing config.")]
InstallOption = Annotated[
    bool, typer.Option("--install", help="Make the journal's tables instead; URL needs a role with that right.")
]
RebindOption = Annotated[
    bool, typer.Option("--rebind", help="With --install: let the journal of a copied database continue in this one.")
]


def init(
    url: UrlArgument = None,
    output: OutputOption = DEFAULT_CONFIG,
    force: ForceOption = False,  # noqa: FBT002 - a flag
    install: InstallOption = False,  # noqa: FBT002 - a flag
    rebind: RebindOption = False,  # noqa: FBT002 - a flag
    config: ConfigOption = None,
) -> None:
    """Read a database's schema and write a config for it. Every guess is marked.

    The password is not written into the file, which says ${DATABASE_URL}. With --install, make the tables of the repair
    journal (all named trueup_…) in the app's database; without URL, at the config's repair_url, else at its url.
    Running it again changes nothing, or completes what was interrupted.

    Example: trueup init postgresql://reader@localhost/app

    Example: trueup init --install postgresql://owner@localhost/app
    """
    if rebind and not install:
        raise ConfigurationError("--rebind needs --install.")
    if install:
        _install(url, config, rebind=rebind)
    else:
        _write(url, output, force=force)


def _install(url: str | None, config: Path | None, *, rebind: bool) -> None:
    from trueup.actions.init import install_journal  # noqa: PLC0415 - heavy
    from trueup.actions.journal import journal_url  # noqa: PLC0415 - heavy
    from trueup.model.redact import redact  # noqa: PLC0415 - heavy

    address = url or journal_url(config_from(config, catalogue_for(config)))
    installed = install_journal(address, rebind=rebind)
    typer.echo(redact(installed.sentence()))
    if installed.before is None:
        typer.echo("`trueup doctor --print-grants` prints the rights that an audit and a repair need.")


def _write(url: str | None, output: Path, *, force: bool) -> None:
    from trueup.actions.init import proposed_config, write_config  # noqa: PLC0415 - heavy
    from trueup.model.finding import printable  # noqa: PLC0415 - heavy

    address = url or os.environ.get("DATABASE_URL")
    if not address:
        raise ConfigurationError("Name the database: `trueup init postgresql://…`, or set DATABASE_URL.")
    if os.path.lexists(output) and not force:
        raise ConfigurationError(f"{output} already exists; `--force` overwrites it.")
    config = proposed_config(address)
    write_config(output, config.text, force=force)
    typer.echo(f"Wrote {output}. Read the lines marked `guess`, then:")
    if not os.environ.get("DATABASE_URL"):
        typer.echo("  export DATABASE_URL='…'   # the address you gave, with its password")
    typer.echo("  trueup doctor\n  trueup audit")
    for relation, table in config.empty:
        typer.echo(
            f"{printable(table)} holds no rows yet, so an audit is incomplete. If it may be empty for now, write "
            f"allow_empty = true in [relations.{relation}]."
        )
