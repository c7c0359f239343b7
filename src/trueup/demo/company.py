"""Making a demo company, and handing it out."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING

from trueup.demo.endpoints import endpoints, list_planted_endpoints
from trueup.demo.faults import FAULTS
from trueup.demo.gates import innocent_gates, list_planted_gates, write_gates
from trueup.demo.history import Span, make_history
from trueup.demo.load import load_scenes, number_people
from trueup.demo.people import Excused, Move, Person, Subject
from trueup.demo.rows import make_rows
from trueup.demo.scene import Scene
from trueup.demo.settings import config_text
from trueup.demo.stripe import make_stripe, write_stripe
from trueup.demo.stripe_account import StripeAccount
from trueup.demo.truth import PlantedFinding, Truth, Twin
from trueup.demo.twins import TWINS
from trueup.demo.writers import write_company
from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from duckdb import DuckDBPyConnection

MEMORY_LIMIT = "1GiB"
SMALLEST_COMPANY = 100
LARGEST_COMPANY = 50_000_000
MOST_PLANTED_SHARE = 0.9
SHORTEST_HISTORY_MONTHS = 6
LONGEST_HISTORY_MONTHS = 120
DAYS_PER_MONTH = 30.44
UNRECORDED_SHARE = 0.2
"""The first part of the history, from before the app kept idempotency records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A demo company in a scratch database, until its context ends."""

    connection: DuckDBPyConnection
    truth: Truth
    span: Span
    exemptions: tuple[Excused, ...]
    stripe_accounts: tuple[StripeAccount, ...]
    faulty: bool

    def write(self, place: str, *, force: bool = False) -> None:
        """Write the app's tables into ``place``.

        ``place`` is ``sqlite:///FILE``, ``postgresql://…``, ``mysql://…``, or a folder, which gets Parquet files.
        Raises ``ConfigurationError`` when one of the tables already exists, unless ``force`` replaces it, or when
        the driver is not installed; ``SourceUnavailable`` when the database refuses us.
        """
        write_company(self.connection, place, force=force)

    def write_stripe(self, folder: Path) -> None:
        """Write what Stripe has of the company into ``folder``: its objects as JSON lines, a file for each kind.

        May be called once. Raises ``ConfigurationError`` for a folder that cannot be made.
        """
        others = endpoints(faulty=self.faulty)
        make_stripe(self.connection, span=self.span, stripe_accounts=self.stripe_accounts, others=others)
        write_stripe(self.connection, folder, now=self.span.now)

    def config_text(self, url_reference: str, *, stripe: Path | None = None) -> str:
        """The ``trueup.toml`` to audit the company with; ``url_reference`` is where it was written, or ``${NAME}``.

        ``stripe`` is the folder of ``write_stripe``; without it the company does without Stripe's side, and what the
        truth says of it cannot be found. The config wants the files of ``write_gates`` beside it.
        """
        since = self.span.recorded_since.date()
        return config_text(
            url_reference=url_reference, idempotency_since=since, exemptions=self.exemptions, stripe=stripe
        )

    def write_gates(self, folder: Path) -> None:
        """Write what the config names beside itself: the matrix of plan gates, the build's file, and the lock."""
        write_gates(folder, faulty=self.faulty, now=self.span.now)


@contextlib.contextmanager
def make_company(
    *, accounts: int = 500, seed: int = 1, now: datetime, months: int = 14, fault_share: float = 0.07
) -> Iterator[Company]:
    """A company of ``accounts`` accounts with ``months`` of history up to ``now``, which is naive UTC.

    Each fault is planted about ``fault_share`` times the square root of ``accounts``, at least once; a share of 0
    plants none. Raises ``ConfigurationError`` for a size that cannot be made.
    """
    import duckdb  # noqa: PLC0415 - heavy

    _refuse_sizes(accounts=accounts, months=months, seed=seed)
    span = _span(now=now, months=months)
    faults = _play(FAULTS, accounts=accounts, seed=seed, span=span, share=fault_share)
    twins = _play(TWINS, accounts=accounts, seed=seed, span=span, share=fault_share or 0.07)
    scenes = [scene for _, scene in (*faults, *twins)]
    order = sorted(range(len(scenes)), key=lambda position: _hash_seed(seed, str(position)))
    _refuse_crowds(scenes, accounts=accounts)
    deleted = sum(1 for scene in scenes for person in scene.people if not person.exists)
    number_people(scenes, accounts=accounts + deleted, order=order)
    with tempfile.TemporaryDirectory(prefix="trueup-demo-") as folder:
        connection = duckdb.connect(str(Path(folder) / "company.duckdb"), config={"memory_limit": MEMORY_LIMIT})
        with contextlib.closing(connection):
            moves = load_scenes(connection, scenes)
            make_history(connection, accounts=accounts + deleted, seed=seed, span=span)
            make_rows(connection, span=span)
            named, faulty = _Named(connection, moves), bool(fault_share)
            planted = (*list_planted_gates(faulty=faulty), *list_planted_endpoints(faulty=faulty))
            truth = Truth(
                seed=seed,
                accounts=accounts,
                generated_at=span.now,
                findings=_findings([*faults, *twins], named, planted),
                twins=_twins(twins, named),
            )
            yield Company(
                connection=connection,
                truth=truth,
                span=span,
                exemptions=tuple(excused for scene in scenes for excused in scene.exemptions),
                stripe_accounts=tuple(scene.stripe for scene in scenes),
                faulty=faulty,
            )


