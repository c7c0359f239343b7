"""Those who write in the database besides us: the application, somebody at its console, and whoever makes triggers."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import threading
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg
import pymysql

from tests.actions.repair.hostile.database import Session
from tests.actions.repair.hostile.row import Trigger
from tests.soak.place import VANDALISED, WITNESS, Place

FAULT = 7
DRIVERS = (psycopg.Error, pymysql.Error, sqlite3.Error)
_ENTRY = """
INSERT INTO credit_transactions (user_id, sequence, type, amount, balance_after, posted, created_at, actor)
SELECT user_id, sequence + 1, 'promotional_grant', {amount}, balance_after + {amount}, TRUE, '{now}', 'app'
FROM credit_transactions WHERE user_id = '{key}' ORDER BY sequence DESC LIMIT 1
"""
_BALANCE = "UPDATE users SET credits = credits + {amount} WHERE id = '{key}'"
_HOLD = "SELECT credits FROM users WHERE id = '{key}' FOR UPDATE"
_ORDERS = {
    "entry first": (_ENTRY, _BALANCE),
    "balance first": (_BALANCE, _ENTRY),
    "held first": (_HOLD, _ENTRY, _BALANCE),
}


@dataclass(slots=True, kw_only=True)
class Stage:
    """What everybody in a round has in common."""

    place: Place
    chance: random.Random
    ended: threading.Event = field(default_factory=threading.Event)
    tally: Counter[str] = field(default_factory=Counter)
    issues: deque[str] = field(default_factory=lambda: deque(maxlen=64))
    """Issues that somebody has made, the newest last."""
    applied: set[str] = field(default_factory=set)
    """The repairs that we were told of."""

    def pause(self, most_seconds: float) -> bool:
        """Wait for a random while; whether the round goes on."""
        return not self.ended.wait(self.chance.uniform(0, most_seconds))


def move_credits(stage: Stage, accounts: Sequence[str]) -> None:
    """Be the application for these accounts: entry and balance in any order, one transaction after the other."""
    is_file = stage.place.database.kind == "sqlite"
    with stage.place.database.session() as session:
        if stage.place.database.kind == "mariadb":
            session.execute("SET innodb_lock_wait_timeout = 10")
        while stage.pause(0.3):
            try:
                _move_once(stage, session, stage.chance.choice(accounts), pause=0.02 if is_file else 0.4)
            except DRIVERS:
                stage.tally["moves refused"] += 1
                with contextlib.suppress(*DRIVERS):  # SQLite: a file that stayed busy began no transaction
                    session.execute("ROLLBACK")


def _move_once(stage: Stage, session: Session, key: str, *, pause: float) -> None:
    is_file = stage.place.database.kind == "sqlite"
    order = stage.chance.choice(list(_ORDERS))
    values = {"key": key, "amount": stage.chance.randint(1, 9), "now": datetime.now(UTC).replace(tzinfo=None)}
    session.execute("BEGIN IMMEDIATE" if is_file else "BEGIN")
    for statement in _ORDERS[order]:
        text = statement.format(**values)
        session.execute(text.removesuffix(" FOR UPDATE") if is_file else text)
        stage.pause(pause)
    is_kept = stage.chance.random() < 0.85
    session.execute("COMMIT" if is_kept else "ROLLBACK")
    stage.tally["moves" if is_kept else "moves taken back"] += 1


def edit_balances(stage: Stage) -> None:
    """Be somebody at the console who makes cached balances wrong."""
    with stage.place.database.session() as session:
        while stage.pause(0.5):
            key = stage.chance.choice(VANDALISED)
            try:
                session.execute(f"UPDATE users SET credits = credits + {FAULT} WHERE id = '{key}'")
            except DRIVERS:
                continue
            stage.tally["balances edited"] += 1
            stage.issues.append(f"credit-balance:{key}")


_OURS = "NEW.actor = 'trueup'"
_ON_LEDGER = "AFTER INSERT ON credit_transactions"
_TRIGGERS = {
    "another": Trigger(
        when=_ON_LEDGER, only=_OURS, body=f"UPDATE users SET credits = credits + 1 WHERE id = '{WITNESS}'"
    ),
    "again": Trigger(when=_ON_LEDGER, only=_OURS, body="UPDATE users SET credits = credits + 1 WHERE id = NEW.user_id"),
    "history": Trigger(when=_ON_LEDGER, only=_OURS, body="INSERT INTO history VALUES (1, 'kept')"),
    "journal": Trigger(when="AFTER INSERT ON trueup_journal", body="INSERT INTO history VALUES (2, 'journal')"),
}
_SWALLOWING = {
    "postgres": Trigger(when="BEFORE INSERT ON trueup_journal", body="PERFORM 1", gives="NULL"),
    "sqlite": Trigger(when="BEFORE INSERT ON trueup_journal", body="SELECT RAISE(IGNORE)"),
}
"""Triggers that only a repair sets off. None of what they do may ever be committed."""


def switch_triggers(stage: Stage) -> None:
    """Be an operator: make one trigger, and after a while drop it."""
    kind = stage.place.database.kind
    known = {**_TRIGGERS, **({"swallow": _SWALLOWING[kind]} if kind in _SWALLOWING else {})}
    with stage.place.database.session() as session:
        session.execute(
            {"postgres": "SET lock_timeout = '5s'", "mariadb": "SET lock_wait_timeout = 5"}.get(kind, "SELECT 1")
        )
        while stage.pause(6):
            name = stage.chance.choice(list(known))
            if _tried(session, known[name].statements(kind, f"soak_{name}")):
                stage.tally["triggers switched on"] += 1
                stage.pause(3)
            while not _tried(session, dropped(kind, known[name], f"soak_{name}")):
                stage.ended.wait(0.1)


def dropped(kind: str, trigger: Trigger, name: str) -> list[str]:
    """What takes a trigger away."""
    if kind == "postgres":
        return [f"DROP TRIGGER IF EXISTS {name} ON {trigger.when.split()[-1]}", f"DROP FUNCTION IF EXISTS {name}()"]
    return [f"DROP TRIGGER IF EXISTS {name}"]


def _tried(session: Session, statements: Sequence[str]) -> bool:
    try:
        for statement in statements:
            session.execute(statement)
    except DRIVERS:
        return False
    return True
