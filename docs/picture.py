"""Draw ``docs/report.svg``: the demo company's report as a terminal shows it. One company makes one picture."""

from __future__ import annotations

import dataclasses
import io
import os
import tempfile
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from trueup.actions.audit.run_audit import audit
from trueup.checks import catalogue
from trueup.config import load_config
from trueup.demo.create import create_company
from trueup.disk import whole_file
from trueup.formats import write
from trueup.model.source import Silent

PICTURE = Path(__file__).parent / "report.svg"
NOW = datetime(2026, 3, 1, 12)  # noqa: DTZ001 - naive by definition: UTC
WIDTH = 100
FIRST_LINES, LAST_LINES = 26, 18

# Rich's own template fetches a font from a server; this one asks for whatever monospace font the reader has.
SVG = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace; font-size: {char_height}px;
  line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""


def draw(path: Path = PICTURE) -> None:
    """Audit the demo company and draw the beginning of its report, and its end."""
    checks = catalogue()
    with tempfile.TemporaryDirectory() as folder:
        config = create_company(Path(folder), url=None, accounts=500, seed=1, now=NOW, progress=Silent())
        report = audit(load_config(config, os.environ), checks=checks, now=NOW, progress=Silent())
    text = io.StringIO()
    report = dataclasses.replace(report, run_id="5b1f6c1e-0d0c-4c7e-9d6e-1f2a3b4c5d6e")
    write(report, format="text", stream=text, width=WIDTH, color=True, catalogue={c.id: c for c in checks})
    lines = text.getvalue().rstrip().splitlines()
    shown = "\n".join([*lines[:FIRST_LINES], "", " […]", "", *lines[-LAST_LINES:]])
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, legacy_windows=False)
    console.print(Text.from_ansi(shown))
    svg = console.export_svg(title="trueup audit", theme=MONOKAI, code_format=SVG, unique_id="report")
    with whole_file(path) as file:
        file.write(svg)


if __name__ == "__main__":
    draw()
