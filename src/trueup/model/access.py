"""The roles of the people and programs that may use the server: of tokens, sessions and browser logins."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What the holder of a token or a session may do, in three steps. The routes say which permissions a role has."""

    VIEWER = "viewer"
    ADMIN = "admin"
    SUPER_ADMIN = "super_admin"


class SignIn(StrEnum):
    """How a browser's session began."""

    TOKEN = "token"  # noqa: S105 - a word
    """An API token was pasted into the sign-in page."""
    LINK = "link"
    """A one-time link that was made on the server's machine for an API token."""
    OIDC = "oidc"
    """The identity provider vouched for the person."""
    BREAK_GLASS = "break_glass"
    """A one-time link that was made on the server's machine while the identity provider was down."""
