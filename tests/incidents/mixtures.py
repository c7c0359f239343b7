"""Random mixtures: a seed chooses incidents, twins and innocents, some several times, for one company.

Thousands are cheap because many share one set of books, each under tags of its own. What a check learns from the whole
company (what is usual for a kind, which events bear credits) it then learns from all of them; that a mixture alone is
judged alike is a test.

A seed also chooses what a company says of what it sells: what each plan owes, or what each price does. Its objects are
as the API writes them today, before 2025-03-31, and in 2018, beside each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from tests.incidents.cast import PARTS
from tests.support.incidents import offer
from tests.support.incidents.company import Company, departures, exported, open_findings
from tests.support.incidents.scenario import Expected, Part
from tests.support.stripe.objects import JSON
from tests.support.stripe.versions import old_shape, oldest_shape
from tests.support.stripe.world import StripeWorld
from trueup.model.finding import Finding

MIXABLE: tuple[Part, ...] = tuple(part for part in PARTS if part.endpoint_version is None)
"""All but those that happen to the whole company."""
FEWEST, MOST = 3, 9
SHIFT_HOURS = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """What one seed chose."""

    seed: int
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, seed: int) -> Mixture:
        """The same for the same seed, whatever else is told."""
        random = Random(seed)
        return cls(seed=seed, parts=tuple(random.choices(MIXABLE, k=random.randint(FEWEST, MOST))))

    def tell(self, company: Company) -> list[str]:
        """Lay it into a company, with amounts and moments of its own; the tags."""
        tags = []
        for number, part in enumerate(self.parts):
            random, tag = Random(f"{self.seed}/{number}"), f"m{self.seed}p{number}"
            shift = timedelta(minutes=random.randint(0, SHIFT_HOURS * 60))
            company.tell(part.telling, tag=tag, random=random, shift=shift, whole=False)
            tags.append(tag)
        return tags


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What was expected of a mixture, and what was found."""

    mixture: Mixture
    expected: Sequence[Expected]
    found: Sequence[Finding]
    departures: Sequence[str]
    """Seed, part, and in what it was otherwise; none where all is exact."""


def draw_plans(seed: int) -> str:
    """Return what the config of this seed's company says of what it sells."""
    return Random(f"{seed}/plans").choice((offer.PLANS, offer.PRICES))


def draw_shape(world: StripeWorld, shown: JSON, seed: int) -> JSON:
    """Return the object as the API of one of three times writes it."""
    shape = Random(f"{seed}/{shown['id']}").choice((None, old_shape, oldest_shape))
    return shown if shape is None else dict(shape(world, shown))


def judged(seeds: Sequence[int], folder: Path) -> list[Judged]:
    """The mixtures of these seeds in one company, audited once. Its first seed draws the plans and the shapes."""
    company = Company.healthy()
    company.plans = draw_plans(seeds[0])
    told = {mixture.seed: (mixture, mixture.tell(company)) for mixture in map(Mixture.of, seeds)}
    stripe = exported(company.world, folder / "stripe", lambda shown: draw_shape(company.world, shown, seeds[0]))
    found = company.by_tag(open_findings(company.audited(folder, stripe=stripe)))
    expected = {one.tag: one.findings for one in company.told}
    strays = found["others"]
    made = []
    for mixture, tags in told.values():
        said = [
            f"seed {mixture.seed}, {part.id}: {departure}"
            for part, tag in zip(mixture.parts, tags, strict=True)
            for departure in departures(expected[tag], found[tag])
        ]
        made.append(
            Judged(
                mixture=mixture,
                expected=[one for tag in tags for one in expected[tag]],
                found=[*(one for tag in tags for one in found[tag]), *strays],
                departures=said + [f"seed {mixture.seed} or another: unexpected: {stray.id}" for stray in strays],
            )
        )
        strays = []  # what is of no telling is told once
    return made
