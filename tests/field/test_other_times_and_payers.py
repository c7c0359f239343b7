"""Paid time and payers of other kinds of companies: 2018's objects, trials, disputes, notes, terms, guests, members.

What a billing engineer expects of each was written before its first run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.field.company import ACCOUNT, LEDGER_ENTRY, MAPPING, PLANS, WITHOUT_CREDITS, FieldCompany
from tests.support.field.stripe_side import DAY_SECONDS, Json, ago, line, written
from tests.support.field.subscribers import subscribe

pytestmark = pytest.mark.slow  # each kind has its first company in a test of its own, which every commit passes


TIME = {"unpaid-but-active", "paid-but-blocked", "plan-mismatch"}
OWED = {"missing-grant", "wrong-grant-amount"}
BOOKED = ACCOUNT + LEDGER_ENTRY
MEMBER = """
[relations.member]
table = "memberships"
[relations.member.columns]
account_id = "org_id"
member_id = "user_id"
"""


def serve(company: FieldCompany, **plans: str) -> FieldCompany:
    """Add an account on each of these plans; u7's customer is cus_7."""
    company.users(**{user: {"plan": plan, "stripe_customer_id": f"cus_{user[1:]}"} for user, plan in plans.items()})
    return company


def sold() -> FieldCompany:
    company = FieldCompany()
    company.stripe.price("price_pro", 2900)
    company.stripe.price("price_team", 9900)
    return company


def of_2018(company: FieldCompany) -> None:
    """Rewrite what is there as the API wrote it in 2018: plans, dates, charges, no payment intents."""
    stripe = company.stripe.objects
    payments = {str(row["id"]): row for row in stripe.pop("payment_intents", [])}
    stripe.pop("invoice_payments", None)
    for bill in stripe["invoices"]:
        parent = bill.pop("parent")
        listed = bill.pop("payments")
        bill.pop("status_transitions")
        bill["date"] = bill.pop("created")
        bill["billing"] = bill.pop("collection_method")
        bill["subscription"] = parent and parent["subscription_details"]["subscription"]  # type: ignore[index]
        bill["paid"] = bill.pop("status") == "paid"
        bill["forgiven"] = False
        paid_by = listed["data"][0]["payment"]["payment_intent"] if listed["data"] else None  # type: ignore[index]
        bill["charge"] = payments[str(paid_by)]["latest_charge"] if paid_by else None
        for row in bill["lines"]["data"]:  # type: ignore[index]
            pricing, old = row.pop("pricing"), row.pop("parent")
            name = pricing["price_details"]["price"]
            row["plan"] = {"id": name, "object": "plan", "interval": "month", "interval_count": 1,
                           "product": "prod_app", "usage_type": "licensed", "livemode": True}  # fmt: skip
            row["type"], row["unique_id"] = "subscription", row["id"]
            details = old["subscription_item_details"]
            row["id"], row["proration"] = details["subscription"], details["proration"]
            row["subscription"] = details["subscription"]
    for held in stripe["subscriptions"]:
        item = held["items"]["data"][0]  # type: ignore[index]
        price = item.pop("price")
        item["plan"] = {"id": price["id"], "object": "plan", "interval": "month", "interval_count": 1,
                        "usage_type": "licensed", "product": "prod_app", "livemode": True}  # fmt: skip
        held["current_period_start"] = item.pop("current_period_start")
        held["current_period_end"] = item.pop("current_period_end")
        held["start"], held["billing"] = held.pop("start_date"), held.pop("collection_method")
        held["plan"], held["quantity"] = item["plan"], 1
        held.pop("pause_collection")
    for back in stripe["refunds"]:
        back["payment_intent"] = None


