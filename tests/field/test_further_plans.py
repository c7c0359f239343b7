"""Plans of yet other kinds: trials, jobs, weeks, quarters, seats by fives, two organisations, instalments.

What a billing engineer expects of each was written before its first run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.field.company import (
    ACCOUNT,
    LEDGER_ENTRY,
    MAPPING,
    PLANS,
    WEBHOOK_EVENT,
    WITHOUT_CREDITS,
    FieldCompany,
)
from tests.support.field.stripe_side import DAY_SECONDS, ago, line, written
from tests.support.field.subscribers import settle, subscribe

pytestmark = pytest.mark.slow  # each kind has its first company in a test of its own, which every commit passes

OWED = {"missing-grant", "wrong-grant-amount"}
TIME = {"unpaid-but-active", "paid-but-blocked", "plan-mismatch"}
BOOKED = ACCOUNT + LEDGER_ENTRY
MONTH = 30 * DAY_SECONDS


def test_first_month_free_by_coupon(tmp_path: Path) -> None:
    """A coupon of 100 % on the first bill: it owes what its lines say, and was given. u3 got nothing at all."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    for number in (1, 2, 3):
        subscribe(
            company,
            number,
            "price_pro",
            2900,
            start=ago(14),
            bill={"total": 0, "subtotal": 2900, "billing_reason": "subscription_create"},
        )
        if number < 3:
            company.ledger.add(f"u{number}", "subscription_grant", 1000, ago(14) + 9, invoice=f"in_{number}")
    settle(company, 3, plan="pro").expect(tmp_path, MAPPING + PLANS, may={"missing-grant:in_3"}, looked=TIME)


def test_trial_turned_paid(tmp_path: Path) -> None:
    """The trial gave 100 by its bill of nothing; the first paid bill owes 1000. u2 got none; u3 is on trial;
    u4 got all during the trial, as its bill of nothing says, and again when paid."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    for number in (1, 2, 3, 4):
        trial_end = ago(7) if number != 3 else ago(-3)
        began = 7 if number != 3 else 11
        subscribe(
            company,
            number,
            "price_pro",
            2900,
            began=began,
            days=30 if number != 3 else 14,
            start=ago(21 if number != 3 else 11),
            trial_start=ago(21 if number != 3 else 11),
            trial_end=trial_end,
            status="trialing" if number == 3 else "active",
            bill={"total": 0, "billing_reason": "subscription_create"} if number == 3 else {},
        )
        if number != 3:
            company.stripe.invoice(
                f"in_{number}_t",
                f"cus_{number}",
                [line(f"in_{number}_t", "price_pro", 0, period=(ago(21), ago(7)), subscription=f"sub_{number}")],
                ago(21),
                subscription=f"sub_{number}",
                billing_reason="subscription_create",
            )
        trial_bill = f"in_{number}" if number == 3 else f"in_{number}_t"
        company.ledger.add(
            f"u{number}",
            "subscription_grant",
            1000 if number == 4 else 100,
            ago(21 if number != 3 else 11) + 9,
            invoice=trial_bill,
        )
        if number in (1, 4):
            company.ledger.add(f"u{number}", "subscription_grant", 1000, ago(7) + 9, invoice=f"in_{number}")
    settle(company, 4, plan="pro").expect(tmp_path, MAPPING + PLANS, must={"missing-grant:in_2"}, looked=OWED | TIME)


def test_entries_name_the_subscription_alone(tmp_path: Path) -> None:
    """Renewals are written with the subscription's id. u2's last one is missing; u3's is twice."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    for number in (1, 2, 3):
        subscribe(company, number, "price_pro", 2900, began=10)
        for k, day in ((1, 40), (2, 70)):
            t = ago(day)
            company.stripe.payment(f"pi_{number}_{k}", f"cus_{number}", 2900, t)
            company.stripe.invoice(
                f"in_{number}_{k}",
                f"cus_{number}",
                [line(f"in_{number}_{k}", "price_pro", 2900, period=(t, t + MONTH), subscription=f"sub_{number}")],
                t,
                subscription=f"sub_{number}",
                payment=f"pi_{number}_{k}",
            )
        for day in (70, 40, 10):
            if (number, day) != (2, 10):
                company.ledger.add(f"u{number}", "subscription_grant", 1000, ago(day) + 9)["stripe_subscription_id"] = (
                    f"sub_{number}"
                )
    company.ledger.add("u3", "subscription_grant", 1000, ago(9) + 9)["stripe_subscription_id"] = "sub_3"
    company.ledger.add("u0", "promotional_grant", 1, ago(390))
    company.users(u0={}, **{f"u{n}": {"stripe_customer_id": f"cus_{n}", "plan": "pro"} for n in (1, 2, 3)})
    create, rows = company.tables[1]
    company.tables[1] = (create.replace("created_at TEXT)", "created_at TEXT, stripe_subscription_id TEXT)"), rows)
    company.expect(
        tmp_path,
        MAPPING.replace(
            'stripe_invoice_id = "stripe_invoice_id"\n',
            'stripe_invoice_id = "stripe_invoice_id"\nstripe_subscription_id = "stripe_subscription_id"\n',
        )
        + PLANS,
        must={"missing-grant:in_2"},
        one_of={"duplicate-invoice-grant:in_3", "wrong-grant-amount:in_3"},
        looked=OWED | {"duplicate-invoice-grant"},
    )


