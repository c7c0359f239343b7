"""The log of this process and its libraries: one JSON object a line, in UTC, without secrets."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections import Counter
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.processors import ExceptionRenderer, StackInfoRenderer, TimeStamper
from structlog.stdlib import ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from trueup.model.redact import MASK, redact

LOGGER = "trueup"
LOGGED = "trueup has logged this error as "
"""The note on an error whose traceback is already in the log, followed by its error id."""

SPARSE_SECONDS = 60.0

_SECRET_NAMES = ("authorization", "cookie", "password", "secret", "api_key", "token")


def logger() -> FilteringBoundLogger:
    """trueup's logger.

    Its lines leave through the standard library's ``trueup``, so an embedding app can redirect them.

    Nothing of structlog's global configuration is read or changed.
    """
    wrapped: FilteringBoundLogger = structlog.wrap_logger(
        logging.getLogger(LOGGER),
        wrapper_class=structlog.stdlib.BoundLogger,
        processors=[add_log_level, *_shared(), _rendered],
    )
    return wrapped


def write_to(stream: TextIO | None = None) -> None:
    """Send every line of this process, the server's and the libraries' among them, to ``stream`` (stderr) as JSON."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        _OneLine(
            foreign_pre_chain=[add_log_level, add_logger_name],
            processors=[ProcessorFormatter.remove_processors_meta, *_shared(), _rendered],
        )
    )
    handler.addFilter(_not_logged_before)
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers, library.propagate = [], True
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it writes whole addresses


class Sparse:
    """Logs events that clients can cause as often as they like: each once a minute, with its count."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._said: dict[str, float] = {}
        self._times: Counter[str] = Counter()

    def __call__(self, event: str, **facts: object) -> None:
        """Count the event once more."""
        now = time.monotonic()
        self._times[event] += 1
        if now - self._said.get(event, -SPARSE_SECONDS) < SPARSE_SECONDS:
            return
        self._said[event] = now
        self._log.warning(event, times=self._times.pop(event), **facts)


def _not_logged_before(record: logging.LogRecord) -> bool:
    """The server logs every error that reaches it; this drops those that were answered and logged with an error id."""
    error = record.exc_info[1] if record.exc_info else None
    return record.name == LOGGER or not any(note.startswith(LOGGED) for note in getattr(error, "__notes__", ()))


class _OneLine(ProcessorFormatter):
    """trueup's lines are rendered already; all other lines are rendered here in the same way."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name == LOGGER:
            return record.getMessage()
        return super().format(record)


def _shared() -> tuple[Processor, ...]:
    return (TimeStamper(fmt="iso", utc=True, key="at"), StackInfoRenderer(), ExceptionRenderer(), redacted)


def redacted(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The event without secrets: a field named like a secret is masked, all other text goes through the redactor."""
    return _clean(event)


def _clean(value: MutableMapping[str, Any]) -> dict[str, Any]:
    return {str(name): MASK if _is_secret(str(name)) else _cleaned(part) for name, part in value.items()}


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return redact(value)
        case None | bool() | int() | float():
            return value
        case dict():
            return _clean(value)
        case list() | tuple():
            return [_cleaned(part) for part in value]
        case _:
            return redact(str(value))


def _is_secret(name: str) -> bool:
    folded = name.lower()
    return any(word in folded for word in _SECRET_NAMES)


def _rendered(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return json.dumps(event, default=str, allow_nan=True)
