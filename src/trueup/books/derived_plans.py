"""The plan of each account from the app's own copies of subscriptions, where accounts have no column of plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.books.copy import replace_problem
from trueup.model.stripe_objects import SubscriptionStatus

if TYPE_CHECKING:
    from trueup.books.file import Books

_SUBSCRIPTION = "local_subscription"

_SERVED = (SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING, SubscriptionStatus.PAST_DUE)
"""Whom apps serve by their own copy; of one that is late, Stripe's side says for how long that is right."""

_FREE = "UPDATE account SET plan = (SELECT plan FROM plan WHERE NOT paid ORDER BY rank, plan LIMIT 1)"

# Of several subscriptions that are served, the highest plan counts. A price that a plan has says more than a word,
# which may be one for all of them. A word that no plan or price has stays as it is, so that it is put on record as any
# other plan that the config does not know.
_OF_SUBSCRIPTIONS = f"""
UPDATE account SET plan = served.plan
FROM (
    SELECT account_id, arg_max(plan, (is_known, rank, plan)) AS plan
    FROM (
        SELECT s.account_id, coalesce(priced.plan, named.plan, s.plan, s.price_id) AS plan,
               CASE WHEN coalesce(priced.plan, named.plan) IS NULL THEN 0 ELSE 1 END AS is_known,
               coalesce(p.rank, -1)                                                  AS rank
        FROM local_subscription AS s
        LEFT JOIN plan AS named ON named.plan = s.plan
        LEFT JOIN (SELECT price_id, min(plan) AS plan FROM plan_price GROUP BY price_id) AS priced
               ON priced.price_id = coalesce(s.price_id, s.plan)
        LEFT JOIN plan AS p ON p.plan = coalesce(priced.plan, named.plan)
        WHERE s.status IN ({", ".join(f"'{status}'" for status in _SERVED)})
          AND s.account_id IS NOT NULL
    ) AS subscription
    WHERE plan IS NOT NULL AND plan <> ''
    GROUP BY account_id
) AS served
WHERE served.account_id = account.account_id
"""


def derive_plans(books: Books) -> None:
    """Give each account the plan of its local subscriptions, or the free plan. Without them no plan is known."""
    if _SUBSCRIPTION not in books.mapped_columns():
        replace_problem(books, "account", f"its plans come from {_SUBSCRIPTION}, which was not read")
        return
    books.run(_FREE)
    books.run(_OF_SUBSCRIPTIONS)