def test_a_job_on_the_first_of_the_month(tmp_path: Path) -> None:
    """A job grants every subscriber on the first day of a month, with no id. u2 was skipped in February."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    # now is 2026-03-01 12:00; firsts: 0.5 (Mar 1), 28.5 (Feb 1), 59.5 (Jan 1)
    for number in (1, 2, 3, 4):
        began = 5 + number
        subscribe(company, number, "price_pro", 2900, began=began)
        for k in (1, 2):
            t = ago(began + 30 * k)
            company.stripe.payment(f"pi_{number}_{k}", f"cus_{number}", 2900, t)
            company.stripe.invoice(
                f"in_{number}_{k}",
                f"cus_{number}",
                [line(f"in_{number}_{k}", "price_pro", 2900, period=(t, t + MONTH), subscription=f"sub_{number}")],
                t,
                subscription=f"sub_{number}",
                payment=f"pi_{number}_{k}",
            )
        for day in (59.5, 28.5, 0.5):
            if (number, day) != (2, 28.5):
                company.ledger.add(f"u{number}", "subscription_grant", 1000, ago(day) + 9)
    settle(company, 4, plan="pro").expect(
        tmp_path,
        MAPPING + PLANS,
        may={"missing-grant:in_2*", "wrong-grant-amount:in_2*", "grant-without-invoice:*"},
        looked={"missing-grant"},
    )


def test_one_customer_pays_for_two_organisations_credits(tmp_path: Path) -> None:
    """cus_1 pays for org_1 and org_2, as its subscriptions say. org_2's last renewal went to org_1."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    company.stripe.customer("cus_1", "boss@example.com")
    for number in (1, 2):
        subscribe(company, number, "price_pro", 2900, customer="cus_1", metadata={"user_id": f"org_{number}"})
        t = ago(44)
        company.stripe.payment(f"pi_{number}_0", "cus_1", 2900, t)
        company.stripe.invoice(
            f"in_{number}_0",
            "cus_1",
            [line(f"in_{number}_0", "price_pro", 2900, period=(t, t + MONTH), subscription=f"sub_{number}")],
            t,
            subscription=f"sub_{number}",
            payment=f"pi_{number}_0",
        )
        company.ledger.add(f"org_{number}", "subscription_grant", 1000, t + 9, invoice=f"in_{number}_0")
    company.ledger.add("org_1", "subscription_grant", 1000, ago(14) + 9, invoice="in_1")
    company.ledger.add("org_1", "subscription_grant", 1000, ago(14) + 9, invoice="in_2")
    company.users(
        org_1={"plan": "pro", "stripe_customer_id": "cus_1"}, org_2={"plan": "pro", "stripe_customer_id": "cus_1"}
    )
    company.expect(
        tmp_path,
        MAPPING + PLANS,
        must={"wrong-account-credited:in_2"},
        may={"shared-customer:*", "stale-paid-plan:*"},
        looked=OWED | TIME | {"wrong-account-credited"},
    )


