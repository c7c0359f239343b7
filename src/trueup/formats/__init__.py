"""The ways to write a report. Every format holds the same findings; a module is a format, and is named like it."""

from __future__ import annotations

import importlib
from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO

from trueup.disk import modules_offering
from trueup.formats.presentation import Encodable, Presentation
from trueup.model.errors import ConfigurationError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Protocol

    from trueup.model.check import Check
    from trueup.model.report import Report

    class Format(Protocol):
        """The interface of the modules of this folder that are formats."""

        def write(self, report: Report, out: TextIO, presentation: Presentation) -> None:
            """Write the whole report to ``out``, as a stream."""


FORMATS = modules_offering("write", folder=__path__, first="text")


def write(
    report: Report,
    *,
    format: str,  # noqa: A002 - the option's own name
    stream: TextIO,
    width: int | None = None,
    color: bool = False,
    catalogue: Mapping[str, Check] = MappingProxyType({}),
    first_seen: Mapping[str, datetime] = MappingProxyType({}),
    everything: bool = False,
    explains_score: bool = False,
) -> None:
    """Write ``report`` to ``stream`` in this format.

    ``width`` is in terminal columns and, like ``color``, only matters to ``text``. ``catalogue`` gives titles and
    reasons of checks by their ids. ``first_seen`` says, by fingerprint, when a finding was first seen, where that was
    before this report. ``everything`` and ``explains_score`` make ``text`` longer. A character that the stream cannot
    encode is written as an escape. Secrets are masked in every
    format. Raises ``ConfigurationError`` for a format that does not exist.
    """
    if format not in FORMATS:
        known = ", ".join(FORMATS)
        raise ConfigurationError(f'There is no format "{format}"{nearest(format, FORMATS)} Use one of: {known}.')
    module: Format = importlib.import_module(f"trueup.formats.{format}")
    presentation = Presentation(
        width=width,
        color=color,
        catalogue=catalogue,
        first_seen=first_seen,
        everything=everything,
        explains_score=explains_score,
    )
    module.write(report, Encodable.around(stream), presentation)
