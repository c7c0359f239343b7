"""The demo company's side in Stripe: rows of trueup's own relations, for the mass and the scenes, written as objects.

``make_stripe`` makes the rows in the scratch database's schema ``stripe``, ``write_stripe`` an export of Stripe's own
objects out of them, as the reader of files takes it.
"""

from __future__ import annotations

from trueup.demo.stripe.export import write_stripe
from trueup.demo.stripe.tables import make_stripe

__all__ = ["make_stripe", "write_stripe"]