def test_yearly_to_monthly_and_back(tmp_path: Path) -> None:
    """u1's year ended and it went on by the month; u2 went from month to year in mid-month with a proration."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    company.stripe.price("price_year", 29000, interval="year")
    subscribe(company, 1, "price_pro", 2900, start=ago(379))
    t = ago(379)
    company.stripe.payment("pi_1_y", "cus_1", 29000, t)
    company.stripe.invoice(
        "in_1_y",
        "cus_1",
        [line("in_1_y", "price_year", 29000, period=(t, t + 365 * DAY_SECONDS), subscription="sub_1")],
        t,
        subscription="sub_1",
        payment="pi_1_y",
    )
    company.ledger.add("u1", "subscription_grant", 12000, t + 9, invoice="in_1_y")
    company.ledger.add("u1", "subscription_grant", 1000, ago(14) + 9, invoice="in_1")
    # u2
    company.stripe.customer("cus_2")
    t, up = ago(20), ago(10)
    company.stripe.subscription(
        "sub_2", "cus_2", [("price_year", 1)], period=(up, up + 365 * DAY_SECONDS), start=t, latest_invoice="in_2_y"
    )
    company.stripe.payment("pi_2", "cus_2", 2900, t)
    company.stripe.invoice(
        "in_2",
        "cus_2",
        [line("in_2", "price_pro", 2900, period=(t, t + MONTH), subscription="sub_2")],
        t,
        subscription="sub_2",
        payment="pi_2",
    )
    company.stripe.payment("pi_2_y", "cus_2", 29000 - 1933, up)
    company.stripe.invoice(
        "in_2_y",
        "cus_2",
        [
            line("in_2_y", "price_pro", -1933, period=(up, t + MONTH), proration=True, subscription="sub_2"),
            line("in_2_y", "price_year", 29000, period=(up, up + 365 * DAY_SECONDS), subscription="sub_2", number=1),
        ],
        up,
        subscription="sub_2",
        payment="pi_2_y",
        billing_reason="subscription_update",
    )
    company.ledger.add("u2", "subscription_grant", 1000, t + 9, invoice="in_2")
    company.ledger.add("u2", "subscription_grant", 12000, up + 9, invoice="in_2_y")
    settle(company, 2, plan="pro").expect(
        tmp_path,
        MAPPING
        + PLANS.replace('{ id = "price_pro" }', '{ id = "price_pro" }, { id = "price_year", interval = "year" }'),
        looked=OWED | TIME,
    )


def test_packs_of_seats(tmp_path: Path) -> None:
    """A price sells five seats a unit; org_1 has 10 of 10, org_2 has 12 of 10."""
    company = FieldCompany()
    company.stripe.price("price_five", 5000)
    rows = []
    for number, members in ((1, 10), (2, 12)):
        bill = subscribe(company, number, "price_five", 10000)
        company.stripe.objects["subscriptions"][-1]["items"]["data"][0]["quantity"] = 2  # type: ignore[index]
        bill["lines"]["data"][0]["quantity"] = 2  # type: ignore[index]
        rows += [{"org_id": f"u{number}", "user_id": f"m{number}_{m}"} for m in range(members)]
    company.table("CREATE TABLE memberships (org_id TEXT, user_id TEXT)", rows)
    settle(company, 2, plan="pro").expect(
        tmp_path,
        MAPPING + WITHOUT_CREDITS + '[prices.price_five]\nplan = "PRO"\nseats = 5\n[relations.member]\n'
        'table = "memberships"\n[relations.member.columns]\naccount_id = "org_id"\n'
        'member_id = "user_id"\n',
        must={"seat-drift:u2"},
        looked=TIME | {"seat-drift"},
    )


def test_backdated_start_with_credits(tmp_path: Path) -> None:
    """Started 45 days in the past: the first bill has the time before as a proration-like line. u2 got nothing."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    for number in (1, 2):
        company.stripe.customer(f"cus_{number}")
        t, created = ago(15), ago(4)
        company.stripe.subscription(
            f"sub_{number}",
            f"cus_{number}",
            [("price_pro", 1)],
            period=(t, t + MONTH),
            start=created,
            latest_invoice=f"in_{number}",
        )
        company.stripe.objects["subscriptions"][-1]["start_date"] = ago(45)
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 5800, created)
        company.stripe.invoice(
            f"in_{number}",
            f"cus_{number}",
            [
                line(f"in_{number}", "price_pro", 2900, period=(ago(45), t), subscription=f"sub_{number}"),
                line(f"in_{number}", "price_pro", 2900, period=(t, t + MONTH), subscription=f"sub_{number}", number=1),
            ],
            created,
            subscription=f"sub_{number}",
            payment=f"pi_{number}",
            billing_reason="subscription_create",
        )
    company.ledger.add("u1", "subscription_grant", 2000, ago(4) + 9, invoice="in_1")
    settle(company, 2, plan="pro").expect(
        tmp_path, MAPPING + PLANS, must={"missing-grant:in_2"}, looked={"missing-grant"} | TIME
    )


