"""What a payment owes: said by the config, or known from what others like it sold.

The cases of the field that have a number are named by it, with their source. The others are of the same kinds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.field.company import ACCOUNT, LEDGER_ENTRY, MAPPING, PLANS, FieldCompany
from tests.support.field.price_lists import MEMBER, MEMBERS
from tests.support.field.stripe_side import DAY_SECONDS, Json, ago, line, written

WITHOUT_WEBHOOKS = ACCOUNT + LEDGER_ENTRY
OWED = {"missing-grant", "wrong-grant-amount"}
MONTH = 30 * DAY_SECONDS


def buy(
    company: FieldCompany,
    number: int,
    amount: int,
    *,
    credited: int | None = None,
    metadata: dict[str, str] | None = None,
    session: Json | None = None,
    days: float = 9,
) -> None:
    """Account u{number} pays; ``session`` are the fields of the checkout that it went through."""
    customer, payment, moment = f"cus_{number}", f"pi_{number}", ago(days) + 60 * number
    company.stripe.customer(customer, f"u{number}@example.com")
    company.stripe.payment(payment, customer, amount, moment, metadata=metadata or {})
    if session is not None:
        fields = {"client_reference_id": f"u{number}", "payment_intent": payment, **session}
        company.stripe.session(f"cs_{number}", customer, amount, moment - 40, **fields)
    if credited is not None:
        company.ledger.add(f"u{number}", "purchase", credited, moment + 6, payment=payment)


def with_users(company: FieldCompany, count: int, **more: object) -> FieldCompany:
    """Add a user for each customer."""
    company.ledger.add("u0", "promotional_grant", 1, ago(90))
    company.users(u0={}, **{f"u{n}": {"stripe_customer_id": f"cus_{n}", **more} for n in range(1, count + 1)})
    return company


def topups() -> FieldCompany:
    """Purelymail issue #86 (2022-01-01): customers type in an amount; one was charged and not credited."""
    company = FieldCompany()
    for number, amount in enumerate((1000, 1234, 2500, 750), start=1):
        buy(company, number, amount, credited=amount, metadata={"user_id": f"u{number}", "kind": "topup"}, days=20)
    company.stripe.payment("pi_bad", "cus_3", 4501, ago(5), metadata={"user_id": "u3", "kind": "topup"})
    return with_users(company, 4)


@pytest.mark.slow
@pytest.mark.parametrize("prices", ["", '[prices.topup]\ncredits_per = { usd = "100" }\n'])
def test_02_a_typed_in_amount_that_was_not_credited(tmp_path: Path, prices: str) -> None:
    report = topups().expect(
        tmp_path, WITHOUT_WEBHOOKS + PLANS + prices, must={"missing-grant:pi_bad"}, looked={"missing-grant"}
    )
    (lost,) = report.findings()
    assert lost.evidence["credits_owed"] == (4501 if prices else None)
    assert lost.evidence["guessed_by"] == (None if prices else "metadata")
    assert lost.impact.money == {"usd": 4501}


def test_a_typed_in_amount_that_was_credited_wrongly(tmp_path: Path) -> None:
    company = topups()
    company.ledger.add("u3", "purchase", 4500, ago(5) + 6, payment="pi_bad")
    company.tables.clear()
    with_users(company, 4)
    company.expect(
        tmp_path,
        WITHOUT_WEBHOOKS + PLANS + '[prices.topup]\ncredits_per = { usd = "100" }\n',
        must={"wrong-grant-amount:pi_bad"},
        looked=OWED,
    )


def packs_by_invoice(*, credits_after_raise: int | None = None) -> FieldCompany:
    """chatwoot PR #13924 (2026-03-27): an invoice was paid from the customer's balance, and nothing was credited."""
    company = FieldCompany()
    company.stripe.price("price_topup", 2000, interval=None, product="prod_credits")
    for number in (1, 2, 3):
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
    for number in (2, 3):
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 2000, ago(20 - number))
        lines = [line(f"in_{number}", "price_topup", 2000)]
        company.stripe.invoice(f"in_{number}", f"cus_{number}", lines, ago(20 - number), payment=f"pi_{number}")
        company.ledger.add(f"u{number}", "purchase", 1000, ago(20 - number) + 9, invoice=f"in_{number}")
    lines = [line("in_1", "price_topup", 2000)]
    company.stripe.invoice("in_1", "cus_1", lines, ago(6), due=0, paid=0, starting_balance=-7000, ending_balance=-5000)
    return with_users(company, 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    "prices", ["", "[prices.price_topup]\ncredits = 1000\n", "[prices.prod_credits]\ncredits = 1000\n"]
)
def test_03_a_pack_that_was_paid_from_the_balance(tmp_path: Path, prices: str) -> None:
    report = packs_by_invoice().expect(
        tmp_path, MAPPING + PLANS + prices, must={"missing-grant:in_1"}, looked={"missing-grant"}
    )
    (lost,) = report.findings()
    assert lost.evidence["credits_owed"] == (1000 if prices else None)
    assert lost.evidence["guessed_by"] == (None if prices else "price")


