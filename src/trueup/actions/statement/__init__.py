"""State why an account has the credits that it has."""

from trueup.actions.statement.statement import NotOneAccount, state_account, state_account_in_books

__all__ = ["NotOneAccount", "state_account", "state_account_in_books"]
