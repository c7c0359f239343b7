"""How a row that a repair appended is known from the app's own: its reason begins like one of these."""

from __future__ import annotations

MARK = "trueup: "
"""How the reason of every row that is ours begins."""

ACTOR = "trueup"
"""Who wrote it, where the app keeps that."""

BALANCE_SYNCED = f"{MARK}balance synced from "
UNLIMITED_OFF = f"{MARK}unlimited credits switched off"
DOWNGRADED = f"{MARK}downgraded from "

OURS = (BALANCE_SYNCED, UNLIMITED_OFF, DOWNGRADED)
"""The marks of our own repairs, long enough that nobody writes one by chance: a true-up is also an accountant's word.

An idempotency record that was backfilled has none: it must look like every other one.
"""
