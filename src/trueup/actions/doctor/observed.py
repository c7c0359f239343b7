"""What one snapshot shows that the config does not say: proposals, each with the rows that it rests on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import cast

from trueup.actions.audit import copied_books, hits_of_joins, hits_of_other_joins
from trueup.actions.doctor.diagnostic import Health, Symptom
from trueup.actions.doctor.directions import propose_direction, with_words
from trueup.actions.doctor.judged_mapping import judge_mapping
from trueup.actions.doctor.price_proposals import propose_prices
from trueup.actions.doctor.price_terms import propose_for_good, propose_raises
from trueup.actions.doctor.unmapped_places import find_unmapped, propose_unmapped
from trueup.config import Config
from trueup.engines.duckdb import DuckDB
from trueup.formats.wording import counted
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.source import Progress

FEWEST_ACCOUNTS = 10
"""How many accounts must begin at one balance before it is taken for a rule."""

_BEGINNINGS = """
SELECT count(*) AS accounts, sum(CASE WHEN starts_at = 0 THEN 1 ELSE 0 END) AS at_zero
FROM (
    SELECT account_id,
           arg_min(balance_after - amount, (coalesce(sequence, -1), created_at, entry_id)) AS starts_at
    FROM ledger_entry
    WHERE posted
    GROUP BY account_id
) AS beginning
"""


_OF_CONNECTED = """
SELECT count(*) FROM ledger_entry WHERE stripe_account IN (SELECT stripe_account FROM connected_account)
"""


def examine_data(config: Config, checks: Sequence[Check], *, now: datetime, progress: Progress) -> Iterator[Symptom]:
    """Read one snapshot, and propose what it shows. Yields what was read, and never changes the config."""
    try:
        places = find_unmapped(config)
        wider = with_words(places.config)
        with copied_books(wider, checks=checks, now=now, progress=progress, everything=True) as books:
            engine = DuckDB(books.run, config.policy.parameters(now))
            mapped = places.without_them(books.mapped_columns())
            yield from judge_mapping(books, config, engine, now=now)
            for proposal in propose_prices(engine):
                yield Symptom(health=Health.WARNING, about="prices", says=f"{proposal.says}: say {proposal.mend}")
            for terms in (*propose_raises(engine), *propose_for_good(engine)):
                yield Symptom(health=Health.WARNING, about="prices", says=f"{terms.says}: {terms.mend}")
            yield from _derived_plans(config, engine)
            beginning = ledgers_begin_at_zero(config, engine, mapped)
            if beginning is not None:
                says = f"{beginning} ledgers begin at 0: say ledger_starts_at = 0 in [relations.ledger_entry], "
                says += "and a changed first row is found"
                yield Symptom(health=Health.WARNING, about="ledger", says=says)
            direction = propose_direction(engine, config.relations.get("ledger_entry"), mapped)
            if direction is not None:
                amount = json.dumps(direction.amount, ensure_ascii=False)
                says = f"{direction.says}: say amount = {amount} in [relations.ledger_entry.columns]"
                yield Symptom(health=Health.WARNING, about="ledger", says=says)
            unmapped = tuple(propose_unmapped(engine, places))
            yield from (Symptom(health=Health.WARNING, about=about, says=says) for about, says in unmapped)
            if "connect" not in dict(unmapped):
                yield from _connected(engine, mapped)
            joins = (*hits_of_joins(engine, mapped), *hits_of_other_joins(engine, mapped))
            for hits in (joined for joined in joins if joined.named):
                says = (
                    f"{hits.relation}.{hits.column}: Stripe's side has {hits.known:,} of {hits.named:,} different ids"
                )
                health = Health.FINE if 2 * hits.known >= hits.named else Health.WARNING
                yield Symptom(health=health, about="joins", says=says)
    except SourceUnavailable as error:
        yield Symptom(health=Health.UNREACHABLE, about="data", says=str(error))
    except ConfigurationError as error:
        yield Symptom(health=Health.WRONG, about="data", says=str(error))


def _derived_plans(config: Config, engine: DuckDB) -> Iterator[Symptom]:
    account = config.relations.get("account")
    if account is None or account.plan_from is None:
        return
    rows = list(
        engine.rows(
            "SELECT coalesce(a.plan, 'none') AS plan, count(*) AS accounts, coalesce(max(p.rank), 0) AS rank, "
            "coalesce(max(CASE WHEN p.paid THEN 1 ELSE 0 END), 1) AS is_paid "
            "FROM account AS a LEFT JOIN plan AS p ON p.plan = a.plan GROUP BY 1 ORDER BY 3, 1"
        )
    )
    free = [str(row["plan"]) for row in rows if not row["is_paid"]]
    paid = [row for row in rows if row["is_paid"]]
    number, total = (sum(int(str(row["accounts"])) for row in some) for some in (paid, rows))
    each = ", ".join(f"{row['plan']} {row['accounts']}" for row in paid)
    says = f"{number} of {counted(total, 'account')} have a plan by {account.plan_from} ({each or 'none'})"
    says += f", the others have {' or '.join(free)}" if free else ""
    yield Symptom(health=Health.FINE if number else Health.WARNING, about="plans", says=says)


def ledgers_begin_at_zero(config: Config, engine: DuckDB, mapped: Mapping[str, frozenset[str]]) -> str | None:
    """How many ledgers begin at 0, as ``12 of 12``, where so many do that it is a rule; None where it is none."""
    columns = mapped.get("ledger_entry", frozenset())
    if config.policy.ledger_starts_at is not None or not {"amount", "balance_after"} <= columns:
        return None
    (row,) = engine.rows(_BEGINNINGS)
    accounts, at_zero = cast("int", row["accounts"]), int(cast("int", row["at_zero"] or 0))
    is_rule = accounts >= FEWEST_ACCOUNTS and 100 * at_zero >= 99 * accounts
    return f"{at_zero:,} of {accounts:,}" if is_rule else None


def _connected(engine: DuckDB, mapped: Mapping[str, frozenset[str]]) -> Iterator[Symptom]:
    """Say what is done with objects of connected accounts, and how many entries are about them."""
    if "stripe_payment_intent" not in mapped and "stripe_invoice" not in mapped:
        return
    says = "objects of connected accounts (Connect) are out of scope unless mapped"
    if "stripe_account" not in mapped.get("ledger_entry", frozenset()):
        mend = "where entries may name some, map stripe_account in [relations.ledger_entry.columns]"
        yield Symptom(health=Health.FINE, about="connect", says=f"{says}; {mend}")
        return
    entries = engine.number(_OF_CONNECTED)
    yield Symptom(health=Health.FINE, about="connect", says=f"{says}; {counted(entries, 'entry')} of theirs")
