"""Ask the probes about plan gates, and put their answers into the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from trueup.books.file import Books
from trueup.config import Config
from trueup.config.gate_lock import read_lock
from trueup.engines.requirements import reads_gates
from trueup.model.check import Check
from trueup.model.relations import GateAcceptance, GateAnswer, GateExpectation, GateFeature, GateProbe
from trueup.model.settings import GateSettings, ProbeSettings
from trueup.model.source import Progress, Snapshot


def wants_gates(config: Config, checks: Sequence[Check]) -> bool:
    """Whether the config has plan gates and one of these checks looks at them."""
    return config.gates is not None and any(
        reads_gates(check) and config.policy.severity.get(check.id, check.severity) is not None for check in checks
    )


def check_probes(gates: GateSettings, *, now: datetime) -> None:
    """Check that every probe can be opened. Raises ``ConfigurationError`` for the first that cannot."""
    from trueup.probes import open_probe  # noqa: PLC0415 - heavy

    for probe in gates.probes:
        open_probe(probe, gates=gates, now=now)


def supply_gates(books: Books, gates: GateSettings, *, for_this_run: bool = False) -> None:
    """Put the matrix and the lock into the books. Raises ``ConfigurationError`` for a lock that was edited by hand."""
    lock = read_lock(gates.lock_file)
    books.replace_rows(gates.matrix, of=GateExpectation, for_this_run=for_this_run)
    books.replace_rows(lock.cells if lock else (), of=GateAcceptance, for_this_run=for_this_run)


def ask_the_database(
    books: Books, config: Config, *, snapshot: Snapshot | None, now: datetime, progress: Progress
) -> None:
    """Ask the probes that read the app's database, in the audit's own snapshot; None if the database went away."""
    from trueup.probes import reads_the_database  # noqa: PLC0415 - heavy

    gates = config.gates
    for probe in gates.probes if gates else ():
        if reads_the_database(probe):
            _ask(books, config, probe, snapshot=snapshot, now=now, progress=progress)


def ask_the_app(books: Books, config: Config, *, now: datetime, progress: Progress) -> None:
    """Ask all other probes, once the snapshot is released: none of them makes the database wait."""
    from trueup.probes import reads_the_database  # noqa: PLC0415 - heavy

    gates = config.gates
    for probe in gates.probes if gates else ():
        if not reads_the_database(probe):
            _ask(books, config, probe, snapshot=None, now=now, progress=progress)


def plan_words(config: Config) -> Mapping[str, str]:
    """The database's words for plans, from the mapping of accounts, and trueup's."""
    account = config.relations.get("account")
    column = account.columns.get("plan") if account else None
    return {**(column.values if column else {}), **{plan.plan: plan.plan for plan in config.plans}}


def _ask(
    books: Books,
    config: Config,
    settings: ProbeSettings,
    *,
    snapshot: Snapshot | None,
    now: datetime,
    progress: Progress,
) -> None:
    from trueup.probes import answer_rows, asked_of, feature_rows, open_probe, probe_row  # noqa: PLC0415 - heavy

    gates = config.gates
    if gates is None:
        return

    def rows(sql: str) -> Sequence[Mapping[str, object]]:
        cursor = books.run(sql)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    asked = asked_of(settings, gates.matrix)
    progress.begin(f"Asking {settings.name} about plan gates", len(asked))
    probe = open_probe(settings, gates=gates, now=now, snapshot=snapshot, rows=rows, plan_words=plan_words(config))
    answers = probe.ask()
    known = {row.feature for row in gates.matrix}
    books.add_rows([probe_row(answers, probe=settings.name, kind=settings.kind)], of=GateProbe)
    books.add_rows(list(answer_rows(answers, probe=settings.name, asked=asked, known=known)), of=GateAnswer)
    books.add_rows(list(feature_rows(answers, probe=settings.name)), of=GateFeature)
    progress.advance(len(asked))
    progress.end()
