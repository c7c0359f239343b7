"""Price lists of other kinds of companies: packs inside a plan's bill, currencies, quantities, raises, changes of plan.

What a billing engineer expects of each was written before its first run. Every company has innocents beside what is
wrong, and the checks that must have looked.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.field.company import ACCOUNT, LEDGER_ENTRY, MAPPING, PLANS, FieldCompany
from tests.support.field.stripe_side import DAY_SECONDS, Json, ago, line, written
from tests.support.field.subscribers import settle, subscribe

pytestmark = pytest.mark.slow  # each kind has its first company in a test of its own, which every commit passes


OWED = {"missing-grant", "wrong-grant-amount"}
BOOKED = ACCOUNT + LEDGER_ENTRY
MONTH = 30 * DAY_SECONDS


def test_a_pack_on_the_first_bill_of_a_plan_is_owed_beside_the_plan(tmp_path: Path) -> None:
    """A starter pack is added to the first invoice; u2 got the plan's credits alone, u3 all in one entry."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    company.stripe.price("price_starter", 500, interval=None, product="prod_starter")
    for number, grants in ((1, (("subscription_grant", 1000), ("purchase", 200))),
                           (2, (("subscription_grant", 1000),)),
                           (3, (("subscription_grant", 1200),))):  # fmt: skip
        bill = subscribe(company, number, "price_pro", 2900, start=ago(14), bill={"total": 3400})
        bill["lines"]["data"].append(line(f"in_{number}", "price_starter", 500, number=1))  # type: ignore[index]
        for kind, credited in grants:
            company.ledger.add(f"u{number}", kind, credited, ago(14) + 9, invoice=f"in_{number}")
    settle(company, 3, plan="pro").expect(
        tmp_path,
        MAPPING + PLANS + "[prices.price_starter]\ncredits = 200\n",
        must={"wrong-grant-amount:in_2"},
        looked=OWED,
    )


def test_one_price_of_several_currencies_owes_the_same_in_each(tmp_path: Path) -> None:
    """A pack of 10 USD costs 9 EUR and 1500 JPY; with VAT on top in euros. u3 paid in yen and got nothing."""
    company = FieldCompany()
    options = {"eur": {"unit_amount": 900}, "jpy": {"unit_amount": 1500}}
    pack = company.stripe.price("price_pack", 1000, interval=None, product="prod_pack", currency_options=options)
    bought = (
        (1, "usd", 1000, 1000, 400),
        (2, "eur", 1071, 900, 400),
        (3, "jpy", 3000, 3000, None),
        (4, "eur", 1800, 1800, 400),
    )
    for number, currency, total, subtotal, credited in bought:
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", total, ago(9), currency=currency)
        quantity = 2 if number > 2 else 1
        item = {"id": f"li_{number}", "object": "item", "quantity": quantity, "price": pack, "currency": currency}
        company.stripe.session(
            f"cs_{number}", f"cus_{number}", total, ago(9) - 60, payment_intent=f"pi_{number}", currency=currency,
            amount_subtotal=subtotal, client_reference_id=f"u{number}",
            line_items={"object": "list", "data": [item], "has_more": False},
        )  # fmt: skip
        if credited:
            company.ledger.add(f"u{number}", "purchase", credited, ago(9) + 9, session=f"cs_{number}")
    settle(company, 4).expect(
        tmp_path,
        BOOKED + PLANS + "[prices.price_pack]\ncredits = 400\n",
        must={"missing-grant:pi_3", "wrong-grant-amount:pi_4"},
        looked=OWED,
    )


