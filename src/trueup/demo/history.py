"""The company's mass: ordinary accounts and their months of history, made in sets inside a scratch DuckDB.

Nothing is drawn from a generator that remembers: every choice is a hash of the seed, a name and the row's own number,
so that a row is the same whatever else is made, in whichever order. Each outflow belongs to one inflow and spends
less than it brought, so no balance is ever negative.

``person`` and ``movement`` are narrow tables; Stripe ids are hashes of their rows and are made when they are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from trueup.demo.offer import GOODWILL_CREDITS, PACKS, PRO, SIGNUP_CREDITS, TEAM, TRIAL_CREDITS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SHARES = 1_000_003


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """When the company lives. Events from before ``recorded_since`` have no idempotency record. All naive UTC."""

    start: datetime
    recorded_since: datetime
    now: datetime


def make_history(connection: DuckDBPyConnection, *, accounts: int, seed: int, span: Span) -> None:
    """Make ``person`` and ``movement``: every account number up to ``accounts`` that ``reserved`` does not hold."""
    _define_chance(connection, seed)
    connection.execute(_PERSON, {"accounts": accounts, "start": span.start, "now": span.now})
    connection.execute(_INFLOW, {"now": span.now})
    connection.execute(_MOVEMENT, {"now": span.now})
    connection.execute("DROP TABLE inflow")
    connection.execute(_TEAM_SEAT)


def _define_chance(connection: DuckDBPyConnection, seed: int) -> None:
    """Macros: ``draw`` is a big number, ``share`` is in [0, 1), ``id`` looks like one of Stripe's."""
    connection.execute(f"CREATE MACRO draw(name, number, nth) AS CAST(hash({seed}, name, number, nth) >> 1 AS BIGINT)")
    connection.execute(f"CREATE MACRO share(name, number, nth) AS (draw(name, number, nth) % {_SHARES}) / {_SHARES}.0")
    connection.execute(
        "CREATE MACRO stripe_id(prefix, number, nth) AS "
        f"prefix || '_' || format('{{:016x}}', hash({seed}, prefix, number, nth))"
    )


_PERSON = """
CREATE TABLE person AS
WITH ordinary AS (
    SELECT number, share('standing', number, 0) AS place,
           date_trunc('second', $start + to_seconds(CAST(
               (epoch($now) - epoch($start) - 3 * 86400)
               * pow((number - share('signup', number, 0)) / $accounts, 0.8) AS BIGINT))) AS created_at
    FROM range(1, CAST($accounts AS BIGINT) + 1) AS every_account(number)
    WHERE number NOT IN (SELECT number FROM reserved)
), placed AS (
    SELECT number, created_at, $now - to_days(13) AS settled,
           CASE WHEN place < 0.47 THEN 'free'
                WHEN place < 0.53 THEN 'cancelled'
                WHEN place < 0.77 THEN 'monthly'
                WHEN place < 0.88 THEN 'yearly'
                WHEN place < 0.94 THEN 'team'
                WHEN place < 0.99 THEN 'seat'
                WHEN place < 0.992 THEN 'staff'
                ELSE 'free' END AS place
    FROM ordinary
), subscribed AS (
    SELECT number, created_at,
           CASE WHEN place IN ('cancelled', 'monthly', 'yearly', 'team') AND created_at > settled THEN 'trial'
                ELSE place END AS standing,
           created_at + to_seconds(3600 + CAST(share('upgrade', number, 0)
               * least(20 * 86400, (epoch($now) - epoch(created_at)) * 0.5) AS BIGINT)) AS paid_from
    FROM placed
)
SELECT number, created_at, standing, paid_from,
       CASE WHEN standing = 'cancelled' THEN paid_from + to_seconds(86400 + CAST(
                share('cancelled', number, 0) * greatest(0, epoch($now) - epoch(paid_from) - 3 * 86400) AS BIGINT))
            ELSE $now END AS paid_until
FROM subscribed
ORDER BY number
"""

