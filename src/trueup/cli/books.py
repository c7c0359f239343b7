"""``trueup books``: what is kept of the database between audits."""

from __future__ import annotations

from typing import Annotated

import typer

from trueup.cli.options import ConfigOption, catalogue_for, config_from

books = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Kept books: forget an account.")


@books.callback()
def _group() -> None:
    """Kept books: forget an account."""


@books.command()
def forget(
    account: Annotated[str, typer.Argument(help="The account's id, as the database has it.")],
    config: ConfigOption = None,
) -> None:
    """Take an account out of the books that are kept between audits, as a request of erasure asks.

    Erase it in the application's database first: the next audit reads every row.

    Example: trueup books forget user_42
    """
    from trueup.actions.kept_books import forget_account  # noqa: PLC0415 - heavy
    from trueup.formats.wording import counted, legible  # noqa: PLC0415 - heavy

    rows = forget_account(config_from(config, catalogue_for(config)), account)
    typer.echo(f"{counted(rows, 'row')} of {legible(account)} left the kept books; the next audit reads every row.")
