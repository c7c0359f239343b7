"""Putting the scenes' rows into the scratch database, beside the mass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

from trueup.demo.people import Move, Person
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

# The values of those columns, in their order.
_OF_PERSON = attrgetter(
    *("number", "role", "plan", "customer_id", "subscription_id", "cached", "unlimited_credits", "active", "created_at")
)
_OF_NOTE = attrgetter(
    *("kind", "posted", "event_id", "payment_intent_id", "invoice_id", "checkout_session_id", "actor", "reason")
)
_OF_EVENT = attrgetter("event_id", "type", "status", "received_at", "processed_at", "livemode")
_OF_SWITCH = attrgetter("person.number", "from_plan", "to_plan", "at", "actor")
_OF_GRANT = attrgetter("person.number", "amount", "remaining", "expires_at")
_OF_MEMBERSHIP = attrgetter("organisation.number", "person.number", "role")

_Rows = dict[str, list[tuple[object, ...]]]


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
    rows = _rows_of_people(people) | _rows_of_moves(moves) | _rows_beside_them(scenes)
    for name, columns in _TABLES.items():
        connection.execute(f"CREATE TABLE {name} ({columns})")
        insert_rows(connection, name, rows[name])
    return {key: move for key, (_, move) in moves.items()}


def _rows_of_people(people: Sequence[Person]) -> _Rows:
    return {
        "reserved": [(person.number,) for person in people],
        "scene_person": [_OF_PERSON(person) for person in people if person.exists],
    }


def _rows_of_moves(moves: Mapping[int, tuple[Person, Move]]) -> _Rows:
    return {
        "scene_move": [
            (key, person.number, m.sequence, m.at, m.amount, m.balance_after, m.placed_at or m.at)
            for key, (person, m) in moves.items()
        ],
        "scene_note": [(key, *_OF_NOTE(move)) for key, (_, move) in moves.items()],
    }


def _rows_beside_them(scenes: Sequence[Scene]) -> _Rows:
    """The events, plan changes, grants, copies of subscriptions and memberships."""
    return {
        "scene_event": [_OF_EVENT(event) for scene in scenes for event in scene.events],
        "scene_plan_switch": [(*_OF_SWITCH(switch), None) for scene in scenes for switch in scene.plan_switches],
        "scene_grant": [_OF_GRANT(grant) for scene in scenes for grant in scene.grants],
        "scene_copy": [
            (c.person.number, c.subscription_id, str(c.status), c.plan, c.period_ends_at)
            for scene in scenes
            for c in scene.copies
        ],
        "scene_membership": [_OF_MEMBERSHIP(seat) for scene in scenes for seat in scene.memberships],
    }


def insert_rows(connection: DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Append rows, in the order of the table's columns."""
    if not rows:
        return
    import pyarrow as pa  # noqa: PLC0415 - heavy

    columns = [pa.array(column) for column in zip(*rows, strict=True)]
    connection.register("staged_rows", pa.table(columns, names=[f"c{i}" for i in range(len(columns))]))
    connection.execute(f"INSERT INTO {table} SELECT * FROM staged_rows")
    connection.unregister("staged_rows")