@pytest.mark.slow
def test_a_pack_that_is_said_to_sell_nothing_owes_nothing(tmp_path: Path) -> None:
    report = packs_by_invoice().expect(
        tmp_path,
        MAPPING + PLANS + '[prices.price_topup]\nsells = "nothing"\n',
        may={"wrong-grant-amount:*"},
        looked=OWED,
    )
    assert {finding.check for finding in report.findings()} == {"wrong-grant-amount"}


def subscribers(*bought: tuple[str, float, int], prices: dict[str, int], **interval: str) -> FieldCompany:
    """u1, u2 … each subscribed to a price some days ago and were granted so many credits."""
    company = FieldCompany()
    for name, amount in prices.items():
        company.stripe.price(name, amount, interval=interval.get(name, "month"))
    for number, (price, days, credited) in enumerate(bought, start=1):
        customer, start = f"cus_{number}", ago(days)
        company.stripe.customer(customer, f"u{number}@example.com")
        period = (start, start + (MONTH if price not in interval else 365 * DAY_SECONDS))
        company.stripe.subscription(
            f"sub_{number}", customer, [(price, 1)], period=period, start=ago(400), latest_invoice=f"in_{number}"
        )
        company.stripe.payment(f"pi_{number}", customer, prices[price], start)
        lines = [line(f"in_{number}", price, prices[price], period=period, subscription=f"sub_{number}")]
        company.stripe.invoice(
            f"in_{number}", customer, lines, start, subscription=f"sub_{number}", payment=f"pi_{number}"
        )
        company.ledger.add(f"u{number}", "subscription_grant", credited, start + 9, invoice=f"in_{number}")
    return with_users(company, len(bought), plan="pro")


OLD_AND_NEW = PLANS.replace('{ id = "price_pro" }', '{ id = "price_pro" }, { id = "price_pro_2024" }')


@pytest.mark.slow
@pytest.mark.parametrize("plans", [OLD_AND_NEW, PLANS])
def test_22_customers_on_a_superseded_price_get_what_it_promised(tmp_path: Path, plans: str) -> None:
    """inbox-zero PR #1927 (2026-03-15), twenty PR #25635 (2026-09-08)."""
    company = subscribers(
        ("price_pro_2024", 10, 500),
        ("price_pro", 10, 1000),
        ("price_pro_2024", 10, 1000),
        prices={"price_pro_2024": 1900, "price_pro": 2900},
    )
    company.expect(
        tmp_path,
        MAPPING + plans + '[prices.price_pro_2024]\nplan = "PRO"\ncredits = 500\n',
        must={"wrong-grant-amount:in_3"},
        looked=OWED,
    )


def raised(*, first: int = 500, second: int = 1000) -> FieldCompany:
    return subscribers(("price_pro", 25, first), ("price_pro", 8, second), prices={"price_pro": 2900})


@pytest.mark.slow
@pytest.mark.parametrize(
    "history",
    [
        "credits = 500\nhistory = [{{ since = {day}, credits = 1000 }}]",
        "history = [{{ since = 2020-01-01, credits = 500 }}, {{ since = {day}, credits = 1000 }}]",
    ],
)
def test_44_what_was_granted_before_the_allowance_was_raised_was_right_then(tmp_path: Path, history: str) -> None:
    prices = f"[prices.price_pro]\n{history.format(day=written(ago(20))[:10])}\n"
    raised().expect(tmp_path, MAPPING + PLANS + prices, looked=OWED)


