"""State why an account has the credits that it has."""

from trueup.actions.statement.statement import state_account, state_account_in_books

__all__ = ["state_account", "state_account_in_books"]
