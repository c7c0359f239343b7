"""Read the report that a gate judges: from a file, or from a new audit.

There is one reader. A report of a new audit is read from the document that it would be written as, so it is judged
exactly like the file that a pipeline hands on.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from trueup.disk import read_file
from trueup.formats import write
from trueup.formats.report_reader import StoredReport, read_report
from trueup.model.errors import ConfigurationError, ReportUnreadable
from trueup.model.report import Report

REPORT_BYTES_LIMIT = 256 * 1024 * 1024
"""A report of a hundred thousand findings has a tenth of this size."""


def reread_report(report: Report, *, first_seen: Mapping[str, datetime] = MappingProxyType({})) -> StoredReport:
    """Return a report that was just made, as it is read back from its document."""
    out = io.StringIO()
    write(report, format="json", stream=out, first_seen=first_seen)
    return read_report(out.getvalue(), place="the report")


def read_report_file(path: Path) -> StoredReport:
    """Return the report in the file that ``trueup audit --format json`` wrote.

    Raises ``ConfigurationError`` when there is no such file, and ``ReportUnreadable`` when it is not a whole report.
    """
    try:
        content = read_file(path, most_bytes=REPORT_BYTES_LIMIT)
    except OSError as error:
        raise ConfigurationError(f"The report {path} cannot be read: {error.strerror or 'no reason given'}.") from None
    try:
        return read_report(content.decode("utf-8-sig"), place=str(path))
    except UnicodeDecodeError:
        raise ReportUnreadable(f"{path} is not a report of trueup: it is not UTF-8 text.") from None
