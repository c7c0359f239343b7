"""Each Stripe customer pays for one account, or for the seats of one organisation."""

from __future__ import annotations

from trueup.model.check import Case, Check
from trueup.model.finding import Area
from trueup.model.relations import Account, Member
from trueup.model.severity import Severity

CHECK = Check(
    id="shared-customer",
    area=Area.ENTITLEMENTS,
    severity=Severity.ERROR,
    title="One Stripe customer on several accounts",
    why="One payment may be serving several accounts, and what happens to one of them in Stripe (a renewal, a "
    "cancellation, a refund) lands on whichever account the webhook finds first.",
    population="""
SELECT count(DISTINCT stripe_customer_id)
FROM account
WHERE active AND stripe_customer_id IS NOT NULL
""",
    violations="""
WITH shared AS (
    SELECT stripe_customer_id,
           count(DISTINCT account_id) AS accounts,
           min(account_id)            AS first_account_id,
           max(account_id)            AS last_account_id
    FROM account
    WHERE active AND stripe_customer_id IS NOT NULL
    GROUP BY stripe_customer_id
    HAVING count(DISTINCT account_id) > 1
),
holder AS (
    SELECT s.stripe_customer_id, s.accounts, a.account_id
    FROM shared AS s
    JOIN account AS a ON a.stripe_customer_id = s.stripe_customer_id
    WHERE a.active
),
belonging AS (                         -- what each holder may belong to: itself, and its organisations
    SELECT stripe_customer_id, accounts, account_id, account_id AS organisation_id
    FROM holder
    UNION
    SELECT h.stripe_customer_id, h.accounts, h.account_id, m.account_id
    FROM holder AS h
    JOIN member AS m ON m.member_id = h.account_id
),
one_organisation AS (                  -- all the holders belong to this one
    SELECT stripe_customer_id, organisation_id
    FROM belonging
    GROUP BY stripe_customer_id, organisation_id
    HAVING count(*) = max(accounts)
)
SELECT s.stripe_customer_id AS subject,
       s.stripe_customer_id,
       s.accounts,
       s.first_account_id,
       s.last_account_id
FROM shared AS s
WHERE s.stripe_customer_id NOT IN (SELECT stripe_customer_id FROM one_organisation)
""",
    message="{subject} is the Stripe customer of {accounts} accounts, {first_account_id} and {last_account_id} among them.",
    cases=(
        Case(
            name="a customer of its own for each account",
            given=(
                Account(account_id="user_1", stripe_customer_id="cus_1"),
                Account(account_id="user_2", stripe_customer_id="cus_2"),
            ),
        ),
        Case(
            name="one Stripe customer on several users",
            given=(
                Account(account_id="user_1", stripe_customer_id="cus_1"),
                Account(account_id="user_2", stripe_customer_id="cus_1"),
            ),
            fires=("cus_1",),
            evidence={"cus_1": {"accounts": 2, "first_account_id": "user_1", "last_account_id": "user_2"}},
        ),
        Case(
            name="accounts without a customer share nothing",
            given=(Account(account_id="user_1"), Account(account_id="user_2")),
        ),
        Case(
            name="several seats of one organisation, mapped as members",
            given=(
                Account(account_id="org_1", stripe_customer_id="cus_1"),
                Account(account_id="user_1", stripe_customer_id="cus_1"),
                Account(account_id="user_2", stripe_customer_id="cus_1"),
                Member(account_id="org_1", member_id="user_1"),
                Member(account_id="org_1", member_id="user_2"),
            ),
        ),
        Case(
            name="a stranger among the seats",
            given=(
                Account(account_id="org_1", stripe_customer_id="cus_1"),
                Account(account_id="user_1", stripe_customer_id="cus_1"),
                Account(account_id="user_2", stripe_customer_id="cus_1"),
                Member(account_id="org_1", member_id="user_1"),
            ),
            fires=("cus_1",),
            evidence={"cus_1": {"accounts": 3}},
        ),
    ),
)
