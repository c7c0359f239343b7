"""``trueup demo``: a company with planted faults, audited before your eyes."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.options import Format, FormatOption, catalogue_for, moment, utc_now
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from trueup.model.report import Report


def demo(
    serve: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--serve/--no-serve", help="Afterwards serve what this version can serve.")
    ] = True,
    output_format: FormatOption = Format.TEXT,
    accounts: Annotated[int, typer.Option("--accounts", help="The company's size.")] = 500,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed is another company.")] = 1,
    url: Annotated[
        str | None, typer.Option("--url", help="Write it into this empty database instead of a SQLite file.")
    ] = None,
    folder: Annotated[Path | None, typer.Option("--folder", help="Keep config, database and truth file here.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="TIME", help="The company's today; default: now.")
    ] = None,
) -> None:
    """Make a demo company with planted faults, audit it, and print the report.

    Exit code with --no-serve: the audit's, which is 1, because it finds the faults.

    Example: trueup demo --no-serve --format json
    """
    from trueup.cli.report import deliver  # noqa: PLC0415 - heavy

    with _kept_or_scratch(folder) as home:
        report = _audited(home, accounts=accounts, seed=seed, url=url, as_of=as_of)
        code = deliver(report, catalogue_for(None), output_format=output_format, output=None, fail_on=Severity.ERROR)
    _say_what_next(folder, serve=serve)
    raise typer.Exit(0 if serve else code)


def _audited(home: Path, *, accounts: int, seed: int, url: str | None, as_of: str | None) -> Report:
    from trueup.actions.audit import audit  # noqa: PLC0415 - heavy
    from trueup.actions.demo.found import found_company  # noqa: PLC0415 - heavy
    from trueup.cli.progress import terminal_progress  # noqa: PLC0415 - heavy
    from trueup.mapping.config import load_config  # noqa: PLC0415 - heavy

    checks = catalogue_for(None)
    now = moment(as_of) or utc_now()
    with terminal_progress() as progress:
        path = found_company(home, url=url, accounts=accounts, seed=seed, now=now, progress=progress)
        environment = {**os.environ, **({"DATABASE_URL": url} if url else {})}
        config = load_config(path, environment, known_checks=[check.id for check in checks])
        return audit(config, checks=checks, now=now, progress=progress)


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
        typer.echo("The demo company is gone again; `trueup demo --folder demo` keeps one to explore.", err=True)
    else:
        typer.echo(f"Explore it: cd {folder} && trueup audit && trueup explain ISSUE_ID", err=True)
