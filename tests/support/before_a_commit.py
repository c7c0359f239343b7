"""What a commit is spared of tests that ask nearly the same, and a landing (``--slow``) asks nonetheless.

Where the same is asked on several databases, it is asked on one of them, in turn: each has its share of every suite.
Of a test with the mark ``sampled(count)`` so many of its parameters are tried. Which ones follows from their names, so
it is the same for everybody; a test that is named by itself is always asked.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping

ABOUT_DATABASES = ("tests/journal/", "tests/sources/", "tests/targets/")
"""Where the database is what a test is about, and each is always asked."""

_DATABASE = re.compile(r"(sqlite|postgres15|postgresql|postgres|mariadb|mysql)(_url|_server|_database)?", re.IGNORECASE)


def spared(samples: Mapping[str, int | None]) -> frozenset[str]:
    """Of tests by their names, each with the size of its sample or None, those that a commit is spared."""
    elsewhere = _asked_elsewhere(samples)
    return elsewhere | _beyond_the_sample({name: size for name, size in samples.items() if name not in elsewhere})


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


def _beyond_the_sample(samples: Mapping[str, int | None]) -> frozenset[str]:
    variants: dict[str, list[str]] = defaultdict(list)
    for name, size in samples.items():
        if size is not None:
            variants[name.partition("[")[0]].append(name)
    return frozenset(name for names in variants.values() for name in sorted(names, key=_number)[samples[names[0]] :])


def _number(text: str) -> int:
    return zlib.crc32(text.encode())
