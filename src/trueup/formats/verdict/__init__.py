"""The ways to write the release gate's verdict. All hold the same questions and the same findings."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, TextIO

from trueup.disk import modules_offering
from trueup.formats.presentation import Encodable, Presentation
from trueup.model.errors import ConfigurationError, nearest

if TYPE_CHECKING:
    from typing import Protocol

    from trueup.model.release import Verdict

    class VerdictFormat(Protocol):
        """The interface of the modules of this folder that are formats."""

        def write(self, verdict: Verdict, out: TextIO, presentation: Presentation) -> None:
            """Write the whole verdict to ``out``."""


FORMATS = modules_offering("write", folder=__path__, first="text")


def write(
    verdict: Verdict,
    *,
    format: str,  # noqa: A002 - the option's own name
    stream: TextIO,
    width: int | None = None,
    color: bool = False,
) -> None:
    """Write ``verdict`` to ``stream`` in this format; ``width`` and ``color`` matter to ``text`` alone.

    Secrets are masked in every format. Raises ``ConfigurationError`` for a format that does not exist.
    """
    if format not in FORMATS:
        known = ", ".join(FORMATS)
        raise ConfigurationError(f'There is no format "{format}"{nearest(format, FORMATS)} Use one of: {known}.')
    module: VerdictFormat = importlib.import_module(f"trueup.formats.verdict.{format}")
    module.write(verdict, Encodable.around(stream), Presentation(width=width, color=color))
