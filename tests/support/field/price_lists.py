"""Innocent companies of random price lists: everything that was paid for was given, so that no check may find anything.

What varies: plans by the week, month, quarter and year, at old and new prices; packs, by quantity, by invoice, by
payment and by checkout; amounts that customers type in; three currencies; tax, coupons and fees; an add-on first among
a subscription's items; seats that are included; a plan for life; an allowance that was raised; things that owe nothing.
Left out: prorations, refunds and everything that goes wrong.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.support.field.company import MAPPING, FieldCompany
from tests.support.field.stripe_side import DAY_SECONDS, Json, ago, line
from trueup.model.report import Report

MEMBERS = "CREATE TABLE memberships (org_id TEXT, user_id TEXT, role TEXT)"
MEMBER = """
[relations.member]
table = "memberships"
[relations.member.columns]
account_id = "org_id"
member_id = "user_id"
role = "role"
"""
_PERIODS = {"week": (7, 1), "month": (30, 1), "quarter": (91, 3), "year": (365, 12)}
"""Days of each interval, and how many months' allowances it grants."""


@dataclass(slots=True)
class PriceListCompany:
    """One company in the making. ``chance`` decides everything."""

    chance: random.Random
    company: FieldCompany = field(default_factory=FieldCompany)
    users: dict[str, dict[str, object]] = field(default_factory=dict)
    members: list[dict[str, object]] = field(default_factory=list)
    config: str = ""

    def audit(self, folder: Path) -> Report:
        """Write the company and audit it."""
        self.company.users(**self.users)
        self.company.table(MEMBERS, self.members)
        return self.company.audit(folder, MAPPING.replace('TEAM = ["team"]\n', "") + MEMBER + self.config)


def innocent_company(seed: int) -> PriceListCompany:
    """Return the company of this seed."""
    made = PriceListCompany(chance=random.Random(seed))
    made.company.ledger.add("u0", "promotional_grant", 5, ago(170))
    made.users["u0"] = {}
    allowance = made.chance.choice((100, 500, 1000, 2500))
    made.config = f"[plans.FREE]\nrank = 0\n[plans.PRO]\nrank = 1\ncredits_per_period = {allowance}\n"
    sellers = [_sell_plan, _sell_packs, _sell_typed_amounts, _sell_shirts, _sell_for_life, _sell_by_metadata]
    for number, sell in enumerate(made.chance.sample(sellers, k=made.chance.randint(3, len(sellers)))):
        sell(made, number, allowance)
    return made


def _customer(made: PriceListCompany, **more: object) -> tuple[str, str]:
    user = f"u{len(made.users)}"
    customer = f"cus_{user}"
    metadata = {"user_id": user} if made.chance.random() < 0.5 else {}
    made.company.stripe.customer(customer, f"{user}@example.com", metadata=metadata)
    made.users[user] = {"stripe_customer_id": customer, **more}
    return user, customer


def _sell_plan(made: PriceListCompany, number: int, allowance: int) -> None:
    """A plan: by its allowance, or by credits of its price, which may have been raised; add-ons, seats."""
    chance, stripe = made.chance, made.company.stripe
    interval = chance.choice(tuple(_PERIODS))
    days, months = _PERIODS[interval]
    price, addon = f"price_plan_{number}", f"price_addon_{number}"
    amount, currency = chance.randint(5, 90) * 100, chance.choice(("usd", "eur", "jpy"))
    unit, count = ("month", 3) if interval == "quarter" else (interval, 1)
    for name, each in ((price, amount), (addon, 300)):
        product = name.replace("price", "prod")
        stripe.price(name, each, interval=unit, count=count, product=product, currency=currency)
    raised = ago(days / 2)
    own = chance.random() < 0.6 or interval == "week"
    first, second = (chance.randint(2, 9) * 50, chance.randint(2, 9) * 50) if own else (allowance * months,) * 2
    name = chance.choice((price, f"prod_plan_{number}"))
    made.config += f'[prices.{name}]\nplan = "PRO"\n'
    if own:
        day = datetime.fromtimestamp(raised, UTC).date()
        made.config += f"credits = {first}\nhistory = [{{ since = {day}, credits = {second} }}]\n"
    included = chance.choice((None, 3))
    if included:
        made.config += f"included_seats = {included}\n"
    made.config += f'[prices.{addon}]\nsells = "nothing"\n'
    for _ in range(chance.randint(1, 4)):
        user, customer = _customer(made, plan="pro")
        start = ago(chance.uniform(1.5, min(days - 1, 40)))
        period = (start, start + days * DAY_SECONDS)
        items = [(addon, chance.randint(1, 4)), (price, 1)] if chance.random() < 0.4 else [(price, 1)]
        subscription, invoice = f"sub_{user}", f"in_{user}"
        stripe.subscription(subscription, customer, items, period=period, start=ago(160), latest_invoice=invoice)
        lines = [
            line(invoice, item, (300 if item == addon else amount) * quantity, period=period, quantity=quantity,
                 subscription=subscription, currency=currency, number=position)
            for position, (item, quantity) in enumerate(items)
        ]  # fmt: skip
        subtotal = sum(int(str(row["amount"])) for row in lines)
        total = _with_tax_or_coupon(chance, subtotal)
        payment = f"pi_{user}"
        stripe.payment(payment, customer, total, start, currency=currency)
        stripe.invoice(
            invoice, customer, lines, start, subscription=subscription, payment=payment, total=total, currency=currency
        )
        credits_owed = second if start >= raised else first
        made.company.ledger.add(user, "subscription_grant", credits_owed, start + 9, invoice=invoice)
        for member in range(chance.randint(0, included) if included else 0):
            made.members.append({"org_id": user, "user_id": f"m_{user}_{member}", "role": "member"})


def _with_tax_or_coupon(chance: random.Random, subtotal: int) -> int:
    return chance.choice((subtotal, subtotal * 119 // 100, subtotal * 8 // 10, subtotal + 30))


def _sell_packs(made: PriceListCompany, number: int, _allowance: int) -> None:
    """Packs of two sizes by invoice or by checkout; named by id, lookup key or product."""
    chance, stripe = made.chance, made.company.stripe
    for size in (1, 2):
        price, product = f"price_pack_{number}_{size}", f"prod_pack_{number}_{size}"
        key, amount = f"pack_{number}_{size}", 1000 * size + 10 * number + chance.randint(1, 9)
        given = chance.randint(1, 20) * 25 * size
        stripe.price(price, amount, interval=None, product=product, lookup_key=key)
        made.config += f"[prices.{chance.choice((price, key, product))}]\ncredits = {given}\n"
        for _ in range(chance.randint(1, 3)):
            user, customer = _customer(made)
            moment, quantity = ago(chance.uniform(1.5, 40)), chance.randint(1, 4)
            payment = f"pi_{user}"
            total = _with_tax_or_coupon(chance, amount * quantity)
            stripe.payment(payment, customer, total, moment)
            if chance.random() < 0.5:
                lines = [line(f"in_{user}", price, amount * quantity, quantity=quantity)]
                stripe.invoice(f"in_{user}", customer, lines, moment, payment=payment, total=total)
                made.company.ledger.add(user, "purchase", given * quantity, moment + 9, invoice=f"in_{user}")
                continue
            sold: Json = {"id": f"li_{user}", "object": "item", "quantity": quantity}
            sold["price"] = next(row for row in stripe.objects["prices"] if row["id"] == price)
            stripe.session(
                f"cs_{user}",
                customer,
                total,
                moment - 40,
                amount_subtotal=amount * quantity,
                payment_intent=payment,
                client_reference_id=user,
                line_items={"object": "list", "data": [sold], "has_more": False},
            )
            made.company.ledger.add(user, "purchase", given * quantity, moment + 9, payment=payment)


def _sell_typed_amounts(made: PriceListCompany, number: int, _allowance: int) -> None:
    """Amounts that customers type in, in several currencies."""
    chance = made.chance
    rates = {"usd": chance.choice((1, 10, 100)), "eur": chance.choice((2, 50, 110)), "jpy": 3}
    said = ", ".join(f'{currency} = "{rate}"' for currency, rate in rates.items())
    made.config += f"[prices.wallet_{number}]\ncredits_per = {{ {said} }}\n"
    for _ in range(chance.randint(2, 5)):
        user, customer = _customer(made)
        currency = chance.choice(tuple(rates))
        units, moment = chance.randint(5, 300), ago(chance.uniform(1.5, 40))
        amount = units * (1 if currency == "jpy" else 100)
        metadata = {"user_id": user, "bought": f"wallet_{number}"}
        made.company.stripe.payment(f"pi_{user}", customer, amount, moment, currency=currency, metadata=metadata)
        made.company.ledger.add(user, "purchase", units * rates[currency], moment + 9, payment=f"pi_{user}")


def _sell_shirts(made: PriceListCompany, number: int, _allowance: int) -> None:
    """Things that owe nothing, said or not."""
    chance, stripe = made.chance, made.company.stripe
    price, amount = f"price_shirt_{number}", 2500 + number
    stripe.price(price, amount, interval=None, product=f"prod_shirt_{number}")
    if chance.random() < 0.5:
        made.config += f'[prices.{price}]\nsells = "nothing"\n'
    for _ in range(chance.randint(1, 3)):
        user, customer = _customer(made)
        moment = ago(chance.uniform(1.5, 40))
        made.company.stripe.payment(f"pi_{user}", customer, amount, moment, metadata={"kind": "shirt"})
        fields: Json = {"payment_intent": f"pi_{user}", "client_reference_id": user, "metadata": {"kind": "shirt"}}
        stripe.session(f"cs_{user}", customer, amount, moment - 40, **fields)


def _sell_for_life(made: PriceListCompany, number: int, _allowance: int) -> None:
    """A plan for life, which owes no credits of its own."""
    price, amount = f"price_life_{number}", 19900 + number
    made.company.stripe.price(price, amount, interval=None, product=f"prod_life_{number}")
    made.config += f'[prices.{price}]\nplan = "PRO"\nlifetime = true\ncredits = 0\n'
    user, customer = _customer(made, plan="pro")
    moment = ago(made.chance.uniform(1.5, 40))
    made.company.stripe.payment(f"pi_{user}", customer, amount, moment)
    fields: Json = {"payment_intent": f"pi_{user}", "client_reference_id": user}
    made.company.stripe.session(f"cs_{user}", customer, amount, moment - 40, **fields)


def _sell_by_metadata(made: PriceListCompany, number: int, _allowance: int) -> None:
    """Payments that say themselves how many credits they buy."""
    chance, key = made.chance, f"credits_{number}"
    made.config += f'[prices.stated_{number}]\ncredits_from = "metadata.{key}"\n'
    for _ in range(chance.randint(1, 4)):
        user, customer = _customer(made)
        given, moment = chance.randint(1, 4000), ago(chance.uniform(1.5, 40))
        amount = chance.randint(3, 99) * 100
        made.company.stripe.payment(f"pi_{user}", customer, amount, moment, metadata={key: str(given), "user_id": user})
        made.company.ledger.add(user, "purchase", given, moment + 9, payment=f"pi_{user}")