_INFLOW = f"""
CREATE TABLE inflow AS
SELECT number, 'signup' AS source, 0 AS occasion, created_at AS made_at, {SIGNUP_CREDITS} AS amount,
       1 + draw('uses signup', number, 0) % 3 AS uses
FROM person
UNION ALL
SELECT number, 'trial', 0, paid_from, {TRIAL_CREDITS}, 2
FROM person WHERE standing = 'trial' AND paid_from < $now - to_hours(2)
UNION ALL
SELECT number, CASE WHEN standing = 'yearly' THEN 'yearly grant' ELSE 'grant' END, cycle,
       paid_from + to_months(CAST(cycle AS INTEGER)),
       CASE WHEN standing = 'team' THEN {TEAM.credits_per_month} ELSE {PRO.credits_per_month} END,
       3 + draw('uses grant', number, cycle) % 6
FROM person,
     range(0, 1 + (SELECT date_diff('month', min(created_at), $now) FROM person)) AS every_cycle(cycle)
WHERE standing IN ('cancelled', 'monthly', 'yearly', 'team')
  AND paid_from + to_months(CAST(cycle AS INTEGER)) < least(paid_until, $now - to_hours(2))
UNION ALL
SELECT number, CASE WHEN share('refunded', number, nth) < 0.07 THEN 'refunded purchase' ELSE 'purchase' END, nth,
       created_at + to_seconds(3600 + CAST(share('purchase', number, nth)
           * (epoch($now) - epoch(created_at) - 3 * 3600) AS BIGINT)),
       [{", ".join(map(str, PACKS))}][1 + draw('pack', number, nth) % {len(PACKS)}],
       CASE WHEN share('refunded', number, nth) < 0.07 THEN 0 ELSE 1 + draw('uses pack', number, nth) % 4 END
FROM person, range(0, 3) AS every_purchase(nth)
WHERE standing <> 'staff' AND share('buys', number, nth) < 0.24
UNION ALL
SELECT number, 'goodwill', 0, created_at + to_seconds(CAST(share('goodwill at', number, 0)
           * (epoch($now) - epoch(created_at) - 3 * 3600) AS BIGINT)), {GOODWILL_CREDITS}, 0
FROM person WHERE share('goodwill', number, 0) < 0.03
"""

# An inflow's uses fall inside its month; none spends more than its part of nine tenths of the inflow, or than 400.
_MOVEMENT = """
CREATE TABLE movement AS
WITH flow AS (
    SELECT number, source, occasion, -1 AS nth, made_at, CAST(amount AS BIGINT) AS amount FROM inflow
    UNION ALL
    SELECT number, 'refund', occasion, -1,
           made_at + to_seconds(86400 + CAST(share('refund at', number, occasion) * 259200 AS BIGINT)),
           -CAST(amount AS BIGINT)
    FROM inflow
    WHERE source = 'refunded purchase' AND made_at < $now - to_days(5)
    UNION ALL
    SELECT number, 'usage ' || source, occasion, nth,
           made_at + to_seconds(60 + CAST(
               (nth + share(source, number, 100 * occasion + nth)) * 27 * 86400 / uses AS BIGINT)),
           -CAST(greatest(1, floor(least(400, amount * 0.9 / uses)
                                   * (0.3 + 0.7 * share('spent ' || source, number, 100 * occasion + nth)))) AS BIGINT)
    FROM inflow, range(0, 8) AS every_use(nth)
    WHERE nth < uses
)
SELECT number, CAST(row_number() OVER in_order AS BIGINT) AS sequence, source,
       CAST(occasion AS INTEGER) AS occasion, made_at, amount,
       CAST(sum(amount) OVER in_order AS BIGINT) AS balance_after
FROM flow
WHERE made_at < $now - to_hours(2)
WINDOW in_order AS (PARTITION BY number ORDER BY made_at, source, occasion, nth ROWS UNBOUNDED PRECEDING)
"""

# A seat belongs to one of the team accounts that were there before it.
_TEAM_SEAT = """
CREATE TABLE team_seat AS
WITH team AS (
    SELECT number, paid_from, row_number() OVER (ORDER BY number) - 1 AS place FROM person WHERE standing = 'team'
)
SELECT seat.number AS member, team.number AS organisation, greatest(seat.created_at, team.paid_from) AS joined_at
FROM person AS seat
JOIN team ON team.place = draw('team', seat.number, 0) % (SELECT count(*) FROM team)
WHERE seat.standing = 'seat'
"""
