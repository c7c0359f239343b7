"""``trueup try``: an audit of exported tables, without a database and without a config."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from trueup.cli.audit import AllOption, ExplainScoreOption, FailOnOption, OutputOption, audited
from trueup.cli.options import TEXT, AsOfOption, FormatOption, catalogue_for, config_from
from trueup.model.errors import ConfigurationError
from trueup.model.severity import Severity

FilesArgument = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Exported tables: .csv with a header, .parquet or .jsonl.")
]
SaveOption = Annotated[
    Path | None, typer.Option("--save", help="Keep the mapping as this config, to correct it and audit again.")
]


def try_files(
    files: FilesArgument,
    save: SaveOption = None,
    output_format: FormatOption = TEXT,
    output: OutputOption = None,
    fail_on: FailOnOption = Severity.ERROR,
    as_of: AsOfOption = None,
    everything_shown: AllOption = False,  # noqa: FBT002 - a flag
    explain_score: ExplainScoreOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Audit exported tables: each file is a table of its own name.

    The mapping is what `trueup init` would propose, and nothing is recorded. Exit code: as `trueup audit`.

    Example: trueup try users.csv subscriptions.csv credit_ledger.csv
    """
    from trueup.actions.init import gather_tables, proposed_config, write_config  # noqa: PLC0415 - heavy
    from trueup.cli.report import deliver  # noqa: PLC0415 - heavy

    parent = _only_folder(files) if save is not None else None
    with gather_tables(files) as folder:
        config = folder / "trueup.toml"
        proposed = proposed_config(str(folder), url_reference=str(folder))
        write_config(config, proposed.text, force=False)
        everything = catalogue_for(config)
        report, _ = audited(
            config_from(config, everything), everything, everything, contextlib.nullcontext(None), as_of
        )
    code = deliver(
        report,
        everything,
        output_format=output_format,
        output=output,
        fail_on=fail_on,
        everything=everything_shown,
        explains_score=explain_score,
    )
    if save is None or parent is None:
        sys.stderr.write(
            "trueup: The mapping was guessed; --save trueup.toml keeps it, to look at it and correct it.\n"
        )
    else:
        write_config(save, proposed.text_for(str(parent)), force=False)
        sys.stderr.write(f"trueup: Wrote {save}. Read the lines marked `guess`, then: trueup audit --config {save}\n")
    raise typer.Exit(code)


def _only_folder(files: list[Path]) -> Path:
    """Return the folder that all files are in. A config names one folder, whose every file is a table."""
    folders = {file.absolute().parent for file in files}
    if len(folders) > 1:
        raise ConfigurationError("--save needs all files in one folder: a config names the folder that they are in.")
    return folders.pop()
