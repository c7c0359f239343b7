"""A page of a terminal: its width, its colours, and the signs that its encoding has."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from trueup.formats.page_width import WIDTH, fitted
from trueup.model.guardrail import GuardrailStatus
from trueup.model.report import Status
from trueup.model.severity import Severity

if TYPE_CHECKING:
    from trueup.formats.presentation import Presentation


COLORS = {
    Severity.CRITICAL: "bright_red",
    Severity.ERROR: "red",
    Severity.WARNING: "yellow",
    Severity.INFO: "cyan",
}
STATUS_COLORS = {
    Status.HEALTHY: "green",
    Status.ATTENTION: "yellow",
    Status.DEGRADED: "red",
    Status.CRITICAL: "bright_red",
    Status.INCOMPLETE: "magenta",
}

GUARDRAIL_COLORS = {
    GuardrailStatus.ALLOWED: "green",
    GuardrailStatus.BLOCKED: "red",
    GuardrailStatus.UNKNOWN: "magenta",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """The few signs beyond letters; each has a substitute for streams that cannot encode it."""

    severity: dict[Severity, str]
    status: dict[Status, str]
    dot: str
    full: str
    empty: str


def glyphs(*, unicode: bool) -> Glyphs:
    """The signs for a stream that encodes Unicode, or ASCII."""
    signs = ("✖", "✖", "▲", "●", "✔", "◆", "·", "█", "░") if unicode else ("X", "x", "!", "i", "+", "?", "-", "#", ".")
    critical, error, warning, info, healthy, incomplete, dot, full, empty = signs
    return Glyphs(
        severity={
            Severity.CRITICAL: critical,
            Severity.ERROR: error,
            Severity.WARNING: warning,
            Severity.INFO: info,
        },
        status={
            Status.HEALTHY: healthy,
            Status.ATTENTION: warning,
            Status.DEGRADED: error,
            Status.CRITICAL: critical,
            Status.INCOMPLETE: incomplete,
        },
        dot=dot,
        full=full,
        empty=empty,
    )


def _columns(out: TextIO) -> int:
    """The width of the terminal behind the stream, where there is one."""
    if not out.isatty():
        return WIDTH
    try:
        return os.get_terminal_size(out.fileno()).columns or WIDTH
    except OSError:
        return WIDTH


class TerminalPage:
    """A console of one width, without markup: customers' text is never read as style."""

    def __init__(self, out: TextIO, presentation: Presentation) -> None:
        encoding = (getattr(out, "encoding", None) or "utf-8").lower().replace("-", "")
        self.width = fitted(presentation.width or _columns(out))
        self.color = presentation.color
        self._has_ellipsis = encoding.startswith("utf")
        self.glyphs = glyphs(unicode=encoding.startswith("utf"))
        self._out = out
        self._console = Console(
            file=out,
            width=self.width,
            color_system="standard" if presentation.color else None,
            force_terminal=presentation.color,
            no_color=not presentation.color,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
            _environ={},
        )

    def print(self, *parts: str | tuple[str, str], indent: int = 0) -> None:
        """One paragraph of parts, each plain or with a style, wrapped at the width."""
        self.show(Text.assemble(*parts), indent=indent)

    def show(self, block: RenderableType, *, indent: int = 0) -> None:
        """One block; blanks at the ends of lines are not written."""
        with self._console.capture() as captured:
            self._console.print(Padding(block, (0, 0, 0, indent)))
        self._out.writelines(f"{line.rstrip()}\n" for line in captured.get().removesuffix("\n").split("\n"))

    def cut(self, line: Text, *, indent: int = 0) -> None:
        """One line, cut off at the width where it is longer."""
        line.truncate(self.width - indent, overflow="ellipsis" if self._has_ellipsis else "crop")
        self.unbroken(Text.assemble(" " * indent, line))

    def grid(self, *columns: str) -> Table:
        """An empty table without lines, with these columns, each ``left`` or ``right``."""
        table = Table.grid(padding=(0, 2, 0, 0))
        for column in columns:
            table.add_column(justify="right" if column == "right" else "left", overflow="fold")
        return table

    def unbroken(self, line: Text) -> None:
        """One line that is never folded, because it holds an id that people search for and copy."""
        with self._console.capture() as captured:
            self._console.print(line, soft_wrap=True)
        self._out.write(captured.get().rstrip() + "\n")

    def blank(self) -> None:
        """An empty line."""
        self._out.write("\n")

    def heading(self, name: str, rest: str = "", *, style: str = "") -> None:
        """The start of a section."""
        self.blank()
        self.print((name, f"bold {style}"), (f"  {rest}" if rest else "", "dim"))
