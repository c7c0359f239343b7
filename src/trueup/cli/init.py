"""``trueup init``: write a config from a live schema, or make the journal's tables."""

from __future__ import annotations

import contextlib
import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.init_questions import settle_questions
from trueup.cli.options import DEFAULT_CONFIG, ConfigOption, catalogue_for, config_from, utc_now
from trueup.model.errors import ConfigurationError, TrueupError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trueup.actions.init import GuessedFindings, ProposedConfig
    from trueup.config import Config

GUESSES_SHOWN = 3
"""The most guesses shown of a check, the weakest first."""
WIDEST_EXPRESSION = 60

UrlArgument = Annotated[
    str | None, typer.Argument(help="The app's database; default: the environment variable DATABASE_URL.")
]
OutputOption = Annotated[Path, typer.Option("--output", "-o", help="Where to write the config.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite an existing config.")]
InstallOption = Annotated[
    bool, typer.Option("--install", help="Make the journal's tables instead; URL needs a role with that right.")
]
NoAuditOption = Annotated[bool, typer.Option("--no-audit", help="Only write the config; run no first audit.")]
YesOption = Annotated[
    bool, typer.Option("--yes", "-y", help="Ask nothing: take the best guess, and list what was taken.")
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
    no_audit: NoAuditOption = False,  # noqa: FBT002 - a flag
    yes: YesOption = False,  # noqa: FBT002 - a flag
    config: ConfigOption = None,
) -> None:
    """Read a database and write a config for it, every guess marked, and audit once with it.

    Where two readings are close, or a plan's word is unknown, it asks at a terminal: at most five questions. With
    --yes, or without a terminal, it takes the best guess and lists what it took. Ctrl-C writes nothing.

    Beside a config that is there it writes nothing: it shows what it would write now where that differs.

    The audit shows what would be found, and the guesses that it rests on; nothing is recorded. Exit code 0 as soon as
    the file is written.

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
        _write(url, output, force=force, audits=not no_audit, asks=not yes)


def _install(url: str | None, config: Path | None, *, rebind: bool) -> None:
    from trueup.actions.init import install_journal  # noqa: PLC0415 - heavy
    from trueup.actions.journal import journal_url  # noqa: PLC0415 - heavy
    from trueup.model.redact import redact  # noqa: PLC0415 - heavy

    address = url or journal_url(config_from(config, catalogue_for(config)))
    installed = install_journal(address, rebind=rebind)
    typer.echo(redact(installed.sentence()))
    if installed.before is None:
        typer.echo("`trueup doctor --print-grants` prints the rights that an audit and a repair need.")


def _write(url: str | None, output: Path, *, force: bool, audits: bool, asks: bool) -> None:
    from trueup.actions.init import sample_schema, write_config  # noqa: PLC0415 - heavy
    from trueup.model.finding import printable  # noqa: PLC0415 - heavy

    address = url or os.environ.get("DATABASE_URL")
    if not address:
        raise ConfigurationError("Name the database: `trueup init postgresql://…`, or set DATABASE_URL.")
    if os.path.lexists(output) and not force:
        _compare(address, output)
        return
    proposed = settle_questions(sample_schema(address), asks=asks)
    write_config(output, proposed.text, force=force)
    typer.echo(f"Wrote {output}. Read the lines marked `guess`, then:")
    if not os.environ.get("DATABASE_URL"):
        typer.echo("  export DATABASE_URL='…'   # the address you gave, with its password")
    named = "" if output == DEFAULT_CONFIG else f" --config {output}"
    typer.echo(f"  trueup doctor{named}\n  trueup audit{named}")
    for relation, table in proposed.empty:
        typer.echo(
            f"{printable(table)} holds no rows yet, so an audit is incomplete. If it may be empty for now, write "
            f"allow_empty = true in [relations.{relation}]."
        )
    if audits:
        _show_first_audit(output, address, proposed)


def _compare(address: str, path: Path) -> None:
    """Show how the config that is there differs from what would be written now. It is left as it is."""
    from trueup.actions.init import compare_config, proposed_config  # noqa: PLC0415 - heavy
    from trueup.formats.wording import legible  # noqa: PLC0415 - heavy
    from trueup.model.redact import redact  # noqa: PLC0415 - heavy

    lines = compare_config(path, proposed_config(address).text)
    if not lines:
        typer.echo(f"{path} is there and maps the schema as init would now; nothing was changed.")
        return
    typer.echo(f"{path} is there and was not changed. Where it (-) differs from what init would write now (+):\n")
    typer.echo("\n".join(redact(legible(line)) for line in lines))
    typer.echo("\nTake over what is right by hand; `--force` writes all of it anew, `--output FILE` beside it.")


def _show_first_audit(path: Path, address: str, proposed: ProposedConfig) -> None:
    """Audit with what was guessed, recording nothing. An audit that cannot run is one line: the file is written."""
    from trueup.actions.init import weigh_findings  # noqa: PLC0415 - heavy
    from trueup.books.place import private_folder  # noqa: PLC0415 - heavy
    from trueup.cli.audit import audited  # noqa: PLC0415 - heavy
    from trueup.config import load_config  # noqa: PLC0415 - heavy

    with private_folder() as folder:
        try:
            checks = catalogue_for(path)
            known = [check.id for check in checks]
            config = load_config(path, {**os.environ, "DATABASE_URL": address}, known_checks=known)
            books = folder / "books.duckdb" if config.stripe.tables is not None else None
            report, _ = audited(config, checks, checks, contextlib.nullcontext(None), keep_books=books)
        except TrueupError as error:
            typer.echo(f"\nThe first audit did not run: {error}")
            return
        typer.echo("\n".join(_weighed(weigh_findings(report, proposed.proposal, checks))))
        if books is not None:
            _show_prices(config, books)


def _show_prices(config: Config, books: Path) -> None:
    """Show what prices sell, as their sales in the audit's books show it; the config stays as it is."""
    from trueup.actions.doctor import learn_prices  # noqa: PLC0415 - heavy
    from trueup.formats.wording import legible  # noqa: PLC0415 - heavy

    try:
        prices = learn_prices(books, config, now=utc_now())
    except TrueupError as error:
        typer.echo(f"\nWhat prices sell was not looked at: {error}")
        return
    if prices:
        typer.echo("\nWhat prices seem to sell. Add what is right to the file:")
    for price in prices:
        typer.echo("\n".join(f"  {legible(line)}" for line in price.lines))


def _weighed(weighed: Sequence[GuessedFindings]) -> Iterator[str]:
    from trueup.formats.wording import counted, legible  # noqa: PLC0415 - heavy

    total = counted(sum(each.findings for each in weighed), "finding")
    yield f"\nThe first audit, not recorded: {total}{', and the guesses that they rest on:' if weighed else '.'}"
    for each in weighed:
        yield f"  {each.check}  {counted(each.findings, 'finding')}"
        for guess in each.guesses[:GUESSES_SHOWN]:
            theirs = textwrap.shorten(legible(guess.theirs), WIDEST_EXPRESSION, placeholder=" …")
            yield f"    {guess.column} = {theirs}{f'   {guess.evidence}' if guess.evidence else ''}"