def test_objects_of_2018_with_renewals_by_charge(tmp_path: Path) -> None:
    """Entries name charges. u2's renewal was not credited, u3's was refunded and its credits stay, u4 has left."""
    company = sold()
    for number in (1, 2, 3, 4):
        over: dict[str, Any] = {"status": "canceled", "ended_at": ago(3), "canceled_at": ago(3)} if number == 4 else {}
        subscribe(company, number, "price_pro", 2900, **over)
        if number != 2:
            company.ledger.add(f"u{number}", "subscription_grant", 1000, ago(14) + 9, payment=f"ch_pi_{number}")
    company.ledger.add("u2", "subscription_grant", 1000, ago(44), payment="ch_pi_before")
    company.stripe.refund("re_3", "pi_3", 2900, ago(5))
    company.stripe.customer("cus_5")
    of_2018(company)
    serve(company, u1="pro", u2="pro", u3="free", u4="free").expect(
        tmp_path,
        MAPPING + PLANS,
        must={"missing-grant:in_2", "refund-not-clawed-back:in_3"},
        may={"grant-without-money:*", "paid-but-blocked:u3"},
        looked={*OWED, *TIME, "refund-not-clawed-back"},
    )


def test_a_first_payment_after_a_trial_that_fails(tmp_path: Path) -> None:
    """The trial ended 30, 5 and 30 days ago. u1's grace is over, u2 is inside it, u3 paid, and u4 is on trial."""
    company = sold()
    for number, days, status in ((1, 30, "past_due"), (2, 5, "past_due"), (3, 30, "active"), (4, -3, "trialing")):
        bill: Json = {} if status == "active" else {"status": "open"} if status == "past_due" else {"total": 0}
        subscribe(
            company, number, "price_pro", 2900, began=days if days > 0 else 11, days=30 if days > 0 else 14,
            status=status, start=ago(days + 14), trial_start=ago(days + 14), trial_end=ago(days), bill=bill,
        )  # fmt: skip
        if status == "past_due":
            company.stripe.objects["payment_intents"][-1] |= {"status": "requires_payment_method", "amount_received": 0}
    serve(company, u1="pro", u2="pro", u3="pro", u4="pro").expect(
        tmp_path, MAPPING + WITHOUT_CREDITS, must={"unpaid-but-active:u1"}, looked=TIME
    )


@pytest.mark.parametrize(
    ("status", "must"),
    [("lost", {"unpaid-but-active:u1"}), ("under_review", set()), ("won", set()), ("warning_closed", set())],
)
def test_a_dispute_over_the_time_that_runs(tmp_path: Path, status: str, must: set[str]) -> None:
    company = sold()
    for number in (1, 2):
        subscribe(company, number, "price_pro", 2900)
    company.stripe.dispute("dp_1", "pi_1", 2900, ago(6), status=status)
    serve(company, u1="pro", u2="pro").expect(tmp_path, MAPPING + WITHOUT_CREDITS, must=must, looked=TIME)


@pytest.mark.parametrize(("reinstated", "must"), [(500, set()), (None, {"over-clawed-back:pi_1"})])
def test_credits_come_back_when_a_dispute_is_won(tmp_path: Path, reinstated: int | None, must: set[str]) -> None:
    company = FieldCompany()
    for number in (1, 2, 3):
        company.stripe.customer(f"cus_{number}")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 1000, ago(30), metadata={"pack": "credits"})
        company.ledger.add(f"u{number}", "purchase", 500, ago(30) + 9, payment=f"pi_{number}")
    company.stripe.dispute("dp_1", "pi_1", 1000, ago(20), status="won")
    company.ledger.add("u1", "clawback", -500, ago(20) + 60, payment="pi_1")
    if reinstated:
        company.ledger.add("u1", "adjustment", reinstated, ago(8), payment="pi_1")
    serve(company, u1="free", u2="free", u3="free").expect(
        tmp_path, BOOKED + PLANS, must=must, looked={"over-clawed-back"}
    )


def test_a_credit_note_after_the_payment_gives_the_time_back(tmp_path: Path) -> None:
    """u1's whole bill was credited to its balance after it was paid, u2's by a third, u3 was refunded in full."""
    company = sold()
    for number, note in ((1, 2900), (2, 900), (3, 0)):
        subscribe(company, number, "price_pro", 2900, bill={"post_payment_credit_notes_amount": note})
    company.stripe.refund("re_3", "pi_3", 2900, ago(5))
    serve(company, u1="pro", u2="pro", u3="pro").expect(
        tmp_path, MAPPING + WITHOUT_CREDITS, must={"unpaid-but-active:u1", "unpaid-but-active:u3"}, looked=TIME
    )


