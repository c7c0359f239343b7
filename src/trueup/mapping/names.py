"""How alike two names are, whatever the framework wrote them in."""

from __future__ import annotations

import functools
import re

EXACT = 1.0
DOUBTFUL = 0.55
_STEP = 0.01
_TAIL = 0.1
_UNIT = 0.08
_UNITS = ("_cent", "_minor", "_in_cent", "_micro", "_milli")
_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")


@functools.cache
def folded(name: str) -> str:
    """The name in snake case and singular.

    >>> folded("stripeCustomerID"), folded("Credit-Transactions"), folded("ledger_entries"), folded("status")
    ('stripe_customer_id', 'credit_transaction', 'ledger_entry', 'status')
    """
    return "_".join(_singular(token.lower()) for token in _BOUNDARY.split(name) if token)


def _singular(token: str) -> str:
    if token.endswith("ies") and len(token) > len("ties"):
        return f"{token[:-3]}y"
    if token.endswith(("sses", "xes")):
        return token[:-2]
    return token[:-1] if token.endswith("s") and not token.endswith(("ss", "us", "is")) else token


def likeness(name: str, usual: str, *, owner: str = "") -> float:
    """How surely ``name`` is one of the ``usual`` ones: 0 to 1, the first of them exactly being 1.

    ``owner`` is the table's name, which some schemas repeat in each column (``transaction_amount``).

    >>> likeness("createdAt", "created_at created"), likeness("shoe_size", "created_at")
    (1.0, 0.0)
    """
    whole = folded(name)
    forms = {whole: 0.0}
    for unit in _UNITS:
        if whole.endswith(unit):
            forms[whole.removesuffix(unit)] = _UNIT
    prefix = f"{folded(owner)}_" if owner else ""
    last = f"{prefix.rstrip('_').rpartition('_')[2]}_"
    for known in (prefix, last):
        if len(known) > 1 and whole.startswith(known):
            forms.setdefault(whole.removeprefix(known), _UNIT)
    return max((_usual(form, usual) - loss for form, loss in forms.items()), default=0.0, key=lambda score: score)


def table_likeness(name: str, usual: str) -> float:
    """As ``likeness``, for tables: a prefix (an app label, a schema's habit) costs a little.

    >>> table_likeness("CreditTransaction", "credit_transactions"), table_likeness("billing_credittransaction",
    ... "credit_transactions")
    (1.0, 0.9)
    """
    whole = folded(name)
    exact = _usual(whole, usual)
    compact = whole.replace("_", "")
    tails = [
        _worth(position, word) - _TAIL
        for position, word in enumerate(usual.split())
        if compact.endswith(folded(word.rstrip("?")).replace("_", ""))
    ]
    return max([exact, *tails])


def _usual(form: str, usual: str) -> float:
    return next((_worth(n, word) for n, word in enumerate(usual.split()) if folded(word.rstrip("?")) == form), 0.0)


def _worth(position: int, word: str) -> float:
    return round(DOUBTFUL if word.endswith("?") else EXACT - position * _STEP, 2)
