"""``trueup.toml``, read, checked and resolved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from trueup.config.file import document_at
from trueup.model.approval import ApprovalSettings
from trueup.model.kept_books import BooksSettings
from trueup.model.policy import Policy
from trueup.model.price_list import PriceRow
from trueup.model.relations import Exemption, Plan, PlanPrice
from trueup.model.settings import (
    AlertSettings,
    GateSettings,
    ReleaseSettings,
    RepairSettings,
    ScheduleSettings,
    ServerSettings,
)
from trueup.model.stripe_settings import StripeSettings

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from trueup.model.source import RelationMapping
    from trueup.model.written_schema import WrittenSchema

STORE_FILE = "trueup.db"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One config, with its secrets resolved and hidden from ``repr``.

    ``required`` is what the file itself names, which must exist in the live schema: ``fit`` needs it.
    ``literal_secrets`` are the keys whose value in the file holds a password in plain text.
    """

    path: Path
    environment: str
    preset: str | None
    database_url: str = field(repr=False)
    repair_url: str | None = field(repr=False)
    store_url: str = field(repr=False)
    engine_url: str | None = field(default=None, repr=False, kw_only=True)
    """The Spark Connect server that runs the checks, in place of the books."""
    statement_timeout_seconds: int
    memory_limit: str
    credit_decimals: int | None
    """How many decimals of credits are kept; None where the rows decide."""
    relations: Mapping[str, RelationMapping]
    required: frozenset[tuple[str, str]]
    plans: tuple[Plan, ...]
    plan_prices: tuple[PlanPrice, ...]
    price_list: tuple[PriceRow, ...]
    exemptions: tuple[Exemption, ...]
    policy: Policy
    approvals: ApprovalSettings = field(default_factory=ApprovalSettings)
    books: BooksSettings = field(default_factory=BooksSettings)
    repairs: RepairSettings = field(default_factory=RepairSettings)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    gates: GateSettings | None = None
    """None where the file names no matrix, or says that there are no plan gates."""
    release: ReleaseSettings = field(default_factory=ReleaseSettings)
    stripe: StripeSettings = field(default_factory=StripeSettings)
    literal_secrets: tuple[str, ...] = ()
    written_for: WrittenSchema | None = None
    """The schema for which the file was written, where it says so."""

    @property
    def is_folder(self) -> bool:
        """Whether the app's tables are a folder of files, and not a database."""
        return "://" not in self.database_url.replace("file://", "")


def load_config(path: Path, environ: Mapping[str, str], *, known_checks: Collection[str] | None = None) -> Config:
    """Read the config in this file, with its references resolved from ``environ``.

    ``known_checks`` are the ids that ``[policy.severity]`` and ``[[exemptions]]`` may name; ``None`` accepts any.
    Raises ``ConfigurationError`` for the first thing that cannot be right.
    """
    # Pydantic is imported here so that ``trueup --help`` does not pay for it.
    from trueup.config.assembly import assemble  # noqa: PLC0415 - see above

    return assemble(document_at(path), path=path, environ=environ, known_checks=known_checks)
