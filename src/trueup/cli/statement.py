"""``trueup statement``: why one account has the credits that it has."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.options import AsOfOption, ConfigOption, catalogue_for, config_from, config_if_any, moment, utc_now
from trueup.formats.statement import StatementFormat, write_statement

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.model.statement import AccountStatement


def statement(
    account: Annotated[
        str,
        typer.Argument(metavar="ACCOUNT", help="Its id, its e-mail address, or an id of Stripe's: cus_, in_, pi_..."),
    ],
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Sum the lines before this UTC moment, e.g. 2026-11-01."),
    ] = None,
    for_customer: Annotated[  # noqa: FBT002 - an option of the command line
        bool, typer.Option("--for-customer", help="In plain words, without ids, notes or names.")
    ] = False,
    output_format: Annotated[StatementFormat, typer.Option("--format", "-f", help="The output format.")] = (
        StatementFormat.TEXT
    ),
    books: Annotated[Path | None, typer.Option("--books", help="Read a kept snapshot; no database is needed.")] = None,
    as_of: AsOfOption = None,
    config: ConfigOption = None,
) -> None:
    """Show why an account has its credits: lines that sum to its balance, or say where they do not.

    Only the account's own rows are read, nothing is recorded. Exit code: 0 written, 2 no such account, or several.

    Example: trueup statement ada@example.com --since 2026-11-01 --for-customer
    """
    from trueup.formats.page_width import page_width  # noqa: PLC0415 - heavy
    from trueup.formats.statement.page import StatementPage  # noqa: PLC0415 - heavy

    page = StatementPage(
        statement=_stated(account, moment(since, option="--since"), books, as_of, config), for_customer=for_customer
    )
    write_statement(page, sys.stdout, output_format, width=page_width())


def _stated(
    account: str, since: datetime | None, books: Path | None, as_of: str | None, path: Path | None
) -> AccountStatement:
    from trueup.actions.statement import state_account, state_account_in_books  # noqa: PLC0415 - heavy
    from trueup.cli.progress import terminal_progress  # noqa: PLC0415 - heavy
    from trueup.model.policy import Policy  # noqa: PLC0415 - heavy

    catalogue = catalogue_for(path)
    if books is not None:
        kept = config_if_any(path, catalogue)
        policy = kept.policy if kept else Policy()
        return state_account_in_books(account, path=books, policy=policy, now=moment(as_of), since=since)
    read = config_from(path, catalogue)
    with terminal_progress() as progress:
        return state_account(
            account, config=read, catalogue=catalogue, now=moment(as_of) or utc_now(), since=since, progress=progress
        )
