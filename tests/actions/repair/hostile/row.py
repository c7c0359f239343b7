"""One row of the table: an application, what it does to a repair, and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.actions.repair.hostile.company import Company

EVERY = ("postgres", "mariadb", "sqlite")
POSTGRES, MARIADB, SQLITE = ("postgres",), ("mariadb",), ("sqlite",)
BALANCE, UNLIMITED, PLAN, EVENT = (
    "credit-balance:a-1",
    "unlimited-credits:a-3",
    "paid-without-customer:a-4",
    "missing-idempotency-record:evt_1",
)


class Expect(StrEnum):
    """What must come of a repair."""

    APPLIED = "applied exactly as planned"
    REFUSED = "refused with nothing changed"
    CHANGED_SINCE = "applied, and changed by the application since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A trigger of each row, in the words that all databases have; ``only`` is a condition on NEW and OLD."""

    when: str
    body: str
    only: str = ""
    gives: str = "NEW"
    timing: str = ""
    """``CONSTRAINT`` and when it is done, on Postgres."""

    def statements(self, database: str, name: str) -> list[str]:
        """What makes it."""
        if database == "postgres":
            constraint, deferred = ("CONSTRAINT ", self.timing) if self.timing else ("", "")
            only = f"WHEN ({self.only}) " if self.only else ""
            body = f"BEGIN {self.body}; RETURN {self.gives}; END"
            each = f"{deferred} FOR EACH ROW {only}EXECUTE FUNCTION {name}()"
            return [
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
                f"CREATE {constraint}TRIGGER {name} {self.when} {each}",
            ]
        if database == "mariadb":
            body = f"IF {self.only} THEN {self.body}; END IF" if self.only else self.body
            return [f"CREATE TRIGGER {name} {self.when} FOR EACH ROW BEGIN {body}; END"]
        only = f"WHEN {self.only} " if self.only else ""
        return [f"CREATE TRIGGER {name} {self.when} FOR EACH ROW {only}BEGIN {self.body}; END"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """What another session of the application does around the repair.

    It does ``before`` in a transaction and holds it; the repair begins, and ``seconds`` later, or when the repair has
    ended where there are none, ``then`` is done and the transaction ends by ``end``.
    """

    before: Sequence[str]
    then: Sequence[str] = ()
    end: str = "COMMIT"
    seconds: float | None = None
    credits: str = "95"
    """The balance of the account in the end; nothing where there is no such account any more."""
    entries: int = 0
    """How many entries of the account there are in the end besides ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One hostile application. ``does`` is done once the company and its journal are there."""

    name: str
    expect: Expect
    on: Sequence[str] = EVERY
    company: Company = field(default_factory=Company)
    does: Sequence[str | Trigger] = ()
    admin: Sequence[str] = ()
    """What is set up around the database, on Postgres by its superuser."""
    config: str = ""
    repairs: str = ""
    """Lines of the config's section ``[repairs]``."""
    issue: str = BALANCE
    because: str = ""
    """A part of the reason that is given."""
    play: Play | None = None
    since: Sequence[str] = ()
    """What the application does once the server has committed and before we know."""
    balance: str = "95"
    """How the account's balance reads afterwards."""
    balance_table: str = "users"
    balance_column: str = "credits"
    ledger_table: str = "credit_transactions"
    moves: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Columns, by table, that the database itself changes in the account's row."""
    grows: Mapping[str, int] = field(default_factory=dict)
    """Rows, by table, that the application adds, as was declared."""

    @property
    def check(self) -> str:
        """The check whose finding is repaired."""
        return self.issue.partition(":")[0]

    def statements(self, database: str) -> list[str]:
        """What it does, in the words of one database."""
        done: list[str] = []
        for number, each in enumerate(self.does):
            done += [each] if isinstance(each, str) else each.statements(database, f"hostile_{number}")
        return done


def row(name: str, expect: Expect, on: Sequence[str] = EVERY, **others: Any) -> Row:
    """A row."""
    return Row(name=name, expect=expect, on=on, **others)
