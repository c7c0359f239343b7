"""``trueup note``: keep a note on a finding, or read the notes on it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from trueup.cli.options import (
    ConfigOption,
    ListFormat,
    ListFormatOption,
    caller,
    catalogue_for,
    config_from,
    utc_now,
)


def note(
    issue_id: Annotated[str, typer.Argument(help="The issue's id, as the report prints it.")],
    text: Annotated[
        str | None, typer.Argument(help="The note, one line. Without it the notes are listed.", show_default=False)
    ] = None,
    output_format: ListFormatOption = ListFormat.TEXT,
    config: ConfigOption = None,
) -> None:
    """Keep a note on a finding for the next person who opens it, or list the notes. A note is never removed.

    Example: trueup note credit-balance:user_123 "Asked support on Monday; the customer knows."
    """
    from trueup.actions.notes import add_note, list_notes, notes_document  # noqa: PLC0415 - heavy
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy
    from trueup.formats.wording import instant, legible  # noqa: PLC0415 - heavy

    loaded = config_from(config, catalogue_for(config))
    with open_store(loaded) as store:
        if text is not None:
            add_note(issue_id, text, actor=caller(), store=store, environment=loaded.environment, now=utc_now())
        listed = list_notes(issue_id, store=store, environment=loaded.environment)
    if output_format is ListFormat.JSON:
        typer.echo(json.dumps(notes_document(listed), indent=2))
    else:
        lines = [legible(f"{instant(line.at)}  {line.actor}: {line.text}") for line in listed]
        typer.echo("\n".join(lines) or "There are no notes on it.")