def test_refund_of_a_renewal_and_leaving(tmp_path: Path) -> None:
    """u1's renewal was refunded and its credits taken; u2's refunded and kept; u3's refunded in full, still served."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    for number in (1, 2, 3, 4):
        over: dict[str, Any] = (
            {"status": "canceled", "ended_at": ago(5), "canceled_at": ago(5)} if number in (1, 2) else {}
        )
        subscribe(company, number, "price_pro", 2900, **over)
        company.ledger.add(f"u{number}", "subscription_grant", 1000, ago(14) + 9, invoice=f"in_{number}")
        if number < 4:
            company.stripe.refund(f"re_{number}", f"pi_{number}", 2900, ago(5))
    company.ledger.add("u1", "clawback", -1000, ago(5) + 60, payment="pi_1")
    company.ledger.add("u3", "clawback", -1000, ago(5) + 60, invoice="in_3")
    company.users(
        **{f"u{n}": {"stripe_customer_id": f"cus_{n}", "plan": "free" if n < 3 else "pro"} for n in (1, 2, 3, 4)}
    )
    company.expect(
        tmp_path,
        MAPPING + PLANS,
        must={"refund-not-clawed-back:in_2", "unpaid-but-active:u3"},
        looked={"refund-not-clawed-back"} | TIME,
    )


def test_instalments_some_paid_by_transfer(tmp_path: Path) -> None:
    """Three instalments by invoice. u1's second was paid by transfer; u2's third is open on terms; u3's is void."""
    company = FieldCompany()
    company.stripe.price("price_third", 6000)
    for number in (1, 2, 3):
        company.stripe.customer(f"cus_{number}")
        for k in range(3):
            t = ago(100 - 30 * k)
            name = f"in_{number}_{k}"
            more: dict[str, Any] = {}
            if (number, k) == (1, 1):
                more = {"paid": 0, "paid_out_of_band": True}
            elif (number, k) == (2, 2):
                more = {"status": "open", "collection_method": "send_invoice", "due_date": ago(-10)}
            elif (number, k) == (3, 2):
                more = {"status": "void"}
            pay = None if more else f"pi_{number}_{k}"
            if pay:
                company.stripe.payment(pay, f"cus_{number}", 6000, t)
            company.stripe.invoice(
                name, f"cus_{number}", [line(name, "price_third", 6000, period=(t, t + MONTH))], t, payment=pay, **more
            )
    config = (
        ACCOUNT.replace('PRO = ["pro"]\nTEAM = ["team"]', 'LIFE = ["lifetime"]')
        + LEDGER_ENTRY
        + WEBHOOK_EVENT
        + '[plans.FREE]\nrank = 0\n[plans.LIFE]\nrank = 1\n[prices.price_third]\nplan = "LIFE"\nlifetime_after = 3\n'
    )
    settle(company, 3, plan="lifetime").expect(
        tmp_path, config, must={"unpaid-but-active:u3"}, looked={"unpaid-but-active"}
    )


