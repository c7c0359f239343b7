"""What a commit is spared of tests that ask nearly the same, and a landing (``--slow``) asks nonetheless.

Where the same is asked on several databases, it is asked on one of them, in turn: each has its share of every suite.
Of a test with the mark ``sampled(count)`` so many of its parameters are tried. Which ones follows from their names, so
it is the same for everybody; a test that is named by itself is always asked. A landing tries twice as many, other ones
each time. Of the slow tests of the largest suites it asks a half, the other half in its other turn; a suite that is
named is asked whole.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping

ABOUT_DATABASES = ("tests/journal/", "tests/sources/", "tests/targets/")
"""Where the database is what a test is about, and each is always asked."""

BY_HALVES = ("tests/actions/audit/", "tests/actions/doctor/", "tests/apps/", "tests/field/", "tests/stripe/")
"""Suites of many slow tests, each an audit or more of a company of its own, and each file with one for a commit."""

_LANDING_TIMES = 2
_DATABASE = re.compile(r"(sqlite|postgres15|postgresql|postgres|mariadb|mysql)(_url|_server|_database)?", re.IGNORECASE)


def spared(samples: Mapping[str, int | None]) -> frozenset[str]:
    """Of tests by their names, each with the size of its sample or None, those that a commit is spared."""
    elsewhere = _asked_elsewhere(samples)
    return elsewhere | _beyond_the_sample({name: size for name, size in samples.items() if name not in elsewhere})


def spared_at_a_landing(samples: Mapping[str, int | None], *, turn: int) -> frozenset[str]:
    """Of the same, those that a landing with this turn is spared."""
    wider = {name: None if size is None else _LANDING_TIMES * size for name, size in samples.items()}
    return _beyond_the_sample(wider, drawn_by=f"{turn} ")


def left_to_the_other_turn(slow: Iterable[str], *, turn: int) -> frozenset[str]:
    """Of slow tests by their names, those that a landing with this turn leaves to one with the next."""
    return frozenset(name for name in slow if name.startswith(BY_HALVES) and (_number(name) + turn) % 2)


def _asked_elsewhere(names: Iterable[str]) -> frozenset[str]:
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        test, bracket, parameters = name.partition("[")
        if bracket and not name.startswith(ABOUT_DATABASES) and _DATABASE.search(parameters):
            alike[f"{test}[{_DATABASE.sub('*', parameters)}"].append(name)
    return frozenset(
        name
        for question, asked in alike.items()
        for place, name in enumerate(sorted(asked))
        if place != _number(question) % len(asked)
    )


def _beyond_the_sample(samples: Mapping[str, int | None], *, drawn_by: str = "") -> frozenset[str]:
    variants: dict[str, list[str]] = defaultdict(list)
    for name, size in samples.items():
        if size is not None:
            variants[name.partition("[")[0]].append(name)
    return frozenset(
        name
        for names in variants.values()
        for name in sorted(names, key=lambda name: _number(drawn_by + name))[samples[names[0]] :]
    )


def _number(text: str) -> int:
    return zlib.crc32(text.encode())
