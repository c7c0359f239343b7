"""The forms that browsers sent, so that a form that is sent a second time is refused."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from trueup.store.database import Database
from trueup.store.sign_in_tables import SENT_FORM as FORM


class SentForms:
    """The ids of forms that were sent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def send(self, form_id: str, *, expires_at: datetime, now: datetime) -> bool:
        """Record that a form was sent; False when it was sent before. Of two callers at once, one gets True.

        ``expires_at`` is when the form can no longer be sent: its row is deleted some time after that.
        """
        with self._database.writing() as connection:
            connection.execute(delete(FORM).where(FORM.c.expires_at <= now))
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            row = {"form_id": form_id, "sent_at": now, "expires_at": expires_at}
            first = dialect.insert(FORM).values(row).on_conflict_do_nothing()
            return connection.execute(first.returning(FORM.c.form_id)).first() is not None
