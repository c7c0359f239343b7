"""``python -m bench.incidents``: recall and precision over what was seen in the field, and over random mixtures of it.

First the 46 failures of the design's list with their innocent twins and the 23 innocents, all in one company; then
seeded mixtures of them. Both figures must be 1; where they are not, each departure is printed with its seed, and the
exit code is 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.incidents.cast import INNOCENTS, PARTS, SCENARIOS, company_of
from tests.incidents.mixtures import judged
from tests.support.incidents.company import departures, open_findings

BATCH = 500
"""Mixtures in one set of books."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What had to be found, what was, and in what that departs."""

    expected: int = 0
    found: int = 0
    hits: int = 0
    departures: list[str] = field(default_factory=list)

    def add(self, expected: Collection[str], found: Collection[str], said: Iterable[str]) -> None:
        """One more company."""
        self.expected += len(expected)
        self.found += len(found)
        self.hits += len(set(expected) & set(found))
        self.departures += said

    def line(self, what: str) -> str:
        """In one line, and one more for each departure."""
        recall, precision = self.hits / self.expected, self.hits / self.found if self.found else 0.0
        figures = f"{self.expected:,} expected, {self.found:,} found, recall {recall:.4f}, precision {precision:.4f}"
        return "\n".join([f"detection over {what}: {figures}", *(f"  {said}" for said in self.departures)])


def fixed() -> Tally:
    """Everything of the design's list, in one company."""
    company = company_of(*PARTS)
    with tempfile.TemporaryDirectory(prefix="trueup-bench-") as folder:
        findings = open_findings(company.audited(Path(folder)))
    tally = Tally()
    said = departures(company.expected, findings)
    tally.add([one.id for one in company.expected], [one.id for one in findings], said)
    return tally


def mixed(seeds: range) -> Tally:
    """The mixtures of these seeds."""
    tally = Tally()
    for first in range(seeds.start, seeds.stop, BATCH):
        with tempfile.TemporaryDirectory(prefix="trueup-bench-") as folder:
            made = judged(range(first, min(first + BATCH, seeds.stop)), Path(folder))
        for one in made:
            tally.add([each.id for each in one.expected], [each.id for each in one.found], one.departures)
    return tally


def main() -> int:
    """Measure and print."""
    options = _options()
    list_of_all = fixed()
    print(list_of_all.line(f"{len(SCENARIOS)} incidents, their twins, and {len(INNOCENTS)} innocents"))
    started = time.perf_counter()
    seeds = range(options.first, options.first + options.mixtures)
    mixtures = mixed(seeds)
    print(mixtures.line(f"{len(seeds):,} mixtures (seeds {seeds.start} to {seeds.stop - 1})"))
    print(f"  {time.perf_counter() - started:.0f} s")
    return 1 if list_of_all.departures or mixtures.departures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.incidents", description=__doc__, allow_abbrev=False)
    parser.add_argument("--mixtures", type=int, default=5_000, help="how many random mixtures")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    return parser.parse_args(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
