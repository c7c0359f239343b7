"""How alike two names are, in any framework's style."""

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


@functools.lru_cache(maxsize=65536)
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
    worths = _worths(usual)
    return max(worths.get(form, loss) - loss for form, loss in _forms(name, owner))


@functools.lru_cache(maxsize=4096)
def _forms(name: str, owner: str) -> tuple[tuple[str, float], ...]:
    """Return the name unchanged, and without a unit or its table's name, which lower the score a little."""
    whole = folded(name)
    forms = {whole: 0.0}
    forms |= {whole.removesuffix(unit): _UNIT for unit in _UNITS if whole.endswith(unit)}
    prefix = folded(owner)
    for known in (prefix, prefix.rpartition("_")[2]):
        if known and whole.startswith(f"{known}_"):
            forms.setdefault(whole.removeprefix(f"{known}_"), _UNIT)
    return tuple(forms.items())


def table_likeness(name: str, usual: str) -> float:
    """As ``likeness``, for tables: a prefix (an app label, a schema's habit) costs a little.

    >>> table_likeness("CreditTransaction", "credit_transactions"), table_likeness("billing_credittransaction",
    ... "credit_transactions")
    (1.0, 0.9)
    """
    whole = folded(name)
    compact = whole.replace("_", "")
    worths = _worths(usual)
    tails = [worth - _TAIL for word, worth in worths.items() if compact.endswith(word.replace("_", ""))]
    return round(max([worths.get(whole, 0.0), *tails]), 2)


@functools.cache
def _worths(usual: str) -> dict[str, float]:
    """Each usual name, folded, and how sure it is: the nearer to the front, the surer."""
    worths: dict[str, float] = {}
    for position, word in enumerate(usual.split()):
        worth = DOUBTFUL if word.endswith("?") else EXACT - position * _STEP
        worths.setdefault(folded(word.rstrip("?")), round(worth, 2))
    return worths
