"""Each organisation has as many billable members as its subscription has seats."""

from __future__ import annotations

from trueup.derived.subscriptions import EXCUSING
from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.finding import Area
from trueup.model.price_list import SoldPrice
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
    # Where the config says how many seats each price pays for and includes, that many members are right. Where it is
    # guessed, seats may come on top of those that the plan includes, or be an add-on beside a flat price.
    violations="""
WITH several AS (
    SELECT l.account_id
    FROM subscription_link AS l
    JOIN subscription_standing AS s ON s.subscription_id = l.subscription_id
    WHERE s.is_live AND s.plan IS NOT NULL
    GROUP BY l.account_id
    HAVING count(*) > 1
),
counted AS (
    SELECT o.account_id, o.subscription_id, o.members,
           sum(i.quantity * coalesce(q.seats, 0))                                    AS paid_seats,
           sum(i.quantity * coalesce(q.included_seats, 0))                           AS included_seats,
           max(CASE WHEN q.is_said THEN 1 ELSE 0 END) = 1                            AS is_said,
           sum(i.quantity)                                                           AS all_quantities,
           max(CASE WHEN i.quantity = o.members THEN 1 ELSE 0 END)                   AS one_fits,
           max(CASE WHEN q.seats > 0 THEN i.unit_amount // q.seats END)              AS seat_minor,
           max(CASE WHEN q.seats > 0 THEN i.currency END)                            AS seat_currency
    FROM seat_holder AS o
    JOIN bought_item AS i     ON i.subscription_id = o.subscription_id
    LEFT JOIN seat_price AS q ON q.price_id = i.price_id
    WHERE i.is_ours AND NOT i.metered
      AND NOT coalesce(q.is_said AND q.seats = 0 AND q.included_seats = 0, FALSE)
    GROUP BY o.account_id, o.subscription_id, o.members
    HAVING count(q.price_id) > 0
)
SELECT c.account_id                                AS subject,
       c.account_id, a.plan, c.subscription_id,
       c.members,
       c.paid_seats + c.included_seats             AS seats,
       CASE WHEN c.is_said THEN 'config' ELSE 'quantities' END AS seats_known_by,
       abs(c.members - c.paid_seats - c.included_seats) * c.seat_minor AS drift_minor,
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
  AND CASE WHEN c.is_said
           THEN c.members > c.paid_seats + c.included_seats
                OR c.paid_seats > 0 AND c.members < c.paid_seats + c.included_seats
           ELSE c.one_fits = 0 AND c.all_quantities <> c.members END
""",
    message="{subject} has {members:billable member} but pays for {seats:seat} ({subscription_id}).",
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
            name="the config says that a plan includes one seat and an add-on pays for one each: too many members",
            given=(
                *_BEFORE,
                SoldPrice(price_name="price_team", included_seats=1),
                SoldPrice(price_name="price_seat", seats=1),
                _seats(1),
                _seats(4, number=2, price="price_seat"),
                *_members(7),
            ),
            fires=("org_1",),
            evidence={"org_1": {"seats": 5, "members": 7, "seats_known_by": "config"}},
        ),
    ),
)
