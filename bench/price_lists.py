"""``python -m bench.price_lists``: precision over innocent companies of random price lists, by check.

Prints for each check on how many subjects of them it looked, and how many findings it made; all of these are false.
The exit code is 1 where there is one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.support.field.price_lists import innocent_company
from trueup.model.outcome import Checked


def main(arguments: list[str] | None = None) -> int:
    """Audit the companies and print the table."""
    parser = argparse.ArgumentParser(prog="bench.price_lists", description=__doc__)
    parser.add_argument("--companies", type=int, default=100, metavar="N", help="how many are audited")
    parser.add_argument("--seed", type=int, default=0, help="the first of their seeds")
    asked = parser.parse_args(arguments)
    subjects: Counter[str] = Counter()
    false: Counter[str] = Counter()
    for seed in range(asked.seed, asked.seed + asked.companies):
        with tempfile.TemporaryDirectory(prefix="trueup-bench-") as folder:
            report = innocent_company(seed).audit(Path(folder))
        for run in report.outcomes:
            if isinstance(run.outcome, Checked):
                subjects[run.check] += run.outcome.population
        for finding in report.findings():
            false[finding.check] += 1
            print(f"seed {seed}: {finding.id}: {finding.message}")
    print(f"{asked.companies} innocent companies of random price lists, seeds from {asked.seed}")
    print(f"{'check':<28}{'subjects':>10}{'false findings':>16}")
    for check, count in subjects.most_common():
        if count:
            print(f"{check:<28}{count:>10,}{false[check]:>16,}")
    return 1 if false else 0


if __name__ == "__main__":
    sys.exit(main())
