"""More cases of `shared-customer`, beside those that its own file teaches with."""

from __future__ import annotations

from trueup.model.check import Case
from trueup.model.relations import Account, Exemption, Member

CASES: tuple[Case, ...] = (
    Case(
        name="seats of an organisation that is no account itself",
        given=(
            Account(account_id="user_1", stripe_customer_id="cus_1"),
            Account(account_id="user_2", stripe_customer_id="cus_1"),
            Member(account_id="org_1", member_id="user_1"),
            Member(account_id="org_1", member_id="user_2"),
        ),
    ),
    Case(
        name="the organisation lists its owner as a member too",
        given=(
            Account(account_id="user_1", stripe_customer_id="cus_1"),
            Account(account_id="user_2", stripe_customer_id="cus_1"),
            Member(account_id="user_1", member_id="user_1"),
            Member(account_id="user_1", member_id="user_2"),
        ),
    ),
    Case(
        name="seats of two organisations",
        given=(
            Account(account_id="user_1", stripe_customer_id="cus_1"),
            Account(account_id="user_2", stripe_customer_id="cus_1"),
            Member(account_id="org_1", member_id="user_1"),
            Member(account_id="org_2", member_id="user_2"),
        ),
        fires=("cus_1",),
    ),
    Case(
        name="a closed account that was opened again under another id",
        given=(
            Account(account_id="user_1", stripe_customer_id="cus_1", active=False),
            Account(account_id="user_2", stripe_customer_id="cus_1"),
        ),
    ),
    Case(
        name="two brands with one customer on purpose, exempted",
        given=(
            Account(account_id="user_1", stripe_customer_id="cus_1"),
            Account(account_id="user_2", stripe_customer_id="cus_1"),
            Exemption(check_id="shared-customer", subject="cus_1", owner="finance", reason="one contract, two brands"),
        ),
    ),
)
