"""Putting the scenes' rows into the scratch database, beside the mass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trueup.demo.people import Move
from trueup.demo.scene import Scene

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TABLES = {
    "reserved": "number BIGINT",
    "scene_person": "number BIGINT, role VARCHAR, plan VARCHAR, customer_id VARCHAR, subscription_id VARCHAR, "
    "credits BIGINT, unlimited_credits BOOLEAN, active BOOLEAN, created_at TIMESTAMP",
    "scene_move": "scene INTEGER, number BIGINT, sequence BIGINT, made_at TIMESTAMP, amount BIGINT, "
    "balance_after BIGINT, placed_at TIMESTAMP",
    "scene_note": "scene INTEGER, kind VARCHAR, posted BOOLEAN, event_id VARCHAR, payment_intent_id VARCHAR, "
    "invoice_id VARCHAR, checkout_session_id VARCHAR, actor VARCHAR, reason VARCHAR",
    "scene_event": "event_id VARCHAR, type VARCHAR, status VARCHAR, received_at TIMESTAMP, processed_at TIMESTAMP, "
    "livemode BOOLEAN",
    "scene_plan_switch": "number BIGINT, from_plan VARCHAR, to_plan VARCHAR, made_at TIMESTAMP, actor VARCHAR, "
    "reason VARCHAR",
    "scene_grant": "number BIGINT, amount BIGINT, remaining BIGINT, expires_at TIMESTAMP",
    "scene_copy": "number BIGINT, subscription_id VARCHAR, status VARCHAR, plan VARCHAR, period_ends_at TIMESTAMP",
    "scene_membership": "organisation BIGINT, member BIGINT, role VARCHAR",
}


def number_people(scenes: Sequence[Scene], *, accounts: int, order: Sequence[int]) -> None:
    """Give every person of the scenes an account number, spread evenly over 1 to ``accounts``.

    ``order`` says which scene comes first; the numbers say nothing about who is at fault.
    """
    people = [person for position in order for person in scenes[position].people]
    for place, person in enumerate(people):
        person.number = place * accounts // len(people) + 1


def load_scenes(connection: DuckDBPyConnection, scenes: Sequence[Scene]) -> dict[int, Move]:
    """Write the scenes' rows; their moves by the key that ``ledger_line.scene`` will carry."""
    people = [person for scene in scenes for person in scene.people]
    moves = dict(enumerate((person, move) for person in people for move in person.moves))
    rows: dict[str, list[tuple[object, ...]]] = {
        "reserved": [(person.number,) for person in people],
        "scene_person": [
            (
                p.number,
                p.role,
                p.plan,
                p.customer_id,
                p.subscription_id,
                p.cached,
                p.unlimited_credits,
                p.active,
                p.created_at,
            )
            for p in people
            if p.exists
        ],
        "scene_move": [
            (key, person.number, m.sequence, m.at, m.amount, m.balance_after, m.placed_at or m.at)
            for key, (person, m) in moves.items()
        ],
        "scene_note": [
            (
                key,
                m.kind,
                m.posted,
                m.event_id,
                m.payment_intent_id,
                m.invoice_id,
                m.checkout_session_id,
                m.actor,
                m.reason,
            )
            for key, (_, m) in moves.items()
        ],
        "scene_event": [
            (e.event_id, e.type, e.status, e.received_at, e.processed_at, e.livemode)
            for scene in scenes
            for e in scene.events
        ],
        "scene_plan_switch": [
            (s.person.number, s.from_plan, s.to_plan, s.at, s.actor, None)
            for scene in scenes
            for s in scene.plan_switches
        ],
        "scene_grant": [
            (g.person.number, g.amount, g.remaining, g.expires_at) for scene in scenes for g in scene.grants
        ],
        "scene_copy": [
            (c.person.number, c.subscription_id, str(c.status), c.plan, c.period_ends_at)
            for scene in scenes
            for c in scene.copies
        ],
        "scene_membership": [
            (m.organisation.number, m.person.number, m.role) for scene in scenes for m in scene.memberships
        ],
    }
    for name, columns in _TABLES.items():
        connection.execute(f"CREATE TABLE {name} ({columns})")
        insert_rows(connection, name, rows[name])
    return {key: move for key, (_, move) in moves.items()}


def insert_rows(connection: DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Append rows, in the order of the table's columns."""
    if not rows:
        return
    import pyarrow as pa  # noqa: PLC0415 - heavy

    columns = [pa.array(column) for column in zip(*rows, strict=True)]
    connection.register("staged_rows", pa.table(columns, names=[f"c{i}" for i in range(len(columns))]))
    connection.execute(f"INSERT INTO {table} SELECT * FROM staged_rows")
    connection.unregister("staged_rows")
