"""The planted faults. A fault is one function: its docstring says what was done, its ``expect`` calls what is found.

To plant another, write the function in its area's module and name it in ``FAULTS`` there.
"""

from __future__ import annotations

from trueup.demo.faults import ledger, money, payments, plans, subscriptions, webhooks

FAULTS = (
    *ledger.FAULTS,
    *plans.FAULTS,
    *subscriptions.FAULTS,
    *webhooks.FAULTS,
    *money.FAULTS,
    *payments.FAULTS,
)
