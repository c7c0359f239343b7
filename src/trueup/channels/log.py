"""One line of JSON per alert, on standard error or at the end of a file. For a log shipper, or to try things out.

    [alerts.channels.record]
    kind = "log"
    path = "/var/log/trueup/alerts.jsonl"    # without it: standard error

The line is the alert as the webhook's ``data`` holds it, with ``event`` and ``channel`` in front. The file is opened
for each line, so it may be rotated at any time, and is made readable for its owner alone.
"""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from trueup.channels.delivery import failed_delivery
from trueup.channels.kind import Opening
from trueup.channels.wording import cleaned, json_bytes
from trueup.model.alert import Alert, document_of
from trueup.model.finding import printable
from trueup.model.options import option


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a log channel."""

    path: str | None = option("The file to write to, as an absolute path; standard error without it.", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogChannel:
    """Appends lines."""

    name: str
    path: Path | None

    def send(self, alert: Alert) -> None:
        """Write one line. Raises ``DeliveryFailed`` where there is no space, or no right to write."""
        document = {"event": "alert", "channel": self.name, **document_of(cleaned(alert))}
        line = json_bytes(document) + b"\n"
        try:
            self._write(line)
        except (OSError, ValueError) as error:
            where = self.path or "standard error"
            reason = getattr(error, "strerror", None) or "it is closed"
            raise failed_delivery(self.name, f"{where} cannot be written to: {reason}.", permanent=False) from None

    def _write(self, line: bytes) -> None:
        if self.path is None:
            sys.stderr.write(line.decode("ascii"))
            sys.stderr.flush()
            return
        # One write at the end of the file: lines of several processes do not mix.
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if os.write(file, line) != len(line):
                raise OSError(errno.ENOSPC, "there is no room for the whole line")
        finally:
            os.close(file)


def show(alert: Alert) -> str:
    """Return what is sent for the alert, as the manual shows it."""
    line = {"event": "alert", "channel": "record", **document_of(cleaned(alert))}
    return json_bytes(line).decode("ascii")


def open_channel(options: Options, opening: Opening) -> LogChannel:
    """Open the channel. Raises ``ConfigurationError`` for a path that cannot be a file's."""
    if options.path is None:
        return LogChannel(name=opening.name, path=None)
    path = Path(options.path)
    if not path.is_absolute():
        raise opening.complaint("path", "must be an absolute path, because a server may be started in any folder")
    if not _may_be_a_file(path):
        raise opening.complaint(
            "path", f"must name a file in a folder that exists, and {printable(str(path))} does not"
        )
    return LogChannel(name=opening.name, path=path)


def _may_be_a_file(path: Path) -> bool:
    try:
        return path.parent.is_dir() and not path.is_dir()
    except (OSError, ValueError):
        return False
