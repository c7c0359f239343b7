"""The features that Stripe's products carry, read with the rest of Stripe: what a plan's prices buy.

    [gates.probes.stripe]
    kind = "stripe"
    features = ["exports", "sso"]                # the features that Stripe's entitlements decide

A plan has the features of its prices' product, by the features' lookup keys. An unpaid plan has none. There is no
answer for a price that was not read, a paid plan without prices, or prices whose products differ in a feature; Stripe
does not know limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trueup.model.relations import GateExpectation
from trueup.probes.answers import Answers, Cell, Unanswered
from trueup.probes.kind import Asking, Rows

READS_THE_DATABASE = False
READS = ("stripe_product_feature", "stripe_price")
_COPIED = "SELECT relation FROM trueup_copy WHERE problem IS NULL"
_PLANS = "SELECT plan, paid FROM plan"
_PRICES = """
SELECT pp.plan, pp.price_id, p.product_id
FROM plan_price AS pp
LEFT JOIN stripe_price AS p ON p.price_id = pp.price_id OR p.lookup_key = pp.price_id
ORDER BY pp.plan, pp.price_id, p.product_id
"""
_FEATURES = "SELECT product_id, feature FROM stripe_product_feature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """A Stripe probe has no options of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeProbe:
    """Reads the books."""

    cells: Sequence[GateExpectation]
    rows: Rows | None

    def ask(self) -> Answers:
        """The features of each plan's products; or why there are none, where Stripe was not read."""
        if self.rows is None:
            return Answers(problem="Stripe was not read")
        copied = {row["relation"] for row in self.rows(_COPIED)}
        unread = [relation for relation in READS if relation not in copied]
        if unread:
            return Answers(problem=f"{' and '.join(unread)} were not read from Stripe")
        carried = _Carried.read(self.rows)
        return Answers(cells={(cell.feature, cell.plan): carried.answer(cell) for cell in self.cells})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Carried:
    """Which plan is paid for, which products its prices buy (None: not read), and what products carry."""

    paid: Mapping[str, bool]
    products: Mapping[str, Sequence[tuple[str, str | None]]]
    features: frozenset[Cell]

    @classmethod
    def read(cls, rows: Rows) -> _Carried:
        products: dict[str, list[tuple[str, str | None]]] = {}
        for row in rows(_PRICES):
            product = row["product_id"]
            bought = (str(row["price_id"]), None if product is None else str(product))
            products.setdefault(str(row["plan"]), []).append(bought)
        return cls(
            paid={str(row["plan"]): bool(row["paid"]) for row in rows(_PLANS)},
            products=products,
            features=frozenset((str(row["product_id"]), str(row["feature"])) for row in rows(_FEATURES)),
        )

    def answer(self, cell: GateExpectation) -> object:
        if cell.is_limit:
            return Unanswered(reason="Stripe knows features, not limits; ask another probe about this one")
        products = self.products.get(cell.plan, ())
        if not products:
            paid = self.paid.get(cell.plan, True)
            return Unanswered(reason=f"{cell.plan} is paid for but has no prices") if paid else False
        unread = [price for price, product in products if product is None]
        if unread:
            return Unanswered(reason=f"the price {unread[0]} of {cell.plan}, or its product, is not among those read")
        carried = {(str(product), cell.feature) in self.features for _, product in products}
        if len(carried) > 1:
            return Unanswered(reason=f"the products of {cell.plan} differ in it")
        return carried.pop()


def open_probe(options: Options, asking: Asking) -> StripeProbe:  # noqa: ARG001 - one signature for all kinds
    """The probe."""
    return StripeProbe(cells=asking.cells, rows=asking.rows)
