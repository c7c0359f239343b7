"""``trueup explain``: explain one finding, so that a person can decide."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.options import AsOfOption, ConfigOption, catalogue_for, config_from, config_if_any, moment, utc_now

if TYPE_CHECKING:
    from trueup.actions.explain import Explanation


class ExplainFormat(StrEnum):
    """The format of an explanation."""

    TEXT = "text"
    JSON = "json"


def explain(
    issue_id: Annotated[str, typer.Argument(help="The issue's id, as the report prints it.")],
    books: Annotated[
        Path | None, typer.Option("--books", help="Look in a kept snapshot; no database is needed.")
    ] = None,
    output_format: Annotated[ExplainFormat, typer.Option("--format", "-f", help="For people, or for programs.")] = (
        ExplainFormat.TEXT
    ),
    as_of: AsOfOption = None,
    config: ConfigOption = None,
) -> None:
    """Explain one finding: evidence, what happened on both sides, why it matters, what a repair would change.

    Example: trueup explain credit-balance:user_123
    """
    from trueup.cli.explanation import as_document, as_text  # noqa: PLC0415 - heavy
    from trueup.formats.page_width import page_width  # noqa: PLC0415 - heavy
    from trueup.model.outcome import Checked  # noqa: PLC0415 - heavy

    explanation = _explanation(issue_id, books, as_of, config)
    if output_format is ExplainFormat.JSON:
        typer.echo(json.dumps(as_document(explanation, issue_id), indent=2))
    else:
        typer.echo(as_text(explanation, issue_id, width=page_width()))
    (result,) = explanation.report.outcomes
    if not isinstance(result.outcome, Checked):
        raise typer.Exit(3)


def _explanation(issue_id: str, books: Path | None, as_of: str | None, path: Path | None) -> Explanation:
    from trueup.actions.explain import explain as run_explain  # noqa: PLC0415 - heavy
    from trueup.actions.explain import explain_books  # noqa: PLC0415 - heavy
    from trueup.cli.memory import with_exemptions_if_any  # noqa: PLC0415 - heavy
    from trueup.cli.progress import terminal_progress  # noqa: PLC0415 - heavy
    from trueup.model.policy import Policy  # noqa: PLC0415 - heavy

    catalogue = catalogue_for(path)
    with terminal_progress() as progress:
        if books is None:
            config = with_exemptions_if_any(config_from(path, catalogue))
            now = moment(as_of) or utc_now()
            return run_explain(issue_id, config=config, catalogue=catalogue, now=now, progress=progress)
        kept = config_if_any(path, catalogue)
        return explain_books(
            issue_id,
            path=books,
            policy=kept.policy if kept else Policy(),
            catalogue=catalogue,
            now=moment(as_of),
            progress=progress,
            stripe_account=kept.stripe.account if kept else None,
        )
