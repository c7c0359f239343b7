"""Read the few rows that concern one subject, or one account, into small books: only read, and as they are now."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from trueup.actions.repair.subject_reader import SubjectReader
from trueup.actions.repair.subject_snapshot import load
from trueup.model.errors import SourceUnavailable
from trueup.model.repair_offer import RepairOffer
from trueup.targets.target import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from trueup.actions.repair.session import RepairSession
    from trueup.actions.repair.subject_snapshot import SubjectSnapshot
    from trueup.books.file import Books


@contextlib.contextmanager
def open_snapshot_books(
    session: RepairSession, read: Callable[[SubjectReader], SubjectSnapshot], *, now: datetime
) -> Iterator[tuple[Books, SubjectSnapshot]]:
    """Yield small books with what ``read`` returns, and that. As many are read at once as there are processors.

    Raises ``SourceUnavailable``.
    """
    try:
        with session.turn(), session.target.reading() as connection, session.scratch_books() as books:
            snapshot = read(SubjectReader(session, connection, session.layout().mappings))
            load(books, snapshot, session)
            books.books.begin(environment=session.config.environment, as_of=now)
            offer = RepairOffer(mappings=session.layout().mappings, is_on=session.config.repair_url is not None)
            yield dataclasses.replace(books.books, offer=offer), snapshot
    except DBAPIError as error:
        if session.target.trouble(error) is Trouble.UNFIT:
            session.forget()
        raise SourceUnavailable(
            f"{session.target.place} cannot be read: {session.target.describe_error(error)}."
        ) from None
