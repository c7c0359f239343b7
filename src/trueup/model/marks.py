"""The marks by which a row that a repair appended is recognized: its reason begins with one of these."""

from __future__ import annotations

MARK = "trueup: "
"""How the reason of every row that trueup wrote begins."""

ACTOR = "trueup"
"""The actor of such a row, where the app keeps one."""

BALANCE_SYNCED = f"{MARK}balance synced from "
UNLIMITED_OFF = f"{MARK}unlimited credits switched off"
DOWNGRADED = f"{MARK}downgraded from "
UNDONE = f"{MARK}repair undone, "

OURS = (BALANCE_SYNCED, UNLIMITED_OFF, DOWNGRADED, UNDONE)
"""The marks of trueup's own repairs. They are long, because a true-up is also a word of accountants.

An idempotency record that was backfilled has no mark: it must look like every other one.
"""
