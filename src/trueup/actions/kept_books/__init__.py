"""Kept books: take an account out of them, as a request of erasure asks."""

from trueup.actions.kept_books.forgetting import forget_account

__all__ = ["forget_account"]
