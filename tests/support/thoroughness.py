"""How much of the longest tests is tried: a landing (``--slow``) tries a part, ``TRUEUP_THOROUGH=1`` all of it.

Each run has another turn, so that every part comes to be tried; ``TRUEUP_TURN`` repeats one.
"""

from __future__ import annotations

import os
import random
import zlib
from collections.abc import Iterator
from itertools import count

IS_THOROUGH = os.environ.get("TRUEUP_THOROUGH") == "1"
TURN = int(os.environ.setdefault("TRUEUP_TURN", str(random.randrange(10_000))))
"""Set in the environment, so that all workers of a run have the same."""

_WIDEST_STEP = 15


def tried(everything: int, at_a_landing: int) -> int:
    """How many examples are tried."""
    return everything if IS_THOROUGH else at_a_landing


def is_in_turn(name: str, *, one_in: int) -> bool:
    """Whether the example of this name is tried: all are, or one in so many, other ones in each run."""
    return IS_THOROUGH or (zlib.crc32(name.encode()) + TURN) % one_in == 0


def positions(name: str) -> Iterator[int]:
    """The positions at which something is done, in order and without an end: all of them, or about every eighth."""
    if IS_THOROUGH:
        yield from count(1)
    chance = random.Random(f"{TURN} {name}")
    position = chance.randint(1, _WIDEST_STEP)
    while True:
        yield position
        position += chance.randint(1, _WIDEST_STEP)
