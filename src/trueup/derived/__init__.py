"""Derived relations: what several checks need of the same rows, computed once per audit.

Each is named SQL over the relations, kept as a table while an audit runs. One group is one file.
"""

from trueup.derived.account_time import ACCOUNT_TIME_GROUP
from trueup.derived.accounts import ACCOUNTS
from trueup.derived.credited_money import CREDITED_MONEY
from trueup.derived.derivation import Derived
from trueup.derived.excused_money import EXCUSED_MONEY
from trueup.derived.grants import GRANTS
from trueup.derived.ledger import LEDGER
from trueup.derived.ledger_steps import LEDGER_STEPS
from trueup.derived.mapping_doubts import MAPPING_DOUBTS
from trueup.derived.money import MONEY
from trueup.derived.movements import MOVEMENTS
from trueup.derived.owed import OWED
from trueup.derived.paid_time import PAID_TIME_GROUP
from trueup.derived.payers import PAYERS
from trueup.derived.prices import PRICES
from trueup.derived.purchases import PURCHASES
from trueup.derived.seats import SEATS
from trueup.derived.service import SERVICE
from trueup.derived.subscriptions import SUBSCRIPTIONS
from trueup.derived.wallets import WALLETS
from trueup.derived.webhooks import WEBHOOKS

__all__ = ["DERIVED", "Derived"]

DERIVED: tuple[Derived, ...] = (
    *ACCOUNTS,
    *LEDGER,
    *LEDGER_STEPS,
    *WALLETS,
    *GRANTS,
    *MOVEMENTS,
    *PRICES,
    *PAID_TIME_GROUP,
    *SUBSCRIPTIONS,
    *ACCOUNT_TIME_GROUP,
    *SEATS,
    *SERVICE,
    *MONEY,
    *CREDITED_MONEY,
    *PAYERS,
    *PURCHASES,
    *OWED,
    *EXCUSED_MONEY,
    *WEBHOOKS,
    *MAPPING_DOUBTS,
)