def test_two_subscriptions_one_per_workspace(tmp_path: Path) -> None:
    """One account with two subscriptions by design (plan and add-on plan of another product); u2 has the same twice."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    company.stripe.price("price_support", 900, product="prod_support")
    for number in (1, 2):
        subscribe(company, number, "price_pro", 2900)
        company.ledger.add(f"u{number}", "subscription_grant", 1000, ago(14) + 9, invoice=f"in_{number}")
    subscribe(company, 11, "price_support", 900, customer="cus_1")
    subscribe(company, 12, "price_pro", 2900, customer="cus_2", began=3)
    company.ledger.add("u2", "subscription_grant", 1000, ago(3) + 9, invoice="in_12")
    settle(company, 2, plan="pro").expect(
        tmp_path,
        MAPPING + PLANS + '[prices.price_support]\nsells = "nothing"\n',
        must={"duplicate-subscription:u2"},
        looked=OWED | TIME | {"duplicate-subscription"},
    )


def test_weekly_and_daily_plans(tmp_path: Path) -> None:
    """A plan by the week with 100 credits each; u2's last week was not credited; u3 stopped paying three weeks ago."""
    company = FieldCompany()
    company.stripe.price("price_week", 500, interval="week")
    week = 7 * DAY_SECONDS
    for number in (1, 2, 3):
        weeks = (24, 17, 10, 3) if number != 3 else (45, 38, 31)
        over: dict[str, Any] = (
            {} if number != 3 else {"status": "canceled", "ended_at": ago(24), "canceled_at": ago(24)}
        )
        subscribe(company, number, "price_week", 500, began=weeks[-1], days=7, start=ago(weeks[0]), **over)
        for k, day in enumerate(weeks):
            name = f"in_{number}" if day == weeks[-1] else f"in_{number}_{k}"
            if day != weeks[-1]:
                company.stripe.payment(f"pi_{number}_{k}", f"cus_{number}", 500, ago(day))
                company.stripe.invoice(
                    name,
                    f"cus_{number}",
                    [line(name, "price_week", 500, period=(ago(day), ago(day) + week), subscription=f"sub_{number}")],
                    ago(day),
                    subscription=f"sub_{number}",
                    payment=f"pi_{number}_{k}",
                )
            if not (number == 2 and day == weeks[-1]):
                company.ledger.add(f"u{number}", "subscription_grant", 100, ago(day) + 9, invoice=name)
    settle(company, 3, plan="pro").expect(
        tmp_path,
        MAPPING + "[plans.FREE]\nrank = 0\n[plans.TEAM]\nrank = 2\n[plans.PRO]\nrank = 1\n"
        '[prices.price_week]\nplan = "PRO"\ncredits = 100\n',
        must={"missing-grant:in_2", "unpaid-but-active:u3"},
        may={"stale-paid-plan:u3"},
        looked=OWED | TIME,
    )


def test_quarter_that_drips(tmp_path: Path) -> None:
    """Paid each three months, credits each month by a job with the invoice's name. u2 lost the second month."""
    company = FieldCompany()
    company.stripe.price("price_q", 7500, count=3)
    for number in (1, 2):
        subscribe(company, number, "price_q", 7500, began=80, days=91, start=ago(80))
        for day in (80, 50, 20):
            if (number, day) != (2, 50):
                company.ledger.add(f"u{number}", "subscription_grant", 1000, ago(day) + 9, invoice=f"in_{number}")
    settle(company, 2, plan="pro").expect(
        tmp_path,
        MAPPING + PLANS.replace('{ id = "price_pro" }', '{ id = "price_q", interval = "quarter" }'),
        must={"wrong-grant-amount:in_2"},
        looked={"wrong-grant-amount"} | TIME,
    )


def test_free_plan_with_an_allowance(tmp_path: Path) -> None:
    """The free plan grants 50 a month by a job as subscription_grant; its Stripe subscription is of price 0 for u2."""
    company = FieldCompany()
    company.stripe.price("price_free", 0)
    company.stripe.price("price_pro", 2900)
    company.stripe.customer("cus_1")
    subscribe(company, 2, "price_free", 0, bill={"total": 0})
    subscribe(company, 3, "price_pro", 2900)
    for number in (1, 2):
        for day in (44, 14):
            company.ledger.add(f"u{number}", "subscription_grant", 50, ago(day) + 9)
    company.ledger.add("u3", "subscription_grant", 1000, ago(14) + 9, invoice="in_3")
    company.users(
        u1={"stripe_customer_id": "cus_1"},
        u2={"stripe_customer_id": "cus_2"},
        u3={"stripe_customer_id": "cus_3", "plan": "pro"},
    )
    company.expect(
        tmp_path,
        MAPPING
        + PLANS.replace(
            "[plans.FREE]\nrank = 0\n", '[plans.FREE]\nrank = 0\ncredits_per_period = 50\nprices = ["price_free"]\n'
        ),
        looked=OWED | TIME | {"free-with-subscription-grant", "grant-without-invoice"},
    )


