"""The company in which incidents are told: an app's database, Stripe's side, a config, and the real audit of them."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

from tests.support.incidents import offer, others
from tests.support.incidents.scenario import Expected, Findings, Telling
from tests.support.incidents.stage import NOW, Stage, seconds
from tests.support.incidents.tables import written
from tests.support.stripe import stories
from tests.support.stripe.kept import keep_in_files
from tests.support.stripe.objects import JSON
from tests.support.stripe.world import KEY, StripeWorld
from trueup.actions.audit.run_audit import audit
from trueup.actions.checks.catalogue import full_catalogue
from trueup.config import load_config
from trueup.model.finding import Finding
from trueup.model.relations import Exemption, LedgerEntry, Row
from trueup.model.report import Report
from trueup.model.source import Silent

ENTRIES_EACH = 1000
"""Room for the entries of one telling: an entry's number says whose it is."""
_CONFIG = """
environment = "production"
preset = "canonical"
[database]
url = "{url}"
repair_url = "{url}"
[relations.ledger_entry]
dense_sequence = false
[gates]
enabled = false
[policy]
idempotency_since = 2025-12-01
[stripe]
products = ["{product}"]
{stripe}
"""
_OTHERS = "others"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One telling in a company: its tag, and what must be found."""

    tag: str
    findings: Findings


@dataclass(slots=True, kw_only=True)
class Company:
    """A company in the making. It begins with healthy customers, from whom the checks learn what is usual."""

    world: StripeWorld = field(default_factory=lambda: StripeWorld(now=seconds(NOW)))
    rows: list[Row] = field(default_factory=list)
    exemptions: list[Exemption] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    plans: str = offer.PLANS
    """What the config says of what is sold."""

    @classmethod
    def healthy(cls, *, api_version: str | None = None) -> Company:
        """The company before anything happened. ``api_version``: what its endpoint sends now."""
        company = cls()
        long_ago = seconds(NOW - timedelta(days=700))
        offer.sell(company.world, created=long_ago)
        version = {} if api_version is None else {"api_version": api_version}
        stories.listen(company.world, id=others.ENDPOINT, created=long_ago, **version)
        company.tell(others.healthy, tag=_OTHERS)
        return company

    def tell(
        self,
        telling: Telling,
        *,
        tag: str,
        random: Random | None = None,
        shift: timedelta = timedelta(),
        whole: bool = True,
    ) -> Findings:
        """Lay one telling into the company; what must be found of it."""
        self.world.suffix = tag
        random = random or Random(tag)
        stage = Stage(
            world=self.world,
            tag=tag,
            first_entry=len(self.told) * ENTRIES_EACH,
            random=random,
            shift=shift,
            whole=whole,
            tier=offer.PRO if whole else random.choice(offer.TIERS),
        )
        findings = telling(stage)
        assert stage.entries < ENTRIES_EACH
        self.rows += stage.rows
        self.exemptions += stage.exemptions
        self.told.append(Told(tag=tag, findings=findings))
        return findings

    @property
    def expected(self) -> list[Expected]:
        """All that must be found."""
        return [finding for told in self.told for finding in told.findings]

    def write(self, folder: Path, *, stripe: str | None = None) -> Path:
        """The app's database, Stripe's objects as exported files unless ``stripe`` says otherwise, and the config."""
        database = folder / "app.db"
        with contextlib.closing(sqlite3.connect(database)) as connection:
            written(connection, self.rows)
        path = folder / "trueup.toml"
        text = _CONFIG.format(
            url=f"sqlite:///{database}", product=offer.PRODUCT, stripe=stripe or exported(self.world, folder / "stripe")
        )
        path.write_text(text + self.plans + "".join(map(_exemption, self.exemptions)), encoding="utf-8")
        return path

    def audited(self, folder: Path, *, stripe: str | None = None) -> Report:
        """The real audit, of all that was told."""
        config = load_config(self.write(folder, stripe=stripe), {"KEY": KEY})
        return audit(config, checks=full_catalogue(None), now=NOW, progress=Silent())

    def by_tag(self, findings: Iterable[Finding]) -> dict[str, list[Finding]]:
        """Findings by whose telling they are about."""
        found: dict[str, list[Finding]] = {told.tag: [] for told in self.told}
        expected = {one.id: told.tag for told in self.told for one in told.findings}
        entries = {str(row.entry_id): row.entry_id for row in self.rows if isinstance(row, LedgerEntry)}
        for finding in findings:
            entry = entries.get(finding.subject)
            if finding.id in expected:
                tag = expected[finding.id]
            elif isinstance(entry, int):
                tag = self.told[entry // ENTRIES_EACH].tag
            else:
                tag = _tag_named(finding, found)
            found[tag].append(finding)
        return found


def exported(world: StripeWorld, folder: Path, shaped: Callable[[JSON], JSON] = lambda one: one) -> str:
    """A world as exported files of this moment, its objects ``shaped``; what a config says of them."""
    folder.mkdir()
    empty = keep_in_files(folder, world, shaped)
    for file in folder.iterdir():
        os.utime(file, (seconds(NOW), seconds(NOW)))
    return f'supplier = "files"\nurl = "{folder}"\nmay_be_empty = {json.dumps(empty)}'


def _tag_named(finding: Finding, tags: Iterable[str]) -> str:
    """The tag with which its subject, or else something of its evidence, ends."""
    named = [finding.subject, *map(str, finding.evidence.values())]
    return next((tag for name in named for tag in tags if name.endswith(tag)), _OTHERS)


def open_findings(report: Report) -> list[Finding]:
    """What nobody has accepted."""
    return [finding for finding in report.findings() if finding.exemption is None]


def departures(expected: Sequence[Expected], findings: Sequence[Finding]) -> list[str]:
    """What is missing, what was not expected, and what is otherwise than expected; nothing where all is exact."""
    by_id = {finding.id: finding for finding in findings}
    wanted = {one.id: one for one in expected}
    missing = [f"missing: {named}" for named in sorted(wanted.keys() - by_id.keys())]
    unexpected = [f"unexpected: {named}: {by_id[named].message}" for named in sorted(by_id.keys() - wanted.keys())]
    other = [said for named, one in wanted.items() if named in by_id for said in one.departures(by_id[named])]
    twice = [f"told twice: {one.id}" for one in expected if wanted[one.id] is not one]
    return missing + unexpected + other + twice


def _exemption(one: Exemption) -> str:
    return (
        f'[[exemptions]]\ncheck = "{one.check_id}"\nsubject = "{one.subject}"\nowner = "{one.owner}"\n'
        f'reason = "{one.reason}"\nexpires = {one.expires_at}\n'
    )