def test_transfers_terms_and_bills_marked_paid_by_hand(tmp_path: Path) -> None:
    """u1 paid by transfer and the bill was marked paid; u2 is on net 60; u3's terms ended long ago."""
    company = sold()
    by_invoice: dict[str, Any] = {"collection_method": "send_invoice"}
    subscribe(company, 1, "price_team", 9900, bill={"paid": 0, "due": 9900, "paid_out_of_band": True, **by_invoice},
              **by_invoice)  # fmt: skip
    company.stripe.objects["payment_intents"].clear()
    company.stripe.objects["invoices"][-1]["payments"] = {"object": "list", "data": [], "has_more": False}
    company.stripe.objects["invoice_payments"].clear()
    for number, due, status in ((2, -46, "active"), (3, 30, "past_due")):
        began = 14 if number == 2 else 60
        subscribe(company, number, "price_team", 9900, began=began, days=90, status=status, **by_invoice,
                  bill={"status": "open", "due_date": ago(due), **by_invoice})  # fmt: skip
        company.stripe.objects["payment_intents"].clear()
    serve(company, u1="team", u2="team", u3="team").expect(
        tmp_path, MAPPING + WITHOUT_CREDITS, must={"unpaid-but-active:u3"}, looked=TIME
    )


def test_ends_of_subscriptions(tmp_path: Path) -> None:
    """At once with a refund of the rest, at the period's end, still inside it, long over, and never begun."""
    company = sold()
    for number, more in (
        (1, {"status": "canceled", "ended_at": ago(4), "canceled_at": ago(4)}),
        (2, {"status": "canceled", "ended_at": ago(4), "canceled_at": ago(4)}),
        (3, {"cancel_at_period_end": True, "cancel_at": ago(-16), "canceled_at": ago(9)}),
        (
            4,
            {
                "status": "canceled",
                "ended_at": ago(30),
                "canceled_at": ago(45),
                "began": 60,
                "cancel_at_period_end": True,
            },
        ),
        (5, {"status": "incomplete", "began": 2, "start": ago(2), "bill": {"status": "open"}}),
        (
            6,
            {
                "status": "incomplete_expired",
                "began": 6,
                "start": ago(6),
                "ended_at": ago(5),
                "bill": {"status": "void"},
            },
        ),
    ):
        subscribe(company, number, "price_pro", 2900, **more)
        if number > 4:
            company.stripe.objects["payment_intents"][-1] |= {"status": "requires_payment_method", "amount_received": 0}
    for number in (1, 2):
        company.stripe.refund(f"re_{number}", f"pi_{number}", 1930, ago(4))
    subscribe(company, 7, "price_pro", 2900, customer="cus_6", began=5, start=ago(5))
    serve(company, u1="free", u2="pro", u3="pro", u4="pro", u5="pro", u6="pro").expect(
        tmp_path,
        MAPPING + WITHOUT_CREDITS,
        must={"unpaid-but-active:u2", "unpaid-but-active:u4", "unpaid-but-active:u5", "ending-plan:u3"},
        looked={*TIME, "duplicate-subscription", "ending-plan"},
    )


