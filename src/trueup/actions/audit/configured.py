"""Put what the config says into the books: plans, prices, products and exemptions."""

from __future__ import annotations

from trueup.books.file import Books
from trueup.config import Config
from trueup.model.price_list import PRICE_LIST
from trueup.model.relations import Exemption, Plan, PlanPrice, StripeProduct


def supply_configured(books: Books, config: Config, *, for_this_run: bool = False) -> None:
    """Put the config's plans, prices, products and exemptions into the books."""
    products = [StripeProduct(product_id=product) for product in config.stripe.products]
    books.replace_rows(config.plans, of=Plan, for_this_run=for_this_run)
    books.replace_rows(config.plan_prices, of=PlanPrice, for_this_run=for_this_run)
    for relation in PRICE_LIST:
        rows = [row for row in config.price_list if isinstance(row, relation)]
        books.replace_rows(rows, of=relation, for_this_run=for_this_run)
    books.replace_rows(products, of=StripeProduct, for_this_run=for_this_run)
    books.replace_rows(config.exemptions, of=Exemption, for_this_run=for_this_run)
