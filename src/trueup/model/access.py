"""The roles of the people and programs that may use the server: of tokens, sessions and browser logins."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What the holder of a token or a session may do, in three steps. The routes say which permissions a role has."""

    VIEWER = "viewer"
    ADMIN = "admin"
    SUPER_ADMIN = "super_admin"
