"""Derived relations about accounts themselves: which are closed or too young, and whose place another pays for."""

from __future__ import annotations

from trueup.derived.derivation import Derived

ACCOUNT_STANDING = Derived(
    name="account_standing",
    holds="One row per account: whether it is closed, so that it owes nothing and is owed nothing; and `is_settled`: "
    "neither it nor a change of its plan is so young that the other side of it may be in flight.",
    sql="""
SELECT a.account_id,
       NOT a.active AS is_closed,
       (a.created_at IS NULL OR a.created_at < $settled_before)
           AND a.account_id NOT IN (
               SELECT account_id FROM plan_change WHERE changed_at >= $settled_before
           ) AS is_settled
FROM account AS a
""",
)

PAID_SEAT = Derived(
    name="paid_seat",
    holds="One row per account whose place is paid by another: a member of an active organisation account that is "
    "itself on a paid plan.",
    sql="""
SELECT DISTINCT m.member_id AS account_id
FROM member AS m
JOIN account AS organisation ON organisation.account_id = m.account_id
JOIN plan AS bought          ON bought.plan = organisation.plan
WHERE organisation.active
  AND bought.paid
  AND m.member_id <> m.account_id
""",
)

ACCOUNTS: tuple[Derived, ...] = (ACCOUNT_STANDING, PAID_SEAT)
