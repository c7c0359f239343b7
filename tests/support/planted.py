"""A demo company with one kind of repairable fault beside the other, each on accounts and events of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from tests.support.demo import company_of
from tests.support.repairable import App, app_of, with_repair_url
from trueup import journal
from trueup.targets import open_target

REPAIRS = ("credit-balance", "unlimited-credits", "paid-without-customer", "missing-idempotency-record")
"""The checks whose findings have a repair."""

OVERPAID = 7
ACCOUNTS_PER_FAULT = 16
"""About every fourth account is ordinary enough for one of the three faults of accounts."""

_HEALTHY = """
SELECT id FROM users
WHERE plan = 'FREE' AND role = 'user' AND active AND NOT unlimited_credits AND stripe_customer_id IS NULL
  AND credits >= 0 AND EXISTS (SELECT 1 FROM credit_transactions AS t WHERE t.user_id = users.id)
ORDER BY id
"""
_RECORDED = """
SELECT min(t.id) AS entry, t.stripe_event_id FROM credit_transactions AS t
JOIN stripe_webhook_events AS w ON w.event_id = t.stripe_event_id
WHERE t.created_at > '{since}' AND t.created_at < '{until}'
GROUP BY t.stripe_event_id HAVING count(*) = 1
ORDER BY entry
"""
_STATE = """
SELECT (SELECT credits FROM users WHERE id = '{subject}'),
       (SELECT CASE WHEN unlimited_credits THEN 1 ELSE 0 END FROM users WHERE id = '{subject}'),
       (SELECT plan FROM users WHERE id = '{subject}'),
       (SELECT count(*) FROM credit_transactions WHERE user_id = '{subject}'),
       (SELECT count(*) FROM plan_changes WHERE user_id = '{subject}'),
       (SELECT count(*) FROM stripe_webhook_events WHERE event_id = '{subject}'),
       (SELECT count(*) FROM trueup_journal WHERE target = '{issue_id}'),
       (SELECT count(*) FROM trueup_repair WHERE issue_id = '{issue_id}' AND status = 'applied')
"""
_PLANT = {
    "credit-balance": f"UPDATE users SET credits = credits + {OVERPAID} WHERE id IN ({{subjects}})",
    "unlimited-credits": "UPDATE users SET unlimited_credits = TRUE WHERE id IN ({subjects})",
    "paid-without-customer": "UPDATE users SET plan = 'PRO' WHERE id IN ({subjects})",
    "missing-idempotency-record": "DELETE FROM stripe_webhook_events WHERE event_id IN ({subjects})",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything that a repair of one issue may change, and whether it is on record."""

    credits: object
    unlimited: object
    plan: object
    entries: int
    plan_changes: int
    events: int
    journaled: int = 0
    recorded: int = 0

    def repaired(self, check: str) -> State:
        """The state after the repair of this check's finding, in full."""
        done = dataclasses.replace(self, journaled=self.journaled + 1, recorded=self.recorded + 1)
        match check:
            case "credit-balance":
                return dataclasses.replace(done, credits=int(str(self.credits)) - OVERPAID, entries=self.entries + 1)
            case "unlimited-credits":
                return dataclasses.replace(done, unlimited=0, entries=self.entries + 1)
            case "paid-without-customer":
                return dataclasses.replace(done, plan="FREE", plan_changes=self.plan_changes + 1)
            case _:
                return dataclasses.replace(done, events=self.events + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """The app and the issues that were planted and not taken yet, by check."""

    app: App
    left: Mapping[str, list[str]]
    others: frozenset[str]
    """What an audit finds besides."""

    def take(self, check: str) -> str:
        """The id of an issue that no test has taken yet."""
        assert self.left[check], f"no issue of {check} is left to take: plant more of each"
        return self.left[check].pop()

    def give_back(self, issue_id: str) -> None:
        """An issue that was taken and never repaired, for the next test."""
        self.left[issue_id.partition(":")[0]].append(issue_id)

    @property
    def untouched(self) -> str:
        """An issue that is only looked at."""
        return next(issue_id for issues in self.left.values() for issue_id in issues)

    def is_repaired(self, issue_id: str) -> bool:
        """Whether one repair of this issue is there, with its journal row; fails where there is half a one, or two."""
        state = self.state(issue_id)
        assert state.journaled == state.recorded <= 1
        return state.journaled == 1

    def state(self, issue_id: str) -> State:
        """How it stands with this issue in the database, whose journal must be sound."""
        sql = _STATE.format(subject=subject_of(issue_id), issue_id=issue_id)
        with open_target(self.app.config.database_url).transaction() as connection:
            row = connection.execute(text(sql)).one()
            verdict = journal.verify(journal.entries(connection), head=journal.head_of(connection))
        assert isinstance(verdict, journal.Sound), verdict
        names = (field.name for field in dataclasses.fields(State))
        return State(**dict(zip(names, row, strict=True)))

    def assert_nothing_but_what_is_left(self, *also: str) -> None:
        """An audit finds what was not taken, and these, and what it found from the start."""
        found = {finding.id for finding in self.app.report().findings()}
        expected = {issue_id for issues in self.left.values() for issue_id in issues} | self.others | set(also)
        assert found == expected, (sorted(found - expected), sorted(expected - found))


def planted(place: str, folder: Path, *, each: int) -> Planted:
    """``each`` faults of every kind in a company at ``place``, which is large enough for them."""
    company = company_of(accounts=100 + ACCOUNTS_PER_FAULT * each, fault_share=0)
    company.write(place)
    company.write_gates(folder)
    app = app_of(place, with_repair_url(company.config_text("${PLACE}")), folder)
    spoken_of = {twin.subject for twin in company.truth.twins} | {f.subject for f in company.truth.findings}
    since, until = company.span.recorded_since, company.span.now.replace(hour=0, minute=0, second=0)
    others = frozenset(finding.id for finding in company.truth.findings)
    accounts_left = _column(app, _HEALTHY, spoken_of)
    events_left = _column(app, _RECORDED.format(since=since, until=until), spoken_of)
    left = {}
    for check in REPAIRS:
        source = events_left if check == "missing-idempotency-record" else accounts_left
        subjects = [next(source) for _ in range(each)]
        app.execute(_PLANT[check].format(subjects=", ".join(f"'{subject}'" for subject in subjects)))
        left[check] = [f"{check}:{subject}" for subject in subjects]
    return Planted(app=app, left=left, others=others)


def subject_of(issue_id: str) -> str:
    """What an issue is about."""
    return issue_id.partition(":")[2]


def _column(app: App, sql: str, without: set[str]) -> Iterator[str]:
    """The last column of every row, except those."""
    found: Sequence[str] = [str(row[-1]) for row in app.rows(sql)]
    return iter([subject for subject in found if subject not in without])
