"""Whether the data agree with the mapping: columns that they contradict, the line to change, balances that agree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import cast

from trueup.actions.audit import MAPPING_SUSPECT, run_checks
from trueup.actions.doctor.diagnostic import Health, Symptom
from trueup.books.file import Books
from trueup.config import Config
from trueup.engines.duckdb import DuckDB
from trueup.model.source import Silent


def judge_mapping(books: Books, config: Config, engine: DuckDB, *, now: datetime) -> Iterator[Symptom]:
    """Say which mapped columns the data contradict and where the config maps them, and which balances agree."""
    (run,) = run_checks(books, checks=(MAPPING_SUSPECT,), policy=config.policy, now=now, progress=Silent())
    for finding in run.findings:
        line = line_of(config.path, str(finding.evidence["relation"]), str(finding.evidence["column_name"]))
        place = f" ({config.path.name}, {line})" if line else ""
        yield Symptom(health=Health.WRONG, about="mapping", says=f"{finding.message.rstrip('.')}{place}")
    yield from _balances(engine)


def _balances(engine: DuckDB) -> Iterator[Symptom]:
    (chain,) = engine.rows("SELECT steps, steps - breaks AS agreeing FROM chain_agreement")
    (cache,) = engine.rows("SELECT judged, at_latest, at_sum FROM cache_agreement")
    (kept,) = engine.rows("SELECT count(balance_after) AS balances FROM ledger_entry")
    steps, agreeing = cast("int", chain["steps"]), cast("int", chain["agreeing"])
    if steps and kept["balances"]:
        says = f"ledger_entry.balance_after is the previous plus amount in {agreeing:,} of {steps:,} rows"
        yield Symptom(health=_health(agreeing, steps), about="balances", says=says)
    judged, latest, total = (cast("int", cache[name]) for name in ("judged", "at_latest", "at_sum"))
    if judged:
        says = f"account.credits is the ledger's last balance in {latest:,} of {judged:,} accounts, "
        yield Symptom(
            health=_health(max(latest, total), judged), about="balances", says=f"{says}the sum of amounts in {total:,}"
        )


def _health(agreeing: int, judged: int) -> Health:
    return Health.FINE if 2 * agreeing >= judged else Health.WARNING


def line_of(path: Path, relation: str, column: str) -> str | None:
    """The line of the config that maps this column, as ``line 12: credits = "balance"``; None where it is elsewhere."""
    section = ""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    for number, line in enumerate(lines, 1):
        header = re.match(r"\s*\[([^\[\]]+)\]", line)
        if header is not None:
            section = header[1].replace(" ", "").replace('"', "")
        key = re.match(r"\s*([\w.\"]+)\s*=", line)
        if key is not None and f"{section}.{key[1]}".replace('"', "") == f"relations.{relation}.columns.{column}":
            return f"line {number}: {line.strip()}"
    return None
