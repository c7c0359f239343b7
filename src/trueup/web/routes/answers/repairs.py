"""Repairs: what one would write, and what one wrote."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trueup.web.routes.answers.words import Answer, Fingerprint, Moment, Sha256


class Replaced(Answer):
    """One cell: what stands there, and what would stand there. Values are text."""

    relation: str
    row: str
    column: str
    old: str | None
    new: str | None


class Appended(Answer):
    """The row that records it. Values are text."""

    relation: str
    values: dict[str, str | None]


class RepairPlan(Answer):
    """What would be written now. ``planHash``, given back with the order, makes sure that nothing else is."""

    issue_id: str
    check: str
    fingerprint: Fingerprint
    message: str
    kind: str
    summary: str
    safe: Annotated[bool, Field(description="Whether it may run unattended.")]
    replace: Replaced | None
    append: Appended
    proven: Annotated[
        str | None, Field(description="What Stripe said of the account just now; null where that needs no proof.")
    ]
    expected_writes: Annotated[
        dict[str, str],
        Field(description="Rows that the application's triggers are declared to write with it, by table."),
    ]
    plan_hash: Sha256


class RepairDone(Answer):
    """The change, its audit row and its journal row were committed together."""

    result: Annotated[
        Literal["applied", "changed_since"],
        Field(description="`changed_since`: applied, and changed by the application since, as `changedSince` says."),
    ]

    issue_id: str
    kind: Annotated[str, Field(description="Which of the repairs it was.")]
    summary: Annotated[str, Field(description="The change in one line.")]
    repair_id: str
    journal_seq: Annotated[int, Field(ge=1)]
    plan_hash: Sha256
    applied_at: Moment
    replayed: Annotated[
        bool, Field(description="Whether an earlier request with this idempotency key did it, and this is its result.")
    ]
    changed_since: Annotated[
        list[str], Field(description="What a look right after the commit showed otherwise than it was written.")
    ]
