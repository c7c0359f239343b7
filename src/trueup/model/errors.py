"""The errors a person can meet. Each message is one sentence that names the thing, the place and the mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TrueupError(Exception):
    """The root of every error trueup raises on purpose.

    ``exit_code`` is the process's answer when the error reaches the command line: 2 for usage and
    configuration, 3 for "could not check" (docs: exit codes in README).
    """

    exit_code = 3


class ConfigurationError(TrueupError):
    """What we were told to do cannot be right: a bad option, a bad config, a mapping that does not fit the schema."""

    exit_code = 2


class DatabaseMissing(ConfigurationError):
    """The file or folder that should hold the app's rows is not there: a wrong address, or one that is gone."""


class SourceUnavailable(TrueupError):
    """The app's database cannot be reached, refused us, or went away while we read."""


class FileUnreadable(SourceUnavailable):
    """One file of a folder cannot be read as it is; the others can."""


class FileEmpty(FileUnreadable):
    """A file holds not one byte, so that nobody knows whether there was nothing to write, or nothing was written."""


class StoreUnavailable(TrueupError):
    """Our own memory cannot be reached, read or written, or a newer trueup wrote it."""


class BooksUnreadable(TrueupError):
    """A books file is missing, is not ours, or was left half-written."""


class ReportUnreadable(TrueupError):
    """A report that should be judged is cut off, was changed, or is none of ours."""


class OutgoingFailed(TrueupError):
    """Somebody outside did not answer, or the name leads to where we must not call. It may pass by itself."""


class DeliveryFailed(TrueupError):
    """A message did not reach its channel.

    ``permanent`` says that trying again cannot help before a person mends something; ``retry_after_seconds`` is how
    long the receiver asks us to wait, where it does. Never names an address that is a secret.
    """

    def __init__(self, message: str, *, permanent: bool, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after_seconds = retry_after_seconds


def is_interruption(error: BaseException) -> bool:
    """Whether this is Ctrl-C as DuckDB tells it when a signal meets it in a call of the main thread."""
    return isinstance(error, RuntimeError) and str(error) == "Query interrupted"


def nearest(word: str, known: Iterable[str]) -> str:
    """A clause that suggests the known word nearest to ``word``; empty when nothing is near.

    >>> nearest("acount", ["account", "ledger_entry"])
    '; did you mean "account"?'
    """
    by_folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return f'; did you mean "{by_folded[close[0]]}"?' if close else ""
