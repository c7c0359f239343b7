"""What is read of each kind of Stripe's objects: a table of places for each relation, and the SQL made of it.

A value is kept as Stripe sent it, also an odd one: the books say what they cannot read.
"""

from __future__ import annotations

from trueup.stripe.shapes import catalog, events, invoices, payments, subscriptions
from trueup.stripe.shapes.declaration import Shape

SHAPES: tuple[Shape, ...] = tuple(
    shape
    for module in (catalog, subscriptions, invoices, payments, events)
    for shape in vars(module).values()
    if isinstance(shape, Shape)
)
"""Every relation that is declared in one of these modules."""
