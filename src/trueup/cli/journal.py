"""``trueup journal``: our append-only log in the app's database, its hash chain checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from trueup.cli.options import ConfigOption, ListFormat, ListFormatOption, catalogue_for, config_from
from trueup.disk import whole_file
from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    from trueup.actions.journal import BrokenAt, Review

journal = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What trueup did: verify, export, anchor, review."
)

AnchorsOption = Annotated[
    list[Path] | None,
    typer.Option("--anchor", metavar="FILE", help="The journal must go through this anchor, too; may be repeated."),
]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", help="Where to write; default: standard output.")]


@journal.command()
def verify(config: ConfigOption = None, anchor: AnchorsOption = None) -> None:
    """Read the whole journal and check that nothing was edited, deleted, added or moved.

    A chain alone does not show that its tail was cut or that all of it was replaced: anchors kept elsewhere do.
    Exit code: 0 whole, 1 broken, 3 it cannot be verified.

    Example: trueup journal verify --anchor anchor.json
    """
    from trueup.actions.journal import BrokenAt, anchor_from, check_journal  # noqa: PLC0415 - heavy

    found = check_journal(_url(config), anchors=[anchor_from(path) for path in anchor or ()])
    if isinstance(found, BrokenAt):
        _broken(found)
    typer.echo(
        f"whole: {found.count} entries, the last hash is {found.hash}" if found.count else "whole: no entries yet"
    )


@journal.command()
def export(config: ConfigOption = None, output: OutputOption = None) -> None:
    """Write every entry as one line of JSON.

    Example: trueup journal export --output journal.jsonl
    """
    from trueup.actions.journal import exported_lines  # noqa: PLC0415 - heavy

    lines = exported_lines(_url(config))
    if output is None:
        for line in lines:
            typer.echo(line)
        return
    try:
        with whole_file(output) as file:
            file.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise ConfigurationError(f"{output} cannot be written: {error.strerror}.") from None


@journal.command()
def anchor(config: ConfigOption = None, output: OutputOption = None) -> None:
    """Verify the journal and write where it ends: a small file to keep where nobody who repairs can write.

    Exit code: 0 written, 1 the journal is broken, 3 it cannot be verified.

    Example: trueup journal anchor --output anchor.json
    """
    from trueup.actions.journal import BrokenAt, anchor_text, take_anchor  # noqa: PLC0415 - heavy

    found = take_anchor(_url(config))
    if isinstance(found, BrokenAt):
        _broken(found)
    text = anchor_text(found)
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        with whole_file(output) as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(f"{output} cannot be written: {error.strerror}.") from None


@journal.command()
def review(config: ConfigOption = None, output_format: ListFormatOption = ListFormat.TEXT) -> None:
    """Say which balance syncs of an older trueup may have been wrong, by account.

    Looks at entries of before journal revision 0002: at ids that the database takes for the account's although they
    are spelled otherwise, and at ledgers that no immediate foreign key ties to their accounts, where the application
    may have been in the middle of its own transaction.
    Exit code: 0 nothing to look at, 1 accounts to look at, 3 it cannot look.

    Example: trueup journal review --format json
    """
    from trueup.actions.journal import review_journal  # noqa: PLC0415 - heavy

    found = review_journal(config_from(config, catalogue_for(config)))
    typer.echo(_review_json(found) if output_format is ListFormat.JSON else _review_text(found))
    if found.doubts:
        raise typer.Exit(1)


def _review_json(found: Review) -> str:
    accounts = [
        {
            "accountId": doubt.account_id,
            "journalSeqs": list(doubt.entries),
            "otherSpellings": list(doubt.spellings),
            "noImmediateForeignKey": doubt.is_open,
        }
        for doubt in found.doubts
    ]
    return json.dumps({"balanceSyncs": found.syncs, "accounts": accounts}, indent=2)


def _review_text(found: Review) -> str:
    from trueup.formats.wording import legible  # noqa: PLC0415 - heavy

    if not found.doubts:
        return f"nothing to look at: {found.syncs} balance syncs of an older trueup"
    lines = ["account                          journal rows     look at"]
    for doubt in found.doubts:
        also = [f"other spellings: {', '.join(legible(each) for each in doubt.spellings)}"] if doubt.spellings else []
        also += ["no immediate foreign key"] if doubt.is_open else []
        rows = ", ".join(str(seq) for seq in doubt.entries)
        lines.append(f"{legible(doubt.account_id):<32} {rows:<16} {'; '.join(also)}")
    lines.append("Compare each balance with its ledger as the application understands it, and repair or restore it.")
    return "\n".join(lines)


def _url(config: Path | None) -> str:
    from trueup.actions.journal import journal_url  # noqa: PLC0415 - heavy

    return journal_url(config_from(config, catalogue_for(config)))


def _broken(found: BrokenAt) -> NoReturn:
    typer.echo(f"broken at {found.seq}: {found.reason}")
    raise typer.Exit(1)