def test_the_amount_in_another_currency_of_a_price_is_known_without_a_line(tmp_path: Path) -> None:
    """As above, but the export shows no lines of checkouts, so that amounts must say which price was bought."""
    company = FieldCompany()
    options = {"eur": {"unit_amount": 900}}
    company.stripe.price("price_pack", 1000, interval=None, product="prod_pack", currency_options=options)
    for number, currency, amount, credited in ((1, "usd", 1000, 400), (2, "eur", 900, 400), (3, "eur", 900, None)):
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", amount, ago(9), currency=currency)
        company.stripe.session(
            f"cs_{number}", f"cus_{number}", amount, ago(9) - 60, payment_intent=f"pi_{number}", currency=currency,
            client_reference_id=f"u{number}",
        )  # fmt: skip
        if credited:
            company.ledger.add(f"u{number}", "purchase", credited, ago(9) + 9, payment=f"pi_{number}")
    settle(company, 3).expect(
        tmp_path,
        BOOKED + PLANS + "[prices.price_pack]\ncredits = 400\n",
        must={"missing-grant:pi_3"},
        looked=OWED,
    )


def test_a_yearly_allowance_that_was_raised_while_a_job_drips_it(tmp_path: Path) -> None:
    """A year is paid once. 500 a month, from 60 days ago 800. u1 got each month what held; u2 stayed on 500."""
    company = FieldCompany()
    company.stripe.price("price_year", 29000, interval="year")
    for number, raised in ((1, 800), (2, 500)):
        subscribe(company, number, "price_year", 29000, began=170, days=365, start=ago(170))
        for month in range(6):
            day = 170 - 30 * month
            credited = 500 if day > 60 else raised
            company.ledger.add(f"u{number}", "subscription_grant", credited, ago(day) + 60)
    settle(company, 2, plan="pro").expect(
        tmp_path,
        MAPPING + PLANS.replace("credits_per_period = 1000\n", "")
        + '[prices.price_year]\nplan = "PRO"\ncredits = 6000\n'
        + f"history = [{{ since = {written(ago(60))[:10]}, credits = 9600 }}]\n",
        may={"grant-without-invoice:*"},
        looked={"wrong-grant-amount"},
    )  # fmt: skip


@pytest.mark.parametrize("proration", ["proportional", "difference"])
def test_an_upgrade_in_mid_period_owes_a_part_and_not_a_second_allowance(tmp_path: Path, proration: str) -> None:
    """After 15 of 30 days u1 and u2 went from PRO (1000) to TEAM (5000): u1 got half the difference, u2 all of TEAM."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    company.stripe.price("price_team", 9900)
    rest = (ago(5), ago(5) + 15 * DAY_SECONDS)
    for number, credited in ((1, 2000), (2, 5000)):
        subscribe(company, number, "price_pro", 2900, began=20)
        company.ledger.add(f"u{number}", "subscription_grant", 1000, ago(20) + 9, invoice=f"in_{number}")
        item = company.stripe.objects["subscriptions"][-1]["items"]["data"][0]  # type: ignore[index]
        item["price"] = company.stripe.objects["prices"][1]
        company.stripe.payment(f"pi_up_{number}", f"cus_{number}", 3500, ago(5))
        lines = [
            line(
                f"in_up_{number}",
                price,
                amount,
                number=place,
                period=rest,
                proration=True,
                subscription=f"sub_{number}",
            )
            for place, (price, amount) in enumerate((("price_pro", -1450), ("price_team", 4950)))
        ]
        company.stripe.invoice(
            f"in_up_{number}", f"cus_{number}", lines, ago(5), subscription=f"sub_{number}", payment=f"pi_up_{number}",
            billing_reason="subscription_update",
        )  # fmt: skip
        company.ledger.add(f"u{number}", "subscription_grant", credited, ago(5) + 9, invoice=f"in_up_{number}")
    settle(company, 2, plan="team").expect(
        tmp_path,
        f'[policy]\nproration = "{proration}"\n' + MAPPING + PLANS,
        must={"wrong-grant-amount:in_up_2"},
        looked={"wrong-grant-amount", "plan-mismatch"},
    )


def test_a_downgrade_whose_bill_is_a_credit_owes_nothing_and_its_event_is_not_hollow(tmp_path: Path) -> None:
    """u1 went from TEAM to PRO: the bill is below zero, was "paid" and recorded. Renewals of others granted."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    company.stripe.price("price_team", 9900)
    events = []
    for number in (1, 2, 3):
        price, amount, credited = ("price_team", 9900, 5000) if number == 1 else ("price_pro", 2900, 1000)
        bill = subscribe(company, number, price, amount, began=20)
        events.append(company.stripe.event(f"evt_{number}", "invoice.paid", bill, ago(20) + 4))
        company.ledger.add(
            f"u{number}", "subscription_grant", credited, ago(20) + 9, invoice=f"in_{number}", event=f"evt_{number}"
        )
    rest = (ago(5), ago(5) + 20 * DAY_SECONDS)
    item = company.stripe.objects["subscriptions"][0]["items"]["data"][0]  # type: ignore[index]
    item["price"] = company.stripe.objects["prices"][0]
    lines = [
        line("in_down", price, amount, number=place, period=rest, proration=True, subscription="sub_1")
        for place, (price, amount) in enumerate((("price_team", -6600), ("price_pro", 1933)))
    ]
    bill = company.stripe.invoice("in_down", "cus_1", lines, ago(5), subscription="sub_1", due=0, paid=0)
    events.append(company.stripe.event("evt_down", "invoice.paid", bill, ago(5) + 4))
    company.stripe.endpoint(["invoice.paid"])
    company.webhooks(*events)
    settle(company, 3, plan="pro").expect(
        tmp_path, MAPPING + PLANS, looked={"hollow-event", "missing-grant", "wrong-grant-amount", "plan-mismatch"}
    )


