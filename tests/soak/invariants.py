"""What must hold once everybody has stopped, whatever was killed in between."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tests.actions.repair.hostile.database import Session
from tests.soak.people import FAULT, Stage
from tests.soak.place import HONEST, VANDALISED, WITNESS

Entry = tuple[int, int, int, str]
"""Sequence, amount, balance after it, and who wrote it."""


def broken_promises(stage: Stage) -> list[str]:
    """Every promise that was not kept, in a sentence each."""
    with stage.place.database.session() as session:
        return [*_ledgers(session), *_balances(session), *_journal(session, stage), *_untouched(session)]


def wrong_balances(stage: Stage) -> list[str]:
    """The accounts whose cached balance is not what their ledger says."""
    with stage.place.database.session() as session:
        balances = {key: last for key, (last, _) in _credits(session).items()}
        ends = {key: entries[-1][2] for key, entries in _entries(session).items()}
    watched = (*HONEST, *VANDALISED)
    return [
        f"{key} has {balances[key]} and its ledger says {ends[key]}" for key in watched if balances[key] != ends[key]
    ]


def _ledgers(session: Session) -> Iterator[str]:
    """Each entry goes on where the one before it ended, ours as well."""
    for key, entries in _entries(session).items():
        for (before, _, balance, _), (sequence, amount, after, actor) in pairwise(entries):
            if sequence != before + 1 or after != balance + amount:
                said = f"entry {sequence} of {actor} ({amount}, {after}) does not follow entry {before} ({balance})"
                yield f"{key}: {said}"


def _balances(session: Session) -> Iterator[str]:
    """What the application alone has moved is right; elsewhere only whole edits are left over."""
    entries = _entries(session)
    for key, (balance, _) in _credits(session).items():
        drift = balance - entries[key][-1][2]
        if (key in HONEST and drift) or (key in VANDALISED and (drift < 0 or drift % FAULT)):
            yield f"{key} has {balance} and its ledger says {entries[key][-1][2]}"


def _journal(session: Session, stage: Stage) -> Iterator[str]:
    """Our entries in the ledger are exactly those that the journal has, and so are the repairs on record."""
    lines = [
        (str(repair), json.loads(before), json.loads(after))
        for repair, before, after in session.execute(
            f"SELECT repair_id, {_quoted(stage, 'before')}, {_quoted(stage, 'after')} FROM trueup_journal"
        ).fetchall()
    ]
    ours = Counter(
        (key, sequence, after)
        for key, entries in _entries(session).items()
        for sequence, _, after, actor in entries
        if actor == "trueup"
    )
    said = Counter(_said(after) for _, _, after in lines if after["appended"]["table"] == "credit_transactions")
    if ours != said:
        yield f"not in the journal: {sorted((ours - said).elements())}; only there: {sorted((said - ours).elements())}"
    for _, _, after in lines:
        if after.get("column") == "credits" and int(after["value"]) != _said(after)[2]:
            yield f"a balance was written that is not its entry's: {after}"
    rows = session.execute("SELECT repair_id FROM trueup_repair WHERE status = 'applied'").fetchall()
    recorded, journaled = {str(row[0]) for row in rows}, {repair for repair, _, _ in lines}
    if recorded != journaled or len(journaled) != len(lines):
        yield f"repairs and journal differ: {sorted(recorded ^ journaled)}"
    if not stage.applied <= recorded:
        yield f"called applied and not there: {sorted(stage.applied - recorded)}"


def _untouched(session: Session) -> Iterator[str]:
    (balance, _), entries = _credits(session)[WITNESS], _entries(session)[WITNESS]
    if (balance, len(entries)) != (50, 1):
        yield f"a trigger changed {WITNESS}, and it was committed: {balance}, {entries}"
    (rows,) = session.execute("SELECT count(*) FROM history").fetchone()
    if rows:
        yield f"a trigger wrote {rows} undeclared rows, and they were committed"


def _said(after: dict[str, Any]) -> tuple[str, int, int]:
    values = after["appended"]["values"]
    return (values["user_id"], int(values["sequence"]), int(values["balance_after"]))


def _credits(session: Session) -> dict[str, tuple[int, str]]:
    return {
        str(key): (int(balance), str(plan))
        for key, balance, plan in session.execute("SELECT id, credits, plan FROM users")
    }


def _entries(session: Session) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    query = "SELECT user_id, sequence, amount, balance_after, actor FROM credit_transactions ORDER BY sequence, id"
    for key, sequence, amount, after, actor in session.execute(query).fetchall():
        found.setdefault(str(key), []).append((int(sequence), int(amount), int(after), str(actor)))
    return found


def _quoted(stage: Stage, name: str) -> str:
    return f"`{name}`" if stage.place.database.kind == "mariadb" else f'"{name}"'
