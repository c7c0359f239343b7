"""Every attempt at a repair, recorded in the app's database: inserted once, never changed."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.exc import IntegrityError

from trueup.journal.masking import mask_json
from trueup.journal.tables import REPAIR, moment_of, moment_text
from trueup.model.errors import TrueupError
from trueup.model.redact import redact

if TYPE_CHECKING:
    from sqlalchemy import Connection

Status = Literal["applied", "changed", "stale", "refused"]


class AlreadyRepaired(TrueupError):
    """Another attempt repaired this episode of the finding. The transaction can only be rolled back."""


class IdTaken(TrueupError):
    """An attempt of this id was recorded before. The transaction can only be rolled back."""


class KeyTaken(TrueupError):
    """This actor has used the idempotency key before. The transaction can only be rolled back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairRow:
    """One attempt. ``episode`` counts the times that a finding was repaired; an attempt that changed nothing has none.

    ``result`` is the answer to the caller, as JSON text; ``body_hash`` shows whether a repeated key came with the same
    request. ``at`` is naive UTC.
    """

    repair_id: str
    issue_id: str
    check_id: str
    fingerprint: str
    episode: int | None
    status: Status
    actor: str
    idempotency_key: str | None
    body_hash: str | None
    plan_hash: str | None
    kind: str | None
    summary: str | None
    reason: str
    result: str
    request_id: str | None
    at: datetime


def insert_repair(connection: Connection, row: RepairRow) -> None:
    """Record an attempt in the caller's transaction. Raises ``AlreadyRepaired``, ``IdTaken`` and ``KeyTaken``."""
    values = dataclasses.asdict(masked(row)) | {"at": moment_text(row.at)}
    try:
        connection.execute(insert(REPAIR).values(values))
    except IntegrityError as error:
        refusal = _find_taken_key(error)
        if refusal is None:
            raise
        raise refusal from None


def masked(row: RepairRow) -> RepairRow:
    """The attempt as its row holds it: without any secrets that were written into it."""
    return dataclasses.replace(row, reason=redact(row.reason), result=mask_json(row.result))


def repair_by_id(connection: Connection, repair_id: str) -> RepairRow | None:
    """The attempt of this id, by which a caller learns whether a commit happened whose answer was lost."""
    return _find_row(connection, REPAIR.c.repair_id == repair_id)


def repair_by_key(connection: Connection, actor: str, key: str) -> RepairRow | None:
    """The attempt that this actor made under this idempotency key."""
    return _find_row(connection, (REPAIR.c.actor == actor) & (REPAIR.c.idempotency_key == key))


def next_episode(connection: Connection, fingerprint: str) -> int:
    """The episode that a repair of this finding would close: 1 for the first."""
    highest = select(func.max(REPAIR.c.episode)).where(REPAIR.c.fingerprint == fingerprint)
    return (connection.execute(highest).scalar() or 0) + 1


def applied_since(connection: Connection, moment: datetime) -> int:
    """How many repairs were applied at or after this naive UTC moment."""
    count = select(func.count()).where(REPAIR.c.status == "applied", REPAIR.c.at >= moment_text(moment))
    return connection.execute(count).scalar_one()


def _find_row(connection: Connection, condition: ColumnElement[bool]) -> RepairRow | None:
    row = connection.execute(select(REPAIR).where(condition)).mappings().one_or_none()
    return None if row is None else RepairRow(**{**row, "at": moment_of(row["at"])})


def _find_taken_key(error: IntegrityError) -> TrueupError | None:
    """Which unique key was taken. SQLite names its columns; the others name it, MySQL after the values, at the end."""
    message = str(error.orig)
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None) or message.rpartition("for key")[2]
    if name.strip("' \")").endswith("trueup_repair_episode") or message.endswith("trueup_repair.episode"):
        return AlreadyRepaired("Another repair of this finding has just been committed.")
    if name.strip("' \")").endswith("trueup_repair_key") or message.endswith("trueup_repair.idempotency_key"):
        return KeyTaken("This idempotency key was used before.")
    if name.strip("' \")").endswith(("trueup_repair_pkey", "PRIMARY")) or message.endswith("trueup_repair.repair_id"):
        return IdTaken("A repair of this id was recorded before.")
    return None
