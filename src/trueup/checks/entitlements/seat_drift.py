"""Each organisation has as many billable members as its subscription has seats."""

from __future__ import annotations

from trueup.derived.subscriptions import EXCUSING
from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.finding import Area
from trueup.model.relations import Account, Member, Plan, PlanPrice
from trueup.model.severity import Severity
from trueup.model.stripe_objects import StripePrice, StripeSubscription, StripeSubscriptionItem

_SOLD = (
    Plan(plan="FREE", rank=0),
    Plan(plan="TEAM", rank=2, paid=True),
    PlanPrice(price_id="price_team", plan="TEAM"),
)
_ORGANISATION = Account(account_id="org_1", plan="TEAM", stripe_customer_id="cus_1", created_at=ago(days=90))
_LIVE = StripeSubscription(subscription_id="sub_1", created_at=ago(days=60), current_period_start=ago(days=14))
_PRICE = StripePrice(price_id="price_team", unit_amount=1_500, currency="eur", interval="month")
_BEFORE = (*_SOLD, _ORGANISATION, _LIVE)


def _seats(quantity: int | None, *, number: int = 1, price: str = "price_team") -> StripeSubscriptionItem:
    return StripeSubscriptionItem(
        item_id=f"si_{number}", subscription_id="sub_1", price_id=price, quantity=quantity, product_id="prod_team"
    )


def _members(number: int, *, of: str = "org_1") -> tuple[Member, ...]:
    return tuple(Member(account_id=of, member_id=f"user_{n}") for n in range(1, number + 1))


CHECK = Check(
    id="seat-drift",
    area=Area.ENTITLEMENTS,
    severity=Severity.WARNING,
    revenue_impacting=True,
    title="Members and paid seats differ",
    why="Either members use seats that are not paid for, or the organisation pays for seats that it was never given.",
    requires=("member.member_id",),
    optional=(*EXCUSING, "stripe_customer"),
    population="""
SELECT count(DISTINCT h.account_id)
FROM subscription_standing AS s
JOIN subscription_holder AS h ON h.subscription_id = s.subscription_id
WHERE s.is_owed AND s.plan IS NOT NULL
""",
    # A price of which all subscriptions buy exactly one is flat, and says nothing about members. Seats may be an add-on
    # beside a flat price, or come on top of those that the plan includes.
    violations="""
WITH billable AS (
    SELECT account_id, count(DISTINCT member_id) AS members
    FROM member
    WHERE billable
    GROUP BY account_id
),
organisation AS (                      -- whose members a subscription's seats are for
    SELECT l.subscription_id,
           arg_min(l.account_id, (CASE WHEN b.members > 0 THEN 0 ELSE 1 END, l.is_closed, l.strength, l.account_id))
               AS account_id
    FROM subscription_link AS l
    LEFT JOIN billable AS b ON b.account_id = l.account_id
    WHERE l.subscription_id IN (
        SELECT i.subscription_id FROM bought_item AS i JOIN seat_price AS q ON q.price_id = i.price_id
    )
    GROUP BY l.subscription_id
),
several AS (
    SELECT l.account_id
    FROM subscription_link AS l
    JOIN subscription_standing AS s ON s.subscription_id = l.subscription_id
    WHERE s.is_live AND s.plan IS NOT NULL
    GROUP BY l.account_id
    HAVING count(*) > 1
),
counted AS (
    SELECT o.account_id, o.subscription_id,
           coalesce(b.members, 0)                                                AS members,
           sum(CASE WHEN q.price_id IS NOT NULL THEN i.quantity ELSE 0 END)      AS seats,
           sum(i.quantity)                                                       AS all_quantities,
           max(CASE WHEN i.quantity = coalesce(b.members, 0) THEN 1 ELSE 0 END)               AS one_fits,
           count(q.price_id)                                                     AS items_by_the_seat,
           max(CASE WHEN q.price_id IS NOT NULL THEN i.unit_amount END)          AS seat_minor,
           max(CASE WHEN q.price_id IS NOT NULL THEN i.currency END)             AS seat_currency
    FROM organisation AS o
    JOIN bought_item AS i        ON i.subscription_id = o.subscription_id
    LEFT JOIN seat_price AS q    ON q.price_id = i.price_id
    LEFT JOIN billable AS b      ON b.account_id = o.account_id
    WHERE i.is_ours AND NOT i.metered
    GROUP BY o.account_id, o.subscription_id, coalesce(b.members, 0)
)
SELECT c.account_id                                AS subject,
       c.account_id, a.plan, c.subscription_id,
       c.members, c.seats,
       abs(c.members - c.seats) * c.seat_minor     AS drift_minor,
       c.seat_currency                             AS drift_currency
FROM counted AS c
JOIN subscription_standing AS s ON s.subscription_id = c.subscription_id
JOIN account AS a               ON a.account_id = c.account_id
LEFT JOIN several AS more       ON more.account_id = c.account_id
WHERE s.is_owed
  AND s.is_settled
  AND s.plan IS NOT NULL
  AND a.active
  AND more.account_id IS NULL
  AND c.items_by_the_seat > 0
  AND c.one_fits = 0
  AND c.all_quantities <> c.members
""",
    message="{subject} has {members} billable members but pays for {seats} seats ({subscription_id}).",
    impact=money_at_risk("drift_minor", "drift_currency"),
    cases=(
        Case(name="as many members as seats", given=(*_BEFORE, _seats(3), *_members(3))),
        Case(
            name="field failure 25: more members than seats",
            given=(*_BEFORE, _PRICE, _seats(3), *_members(5)),
            fires=("org_1",),
            severities={"org_1": Severity.WARNING},
            evidence={"org_1": {"members": 5, "seats": 3, "drift_minor": 3_000, "drift_currency": "eur"}},
        ),
        Case(
            name="field failure 25: seats were bought and never granted",
            given=(*_BEFORE, _seats(5), *_members(3)),
            fires=("org_1",),
            evidence={"org_1": {"members": 3, "seats": 5, "drift_minor": None}},
        ),
        Case(name="a flat price: one of it, for any number of members", given=(*_BEFORE, _seats(1), *_members(5))),
        Case(
            name="seats on an add-on beyond the one that the plan includes",
            given=(*_BEFORE, _seats(1), _seats(4, number=2, price="price_seat"), *_members(5)),
        ),
        Case(
            name="seats on an add-on, and too many members",
            given=(*_BEFORE, _seats(1), _seats(4, number=2, price="price_seat"), *_members(7)),
            fires=("org_1",),
            evidence={"org_1": {"seats": 4, "members": 7}},
        ),
    ),
)
