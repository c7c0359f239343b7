"""One invoice grants an account its subscription credits once for each period it paid for."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial

from trueup.checks.case_rows import entry
from trueup.derived.money import MONEY_NAMES
from trueup.model.check import Case, Check, ago, credits_at_risk
from trueup.model.finding import Area
from trueup.model.relations import EntryKind
from trueup.model.severity import Severity

_grant = partial(entry, invoice="in_1", kind=EntryKind.SUBSCRIPTION_GRANT)


CHECK = Check(
    id="duplicate-invoice-grant",
    area=Area.WEBHOOKS,
    severity=Severity.CRITICAL,
    revenue_impacting=True,
    title="One invoice granted subscription credits more than once",
    why="The customer received two allowances for one payment, and usually receives them every period from now on.",
    requires=("ledger_entry.stripe_invoice_id or also ledger_entry.stripe_subscription_id",),
    widened_by=MONEY_NAMES,
    population="""
SELECT count(*) FROM stripe_entry
WHERE coalesce(stripe_invoice_id, stripe_subscription_id) IS NOT NULL AND posted AND amount > 0
  AND kind = 'subscription_grant'
""",
    # The ledger does not say how long an invoice's period is, so the dates decide. Months are never less than 28 days
    # apart, so that grants less than 25 days apart are of one period. If an invoice's next two follow it monthly, it
    # paid for one month only, and its second grant is one too many, however late it came.
    violations="""
SELECT stripe_invoice_id AS subject, account_id, accounts, grants, credits_granted, credits_reversed, excess,
       first_entry_id, last_entry_id, first_at, last_at
FROM doubled_grant
WHERE repeats = 'invoice'
""",
    message="{subject} granted {account_id} subscription credits {grants} times: {excess} credits too many.",
    impact=credits_at_risk("excess"),
    cases=(
        Case(
            name="an invoice a month, a grant each",
            given=tuple(_grant(n, ago(days=30 * n), invoice=f"in_{n}") for n in range(1, 5)),
        ),
        Case(
            name="two events of one invoice both grant",
            given=(_grant(1, ago(days=3)), _grant(2, ago(days=3, seconds=-20))),
            fires=("in_1",),
            severities={"in_1": Severity.CRITICAL},
            evidence={"in_1": {"account_id": "user_1", "grants": 2, "excess": Decimal(100)}},
        ),
        Case(
            name="yearly invoice backing twelve monthly grants",
            given=tuple(_grant(n, ago(days=30.4 * n)) for n in range(1, 13)),
        ),
        Case(
            name="field failure 41: calendar month against anniversary, two allowances for one payment",
            given=(
                _grant(1, datetime.fromisoformat("2026-01-15")),
                _grant(2, datetime.fromisoformat("2026-02-01")),
            ),
            fires=("in_1",),
            evidence={"in_1": {"grants": 2, "excess": Decimal(100)}},
        ),
        Case(
            name="a yearly plan that was upgraded a month in",
            given=(
                _grant(1, datetime.fromisoformat("2025-11-03")),
                _grant(2, datetime.fromisoformat("2025-12-03")),
                _grant(3, datetime.fromisoformat("2025-12-05"), invoice="in_2"),
                _grant(4, datetime.fromisoformat("2026-01-05"), invoice="in_2"),
                _grant(5, datetime.fromisoformat("2026-02-05"), invoice="in_2"),
            ),
        ),
        Case(
            name="grants twenty-five days apart are of two periods",
            given=(_grant(1, ago(days=25)), _grant(2, ago(days=0))),
        ),
    ),
)