def test_a_schedule_of_2020_that_ends_and_one_that_goes_down(tmp_path: Path) -> None:
    """Phases name ``plans``. u1's cancels at its end; u2's goes down; u3's is released as it is; u4's was canceled."""
    company = sold()
    for number, behaviour, following, status in (
        (1, "cancel", None, "active"), (2, "release", "price_pro", "active"), (3, "release", None, "active"),
        (4, "cancel", None, "canceled"),
    ):  # fmt: skip
        subscribe(company, number, "price_team", 9900, schedule=f"sub_sched_{number}")
        now = {"start_date": ago(14), "end_date": ago(-16)}
        phases: list[Json] = [{**now, "plans": [{"plan": "price_team", "price": "price_team", "quantity": 1}]}]
        if following:
            later = {"start_date": ago(-16), "end_date": ago(-46)}
            phases.append({**later, "plans": [{"plan": following, "quantity": 1}]})
        company.stripe.put("subscription_schedules", {
            "id": f"sub_sched_{number}", "object": "subscription_schedule", "status": status,
            "customer": f"cus_{number}",
            "subscription": f"sub_{number}" if status == "active" else None, "livemode": True, "created": ago(14),
            "current_phase": now if status == "active" else None, "renewal_behavior": None, "end_behavior": behaviour,
            "phases": phases,
        })  # fmt: skip
    serve(company, u1="team", u2="team", u3="team", u4="team").expect(
        tmp_path,
        MAPPING + WITHOUT_CREDITS,
        must={"ending-plan:u1", "ending-plan:u2"},
        looked={"ending-plan", *TIME},
    )


def test_guests_pay_without_a_customer(tmp_path: Path) -> None:
    """A checkout of a guest names the account alone; u2's was not credited, and u3 never finished its checkout."""
    company = FieldCompany()
    for number, credited in ((1, 500), (2, None), (4, 500)):
        company.stripe.payment(f"pi_{number}", None, 1000, ago(9))
        company.stripe.session(
            f"cs_{number}", None, 1000, ago(9) - 60, payment_intent=f"pi_{number}", client_reference_id=f"u{number}"
        )
        if credited:
            company.ledger.add(f"u{number}", "purchase", credited, ago(9) + 9, session=f"cs_{number}")
    company.stripe.session(
        "cs_3", None, 1000, ago(8), client_reference_id="u3", status="expired", payment_status="unpaid"
    )
    company.ledger.add("u9", "promotional_grant", 1, ago(90))
    company.users(**{f"u{n}": {} for n in (1, 2, 3, 4, 9)})
    company.expect(tmp_path, BOOKED + PLANS, must={"missing-grant:pi_2"}, looked={"missing-grant"})


def test_credits_of_an_organisation_on_its_members_and_on_a_stranger(tmp_path: Path) -> None:
    """u1 and u2 are org_1's members and share what it bought; u9 is not, and has what org_1 paid for once."""
    company = FieldCompany()
    company.stripe.customer("cus_org", "billing@org.example.com")
    for number, holder in ((1, "u1"), (2, "u2"), (3, "u9"), (4, "org_1")):
        company.stripe.payment(
            f"pi_{number}", "cus_org", 1000, ago(9 - number), metadata={"org": "org_1", "sku": "credits"}
        )
        company.ledger.add(holder, "purchase", 500, ago(9 - number) + 9, payment=f"pi_{number}")
    company.users(org_1={"stripe_customer_id": "cus_org"}, u1={}, u2={}, u9={})
    company.table("CREATE TABLE memberships (org_id TEXT, user_id TEXT)",
                  [{"org_id": "org_1", "user_id": user} for user in ("u1", "u2")])  # fmt: skip
    company.expect(
        tmp_path, BOOKED + MEMBER + PLANS, must={"wrong-account-credited:pi_3"}, looked={"wrong-account-credited"}
    )


def test_a_customer_that_was_made_anew(tmp_path: Path) -> None:
    """The app made a second customer and kept the first; the second's subscription names the account.

    u1 has its plan, u2 not; both first customers' subscriptions are over.
    """
    company = sold()
    for number in (1, 2):
        over: dict[str, Any] = {"status": "canceled", "ended_at": ago(40), "canceled_at": ago(40), "began": 70}
        subscribe(company, number, "price_pro", 2900, **over)
        company.stripe.customer(f"cus_new_{number}", f"u{number}@example.com")
        subscribe(company, 10 + number, "price_pro", 2900, customer=f"cus_new_{number}", start=ago(14),
                  metadata={"user_id": f"u{number}"})  # fmt: skip
    serve(company, u1="pro", u2="free").expect(
        tmp_path, MAPPING + WITHOUT_CREDITS, must={"paid-but-blocked:u2"}, looked={*TIME, "orphan-subscription"}
    )