@pytest.mark.slow
def test_after_the_raise_the_old_number_is_wrong_and_before_it_the_new_one(tmp_path: Path) -> None:
    prices = f"[prices.price_pro]\ncredits = 500\nhistory = [{{ since = {written(ago(20))[:10]}, credits = 1000 }}]\n"
    raised(first=1000, second=500).expect(
        tmp_path,
        MAPPING + PLANS + prices,
        must={"wrong-grant-amount:in_1", "wrong-grant-amount:in_2"},
        looked=OWED,
    )


@pytest.mark.slow
@pytest.mark.parametrize("credited", [500, 1000])
def test_on_the_day_of_the_raise_both_numbers_are_right(tmp_path: Path, credited: int) -> None:
    prices = f"[prices.price_pro]\ncredits = 500\nhistory = [{{ since = {written(ago(8))[:10]}, credits = 1000 }}]\n"
    raised(second=credited).expect(tmp_path, MAPPING + PLANS + prices, looked=OWED)


@pytest.mark.slow
def test_41_a_renewal_that_sets_the_balance_back_to_the_allowance(tmp_path: Path) -> None:
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    company.stripe.customer("cus_1", "u1@example.com")
    latest = (ago(9), ago(9) + MONTH)
    company.stripe.subscription(
        "sub_1", "cus_1", [("price_pro", 1)], period=latest, start=ago(39), latest_invoice="in_1"
    )
    for number, start in enumerate((ago(39), ago(9))):
        company.stripe.payment(f"pi_{number}", "cus_1", 2900, start)
        lines = [line(f"in_{number}", "price_pro", 2900, period=(start, start + MONTH), subscription="sub_1")]
        company.stripe.invoice(f"in_{number}", "cus_1", lines, start, subscription="sub_1", payment=f"pi_{number}")
    company.ledger.add("u1", "subscription_grant", 1000, ago(39) + 5, invoice="in_0")
    company.ledger.add("u1", "promotional_grant", 200, ago(20))
    company.ledger.add("u1", "subscription_grant", -200, ago(9) + 5, invoice="in_1")
    with_users(company, 1, plan="pro").expect(tmp_path, MAPPING + PLANS, looked=OWED)


@pytest.mark.slow
@pytest.mark.parametrize(("dripped", "must"), [(3, set()), (1, {"wrong-grant-amount:in_1"})])
def test_42_a_yearly_plan_whose_credits_a_job_drips(tmp_path: Path, dripped: int, must: set[str]) -> None:
    company = subscribers(("price_pro_y", 100, 1000), prices={"price_pro_y": 29000}, price_pro_y="year")
    for month in range(1, dripped + 1):
        company.ledger.add("u1", "subscription_grant", 1000, ago(100) + MONTH * month + 60)
    company.tables.clear()
    with_users(company, 1, plan="pro").expect(
        tmp_path,
        MAPPING + PLANS.replace('{ id = "price_pro" }', '{ id = "price_pro_y", interval = "year" }'),
        must=must,
        may={"grant-without-invoice:*", "stale-paid-plan:*"},
        looked={"wrong-grant-amount"},
    )


def packs(credited: Sequence[int | None], *, metadata: dict[str, str], through_checkout: bool = True) -> FieldCompany:
    company = FieldCompany()
    for number, credits_given in enumerate(credited, start=1):
        session: Json | None = {"metadata": metadata} if through_checkout else None
        buy(company, number, 1000, credited=credits_given, metadata=metadata, session=session, days=6)
    return with_users(company, len(credited))


@pytest.mark.slow
def test_53_most_purchases_of_a_new_pack_were_lost(tmp_path: Path) -> None:
    """After legiblenews/community issue #13 (2022-07-08)."""
    company = packs([500, 500, 500, None, None, None, None, None], metadata={"type": "credits", "credits": "500"})
    company.expect(
        tmp_path,
        WITHOUT_WEBHOOKS + PLANS,
        must={f"missing-grant:pi_{number}" for number in (4, 5, 6, 7, 8)},
        looked={"missing-grant"},
    )