def test_a_plan_and_a_monthly_pack_are_two_subscriptions_and_no_double(tmp_path: Path) -> None:
    """Packs are sold monthly too, as a subscription of their own. u2's pack was not credited; u3 cancelled the pack."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    company.stripe.price("price_refill", 700, product="prod_refill")
    for number in (1, 2, 3):
        subscribe(company, number, "price_pro", 2900)
        company.ledger.add(f"u{number}", "subscription_grant", 1000, ago(14) + 9, invoice=f"in_{number}")
        over: Json = {"status": "canceled", "ended_at": ago(3), "canceled_at": ago(3)} if number == 3 else {}
        subscribe(company, 10 + number, "price_refill", 1400, customer=f"cus_{number}", began=10, **over)  # type: ignore[arg-type]
        refill = company.stripe.objects["invoices"][-1]
        refill["lines"]["data"][0]["quantity"] = 2  # type: ignore[index]
        if number != 2:
            company.ledger.add(f"u{number}", "subscription_grant", 600, ago(10) + 9, invoice=f"in_1{number}")
    settle(company, 3, plan="pro").expect(
        tmp_path,
        MAPPING + PLANS + "[prices.price_refill]\ncredits = 300\n",
        must={"missing-grant:in_12"},
        looked={*OWED, "duplicate-subscription", "paid-but-blocked", "unmapped-price"},
    )


def test_usage_that_is_billed_afterwards_owes_nothing(tmp_path: Path) -> None:
    """Next to the plan runs a metered price; a bill of the last month may hold usage alone."""
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    meter = {"interval": "month", "interval_count": 1, "usage_type": "metered", "meter": "mtr_1"}
    company.stripe.price("price_calls", 2, product="prod_calls", recurring=meter)
    for number in (1, 2):
        bill = subscribe(company, number, "price_pro", 2900, bill={"total": 3900})
        usage = line(f"in_{number}", "price_calls", 1000, number=1, quantity=500, period=(ago(44), ago(14)),
                     subscription=f"sub_{number}")  # fmt: skip
        bill["lines"]["data"].append(usage)  # type: ignore[index]
        if number == 1:
            company.ledger.add("u1", "subscription_grant", 1000, ago(14) + 9, invoice="in_1")
    company.stripe.payment("pi_3", "cus_1", 800, ago(4))
    lines = [line("in_3", "price_calls", 800, quantity=400, period=(ago(14), ago(4)), subscription="sub_1")]
    company.stripe.invoice("in_3", "cus_1", lines, ago(4), subscription="sub_1", payment="pi_3")
    settle(company, 2, plan="pro").expect(
        tmp_path, MAPPING + PLANS, must={"missing-grant:in_2"}, looked={*OWED, "unmapped-price"}
    )


def test_seats_beside_included_ones_and_credits_for_each_seat(tmp_path: Path) -> None:
    """TEAM includes three seats; more are an item of their own, each with 100 credits.

    org_2 has a member more than it pays for, and org_3 got no credits for its seats.
    """
    company = FieldCompany()
    company.stripe.price("price_team", 9900)
    company.stripe.price("price_seat", 1000, product="prod_seat")
    rows: list[dict[str, object]] = []
    for number, members, seats, credited in ((1, 5, 2, 5200), (2, 6, 2, 5200), (3, 5, 2, 5000), (4, 2, 0, 5000)):
        bill = subscribe(company, number, "price_team", 9900)
        if seats:
            company.stripe.objects["subscriptions"][-1]["items"]["data"].append({  # type: ignore[index]
                "id": f"si_seat_{number}", "object": "subscription_item", "price": company.stripe.objects["prices"][1],
                "quantity": seats, "current_period_start": ago(14), "current_period_end": ago(-16), "metadata": {},
                "subscription": f"sub_{number}",
            })  # fmt: skip
            bill["lines"]["data"].append(  # type: ignore[index]
                line(f"in_{number}", "price_seat", 1000 * seats, number=1, quantity=seats, period=(ago(14), ago(-16)),
                     subscription=f"sub_{number}")
            )  # fmt: skip
        company.ledger.add(f"u{number}", "subscription_grant", credited, ago(14) + 9, invoice=f"in_{number}")
        rows += [{"org_id": f"u{number}", "user_id": f"m{number}_{k}", "role": "member"} for k in range(members)]
    company.table("CREATE TABLE memberships (org_id TEXT, user_id TEXT, role TEXT)", rows)
    settle(company, 4, plan="team").expect(
        tmp_path,
        MAPPING
        + '[relations.member]\ntable = "memberships"\n[relations.member.columns]\naccount_id = "org_id"\n'
        + 'member_id = "user_id"\nrole = "role"\n'
        + PLANS
        + "[prices.price_team]\nincluded_seats = 3\n[prices.price_seat]\nseats = 1\ncredits = 100\n",
        must={"seat-drift:u2", "wrong-grant-amount:in_3"},
        looked={*OWED, "seat-drift"},
    )


def test_credits_that_only_the_checkouts_metadata_state(tmp_path: Path) -> None:
    """Amounts are free; u2 got ten times too much, u3 nothing, and u4's checkout says a word in place of a number."""
    company = FieldCompany()
    for number, stated, credited in ((1, "250", 250), (2, "250", 2500), (3, "90", None), (4, "many", 77)):
        amount = 700 + 11 * number
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", amount, ago(9))
        company.stripe.session(
            f"cs_{number}", f"cus_{number}", amount, ago(9) - 60, payment_intent=f"pi_{number}",
            client_reference_id=f"u{number}", metadata={"tokens": stated, "ref": f"order-{number}"},
        )  # fmt: skip
        if credited:
            company.ledger.add(f"u{number}", "purchase", credited, ago(9) + 9, payment=f"pi_{number}")
    settle(company, 4).expect(
        tmp_path,
        BOOKED + PLANS + '[prices.tokens]\ncredits_from = "metadata.tokens"\n',
        must={"wrong-grant-amount:pi_2", "missing-grant:pi_3"},
        looked=OWED,
    )


