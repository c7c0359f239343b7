"""More cases of `large-credit-movement`, beside those that its own file teaches with."""

from __future__ import annotations

from decimal import Decimal

from trueup.checks.revenue.large_credit_movement import _moved, _usual
from trueup.model.check import Case, ago
from trueup.model.relations import EntryKind, Exemption, Plan

_PRO = Plan(plan="PRO", rank=1, paid=True, credits_per_period=Decimal(4000))

CASES: tuple[Case, ...] = (
    Case(
        name="each kind has sizes of its own",
        given=(*_usual(EntryKind.USAGE), _moved(50, amount=10_000), _moved(51, amount=10_500)),
    ),
    Case(
        name="exactly the floor",
        given=(*_usual(), _moved(50, amount=1000)),
        fires=("50",),
    ),
    Case(
        name="a clawback is measured by its size, not by its sign",
        given=(*_usual(EntryKind.CLAWBACK), _moved(50, amount=-10_000, kind=EntryKind.CLAWBACK)),
        fires=("50",),
        evidence={"50": {"amount": Decimal(-10_000)}},
    ),
    Case(
        name="one size only: a tenth of it counts as spread",
        given=(*(_moved(n, amount=1000) for n in range(1, 6)), _moved(50, amount=2000), _moved(51, amount=2001)),
        fires=("51",),
        evidence={"51": {"usual_spread": Decimal(100)}},
    ),
    Case(
        name="yearly up-front grant",
        given=(
            _PRO,
            *_usual(EntryKind.SUBSCRIPTION_GRANT),
            _moved(50, amount=48_000, kind=EntryKind.SUBSCRIPTION_GRANT),
        ),
    ),
    Case(
        name="a quarter granted up front",
        given=(
            _PRO,
            *_usual(EntryKind.SUBSCRIPTION_GRANT),
            _moved(50, amount=12_000, kind=EntryKind.SUBSCRIPTION_GRANT),
        ),
    ),
    Case(
        name="the first grant of a large plan",
        given=(_PRO, *_usual(EntryKind.SUBSCRIPTION_GRANT), _moved(50, amount=4000, kind=EntryKind.SUBSCRIPTION_GRANT)),
    ),
    Case(
        name="an upgrade that grants what the new plan has more than the old one",
        given=(
            *_usual(EntryKind.SUBSCRIPTION_GRANT),
            _PRO,
            Plan(plan="MAX", rank=2, paid=True, credits_per_period=Decimal(9000)),
            _moved(11, amount=5000, kind=EntryKind.SUBSCRIPTION_GRANT),
        ),
    ),
    Case(
        name="no plan explains two years at once",
        given=(
            _PRO,
            *_usual(EntryKind.SUBSCRIPTION_GRANT),
            _moved(50, amount=96_000, kind=EntryKind.SUBSCRIPTION_GRANT),
        ),
        fires=("50",),
    ),
    Case(
        name="a plan explains grants, not adjustments",
        given=(_PRO, *_usual(EntryKind.ADJUSTMENT), _moved(50, amount=48_000, kind=EntryKind.ADJUSTMENT)),
        fires=("50",),
    ),
    Case(
        name="huge but planned enterprise grant, repeated",
        given=(*_usual(), *(_moved(50 + n, amount=50_000, created_at=ago(days=30 * n + 1)) for n in range(3))),
    ),
    Case(
        name="the same huge amount on four accounts within an hour is no habit of any of them",
        given=(
            *_usual(),
            *(
                _moved(50 + n, amount=50_000, account_id=f"user_{n}", created_at=ago(days=2, minutes=10 * n))
                for n in range(1, 5)
            ),
        ),
        fires=("51", "52", "53", "54"),
        evidence={"51": {"entries_of_this_size": 1}},
    ),
    Case(
        name="the same huge amount four times within an hour, on one account",
        given=(
            *_usual(),
            *(_moved(50 + n, amount=50_000, created_at=ago(days=2, minutes=10 * n)) for n in range(1, 5)),
        ),
        fires=("51", "52", "53", "54"),
        evidence={"51": {"entries_of_this_size": 4}},
    ),
    Case(
        name="a habit of one account excuses no other one",
        given=(
            *_usual(),
            *(_moved(50 + n, amount=50_000, created_at=ago(days=30 * n + 1)) for n in range(3)),
            _moved(60, amount=50_000, account_id="user_2", created_at=ago(days=2)),
        ),
        fires=("60",),
    ),
    Case(
        name="a huge amount that came twice is not yet a habit",
        given=(
            *_usual(),
            _moved(50, amount=50_000, created_at=ago(days=31)),
            _moved(51, amount=50_000, created_at=ago(days=1)),
        ),
        fires=("50", "51"),
    ),
    Case(
        name="on the first moment of the period",
        given=(*_usual(), _moved(50, amount=10_000, created_at=ago(days=45))),
        fires=("50",),
    ),
    Case(
        name="before the period",
        given=(*_usual(), _moved(50, amount=10_000, created_at=ago(days=45, seconds=1))),
    ),
    Case(
        name="a pending movement has not happened yet",
        given=(*_usual(), _moved(50, amount=10_000, posted=False)),
    ),
    Case(
        name="expiry and balance syncs are as large as the balance they meet",
        given=(*_usual(EntryKind.EXPIRY), _moved(50, amount=-10_000, kind=EntryKind.EXPIRY)),
    ),
    Case(
        name="a planned migration, exempted",
        given=(
            *_usual(),
            _moved(50, amount=10_000),
            Exemption(
                check_id="large-credit-movement",
                subject="50",
                owner="finance",
                reason="credits moved from the old system",
            ),
        ),
    ),
)
