"""``python -m tests.stripe.recorded_worlds``: the rows of Stripe's relations over whole companies, on record.

``recorded_rows.json`` holds, by world and relation, how many rows there are and a digest of them. The command makes it
anew; a change of ``src/trueup/stripe`` that is meant to keep the rows must leave it as it is. With ``--into DIR`` the
rows themselves are written, a file for each world, so that two commits can be compared by ``diff -r``:

    $ python -m tests.stripe.recorded_worlds --into /tmp/before      # in the one checkout
    $ python -m tests.stripe.recorded_worlds --into /tmp/after       # in the other
    $ diff -r /tmp/before /tmp/after
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.incidents.cast import PARTS, company_of
from tests.incidents.mixtures import Mixture
from tests.support.demo import NOW
from tests.support.incidents.company import Company, exported
from tests.support.stripe.versions import old_shape
from tests.support.stripe_rows import StripeRows, read_folder
from trueup.demo import make_company

RECORD = Path(__file__).with_name("recorded_rows.json")
DEMO_ACCOUNTS = 500
MIXTURES = 500
MIXTURES_EACH = 100


def _write_demo(folder: Path) -> None:
    with make_company(accounts=DEMO_ACCOUNTS, seed=1, now=NOW, fault_share=0.07) as company:
        company.write_stripe(folder)


def _write_incidents(folder: Path) -> None:
    exported(company_of(*PARTS).world, folder)


def _write_old_incidents(folder: Path) -> None:
    world = company_of(*PARTS).world
    exported(world, folder, lambda item: dict(old_shape(world, item)))


def _write_mixtures(seeds: range) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        company = Company.healthy()
        for seed in seeds:
            Mixture.of(seed).tell(company)
        exported(company.world, folder)

    return write


WORLDS: Mapping[str, Callable[[Path], None]] = {
    "demo": _write_demo,
    "incidents": _write_incidents,
    "incidents before 2025-03-31": _write_old_incidents,
    **{
        f"mixtures {first} to {first + MIXTURES_EACH - 1}": _write_mixtures(range(first, first + MIXTURES_EACH))
        for first in range(1, MIXTURES, MIXTURES_EACH)
    },
}
"""Each writes a company's Stripe side as exported files into a folder that is not there yet."""


def read_world(name: str, scratch: Path) -> StripeRows:
    """Read the rows of a world."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        WORLDS[name](Path(folder) / "stripe")
        return read_folder(Path(folder) / "stripe", scratch=scratch)


def main(arguments: list[str]) -> int:
    """Write the record, or the rows themselves."""
    parser = argparse.ArgumentParser(prog="python -m tests.stripe.recorded_worlds", description=__doc__)
    parser.add_argument("--into", type=Path, help="write the rows into this folder, and not the record")
    into: Path | None = parser.parse_args(arguments).into
    record = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in WORLDS:
            rows = read_world(name, Path(scratch))
            record[name] = rows.digests()
            if into is not None:
                into.mkdir(parents=True, exist_ok=True)
                into.joinpath(f"{name}.txt").write_text(rows.as_text(), encoding="utf-8")
    if into is None:
        RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
