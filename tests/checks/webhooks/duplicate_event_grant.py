"""More cases of `duplicate-event-grant`, beside those that its own file teaches with."""

from __future__ import annotations

from decimal import Decimal

from trueup.checks.webhooks.duplicate_event_grant import _entry
from trueup.model.check import Case, ago
from trueup.model.relations import EntryKind

CASES: tuple[Case, ...] = (
    Case(
        name="only the doubled account counts",
        given=(_entry(1, ago(days=2)), _entry(2, ago(days=2), account_id="user_0"), _entry(3, ago(days=1))),
        fires=("evt_1",),
        evidence={"evt_1": {"account_id": "user_1", "accounts": 1, "grants": 2, "excess": Decimal(100)}},
    ),
    Case(
        name="a duplicate that was reversed through another event of the same payment",
        given=(
            _entry(1, ago(days=3), payment="pi_1"),
            _entry(2, ago(days=2), payment="pi_1"),
            _entry(3, ago(days=1), amount=-100, kind=EntryKind.REFUND, event="evt_refund", payment="pi_1"),
        ),
    ),
    Case(
        name="a duplicate that was reversed but for one credit",
        given=(
            _entry(1, ago(days=3)),
            _entry(2, ago(days=2)),
            _entry(3, ago(days=1), amount=-99, kind=EntryKind.CLAWBACK),
        ),
        fires=("evt_1",),
        evidence={"evt_1": {"excess": Decimal(1), "credits_reversed": Decimal(99)}},
    ),
    Case(
        name="another account's clawback reverses nothing here",
        given=(
            _entry(1, ago(days=3)),
            _entry(2, ago(days=2)),
            _entry(3, ago(days=1), amount=-100, kind=EntryKind.CLAWBACK, account_id="user_2"),
        ),
        fires=("evt_1",),
    ),
    Case(
        name="a first attempt that never posted",
        given=(_entry(1, ago(days=2), posted=False), _entry(2, ago(days=1))),
    ),
    Case(
        name="a grant and a correction of it that name one event",
        given=(_entry(1, ago(days=2)), _entry(2, ago(days=1), amount=10, kind=EntryKind.ADJUSTMENT)),
    ),
    Case(
        name="grants without an event",
        given=(_entry(1, ago(days=2), event=None), _entry(2, ago(days=1), event=None)),
    ),
)
