"""Positions in a run's report as one short text, such as ``3,17-40``: an address holds a whole list of findings."""

from __future__ import annotations

from collections.abc import Collection, Sequence

_SPAN = "[0-9]{1,9}(?:-[0-9]{1,9})?"
POSITIONS = f"^{_SPAN}(?:,{_SPAN}){{0,500}}$"


def positions_text(positions: Collection[int]) -> str:
    """Write positions in order, neighbours as a span.

    >>> positions_text([5, 3, 4, 9])
    '3-5,9'
    """
    spans: list[list[int]] = []
    for position in sorted(set(positions)):
        if spans and position == spans[-1][-1] + 1:
            spans[-1][1:] = [position]
        else:
            spans.append([position])
    return ",".join("-".join(map(str, span)) for span in spans)


def read_positions(written: str, *, most: int) -> Sequence[int] | None:
    """Read positions; None where there are more than ``most``.

    >>> read_positions("3-5,9", most=10), read_positions("1-999999999", most=10), read_positions("5-3", most=10)
    ([3, 4, 5, 9], None, [])
    """
    positions: set[int] = set()
    for span in written.split(","):
        first, _, last = span.partition("-")
        span_positions = range(int(first), int(last or first) + 1)
        if len(span_positions) > most:
            return None
        positions.update(span_positions)
    return sorted(positions) if len(positions) <= most else None
