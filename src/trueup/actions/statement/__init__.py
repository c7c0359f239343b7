"""State why an account has the credits that it has."""

from trueup.actions.statement.statement import (
    AccountHistory,
    NotOneAccount,
    history_of_account,
    state_account,
    state_account_in_books,
)

__all__ = ["AccountHistory", "NotOneAccount", "history_of_account", "state_account", "state_account_in_books"]
