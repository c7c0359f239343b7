"""Make the journal's tables in the app's database: ``trueup init --install``."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from trueup import journal
from trueup.journal import JOURNAL_TABLES
from trueup.migrations import UnknownRevision
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.targets import open_target
from trueup.targets.target import Target, Trouble

_PASSING = frozenset({Trouble.BUSY, Trouble.CONFLICT, Trouble.LOST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What an installation found and left. ``before`` is None where there was no journal."""

    place: str
    before: str | None
    revision: str
    changed: bool
    database_identity: str

    def sentence(self) -> str:
        """What was done, for a person."""
        tables = ", ".join(JOURNAL_TABLES)
        if self.before is None:
            return f"Made the journal in {self.place}: {tables}."
        if self.before != self.revision:
            return f"Brought the journal in {self.place} from revision {self.before} to {self.revision}."
        if self.changed:
            return f"Bound the journal in {self.place} to this database."
        return f"The journal in {self.place} is already installed (revision {self.revision}); nothing was changed."


def install_journal(url: str, *, rebind: bool = False) -> Installed:
    """Make, complete or migrate the journal's tables at this address and bind them to this database.

    Doing it again changes nothing. With ``rebind``, a journal that came with a copy of another database continues in
    this one, and its next entry records that. Raises ``ConfigurationError`` and ``SourceUnavailable``.
    """
    target = open_target(url)
    try:
        return _installed(target, rebind=rebind)
    except UnknownRevision as error:
        raise ConfigurationError(f"The journal in {target.place} was made by a newer trueup: {error}.") from None
    except DBAPIError as error:
        message = target.describe_error(error)
        if target.trouble(error) in _PASSING:
            raise SourceUnavailable(
                f"No journal was installed in {target.place}: {message}; run the command again to continue."
            ) from None
        raise ConfigurationError(
            f"The journal cannot be installed in {target.place}: {message}; give the address of a role that may make "
            "tables: `trueup init --install URL`."
        ) from None


def _installed(target: Target, *, rebind: bool) -> Installed:
    with target.transaction() as connection:
        before = journal.read_installed_revision(connection)
        changed = journal.install(connection, rebind=rebind, actor="command")
        connection.commit()
    with target.reading() as connection:
        identity, bound = journal.database_identity(connection), journal.binding(connection)
        if bound is None or bound.database_identity != identity:
            there = bound.database_identity if bound else "none"
            raise ConfigurationError(
                f"The journal in {target.place} belongs to another database ({there}) and this is {identity}: a "
                "restored copy or a clone; `trueup init --install --rebind` allows repairs of this one from now on."
            )
        return Installed(
            place=target.place,
            before=before,
            revision=journal.current_revision(),
            changed=changed,
            database_identity=identity,
        )
