"""How wide a page of text is: as wide as the terminal, within what can be read."""

from __future__ import annotations

import shutil

WIDTH = 100
"""The width in columns where there is no terminal."""

NARROWEST = 40
WIDEST = 140
"""The greatest width: on a wider page the eye loses the line between a finding and what it puts at risk."""


def fitted(columns: int) -> int:
    """Return the width of a page for so many columns.

    >>> fitted(20), fitted(90), fitted(400)
    (40, 90, 140)
    """
    return max(NARROWEST, min(columns, WIDEST))


def page_width() -> int:
    """Return the width of a page on the terminal of this process."""
    return fitted(shutil.get_terminal_size((WIDTH, 24)).columns)