def _refuse_sizes(*, accounts: int, months: int, seed: int) -> None:
    bounds = (
        ("accounts", accounts, SMALLEST_COMPANY, LARGEST_COMPANY),
        ("months of history", months, SHORTEST_HISTORY_MONTHS, LONGEST_HISTORY_MONTHS),
        ("as its seed", seed, 0, 2**63 - 1),
    )
    for what, value, low, high in bounds:
        if not low <= value <= high:
            raise ConfigurationError(f"A demo company cannot have {value} {what}; give a number from {low} to {high}.")


def _refuse_crowds(scenes: Sequence[Scene], *, accounts: int) -> None:
    """Ordinary accounts must be what is usual, or the checks that ask what is usual would learn it from the faults."""
    people = sum(len(scene.people) for scene in scenes)
    if people > accounts * MOST_PLANTED_SHARE:
        raise ConfigurationError(
            f"The planted faults need {people} accounts, too many for a demo company of {accounts}; "
            "plant fewer or make it larger."
        )


def _span(*, now: datetime, months: int) -> Span:
    now = now.replace(microsecond=0)
    days = months * DAYS_PER_MONTH
    recorded_since = (now - timedelta(days=days * (1 - UNRECORDED_SHARE))).replace(hour=0, minute=0, second=0)
    return Span(start=(now - timedelta(days=days)).replace(microsecond=0), recorded_since=recorded_since, now=now)


def _play(
    stories: Sequence[Callable[[Scene], None]], *, accounts: int, seed: int, span: Span, share: float
) -> list[tuple[str, Scene]]:
    """Each story as often as the company's size asks for, with the sentence that tells it."""
    played = []
    for story in stories:
        for index in range(_times(story.__name__, accounts=accounts, seed=seed, share=share)):
            scene = Scene(name=story.__name__, index=index, seed=seed, now=span.now, recorded_since=span.recorded_since)
            story(scene)
            played.append((sentence_of(story), scene))
    return played


def sentence_of(story: Callable[[Scene], None]) -> str:
    """What happens in a story: its docstring, on one line."""
    return " ".join((story.__doc__ or "").split())


def _times(name: str, *, accounts: int, seed: int, share: float) -> int:
    if not share:
        return 0
    luck = _hash_seed(seed, name) % 100 / 100
    return max(1, int(share * isqrt(accounts) + luck))


def _hash_seed(seed: int, name: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest())


class _Named:
    """The name under which a check speaks of something that a scene made."""

    def __init__(self, connection: DuckDBPyConnection, moves: dict[int, Move]) -> None:
        rows = connection.execute("SELECT scene, rowid + 1 FROM ledger_line WHERE scene IS NOT NULL").fetchall()
        entry_ids = dict(rows)
        self._entries = {id(move): entry_ids[key] for key, move in moves.items()}

    def subject(self, subject: Subject) -> str:
        match subject:
            case Person():
                return subject.account_id
            case Move():
                return str(self._entries[id(subject)])
            case str():
                return subject


def _findings(
    played: list[tuple[str, Scene]], named: _Named, others: Sequence[PlantedFinding]
) -> tuple[PlantedFinding, ...]:
    findings = (
        PlantedFinding(
            check=expected.check,
            subject=f"{expected.prefix}{named.subject(expected.subject)}",
            planted=sentence,
            exempted=expected.exempted,
        )
        for sentence, scene in played
        for expected in scene.expected
    )
    return tuple(sorted((*findings, *others), key=lambda finding: finding.id))


def _twins(played: list[tuple[str, Scene]], named: _Named) -> tuple[Twin, ...]:
    twins = (
        Twin(subject=named.subject(subject), story=sentence) for sentence, scene in played for subject in scene.innocent
    )
    return tuple(sorted((*twins, *innocent_gates()), key=lambda twin: (twin.subject, twin.story)))
