"""Forget one account in the books that are kept between audits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trueup.books.kept import KeptFile
from trueup.model.errors import ConfigurationError, TrueupError
from trueup.model.finding import printable

if TYPE_CHECKING:
    from trueup.config import Config


class BooksInUse(TrueupError):
    """An audit is using the kept books; ask again once it has ended."""


def forget_account(config: Config, account_id: str) -> int:
    """Write the environment's kept books anew without the account's rows; return how many there were.

    The next audit reads every row. Books that cannot be read are deleted, since they may hold the account. Raises
    ``BooksInUse`` while an audit uses the books, and ``ConfigurationError`` where their folder cannot be written to.
    """
    file = KeptFile(Path(config.books.folder), config.environment)
    if not file.folder.is_dir():
        return 0
    try:
        with file.locked() as is_ours:
            if not is_ours:
                raise BooksInUse("An audit is using the kept books; run it again once the audit has ended.")
            state = file.state()
            if isinstance(state, str):
                file.drop()
            return 0 if state is None or isinstance(state, str) else file.forget(account_id)
    except OSError as error:
        place = printable(str(file.folder))
        raise ConfigurationError(f"The kept books in {place} cannot be written anew: {error.strerror}.") from None
