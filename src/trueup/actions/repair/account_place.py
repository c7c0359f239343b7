"""A repair where accounts come from several tables: it works in the one table that has the account's row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from trueup.actions.repair.subject_reader import SubjectReader
from trueup.actions.repair.subject_snapshot import accounts_of
from trueup.model.repair import Failed, Refused
from trueup.model.repair_offer import refusal_of_places
from trueup.targets.target import TargetUnavailable

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from trueup.actions.repair.request import RepairRequest
    from trueup.actions.repair.session import RepairSession
    from trueup.actions.repair.subject_snapshot import SubjectSnapshot


def session_of_account(session: RepairSession, request: RepairRequest) -> RepairSession | Refused | Failed:
    """Return the session in which accounts come from the one table that has this subject's.

    Without several tables it is ``session`` itself. ``Refused`` where the mapping, or the account, has no such table.
    """
    layout = session.layout()
    refusal = refusal_of_places(layout.mappings)
    if refusal is not None:
        return Refused(issue_id=request.issue_id, reason=f"{refusal[0].upper()}{refusal[1:]}.")
    account = layout.mappings.get("account")
    if account is None or not account.parts:
        return session
    try:
        with session.target.reading() as connection:
            reader = SubjectReader(session, connection, layout.mappings)
            asked = accounts_of(reader, request.check, request.subject)
            holding = [position for position, _ in enumerate(account.parts) if reader.accounts_in(position, asked)]
    except TargetUnavailable as error:
        return Failed(issue_id=request.issue_id, reason=str(error), busy=error.busy)
    except DBAPIError as error:
        session.forget()
        reason = f"The database refused it: {session.target.describe_error(error)}."
        return Refused(issue_id=request.issue_id, reason=reason)
    if len(holding) != 1:
        reason = _reason([account.parts[position].table for position in holding] or [account.table])
        return Refused(issue_id=request.issue_id, reason=reason)
    return session.for_account_place(holding[0])


def _reason(tables: Collection[str]) -> str:
    if len(tables) == 1:
        return f"No table of the accounts ({next(iter(tables))}) has a row for it."
    return f"It is about rows of several tables ({', '.join(tables)}), so it is not known which one is meant."


def account_elsewhere(session: RepairSession, connection: Connection, snapshot: SubjectSnapshot) -> str | None:
    """Why the account's own table does not say everything about this subject; None where it does.

    Looked at again in each transaction: an organisation whose member the account is may be in another table, and what
    its plan pays for would not be seen.
    """
    if session.everywhere is None:
        return None
    ids = set(snapshot.accounts) | _seats(snapshot)
    reader = SubjectReader(session.everywhere, connection, session.everywhere.layout().mappings)
    places = session.everywhere.layout().mappings["account"].parts
    for position, place in enumerate(places):
        others = reader.accounts_in(position, ids) if position != session.place else set()
        if others:
            return f"it also concerns {min(others)} in {place.table}, and a repair sees the accounts of one table only"
    return None


def _seats(snapshot: SubjectSnapshot) -> set[str]:
    mapping = snapshot.mappings.get("member")
    if mapping is None:
        return set()
    positions = [number for number, name in enumerate(mapping.columns) if name in ("account_id", "member_id")]
    return {
        str(row[position]) for row in snapshot.rows["member"] for position in positions if row[position] is not None
    }
