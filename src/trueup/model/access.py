"""Who may come in: the roles of tokens, sessions and browser logins."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What its holder may do, in three steps; which permissions a role has is decided where the routes are."""

    VIEWER = "viewer"
    ADMIN = "admin"
    SUPER_ADMIN = "super_admin"
