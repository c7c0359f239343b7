"""Exemptions, checks, the journal and tokens, as ``/api/v1`` shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trueup.model.access import Role
from trueup.model.finding import Area
from trueup.model.severity import Severity
from trueup.web.routes.answers.words import Answer, Day, Moment, NextCursor, Sha256


class Exemption(Answer):
    """Who accepted a finding, why, and until when. One from the config has no author and no moment."""

    check: str
    subject: Annotated[str | None, Field(description="The one subject it covers; null if it covers a plan.")]
    plan: Annotated[str | None, Field(description="The plan whose accounts it covers; null if it covers a subject.")]
    owner: str
    reason: str
    expires: Annotated[
        Day | None, Field(description="The last day it holds; null for one from the config without an end.")
    ]
    expires_at: Annotated[Day | None, Field(description="The same as ``expires``, as the command names it.")]
    expired: bool
    source: Literal["config", "store"]
    from_: Annotated[
        Literal["config", "store"],
        Field(alias="from", description="The same as ``source``, as the command names it."),
    ]
    created_by: str | None
    created_at: Moment | None


class Exemptions(Answer):
    """Every exemption, expired ones included."""

    schema_version: Literal[1]
    exemptions: list[Exemption]


class CheckLine(Answer):
    """One check of the catalogue."""

    id: str
    category: Area
    severity: Annotated[Severity, Field(description="The check's own severity; the policy may set another.")]
    effective_severity: Annotated[Severity | None, Field(description="The severity under the policy; null means off.")]
    title: str
    revenue_impacting: bool
    repairable: bool


class Checks(Answer):
    """The catalogue."""

    checks: list[CheckLine]


class CheckExample(Answer):
    """One case, and the subjects for which it fires; without any, it is a quiet case."""

    name: str
    fires: list[str]


class CheckInFull(CheckLine):
    """One check with everything in the catalogue about it."""

    invariant: str
    why: str
    message: str
    population: Annotated[str, Field(description="SQL: how many subjects are examined.")]
    violations: Annotated[str, Field(description="SQL: the broken subjects and their evidence.")]
    examples: list[CheckExample]


class JournalEntry(Answer):
    """One entry of the journal. Numbers inside ``before`` and ``after`` are text."""

    seq: int
    at: str
    actor: str
    action: str
    target: str
    repair_id: str | None
    plan_hash: str | None
    before: dict[str, object]
    after: dict[str, object]
    reason: str
    request_id: str | None
    code_version: str
    database_identity: str
    db_role: Annotated[
        str | None,
        Field(description="The database role that wrote it; empty on SQLite, null in entries of an older trueup."),
    ]
    prev_hash: str
    hash: str


class JournalPage(Answer):
    """Entries in their order."""

    entries: list[JournalEntry]
    last_seq: Annotated[
        int | None, Field(description="The newest entry's number, from the journal's head; null without a head.")
    ]
    next_cursor: NextCursor


class JournalVerdict(Answer):
    """Whether the journal is whole. Without an anchor this cannot show a tail that was cut together with the head."""

    verdict: Literal["sound", "broken"]
    count: Annotated[int | None, Field(description="How many entries it has; null when it is broken.")]
    seq: Annotated[int, Field(description="The number of the last entry, or of the first that is wrong.")]
    hash: Annotated[Sha256 | None, Field(description="The last entry's hash; null when the journal is broken.")]
    reason: Annotated[str | None, Field(description="What is wrong.")]


class Token(Answer):
    """An API token, without its secret, which is stored nowhere."""

    id: str
    name: str
    role: Role
    created_by: str
    created_at: Moment
    expires_at: Moment
    revoked_at: Moment | None
    last_used_at: Moment | None
    valid: bool


class Tokens(Answer):
    """Every token, newest first."""

    schema_version: Literal[1]
    tokens: list[Token]


class TokenMade(Answer):
    """A new token. ``secret`` is shown only in this answer."""

    secret: Annotated[str, Field(description="The token itself; it cannot be shown again.")]
    token: Token
