"""``trueup demo``: make a company with planted faults, audit it, and serve its API."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.audit import AllOption, ExplainScoreOption
from trueup.cli.options import TEXT, FormatOption, catalogue_for, moment, utc_now
from trueup.model.access import Role
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.config import Config
    from trueup.model.report import Report
    from trueup.store import Store

DEFAULT_PORT = 8321


def demo(
    serve: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--serve/--no-serve", help="Then serve the admin API on this machine.")
    ] = True,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="Serve at this port; 0 takes any free one.")
    ] = DEFAULT_PORT,
    output_format: FormatOption = TEXT,
    everything_shown: AllOption = False,  # noqa: FBT002 - a flag
    explain_score: ExplainScoreOption = False,  # noqa: FBT002 - a flag
    accounts: Annotated[int, typer.Option("--accounts", help="The company's size.")] = 500,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed makes another company.")] = 1,
    url: Annotated[
        str | None, typer.Option("--url", help="Write it into this empty database instead of a SQLite file.")
    ] = None,
    folder: Annotated[Path | None, typer.Option("--folder", help="Keep config, database and truth file here.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="TIME", help="The company's present; default: now.")
    ] = None,
) -> None:
    """Make a demo company with planted faults, audit it, print the report, and serve its admin API until Ctrl-C.

    The API listens only on 127.0.0.1; its token is printed once. Exit code with --no-serve: the audit's, which is 1,
    because it finds the faults.

    Example: trueup demo --no-serve --format json
    """
    from trueup.cli.report import deliver  # noqa: PLC0415 - heavy

    now = moment(as_of) or utc_now()
    with _kept_or_scratch(folder) as home:
        config = _founded(home, accounts=accounts, seed=seed, url=url, now=now)
        report = _audited(config, now=now, is_recorded=serve)
        code = deliver(
            report,
            catalogue_for(None),
            output_format=output_format,
            output=None,
            fail_on=Severity.ERROR,
            everything=everything_shown,
            explains_score=explain_score,
        )
        if serve:
            _serve(config, port=port, now=now)
    _say_what_next(folder, serve=serve)
    raise typer.Exit(0 if serve else code)


def _founded(home: Path, *, accounts: int, seed: int, url: str | None, now: datetime) -> Config:
    from trueup.cli.progress import terminal_progress  # noqa: PLC0415 - heavy
    from trueup.config import load_config  # noqa: PLC0415 - heavy
    from trueup.demo.create import create_company  # noqa: PLC0415 - heavy

    with terminal_progress() as progress:
        path = create_company(home, url=url, accounts=accounts, seed=seed, now=now, progress=progress)
    environment = {**os.environ, **({"DATABASE_URL": url} if url else {})}
    config = load_config(path, environment, known_checks=[check.id for check in catalogue_for(None)])
    return dataclasses.replace(config, repair_url=config.database_url)  # made up, so repairs can be tried


def _audited(config: Config, *, now: datetime, is_recorded: bool) -> Report:
    """Audit the company, and record the run where its API is served afterwards."""
    from trueup.actions.audit import audit_and_record  # noqa: PLC0415 - heavy
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy
    from trueup.cli.progress import terminal_progress  # noqa: PLC0415 - heavy
    from trueup.cli.serve import can_serve  # noqa: PLC0415 - heavy

    checks = catalogue_for(None)
    with contextlib.ExitStack() as opened:
        store = opened.enter_context(open_store(config, may_make=True)) if is_recorded and can_serve() else None
        progress = opened.enter_context(terminal_progress())
        return audit_and_record(
            config, checks=checks, catalogue=checks, store=store, trigger="command", now=now, progress=progress
        ).report


def _serve(config: Config, *, port: int, now: datetime) -> None:
    """Serve the company's API, as of its own day, with repairs switched on so that they can be tried."""
    from trueup.actions.init import install_journal  # noqa: PLC0415 - heavy
    from trueup.cli.serve import HOW_TO_SERVE, can_serve, serve_until_told  # noqa: PLC0415 - heavy

    if not can_serve():
        typer.echo(HOW_TO_SERVE, err=True)
        return
    install_journal(config.database_url)
    server = dataclasses.replace(config.server, host="127.0.0.1", port=port)
    company = dataclasses.replace(config, server=server)
    ahead = now - utc_now()
    serve_until_told(
        company,
        catalogue_for(None),
        clock=lambda: utc_now() + ahead,
        before=functools.partial(_welcome, now=now),
    )


def _welcome(store: Store, address: str, *, now: datetime) -> None:
    """Print how to sign in, and how to ask for the report. The token and the link are shown only here."""
    from trueup.actions.sign_in import make_sign_in_link  # noqa: PLC0415 - heavy
    from trueup.actions.tokens import create_token  # noqa: PLC0415 - heavy

    token = create_token(store, name="demo", role=Role.SUPER_ADMIN, lifetime_days=1, created_by="demo", now=now)
    link = make_sign_in_link(store, token.stored.token_id, created_by="demo", now=now)
    for line in (
        f"The console is at {address}. Sign in with this link, once, within ten minutes:",
        f"  {address}{link.path}",
        f"The admin API is at {address} until Ctrl-C. Its token, shown once:",
        f"  export TRUEUP_TOKEN={token.text}",
        f'  curl -H "Authorization: Bearer $TRUEUP_TOKEN" {address}/api/admin/billing-assurance',
    ):
        typer.echo(line, err=True)


@contextlib.contextmanager
def _kept_or_scratch(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="trueup-demo-") as scratch:
        yield Path(scratch)


def _say_what_next(folder: Path | None, *, serve: bool) -> None:
    if not sys.stderr.isatty() and not serve:
        return
    if folder is None:
        typer.echo("The demo company was deleted; `trueup demo --folder demo` keeps one to explore.", err=True)
    else:
        typer.echo(f"Explore it: cd {folder} && trueup audit && trueup explain ISSUE_ID", err=True)
