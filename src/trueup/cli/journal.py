"""``trueup journal``: verify, export and review the append-only log of repairs in the app's database."""

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
    no_args_is_help=True, rich_markup_mode=None, help="The journal of repairs: verify, export, anchor, review."
)

AnchorsOption = Annotated[
    list[Path] | None,
    typer.Option("--anchor", metavar="FILE", help="Also check that the journal contains this anchor; may be repeated."),
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

    verdict = check_journal(_url(config), anchors=[anchor_from(path) for path in anchor or ()])
    if isinstance(verdict, BrokenAt):
        _broken(verdict)
    typer.echo(
        f"whole: {verdict.count} entries, the last hash is {verdict.hash}" if verdict.count else "whole: no entries yet"
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
    """Verify the journal and write its end to a small file; keep that where the repair role cannot write.

    Exit code: 0 written, 1 the journal is broken, 3 it cannot be verified.

    Example: trueup journal anchor --output anchor.json
    """
    from trueup.actions.journal import BrokenAt, anchor_text, take_anchor  # noqa: PLC0415 - heavy

    journal_anchor = take_anchor(_url(config))
    if isinstance(journal_anchor, BrokenAt):
        _broken(journal_anchor)
    text = anchor_text(journal_anchor)
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
    """List the balance syncs of an older trueup that may have been wrong, by account.

    Looks at entries from before journal revision 0002: at ids that the database compares as equal to the account's
    although they are spelled differently, and at ledgers without an immediate foreign key to their accounts, where the
    application may have had an uncommitted entry.
    Exit code: 0 nothing to look at, 1 accounts to look at, 3 the review is not possible.

    Example: trueup journal review --format json
    """
    from trueup.actions.journal import review_journal  # noqa: PLC0415 - heavy

    reviewed = review_journal(config_from(config, catalogue_for(config)))
    typer.echo(_review_json(reviewed) if output_format is ListFormat.JSON else _review_text(reviewed))
    if reviewed.doubts:
        raise typer.Exit(1)


def _review_json(reviewed: Review) -> str:
    accounts = [
        {
            "accountId": doubt.account_id,
            "journalSeqs": list(doubt.entries),
            "otherSpellings": list(doubt.spellings),
            "noImmediateForeignKey": doubt.is_open,
        }
        for doubt in reviewed.doubts
    ]
    return json.dumps({"balanceSyncs": reviewed.syncs, "accounts": accounts}, indent=2)


def _review_text(reviewed: Review) -> str:
    from trueup.formats.wording import legible  # noqa: PLC0415 - heavy

    if not reviewed.doubts:
        return f"nothing to look at; balance syncs of an older trueup: {reviewed.syncs}"
    lines = ["account                          journal rows     look at"]
    for doubt in reviewed.doubts:
        also = [f"other spellings: {', '.join(legible(each) for each in doubt.spellings)}"] if doubt.spellings else []
        also += ["no immediate foreign key"] if doubt.is_open else []
        rows = ", ".join(str(seq) for seq in doubt.entries)
        lines.append(f"{legible(doubt.account_id):<32} {rows:<16} {'; '.join(also)}")
    lines.append("Compare each balance with its ledger as the application understands it, and repair or restore it.")
    return "\n".join(lines)


def _url(config: Path | None) -> str:
    from trueup.actions.journal import journal_url  # noqa: PLC0415 - heavy

    return journal_url(config_from(config, catalogue_for(config)))


def _broken(broken: BrokenAt) -> NoReturn:
    typer.echo(f"broken at {broken.seq}: {broken.reason}")
    raise typer.Exit(1)
