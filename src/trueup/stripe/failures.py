"""How asking Stripe can fail. Each message is the end of a sentence that names what was asked."""

from __future__ import annotations


class NotRead(Exception):
    """Something at Stripe could not be read, so what is there is unknown."""


class NotPermitted(NotRead):
    """The key may not read it. ``permission`` is Stripe's name for what is missing, where it says so."""

    def __init__(self, message: str, *, permission: str | None) -> None:
        super().__init__(message)
        self.permission = permission


class KeyRefused(NotRead):
    """Stripe does not know the key, or no longer."""


class NoSuchObject(NotRead):
    """There is no object of this id."""


class CursorDied(NotRead):
    """The object that a page was to begin after has left the list."""


class Passing(Exception):
    """A failure that may pass by itself. ``wait_seconds`` is how long Stripe asks us to wait, where it does."""

    def __init__(self, message: str, *, wait_seconds: float | None = None) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds
