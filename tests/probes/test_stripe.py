"""The Stripe probe: what a plan's prices buy, present, absent or unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.gates import answered, asked, gates
from trueup.books.file import Books
from trueup.books.opening import books_in_memory
from trueup.model.relations import Plan, PlanPrice
from trueup.model.stripe_objects import StripePrice, StripeProductFeature

PLANS = (Plan(plan="FREE", rank=0), Plan(plan="PRO", rank=1, paid=True), Plan(plan="TEAM", rank=2, paid=True))
PRICES = (PlanPrice(price_id="price_pro", plan="PRO"), PlanPrice(price_id="team_monthly", plan="TEAM"))
IN_STRIPE = (
    StripePrice(price_id="price_pro", product_id="prod_pro"),
    StripePrice(price_id="price_9", lookup_key="team_monthly", product_id="prod_team"),
)
CARRIED = (
    StripeProductFeature(product_id="prod_pro", feature="exports"),
    StripeProductFeature(product_id="prod_team", feature="exports"),
    StripeProductFeature(product_id="prod_team", feature="sso"),
)


def said(
    *,
    prices: Sequence[PlanPrice] = PRICES,
    in_stripe: Sequence[StripePrice] = IN_STRIPE,
    carried: Sequence[StripeProductFeature] = CARRIED,
    read: Sequence[str] = ("stripe_price", "stripe_product_feature"),
) -> dict[str, int | str | None]:
    with books_in_memory() as books:
        books.replace_rows(PLANS, of=Plan)
        books.replace_rows(prices, of=PlanPrice)
        books.replace_rows(in_stripe, of=StripePrice)
        books.replace_rows(carried, of=StripeProductFeature)
        for relation in read:
            books.connection.execute("INSERT INTO trueup_copy VALUES (?, 'Stripe', [], 0, 0, NULL)", [relation])
        settings = gates(Path(), kind="stripe", options={})
        return answered(settings, asked(settings, rows=lambda sql: _rows(books, sql)))


def _rows(books: Books, sql: str) -> list[Mapping[str, object]]:
    cursor = books.run(sql)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_a_plan_has_what_the_product_of_its_price_carries() -> None:
    cells = said()
    assert [cells[f"exports:{plan}"] for plan in ("FREE", "PRO", "TEAM")] == [0, 1, 1]
    assert [cells[f"sso:{plan}"] for plan in ("FREE", "PRO", "TEAM")] == [0, 0, 1]


def test_limits_are_not_stripe_s_to_tell() -> None:
    assert "limits" in str(said()["seats:PRO"])


def test_without_stripe_nothing_is_answered() -> None:
    assert all("were not read from Stripe" in str(cell) for cell in said(read=("stripe_price",)).values())


def test_a_price_that_stripe_did_not_show_is_no_answer() -> None:
    cells = said(in_stripe=IN_STRIPE[:1])
    assert "team_monthly of TEAM" in str(cells["sso:TEAM"])
    assert cells["exports:PRO"] == 1


def test_a_paid_plan_without_prices_is_no_answer() -> None:
    assert "PRO is paid for but has no prices" in str(said(prices=PRICES[1:])["exports:PRO"])


def test_prices_whose_products_differ_are_no_answer() -> None:
    yearly = PlanPrice(price_id="price_yearly", plan="PRO")
    other = StripePrice(price_id="price_yearly", product_id="prod_team")
    cells = said(prices=(*PRICES, yearly), in_stripe=(*IN_STRIPE, other))
    assert "the products of PRO differ" in str(cells["sso:PRO"])
    assert cells["exports:PRO"] == 1