def test_a_rate_of_parts_of_a_credit_and_a_currency_of_three_decimals(tmp_path: Path) -> None:
    """1.25 credits for a dollar, 4 for a dinar, which has a thousand parts; u4 got ten times that."""
    company = FieldCompany()
    for number, currency, amount, credited in (
        (1, "usd", 1234, "15.425"), (2, "usd", 1000, "12.5"), (3, "kwd", 5250, 21), (4, "kwd", 5250, 210),
    ):  # fmt: skip
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        company.stripe.payment(
            f"pi_{number}", f"cus_{number}", amount, ago(9), currency=currency, metadata={"sku": "wallet"}
        )
        company.ledger.add(f"u{number}", "purchase", credited, ago(9) + 9, payment=f"pi_{number}")
    settle(company, 4).expect(
        tmp_path,
        BOOKED + PLANS + '[prices.wallet]\ncredits_per = { usd = "1.25", kwd = "4" }\n',
        must={"wrong-grant-amount:pi_4"},
        looked=OWED,
    )


def test_three_instalments_by_invoice_and_a_coupon_on_a_plan_for_life(tmp_path: Path) -> None:
    """u1 paid three; u2's third was refunded; u3 bought for half by a coupon; u4 bought and is on the free plan."""
    company = FieldCompany()
    company.stripe.price("price_third", 5000, interval=None, product="prod_life")
    company.stripe.price("price_life", 12000, interval=None, product="prod_life", lookup_key="life")
    for number in (1, 2):
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        for part in range(3):
            moment, name = ago(300 - 40 * part), f"{number}_{part}"
            company.stripe.payment(f"pi_{name}", f"cus_{number}", 5000, moment)
            lines = [line(f"in_{name}", "price_third", 5000)]
            company.stripe.invoice(f"in_{name}", f"cus_{number}", lines, moment, payment=f"pi_{name}")
    company.stripe.refund("re_1", "pi_2_2", 5000, ago(100))
    for number in (3, 4):
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 6000, ago(90), metadata={"price": "life"})
        fields: Json = {"payment_intent": f"pi_{number}", "client_reference_id": f"u{number}"}
        company.stripe.session(f"cs_{number}", f"cus_{number}", 6000, ago(90) - 60, amount_subtotal=12000, **fields)
    company.ledger.add("u0", "promotional_grant", 1, ago(390))
    company.users(
        u0={},
        **{f"u{n}": {"stripe_customer_id": f"cus_{n}", "plan": "free" if n == 4 else "pro"} for n in (1, 2, 3, 4)},
    )
    company.expect(
        tmp_path,
        MAPPING
        + "[plans.FREE]\nrank = 0\n[plans.PRO]\nrank = 1\n[plans.TEAM]\nrank = 2\n"
        + '[prices.price_third]\nplan = "PRO"\nlifetime_after = 3\n[prices.life]\nplan = "PRO"\nlifetime = true\n',
        must={"unpaid-but-active:u2", "paid-but-blocked:u4"},
        looked={"unpaid-but-active", "paid-but-blocked"},
    )


