"""More cases of `unlimited-credits`, beside those that its own file teaches with."""

from __future__ import annotations

from decimal import Decimal

from trueup.model.check import Case
from trueup.model.relations import Account, AccountRole

CASES: tuple[Case, ...] = (
    Case(
        name="an account without entries counts from zero",
        given=(Account(account_id="user_1", unlimited_credits=True),),
        fires=("user_1",),
        evidence={"user_1": {"last_balance_after": Decimal(0), "last_entry_at": None}},
    ),
    Case(
        name="a super admin may have unlimited credits",
        given=(Account(account_id="user_1", role=AccountRole.SUPER_ADMIN, unlimited_credits=True),),
    ),
    Case(
        name="a closed account cannot spend",
        given=(Account(account_id="user_1", unlimited_credits=True, active=False),),
    ),
)
