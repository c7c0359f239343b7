"""The ``trueup`` command. An expected error is one sentence on stderr and an exit code, never a traceback."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import typer
from typer._click.exceptions import ClickException

from trueup import __version__
from trueup.cli import (
    alerts,
    approvals,
    audit,
    books,
    checks,
    compare,
    demo,
    doctor,
    exempt,
    explain,
    gate,
    init,
    journal,
    note,
    repair,
    runs,
    serve,
    statement,
    store,
    token,
    try_files,
)
from trueup.cli.door import Debugging, leave

app = typer.Typer(
    name="trueup",
    help="Prove that what customers paid, what the credit ledger says and what the app allows agree.",
    epilog="Start with `trueup demo`, then `trueup init DATABASE_URL`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


_USAGE = 2


def _version(asked: bool) -> None:  # noqa: FBT001 - the callback's signature is the library's
    if asked:
        typer.echo(f"trueup {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an unexpected error."),  # noqa: FBT001, FBT003
    *,
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),  # noqa: ARG001, FBT003
) -> None:
    """Prove that what customers paid, what the credit ledger says and what the app allows agree."""
    if debug and isinstance(context.obj, Debugging):
        context.obj.is_on = True


_COMMANDS: tuple[tuple[str, Callable[..., None], str], ...] = (
    ("demo", demo.demo, "Try trueup on a company with planted faults."),
    ("try", try_files.try_files, "Audit exported tables, without a database."),
    ("init", init.init, "Write trueup.toml from a live schema."),
    ("doctor", doctor.doctor, "Check the config, connection, rights, mapping."),
    ("audit", audit.audit, "Audit once and print a scored report."),
    ("checks", checks.checks, "List the checks, or show one in full."),
    ("explain", explain.explain, "Explain one finding: evidence, ledger, repair."),
    ("note", note.note, "Keep a note on a finding, or list its notes."),
    ("statement", statement.statement, "Why an account has the credits it has."),
    ("compare", compare.compare, "What another config would find, recording nothing."),
    ("runs", runs.runs, "List the audits, or show what one changed."),
    ("repair", repair.repair, "Apply a repair, with its journal row."),
    ("undo", repair.undo, "Undo a balance sync, or unlimited credits' end."),
    ("serve", serve.serve, "Serve the admin API, and audit on schedule."),
)
for _name, _command, _short_help in _COMMANDS:
    app.command(_name, short_help=_short_help)(_command)

_GROUPS: tuple[tuple[str, typer.Typer, str], ...] = (
    ("gate", gate.gate, "Judge a release; show what plans get."),
    ("exempt", exempt.exempt, "Exempt findings that a person answers for."),
    ("approvals", approvals.approvals, "Changes that need a second person."),
    ("store", store.store, "The store of runs and findings: make it."),
    ("books", books.books, "Kept books: forget an account."),
    ("token", token.token, "Tokens for the admin API."),
    ("alerts", alerts.alerts, "Alerts: test a channel, send, list."),
    ("journal", journal.journal, "The journal of repairs: verify, export."),
)
for _name, _group, _short_help in _GROUPS:
    app.add_typer(_group, name=_name, short_help=_short_help)


@functools.cache
def command_line() -> Callable[..., Any]:
    """Return the command line, with all commands and options; building it takes as long as a small command."""
    return typer.main.get_command(app)


def main() -> None:
    """Run the command line and leave with its exit code."""
    leave(_run)


def _run(debugging: Debugging) -> object:
    """Parse and run one command; return its exit code. The library would return 1 when stdout's reader went away."""
    try:
        return command_line()(standalone_mode=False, obj=debugging)
    except ClickException as error:
        with contextlib.suppress(OSError):
            error.show()
        return _USAGE