@pytest.mark.slow
def test_all_purchases_of_a_new_pack_were_lost_while_the_old_one_still_works(tmp_path: Path) -> None:
    company = packs([500, 500], metadata={"type": "credits", "credits": "500"})
    for number in (3, 4, 5):
        buy(company, number, 3900, metadata={"type": "credits", "credits": "2500"}, session={"metadata": {}}, days=3)
    company.tables.clear()
    with_users(company, 5)
    company.stripe.objects["checkout_sessions"] = [
        {**session, "metadata": payment["metadata"]}
        for session, payment in zip(
            company.stripe.objects["checkout_sessions"], company.stripe.objects["payment_intents"], strict=True
        )
    ]
    company.expect(
        tmp_path,
        WITHOUT_WEBHOOKS + PLANS,
        must={f"missing-grant:pi_{number}" for number in (3, 4, 5)},
        looked={"missing-grant"},
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prices", "metadata"),
    [
        ("[prices.price_pack]\ncredits = 500\n", {}),
        ("[prices.pack_500]\ncredits = 500\n", {}),
        ("[prices.prod_pack]\ncredits = 500\n", {}),
        ("[prices.price_pack]\ncredits = 500\n", {"price_id": "price_pack"}),
        ('[prices.any]\ncredits_from = "metadata.credits"\n', {"credits": "500"}),
        ('[prices.any]\ncredits_from = "credits"\n', {"credits": "500"}),
        ("[prices.wallet]\ncredits_per = { usd = 50, eur = 60 }\n", {"kind": "wallet"}),
    ],
    ids=["id", "lookup key", "product", "named in metadata", "from metadata", "from a key", "rate"],
)
def test_a_pack_that_nobody_was_ever_credited_for_is_found_where_the_config_says_what_it_sells(
    tmp_path: Path, prices: str, metadata: dict[str, str]
) -> None:
    company = packs([None, None, 500, 400], metadata=metadata)
    company.stripe.price("price_pack", 1000, interval=None, product="prod_pack", lookup_key="pack_500")
    report = company.expect(
        tmp_path,
        WITHOUT_WEBHOOKS + PLANS + prices,
        must={"missing-grant:pi_1", "missing-grant:pi_2", "wrong-grant-amount:pi_4"},
        looked=OWED,
    )
    assert {finding.evidence["credits_owed"] for finding in report.findings()} == {500}


@pytest.mark.slow
@pytest.mark.parametrize(("total", "subtotal"), [(1190, 1000), (900, 1000), (1100, 1000)], ids=["tax", "coupon", "fee"])
def test_taxes_fees_and_discounts_do_not_change_what_is_owed(tmp_path: Path, total: int, subtotal: int) -> None:
    company = FieldCompany()
    for number, credited in ((1, 500), (2, None)):
        buy(company, number, total, credited=credited, session={"amount_subtotal": subtotal})
    company.stripe.price("price_pack", 1000, interval=None, product="prod_pack")
    with_users(company, 2).expect(
        tmp_path,
        WITHOUT_WEBHOOKS + PLANS + "[prices.price_pack]\ncredits = 500\n",
        must={"missing-grant:pi_2"},
        looked=OWED,
    )


@pytest.mark.slow
def test_a_line_of_a_checkout_says_how_many_packs_were_bought(tmp_path: Path) -> None:
    company = FieldCompany()
    pack = company.stripe.price("price_pack", 1000, interval=None, product="prod_pack")
    for number, (quantity, credited) in enumerate(((1, 500), (3, 1500), (3, 500)), start=1):
        row = {"id": f"li_{number}", "object": "item", "quantity": quantity, "price": pack}
        lines = {"object": "list", "data": [row], "has_more": False}
        buy(company, number, 1000 * quantity, credited=credited, session={"line_items": lines})
    with_users(company, 3).expect(
        tmp_path,
        WITHOUT_WEBHOOKS + PLANS + "[prices.price_pack]\ncredits = 500\n",
        must={"wrong-grant-amount:pi_3"},
        looked=OWED,
    )


@pytest.mark.slow
def test_two_prices_of_one_amount_leave_open_which_was_bought(tmp_path: Path) -> None:
    company = packs([None, None], metadata={})
    company.stripe.price("price_pack", 1000, interval=None, product="prod_pack")
    company.stripe.price("price_shirt", 1000, interval=None, product="prod_shirt")
    company.expect(
        tmp_path,
        WITHOUT_WEBHOOKS + PLANS + "[prices.price_pack]\ncredits = 500\n",
        looked={"missing-grant"},
    )


@pytest.mark.slow
def test_one_credited_payment_of_many_that_say_nothing_of_themselves_is_no_rule(tmp_path: Path) -> None:
    packs([500, None, None, None], metadata={}).expect(tmp_path, WITHOUT_WEBHOOKS + PLANS, looked={"missing-grant"})