def yearly(*drips: tuple[float, int]) -> FieldCompany:
    """A company with one subscriber of a year since 100 days, who spends 300 after each grant.

    A drip is its day and its amount.
    """
    company = FieldCompany()
    company.stripe.price("price_year", 29000, interval="year")
    subscribe(company, 1, "price_year", 29000, began=100, days=365, start=ago(100))
    for day, credited in drips:
        company.ledger.add("u1", "subscription_grant", credited, ago(day) + 60)
        company.ledger.add("u1", "usage", -300, ago(day) + 7200)
    return settle(company, 1, plan="pro")


YEAR = PLANS.replace('{ id = "price_pro" }', '{ id = "price_year", interval = "year" }')


@pytest.mark.parametrize(
    ("drips", "must"),
    [
        ([(100, 1000), (70, 1000), (40, 1000), (10, 1000)], set()),
        ([(100, 1000), (40, 500)], {"wrong-grant-amount:in_1"}),
        ([(100, 1000), (70, 300), (40, 300), (10, 300)], set()),
        ([(day, 1000) for day in (100, 99, 70, 69, 40, 39, 10, 9)],
         {f"grant-without-invoice:{entry}" for entry in (9, 11, 13, 15)}),
    ],
    ids=["each month", "half of what is owed", "filled up each month", "each month twice"],
)  # fmt: skip
def test_a_job_that_drips_a_year_and_never_names_its_invoice(
    tmp_path: Path, drips: list[tuple[float, int]], must: set[str]
) -> None:
    yearly(*drips).expect(tmp_path, MAPPING + YEAR, must=must, looked={"wrong-grant-amount", "grant-without-invoice"})