def test_accounts_that_were_closed_owe_and_are_owed_nothing(tmp_path: Path) -> None:
    """u1 closed its account and asked for no refund; its payment was not credited. u2's subscription goes on."""
    company = sold()
    for number in (1, 3):
        company.stripe.customer(f"cus_{number}")
        company.stripe.payment(f"pi_{number}", f"cus_{number}", 1000, ago(6), metadata={"sku": "credits"})
        company.stripe.payment(f"pi_{number}_old", f"cus_{number}", 1000, ago(26), metadata={"sku": "credits"})
        company.ledger.add(f"u{number}", "purchase", 500, ago(26) + 9, payment=f"pi_{number}_old")
    subscribe(company, 2, "price_pro", 2900)
    gone = {"status": "deleted"}
    company.users(
        u1={"stripe_customer_id": "cus_1", **gone}, u2={"stripe_customer_id": "cus_2", "plan": "pro", **gone},
        u3={"stripe_customer_id": "cus_3"},
    )  # fmt: skip
    company.expect(
        tmp_path,
        BOOKED + WITHOUT_CREDITS,
        must={"missing-grant:pi_3", "orphan-subscription:sub_2"},
        looked={"missing-grant", "orphan-subscription"},
    )


def test_another_product_on_the_same_stripe_account(tmp_path: Path) -> None:
    """A newsletter is sold on the same account, by subscription and once, and is said to be nothing of the app's.

    u2 is on PRO by nothing but the newsletter.
    """
    company = sold()
    company.stripe.price("price_letter", 500, product="prod_letter")
    company.stripe.price("price_book", 1900, interval=None, product="prod_letter")
    subscribe(company, 1, "price_pro", 2900)
    subscribe(company, 11, "price_letter", 500, customer="cus_1")
    subscribe(company, 2, "price_letter", 500)
    company.stripe.payment("pi_3", "cus_2", 1900, ago(4))
    company.stripe.session("cs_3", "cus_2", 1900, ago(4) - 60, payment_intent="pi_3", client_reference_id="u2")
    company.ledger.add("u1", "subscription_grant", 1000, ago(14) + 9, invoice="in_1")
    serve(company, u1="pro", u2="pro").expect(
        tmp_path,
        MAPPING + PLANS + '[prices.prod_letter]\nsells = "nothing"\n',
        must={"unpaid-but-active:u2"},
        may={"stale-paid-plan:u2"},
        looked={*TIME, *OWED, "unmapped-price", "duplicate-subscription", "orphan-subscription"},
    )


def test_a_pause_by_policy_serves_or_does_not(tmp_path: Path) -> None:
    """Collection is paused since 50 days, its bills are drafts; the policy says that it serves nothing."""
    company = sold()
    for number in (1, 2):
        paused = {"behavior": "keep_as_draft", "resumes_at": None} if number == 1 else None
        subscribe(company, number, "price_pro", 2900, pause_collection=paused,
                  bill={"status": "draft"} if paused else {})  # fmt: skip
    company.stripe.objects["payment_intents"].pop(0)
    serve(company, u1="pro", u2="pro").expect(
        tmp_path,
        "[policy]\npaused_entitles = false\n" + MAPPING + WITHOUT_CREDITS,
        must={"unpaid-but-active:u1"},
        looked=TIME,
    )


def test_a_plan_above_that_one_subscription_pays_twice(tmp_path: Path) -> None:
    """Two prices of plans in one subscription: the higher one counts; u2 gets the lower one."""
    company = sold()
    for number in (1, 2):
        bill = subscribe(company, number, "price_pro", 2900, bill={"total": 12800})
        extra = {**company.stripe.objects["subscriptions"][-1]["items"]["data"][0]}  # type: ignore[index]
        extra |= {"id": f"si_team_{number}", "price": company.stripe.objects["prices"][1]}
        company.stripe.objects["subscriptions"][-1]["items"]["data"].append(extra)  # type: ignore[index]
        bill["lines"]["data"].append(  # type: ignore[index]
            line(f"in_{number}", "price_team", 9900, number=1, period=(ago(14), ago(14) + 30 * DAY_SECONDS),
                 subscription=f"sub_{number}")
        )  # fmt: skip
    serve(company, u1="team", u2="pro").expect(
        tmp_path,
        MAPPING + WITHOUT_CREDITS,
        one_of={"paid-but-blocked:u2", "plan-mismatch:u2"},
        looked=TIME,
    )


