"""Write a report to its destination, and choose the exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from trueup.cli.options import Format
from trueup.disk import whole_file
from trueup.formats import write
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError
from trueup.model.report import Report
from trueup.model.severity import Severity

CLEAN, FOUND, INCONCLUSIVE = 0, 1, 3


def deliver(
    report: Report,
    checks: Iterable[Check],
    *,
    output_format: Format,
    output: Path | None,
    fail_on: Severity,
    first_seen: Mapping[str, datetime] = MappingProxyType({}),
    everything: bool = False,
    explains_score: bool = False,
) -> int:
    """Write the report to ``output`` or stdout; return the process's exit code.

    ``first_seen`` says, by fingerprint, when a finding was first seen, where that was before this report.
    """
    options = {"everything": everything, "explains_score": explains_score}
    catalogue = {check.id: check for check in checks}
    if output is None:
        color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        write(
            report,
            format=output_format,
            stream=sys.stdout,
            color=color,
            catalogue=catalogue,
            first_seen=first_seen,
            **options,
        )
        sys.stdout.flush()
    else:
        try:
            with whole_file(output) as stream:
                write(
                    report, format=output_format, stream=stream, catalogue=catalogue, first_seen=first_seen, **options
                )
        except OSError as error:
            raise ConfigurationError(f"The report cannot be written to {output}: {error.strerror}.") from None
    return exit_code(report, fail_on)


def exit_code(report: Report, fail_on: Severity) -> int:
    """An interrupted audit is inconclusive whatever it found; otherwise findings come first, then gaps."""
    if report.interruptions:
        return INCONCLUSIVE
    if report.worst_at_least(fail_on):
        return FOUND
    return CLEAN if report.complete else INCONCLUSIVE
