"""What a derived relation promises of its rows is true of its SQL."""

from __future__ import annotations

from datetime import timedelta

from trueup.books.opening import books_in_memory
from trueup.engines.duckdb import DuckDB
from trueup.model.check import CASE_NOW, ago
from trueup.model.policy import Policy
from trueup.model.stripe_objects import StripeSubscription, SubscriptionStatus


def test_a_derived_relation_binds_the_moment_it_is_made_for() -> None:
    late = StripeSubscription(
        subscription_id="sub_1", status=SubscriptionStatus.PAST_DUE, current_period_start=ago(days=16)
    )
    for moment, owed in ((CASE_NOW, 1), (CASE_NOW + timedelta(seconds=1), 0)):
        with books_in_memory() as books:
            books.replace_rows([late], of=StripeSubscription)
            engine = DuckDB(books.run, Policy().parameters(moment))
            assert engine.number("SELECT count(*) FROM subscription_standing WHERE is_owed") == owed
