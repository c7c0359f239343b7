"""``trueup gate`` without a subcommand: may this be released?"""

from __future__ import annotations

import contextlib
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.options import DEFAULT_CONFIG, ConfigOption, catalogue_for, config_from, utc_now
from trueup.cli.report import CLEAN, FOUND, INCONCLUSIVE
from trueup.formats.verdict import FORMATS
from trueup.model.errors import ConfigurationError
from trueup.model.guardrail import GuardrailStatus
from trueup.model.policy import MINUTES_LIMIT
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trueup.actions.gate import GateRequest
    from trueup.formats.report_reader import StoredReport
    from trueup.model.check import Check
    from trueup.model.release import Verdict
    from trueup.model.settings import ReleaseSettings
    from trueup.store import Store

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"


if TYPE_CHECKING:
    VerdictFormat = str
else:
    VerdictFormat = StrEnum("VerdictFormat", {name.upper(): name for name in FORMATS})
TEXT = VerdictFormat("text")


ReportOption = Annotated[
    Path | None, typer.Option("--report", help="Judge this report, made by `trueup audit --format json`.")
]
RunOption = Annotated[
    str | None, typer.Option("--run", metavar="RUN", help="Judge a run of the store: its id, or `newest`.")
]
BaselineOption = Annotated[
    Path | None, typer.Option("--baseline", help="Compare with this report: findings that it holds do not block.")
]
BaselineEnvironmentOption = Annotated[
    str | None,
    typer.Option(
        "--baseline-environment",
        metavar="NAME",
        help="Compare with the store's newest complete run of this environment.",
    ),
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="DAY|RUN", help="Only findings first seen since that day, or that run, block."),
]
FailOnOption = Annotated[
    Severity | None, typer.Option("--fail-on", help="Findings of this severity or worse block; default: error.")
]
MaxAgeOption = Annotated[
    int | None,
    typer.Option("--max-age-minutes", min=1, max=MINUTES_LIMIT, help="How old the report may be; default: 60."),
]
AllowInconclusiveOption = Annotated[
    bool,
    typer.Option("--allow-inconclusive", help="Exit 0 if something is unknown but nothing blocks; the output says so."),
]
VerdictFormatOption = Annotated[VerdictFormat, typer.Option("--format", "-f", help="The verdict's format.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write the verdict to this file, and as text to stdout.")
]
AlsoOption = Annotated[
    list[str] | None,
    typer.Option(
        "--also", metavar="FORMAT=FILE", help="Also write the verdict to FILE in this format; repeat for several."
    ),
]
StepSummaryOption = Annotated[
    bool, typer.Option("--step-summary", help=f"Also add the verdict to the file that {STEP_SUMMARY} names.")
]


def judge(
    context: typer.Context,
    report: ReportOption = None,
    run: RunOption = None,
    baseline: BaselineOption = None,
    baseline_environment: BaselineEnvironmentOption = None,
    since: SinceOption = None,
    fail_on: FailOnOption = None,
    max_age_minutes: MaxAgeOption = None,
    allow_inconclusive: AllowInconclusiveOption = False,  # noqa: FBT002 - a flag
    output_format: VerdictFormatOption = TEXT,
    output: OutputOption = None,
    also: AlsoOption = None,
    step_summary: StepSummaryOption = False,  # noqa: FBT002 - a flag
    config: ConfigOption = None,
) -> None:
    """Judge whether this may be released: plan gates, findings that are new or worse, replays, repairs, completeness.

    Audits the database now, unless --report or --run name a report to judge. Exit code: 0 allowed, 1 blocked,
    2 usage or configuration, 3 not known.

    Example: trueup gate --report report.json --baseline production.json
    """
    if context.invoked_subcommand is not None:
        return
    from trueup.actions.gate import GateRequest  # noqa: PLC0415 - heavy

    files = [_file_named(text) for text in also or []]
    files += [(output_format, output)] if output is not None else []
    summary = _summary_file() if step_summary else None
    request = GateRequest(
        report=report,
        run=run,
        baseline=baseline,
        baseline_environment=baseline_environment,
        since=since,
        fail_on=fail_on,
        max_age_minutes=max_age_minutes,
        allow_inconclusive=allow_inconclusive,
    )
    decision = _decided(request, config)
    _deliver(decision, shown=output_format if output is None else TEXT, files=files, summary=summary)
    raise typer.Exit(exit_code(decision))


