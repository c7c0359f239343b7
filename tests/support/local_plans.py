"""An application whose users have no plan: a table of subscriptions says it, by a price or a word."""

from __future__ import annotations

TABLES = (
    "CREATE TABLE people (id VARCHAR(20) PRIMARY KEY, customer VARCHAR(40), made DATE DEFAULT '2025-01-01')",
    """CREATE TABLE subs (id INTEGER PRIMARY KEY, person_id VARCHAR(20), stripe_id VARCHAR(40), state VARCHAR(20),
    price VARCHAR(40), word VARCHAR(20))""",
    """INSERT INTO people (id, customer) VALUES ('ann', 'cus_a'), ('bob', NULL), ('cid', NULL), ('dee', NULL),
    ('eve', NULL), ('fay', 'cus_f')""",
    """INSERT INTO subs VALUES
    (1, 'ann', 'sub_a', 'active', 'price_pro', 'pro'),
    (2, 'bob', 'sub_b', 'trialing', 'price_team', 'team'),
    (3, 'cid', 'sub_c', 'canceled', 'price_pro', 'pro'),
    (4, 'dee', 'sub_d', 'past_due', 'price_pro', 'pro'),
    (5, 'dee', 'sub_e', 'active', 'price_team', 'team'),
    (6, 'fay', 'sub_f', 'active', 'price_pro', 'pro')""",
)
HEAD = """
[database]
url = "${PLACE}"
[stripe]
enabled = false
[gates]
enabled = false
[plans.FREE]
rank = 0
[plans.PRO]
rank = 1
prices = ["price_pro"]
[plans.TEAM]
rank = 2
prices = ["price_team"]
[relations.account]
table = "people"
plan_from = "local_subscription"
columns = { account_id = "id", stripe_customer_id = "customer", created_at = "made" }
[relations.local_subscription]
table = "subs"
"""
OF_SUBS = (
    'local_subscription_id = "id", account_id = "person_id", stripe_subscription_id = "stripe_id", status = "state"'
)
BY_PRICE = f'{HEAD}columns = {{ {OF_SUBS}, price_id = "price" }}\n'
BY_WORD = f"""{HEAD}columns = {{ {OF_SUBS}, plan = "word" }}
values = {{ plan = {{ PRO = ["pro"], TEAM = ["team"] }} }}
"""
