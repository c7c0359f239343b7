"""What the mapped columns show together can be a company's rows."""

from __future__ import annotations

from decimal import Decimal

from trueup.model.check import Case, Check, ago
from trueup.model.finding import Area
from trueup.model.relations import Account, LedgerEntry
from trueup.model.severity import Severity


def _customers(*ids: str) -> tuple[Account, ...]:
    return tuple(Account(account_id=f"user_{place}", stripe_customer_id=name) for place, name in enumerate(ids, 1))


def _ledgers(*, count: int, second_balance: int) -> tuple[LedgerEntry, ...]:
    """Return the entries of so many accounts: 10 credits that leave 10, and 10 more that leave ``second_balance``."""
    return tuple(
        LedgerEntry(
            entry_id=f"{number}_{place}",
            account_id=f"user_{number}",
            amount=Decimal(10),
            balance_after=Decimal(balance),
            created_at=ago(days=9 - place),
        )
        for number in range(1, count + 1)
        for place, balance in enumerate((10, second_balance))
    )


CHECK = Check(
    id="mapping-suspect",
    area=Area.CREDITS,
    severity=Severity.ERROR,
    title="A mapped column is probably the wrong one",
    why="Every check that reads the column would find a fault in most rows, and none of them is one. These checks are held "
    "back until the config is corrected, and the finding says how many findings that holds back. A fault of your own "
    "breaks some rows; a wrong column breaks most: more than half of the steps of the running balance and the first step "
    "of more than half of the ledgers; more than half of the cached balances, none of them merely late or all off by "
    "one number; more than half of the times; nine in ten plan words or owners; all wallets, by name. It is a warning where no entry takes credits away, as in a log of "
    "grants: then the ledger is only a part. Fewer than ten are not judged "
    "(ids of another object: three). If it is wrong, switch it off under [policy.severity] or exempt it.",
    population="SELECT count(*) FROM copied_relation",
    violations="""
SELECT relation || '.' || column_name                                          AS subject,
       CASE WHEN kind = 'unspent' THEN 'warning' END                           AS severity,
       kind, relation, column_name, judged, agreeing,
       CASE kind
           WHEN 'order'     THEN CAST(judged - agreeing AS VARCHAR) || ' of ' || CAST(judged AS VARCHAR)
                                 || ' ledgers that do not follow are one chain in another order'
           WHEN 'direction' THEN 'no amount is below 0, though balances fall by the amount: balance_after is the '
                                 || 'previous plus amount in ' || CAST(agreeing AS VARCHAR) || ' of '
                                 || CAST(judged AS VARCHAR) || ' rows'
           WHEN 'balance'   THEN 'the cached balance is what the ledger says, or once said, in '
                                 || CAST(agreeing AS VARCHAR) || ' of ' || CAST(judged AS VARCHAR) || ' accounts'
           WHEN 'unspent'   THEN 'no entry takes credits away, and the cached balance is what the ledger says, or once '
                                 || 'said, in ' || CAST(agreeing AS VARCHAR) || ' of ' || CAST(judged AS VARCHAR)
                                 || ' accounts'
           WHEN 'wallet'    THEN 'the cached balance of wallet ' || example || ' is what its entries say, or once said, '
                                 || 'in ' || CAST(agreeing AS VARCHAR) || ' of ' || CAST(judged AS VARCHAR)
                                 || ' accounts'
           WHEN 'wallet-name' THEN 'no entry names a wallet that has a balance: ' || example
           WHEN 'scale'     THEN 'the cached balance is ' || CAST(factor AS VARCHAR) || ' times the ledger''s in '
                                 || CAST(judged - agreeing AS VARCHAR) || ' of ' || CAST(judged AS VARCHAR)
                                 || ' accounts'
           WHEN 'id'        THEN CAST(judged - agreeing AS VARCHAR) || ' of ' || CAST(judged AS VARCHAR)
                                 || ' values are ids of another object, such as ' || example
           WHEN 'plan'      THEN 'the config knows the plan of ' || CAST(agreeing AS VARCHAR) || ' of '
                                 || CAST(judged AS VARCHAR) || ' accounts'
           WHEN 'time'      THEN CAST(judged - agreeing AS VARCHAR) || ' of ' || CAST(judged AS VARCHAR)
                                 || ' times are before 1990 or in the future'
           WHEN 'owner'     THEN CAST(agreeing AS VARCHAR) || ' of ' || CAST(judged AS VARCHAR)
                                 || ' ledgers belong to an account'
           ELSE 'balance_after is the previous plus amount in ' || CAST(agreeing AS VARCHAR) || ' of '
                || CAST(judged AS VARCHAR) || ' rows'
       END                                                                     AS figures,
       CASE kind
           WHEN 'order'     THEN 'map the column that numbers the entries as they were written'
           WHEN 'direction' THEN 'write an expression that gives what is spent a minus sign'
           WHEN 'scale'     THEN 'write an expression that divides it by ' || CAST(factor AS VARCHAR)
           WHEN 'unspent'   THEN 'map the entries of what is spent too, or another column; where the app keeps these '
                                 || 'elsewhere, the ledger says nothing of this balance'
           WHEN 'wallet'    THEN 'map another column for it (also under [relations.account.wallets]), or leave it out '
                                 || 'where the ledger does not hold all of its movements'
           WHEN 'wallet-name' THEN 'say your words under [relations.ledger_entry.values.wallet], or absent = ["wallet"] '
                                 || 'in place of the column where the ledger is about none of these balances'
           WHEN 'plan'      THEN 'map another column, or say its words under [relations.account.values.plan]'
           WHEN 'time'      THEN 'map another column, or an expression that converts it (seconds or milliseconds of 1970)'
           ELSE 'map another column or expression'
       END                                                                     AS mend
FROM mapping_doubt
""",
    message="{subject}: {figures}. Change {column_name} under [relations.{relation}.columns]: {mend}.",
    cases=(
        Case(
            name="the customer column holds subscriptions",
            given=_customers("sub_1", "sub_2", "sub_3", ""),
            fires=("account.stripe_customer_id",),
            evidence={"account.stripe_customer_id": {"kind": "id", "judged": 3, "agreeing": 0}},
        ),
        Case(
            name="a few ids of another object are a fault of these rows",
            given=_customers("sub_1", "sub_2", "cus_3", "cus_4"),
        ),
        Case(
            name="no balance follows from the one before",
            given=_ledgers(count=10, second_balance=3),
            fires=("ledger_entry.balance_after",),
            evidence={"ledger_entry.balance_after": {"kind": "chain", "judged": 10, "agreeing": 0}},
        ),
        Case(
            name="of five ledgers each says itself what is wrong",
            given=_ledgers(count=5, second_balance=3),
        ),
    ),
)
