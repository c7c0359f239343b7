"""More cases of `unlimited-credits`, beside the six that its own file teaches with."""

from __future__ import annotations

from trueup.model.check import Case
from trueup.model.relations import Account

CASES: tuple[Case, ...] = (
    Case(
        name="a closed account cannot spend",
        given=(Account(account_id="user_1", unlimited_credits=True, active=False),),
    ),
)
