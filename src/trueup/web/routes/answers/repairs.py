"""Repairs: what one would write, and what it wrote."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trueup.web.routes.answers.words import Answer, Fingerprint, Moment, Sha256


class Replaced(Answer):
    """One cell: its value before, and its value after. Values are text."""

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
    """What would be written now. ``planHash``, sent with the request to apply, makes sure of exactly this."""

    issue_id: str
    check: str
    fingerprint: Fingerprint
    message: str
    kind: str
    summary: str
    safe: Annotated[bool, Field(description="Whether it may run without a person.")]
    replace: Replaced | None
    append: Appended
    proven: Annotated[
        str | None, Field(description="What Stripe answered about the account just now; null where no proof is needed.")
    ]
    expected_writes: Annotated[
        dict[str, str],
        Field(description="Rows that the application's triggers are declared to write as well, by table."),
    ]
    plan_hash: Sha256


class RepairDone(Answer):
    """The change, its audit row and its journal row were committed together."""

    result: Annotated[
        Literal["applied", "changed_since"],
        Field(description="`changed_since`: applied, and changed by the application since, as `changedSince` says."),
    ]

    issue_id: str
    kind: Annotated[str, Field(description="The kind of repair.")]
    summary: Annotated[str, Field(description="The change in one line.")]
    repair_id: str
    journal_seq: Annotated[int, Field(ge=1)]
    plan_hash: Sha256
    applied_at: Moment
    replayed: Annotated[
        bool,
        Field(description="Whether an earlier request with this idempotency key made the repair; this is its result."),
    ]
    changed_since: Annotated[
        list[str], Field(description="What differed from the written values in a look right after the commit.")
    ]