def test_upgrade_by_a_new_subscription(tmp_path: Path) -> None:
    """u1 upgraded: the old subscription was canceled as the new one began. u2's old one lives on."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    company.stripe.price("price_team", 9900)
    for number in (1, 2):
        over: dict[str, Any] = {} if number == 2 else {"status": "canceled", "ended_at": ago(5), "canceled_at": ago(5)}
        subscribe(company, number, "price_pro", 2900, **over)
        company.ledger.add(f"u{number}", "subscription_grant", 1000, ago(14) + 9, invoice=f"in_{number}")
        subscribe(company, 10 + number, "price_team", 9900, customer=f"cus_{number}", began=5, start=ago(5))
        company.ledger.add(f"u{number}", "subscription_grant", 5000, ago(5) + 9, invoice=f"in_1{number}")
    settle(company, 2, plan="team").expect(
        tmp_path, MAPPING + PLANS, must={"duplicate-subscription:u2"}, looked=OWED | TIME | {"duplicate-subscription"}
    )


def test_currency_of_a_customer_and_zero_decimal(tmp_path: Path) -> None:
    """Plan prices in yen and euros as prices of their own under one lookup key each. u2's yen bill was not credited."""
    company = FieldCompany()
    company.stripe.price("price_eur", 2500, currency="eur", lookup_key="pro_eur")
    company.stripe.price("price_jpy", 4000, currency="jpy", lookup_key="pro_jpy")
    for number, price, amount in ((1, "price_eur", 2500), (2, "price_jpy", 4000), (3, "price_jpy", 4000)):
        bill = subscribe(company, number, price, amount)
        currency = price[-3:]
        bill["currency"] = currency
        bill["lines"]["data"][0]["currency"] = currency  # type: ignore[index]
        company.stripe.objects["payment_intents"][-1]["currency"] = currency
        if number != 2:
            company.ledger.add(f"u{number}", "subscription_grant", 1000, ago(14) + 9, invoice=f"in_{number}")
    settle(company, 3, plan="pro").expect(
        tmp_path,
        MAPPING + "[plans.FREE]\nrank = 0\n[plans.TEAM]\nrank = 2\n[plans.PRO]\nrank = 1\n"
        'credits_per_period = 1000\n[prices.pro_eur]\nplan = "PRO"\n[prices.pro_jpy]\n'
        'plan = "PRO"\n',
        must={"missing-grant:in_2"},
        looked=OWED | TIME,
    )


def test_wallets_of_an_organisation_whose_bonus_lapsed(tmp_path: Path) -> None:
    """Two wallets; credit grants of the bonus lapse: u1's was never taken, u2's was taken by an entry."""
    company = FieldCompany()
    for user in ("u1", "u2", "u3"):
        for wallet, kind, amount in (("paid", "purchase", 500), ("bonus", "promotional_grant", 200)):
            row = company.ledger.add(user + wallet, kind, amount, ago(50))
            row["user_id"] = user
            row["wallet"] = wallet
    row = company.ledger.add("u2bonus", "expiry", -200, ago(20) + 60)
    row |= {"user_id": "u2", "wallet": "bonus"}
    company.users(u1={"credits": "700"}, u2={"credits": "500"}, u3={"credits": "700"})
    create, rows = company.tables[1]
    company.tables[1] = (create.replace("created_at TEXT)", "created_at TEXT, wallet TEXT)"), rows)
    company.table(
        "CREATE TABLE bonuses (id INTEGER PRIMARY KEY, user_id TEXT, amount NUMERIC, remaining NUMERIC, "
        "expires_at TEXT, pot TEXT)",
        [
            {
                "user_id": u,
                "amount": 200,
                "remaining": 0 if u == "u2" else 200,
                "expires_at": written(ago(20 if u != "u3" else -20)),
                "pot": "bonus",
            }
            for u in ("u1", "u2", "u3")
        ],
    )
    config = (
        ACCOUNT
        + LEDGER_ENTRY
        + 'wallet = "wallet"\n'
        + WEBHOOK_EVENT
        + """
[relations.credit_grant]
table = "bonuses"
[relations.credit_grant.columns]
grant_id = "id"
account_id = "user_id"
wallet = "pot"
amount = "amount"
remaining = "remaining"
expires_at = "expires_at"
"""
        + PLANS
    )
    company.expect(
        tmp_path, config, must={"lapsed-credits:u1"}, looked={"lapsed-credits", "credit-balance", "ledger-break"}
    )