def exit_code(verdict: Verdict) -> int:
    """The process's exit code: 0 only where nothing blocks and the rules let everything unknown pass."""
    if verdict.passes:
        return CLEAN
    return FOUND if verdict.status is GuardrailStatus.BLOCKED else INCONCLUSIVE


def _decided(request: GateRequest, path: Path | None) -> Verdict:
    from trueup.actions.gate import GATE_TRIGGER, decide, reread_report  # noqa: PLC0415 - heavy
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy
    from trueup.cli.audit import audited  # noqa: PLC0415 - heavy

    catalogue = catalogue_for(path)

    def audit_now() -> StoredReport:
        config = config_from(path, catalogue)
        # An audit can run without the store; a verdict cannot.
        memory = open_store(config, may_make=True)
        report, first_seen = audited(config, catalogue, catalogue, memory, trigger=GATE_TRIGGER, fresh=True)
        return reread_report(report, first_seen=first_seen)

    with contextlib.ExitStack() as opened:

        def store() -> Store:
            return opened.enter_context(open_store(config_from(path, catalogue)))

        return decide(
            request,
            settings=_settings(path, catalogue),
            checks=[check.id for check in catalogue],
            audit_now=audit_now,
            store=store,
            clock=utc_now,
        )


def _settings(path: Path | None, catalogue: tuple[Check, ...]) -> ReleaseSettings | None:
    """The config's section on releases; None where no config was named and there is none here."""
    from trueup.config import load_release_settings  # noqa: PLC0415 - heavy

    if path is None and not DEFAULT_CONFIG.exists():
        return None
    return load_release_settings(path or DEFAULT_CONFIG, known_checks=[check.id for check in catalogue])


def _summary_file() -> Path:
    name = os.environ.get(STEP_SUMMARY)
    if not name:
        raise ConfigurationError(
            f"--step-summary needs {STEP_SUMMARY}, which names a file in a step of GitHub Actions."
        )
    return Path(name)


def _file_named(text: str) -> tuple[VerdictFormat, Path]:
    """The format and the file of ``--also``."""
    word, _, name = text.partition("=")
    if word not in FORMATS or not name:
        known = ", ".join(FORMATS)
        raise ConfigurationError(f'--also "{text}" is not FORMAT=FILE, such as junit=gate.xml; formats are {known}.')
    return word, Path(name)


def _deliver(
    verdict: Verdict, *, shown: VerdictFormat, files: Iterable[tuple[VerdictFormat, Path]], summary: Path | None
) -> None:
    """Write the verdict to every destination; a log always gets it."""
    from trueup.formats.verdict import write  # noqa: PLC0415 - heavy

    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    write(verdict, format=shown, stream=sys.stdout, color=color)
    sys.stdout.flush()
    for output_format, path in files:
        _write_file(verdict, path, output_format)
    if summary is not None:
        _write_file(verdict, summary, "markdown", adds=True)


def _write_file(verdict: Verdict, path: Path, output_format: VerdictFormat, *, adds: bool = False) -> None:
    from trueup.disk import whole_file  # noqa: PLC0415 - heavy
    from trueup.formats.verdict import write  # noqa: PLC0415 - heavy

    try:
        with path.open("a", encoding="utf-8", newline="") if adds else whole_file(path) as stream:
            write(verdict, format=output_format, stream=stream)
    except OSError as error:
        raise ConfigurationError(f"The verdict cannot be written to {path}: {error.strerror}.") from None
