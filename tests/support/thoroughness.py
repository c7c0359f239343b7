"""How much of the longest tests is tried: a landing (``--slow``) tries a part, ``TRUEUP_THOROUGH=1`` all of it."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from itertools import count

IS_THOROUGH = os.environ.get("TRUEUP_THOROUGH") == "1"

_WIDEST_STEP = 15


def tried(everything: int, at_a_landing: int) -> int:
    """How many examples are tried."""
    return everything if IS_THOROUGH else at_a_landing


def positions(seed: int) -> Iterator[int]:
    """The positions at which something is done, in order and without an end: all of them, or about every eighth.

    A landing draws other ones each time, so that all have their turn.
    """
    if IS_THOROUGH:
        yield from count(1)
    chance = random.Random(seed)
    position = chance.randint(1, _WIDEST_STEP)
    while True:
        yield position
        position += chance.randint(1, _WIDEST_STEP)
