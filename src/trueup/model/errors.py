"""The errors that a person can meet. A message is one sentence: what is wrong, where it is, how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TrueupError(Exception):
    """The root of every error trueup raises on purpose.

    ``exit_code`` is the process's answer when the error reaches the command line: 2 for usage and
    configuration, 3 for "could not check" (the README lists the exit codes).
    """

    exit_code = 3


class ConfigurationError(TrueupError):
    """What was asked for cannot be done: a bad option, a bad config, a mapping that does not fit the schema."""

    exit_code = 2


class DatabaseMissing(ConfigurationError):
    """The file or folder that should hold the app's rows does not exist: the address is wrong, or it was removed."""


class SourceUnavailable(TrueupError):
    """The app's database cannot be reached, refused the connection, or went away during a read."""


class FileUnreadable(SourceUnavailable):
    """One file of a folder cannot be read in its present form; the others can."""


EMPTY_FILE = "is empty, as after an export that failed"
"""What the sentence about a file without a byte says."""


class FileEmpty(FileUnreadable):
    """A file is empty. There may have been nothing to write, or the program that writes it may have failed."""


class StoreUnavailable(TrueupError):
    """trueup's own store cannot be reached, read or written, or a newer trueup wrote it."""


class BooksUnreadable(TrueupError):
    """A books file is missing, was not made by trueup, or was only half written."""


class ReportUnreadable(TrueupError):
    """A report that should be judged is cut off, was changed, or was not written by trueup."""


class OutgoingFailed(TrueupError):
    """An outside server did not answer, or its name leads to a forbidden address. It may pass by itself."""


class DeliveryFailed(TrueupError):
    """A message did not reach its channel.

    ``permanent`` says that another attempt cannot succeed before a person changes something; ``retry_after_seconds`` is
    how long the receiver asks to wait, if it does. The message never holds an address that is a secret.
    """

    def __init__(self, message: str, *, permanent: bool, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after_seconds = retry_after_seconds


def is_interruption(error: BaseException) -> bool:
    """Whether the error is Ctrl-C, as DuckDB reports it when the signal arrives during a call of the main thread."""
    return isinstance(error, RuntimeError) and str(error) == "Query interrupted"


def nearest(word: str, known: Iterable[str]) -> str:
    """A clause that suggests the known word nearest to ``word``; empty when nothing is near.

    >>> nearest("acount", ["account", "ledger_entry"])
    '; did you mean "account"?'
    """
    by_folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return f'; did you mean "{by_folded[close[0]]}"?' if close else ""