@pytest.mark.parametrize(
    ("status", "must"),
    [
        ("deleted", set()),
        (
            "active",
            {"missing-grant:pi_1", "hollow-event:evt_1", "refund-not-clawed-back:pi_2", "wrong-grant-amount:pi_3"},
        ),
    ],
)
def test_what_a_closed_account_lacks_or_keeps_is_no_finding(tmp_path: Path, status: str, must: set[str]) -> None:
    """u1's purchases: one gave nothing, one was refunded and kept, one gave too little. u2's were right."""
    company = FieldCompany()
    company.ledger.add("u2", "promotional_grant", 1, ago(90))
    events = []
    for number, user, credited in ((1, "u1", None), (2, "u1", 500), (3, "u1", 50), (4, "u2", 500), (5, "u2", 500)):
        paid = company.stripe.payment(
            f"pi_{number}", f"cus_{user[1:]}", 1000, ago(20 - number), metadata={"sku": "pack"}
        )
        events.append(company.stripe.event(f"evt_{number}", "payment_intent.succeeded", paid, ago(20 - number) + 2))
        if credited:
            company.ledger.add(
                user, "purchase", credited, ago(20 - number) + 9, payment=f"pi_{number}", event=f"evt_{number}"
            )
    company.stripe.customer("cus_1")
    company.stripe.customer("cus_2")
    company.stripe.refund("re_2", "pi_2", 1000, ago(5))
    company.stripe.endpoint(["payment_intent.succeeded"])
    company.webhooks(*events)
    company.users(u1={"stripe_customer_id": "cus_1", "status": status}, u2={"stripe_customer_id": "cus_2"})
    company.expect(
        tmp_path,
        MAPPING + PLANS + "[prices.pack]\ncredits = 500\n",
        must=must,
        looked={"missing-grant", "hollow-event", "refund-not-clawed-back", "wrong-grant-amount"},
    )


def test_a_plan_that_was_changed_a_moment_ago_is_in_flight(tmp_path: Path) -> None:
    """Each account's plan is the wrong one; those of u1, u3 and u5 were changed five minutes ago."""
    company = sold()
    for number in (1, 2, 5, 6):
        over: dict[str, Any] = {"status": "canceled", "ended_at": ago(9), "canceled_at": ago(9)} if number > 4 else {}
        subscribe(company, number, "price_pro", 2900, **over)
    plans = {"u1": "free", "u2": "free", "u3": "pro", "u4": "pro", "u5": "pro", "u6": "pro"}
    company.users(
        **{
            user: {"plan": plan, "stripe_customer_id": None if user in ("u3", "u4") else f"cus_{user[1:]}"}
            for user, plan in plans.items()
        }
    )
    company.table(
        "CREATE TABLE plan_log (who TEXT, was TEXT, became TEXT, at TEXT)",
        [
            {"who": user, "was": "", "became": plan.upper(), "at": written(ago(minutes=5 if user in "u1u3u5" else 50))}
            for user, plan in plans.items()
        ],
    )
    changes = '[relations.plan_change]\ntable = "plan_log"\n[relations.plan_change.columns]\naccount_id = "who"\n'
    changes += 'from_plan = "was"\nto_plan = "became"\nchanged_at = "at"\n'
    company.expect(
        tmp_path,
        MAPPING + changes + WITHOUT_CREDITS,
        must={"paid-but-blocked:u2", "paid-without-customer:u4", "unpaid-but-active:u6"},
        looked={"paid-but-blocked", "unpaid-but-active", "paid-without-customer"},
    )
