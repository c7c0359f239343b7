"""More cases of `lapsed-credits`, beside those that its own file teaches with."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from trueup.checks.credits.lapsed_credits import _account, _grant
from trueup.model.check import Case, ago
from trueup.model.relations import EntryKind, LedgerEntry

CASES: tuple[Case, ...] = (
    Case(
        name="a second longer than a nightly job may be late",
        given=(_account(400), _grant(400, ago(days=2, seconds=1))),
        fires=("user_1",),
    ),
    Case(
        name="only what the balance has beyond the valid grants is counted",
        given=(_account(1100), _grant(400, ago(days=20)), _grant(1000, None, number=2)),
        fires=("user_1",),
        evidence={"user_1": {"lapsed_credits": Decimal(100), "left_of_lapsed_grants": Decimal(400)}},
    ),
    Case(
        name="the ledger took a part of it away",
        given=(
            _account(700),
            _grant(400, ago(days=20)),
            LedgerEntry(entry_id=1, kind=EntryKind.EXPIRY, amount=Decimal(-300), created_at=ago(days=19)),
        ),
        fires=("user_1",),
        evidence={"user_1": {"lapsed_credits": Decimal(100)}},
    ),
    Case(
        name="an expiry from before this grant lapsed took another one's rest",
        given=(
            _account(400),
            _grant(400, ago(days=20)),
            LedgerEntry(entry_id=1, kind=EntryKind.EXPIRY, amount=Decimal(-400), created_at=ago(days=40)),
        ),
        fires=("user_1",),
    ),
    Case(
        name="two grants lapsed",
        given=(_account(500), _grant(400, ago(days=20)), _grant(100, ago(days=10), number=2)),
        fires=("user_1",),
        evidence={"user_1": {"lapsed_credits": Decimal(500), "grants": 2, "last_lapsed_at": ago(days=10)}},
    ),
    Case(name="all of it was used in time", given=(_account(50), _grant(0, ago(days=20)))),
    Case(name="nothing is left in the balance", given=(_account(0), _grant(400, ago(days=20)))),
    Case(name="a closed account", given=(dataclasses.replace(_account(400), active=False), _grant(400, ago(days=20)))),
    Case(
        name="an account without limits",
        given=(dataclasses.replace(_account(400), unlimited_credits=True), _grant(400, ago(days=20))),
    ),
)