@pytest.mark.slow
def test_46_two_packs_in_a_row_that_were_both_credited(tmp_path: Path) -> None:
    company = FieldCompany()
    company.stripe.customer("cus_1", "u1@example.com")
    for number in (1, 2):
        moment = ago(9) + 240 * number
        company.stripe.payment(f"pi_{number}", "cus_1", 1000, moment, metadata={"user_id": "u1", "pack": "500"})
        fields = {"client_reference_id": "u1", "payment_intent": f"pi_{number}"}
        company.stripe.session(f"cs_{number}", "cus_1", 1000, moment - 60, **fields)
        company.ledger.add("u1", "purchase", 500, moment + 9, payment=f"pi_{number}", session=f"cs_{number}")
    with_users(company, 1).expect(tmp_path, MAPPING + PLANS, looked={"duplicate-charge", "missing-grant"})


def refunded(back: int, taken: int) -> FieldCompany:
    """hyperwhisper-app PR #3 (2026-06-30): a fee of 6 % is never refunded."""
    company = FieldCompany()
    for number in (1, 2):
        fields: Json = {"metadata": {"fee_cents": "30", "credits": "500"}}
        buy(company, number, 530, credited=500, metadata={"fee_cents": "30"}, session=fields, days=20)
    company.stripe.refund("re_1", "pi_1", back, ago(10))
    company.ledger.add("u1", "refund", -taken, ago(10) + 60, payment="pi_1")
    return with_users(company, 2)


@pytest.mark.slow
def test_04_a_refund_without_the_fee_takes_all_credits_back(tmp_path: Path) -> None:
    refunded(500, 500).expect(tmp_path, MAPPING + PLANS, looked={"over-clawed-back", "refund-not-clawed-back"})


@pytest.mark.slow
def test_half_a_refund_does_not_take_all_credits_back(tmp_path: Path) -> None:
    refunded(265, 500).expect(
        tmp_path,
        MAPPING + PLANS,
        must={"over-clawed-back:pi_1"},
        looked={"over-clawed-back", "refund-not-clawed-back"},
    )


@pytest.mark.slow
def test_54_shirts_and_credits_by_the_same_checkout(tmp_path: Path) -> None:
    company = FieldCompany()
    for number in range(1, 9):
        shirt = number in (3, 6)
        kind = {"kind": "shirt" if shirt else "credits"}
        session: Json = {"metadata": kind}
        amount, credited = (2500, None) if shirt else (1000, 500)
        buy(company, number, amount, credited=credited, metadata=kind, session=session, days=20 - number)
    events = [
        company.stripe.event(f"evt_{n}", "checkout.session.completed", about, int(str(about["created"])) + 42)
        for n, about in enumerate(company.stripe.objects["checkout_sessions"], start=1)
    ]
    for row in company.ledger.rows:
        row["stripe_event_id"] = f"evt_{str(row['user_id'])[1:]}"
    company.webhooks(*events)
    company.stripe.endpoint(["checkout.session.completed"])
    with_users(company, 8).expect(tmp_path, MAPPING + PLANS, looked={"hollow-event", "missing-grant"})


@pytest.mark.slow
def test_11_the_number_of_packs_beside_a_flat_plan_is_no_number_of_seats(tmp_path: Path) -> None:
    """squarelet PR #800 (2026-09-03), vm0 issue #25415 (2026-08-06)."""
    company = FieldCompany()
    company.stripe.price("price_team", 10000, product="prod_org")
    company.stripe.price("price_pack", 1000, product="prod_pack")
    company.stripe.customer("cus_1", "org1@example.com", metadata={"user_id": "org_1"})
    period = (ago(12), ago(12) + MONTH)
    company.stripe.subscription("sub_1", "cus_1", [("price_team", 1), ("price_pack", 3)], period=period, start=ago(100))
    company.ledger.add("org_1", "promotional_grant", 1, ago(90))
    company.users(org_1={"plan": "team", "stripe_customer_id": "cus_1"})
    rows = [{"org_id": "org_1", "user_id": f"m{number}", "role": "member"} for number in range(6)]
    company.table(MEMBERS, rows)
    company.expect(
        tmp_path,
        MAPPING + PLANS.replace("credits_per_period = 5000\n", "") + MEMBER,
        looked={"seat-drift"},
    )
