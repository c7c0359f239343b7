"""The ``trueup`` command. Errors on purpose become one sentence on stderr and an exit code, never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import typer

from trueup import __version__
from trueup.cli import audit, checks, demo, doctor, explain, init
from trueup.model.errors import TrueupError

app = typer.Typer(
    name="trueup",
    help="Prove that what customers paid, what the credit ledger says and what the app allows agree.",
    epilog="Start with `trueup demo`, then `trueup init DATABASE_URL`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_INTERRUPTED = 130


def _version(asked: bool) -> None:  # noqa: FBT001 - the callback's signature is the library's
    if asked:
        typer.echo(f"trueup {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),  # noqa: FBT001, FBT003
) -> None:
    """Prove that what customers paid, what the credit ledger says and what the app allows agree."""


_COMMANDS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("demo", demo.demo),
    ("init", init.init),
    ("doctor", doctor.doctor),
    ("audit", audit.audit),
    ("checks", checks.checks),
    ("explain", explain.explain),
)
for _name, _command in _COMMANDS:
    app.command(_name)(_command)


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        app()
    except TrueupError as error:
        from trueup.model.redact import redact  # noqa: PLC0415 - only when something went wrong

        sys.stderr.write(f"trueup: {redact(str(error))}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("trueup: interrupted; nothing was changed and the books are gone.\n")
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output (head, less) has gone: not an error, and Python must not complain at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
