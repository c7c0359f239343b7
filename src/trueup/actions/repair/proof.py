"""Before a plan is taken away: prove that Stripe knows nothing of the account, or say why that is not proven."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.actions.audit import stripe_key
from trueup.actions.repair.subject_reader import SubjectReader
from trueup.model.customer_lookup import Found, LookupAnswer, LookupKeys, NotAsked, NotFound, Unknown
from trueup.model.errors import ConfigurationError
from trueup.model.plan_move import plan_moves, upward
from trueup.model.repair import Refused

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trueup.actions.repair.request import RepairRequest
    from trueup.actions.repair.session import RepairSession
    from trueup.books.subject_books import SubjectBooks
    from trueup.config import Config
    from trueup.model.change import Change
    from trueup.model.customer_lookup import Proof

ASKINGS = 2
"""How often Stripe is asked for one repair: the app may change the account's address between question and answer."""

_LONGEST_WAIT_SECONDS = 30.0
"""How long a repair waits for another's questions to Stripe: repairs ask one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """It takes a plan away, and Stripe was not asked yet, or was asked about another account."""

    keys: LookupKeys


def wrong_move(change: Change, books: SubjectBooks, config: Config) -> str | None:
    """Why this change must not write a plan, in a sentence; None where it writes none, or one that leads down."""
    moves = list(plan_moves(change))
    if len({move.account_id for move in moves}) > 1:
        return "Not a downgrade: it writes the plans of several accounts."
    for move in moves:
        rows = books.books.run("SELECT plan FROM account WHERE account_id = $id", {"id": move.account_id}).fetchall()
        if len(rows) != 1:
            return f"The account whose plan it writes, {move.account_id}, has {len(rows)} rows, but must have one."
        wrong = upward(move, standing=rows[0][0], plans=config.plans)
        if wrong is not None:
            return f"Not a downgrade: {wrong}."
    return None


def proven(
    session: RepairSession, connection: Connection, request: RepairRequest, change: Change
) -> Proof | Unproven | Refused | None:
    """The proof from Stripe that this change needs, about the account as it is now; None where it needs none."""
    moves = list(plan_moves(change))
    if not moves:
        return None
    keys = _lookup_keys(session, connection, moves[0].account_id)
    if request.answer is None or request.answer.keys != keys:
        return Unproven(keys=keys)
    match request.answer:
        case NotFound() | NotAsked() as proof:
            return proof
        case Found(reason=reason):
            return Refused(issue_id=request.issue_id, reason=reason)
        case Unknown(reason=reason):
            return Refused(issue_id=request.issue_id, reason=reason, unproven=True)


def _lookup_keys(session: RepairSession, connection: Connection, account_id: str) -> LookupKeys:
    reader = SubjectReader(session, connection, session.layout().read)

    def values(column: str) -> frozenset[str]:
        stored = reader.values("account", column, {"account_id": {account_id}})
        return frozenset(value.strip() for value in stored if value.strip())

    return LookupKeys(account_id=account_id, emails=values("email"), customers=values("stripe_customer_id"))


def asked(session: RepairSession, keys: LookupKeys) -> LookupAnswer:
    """Ask Stripe, while no transaction is open. Takes half a minute at most."""
    settings = session.config.stripe
    try:
        key = stripe_key(session.config)
        if key is None:
            return _without_key(session.config, keys)
        from trueup.stripe.customer_lookup import find_customer  # noqa: PLC0415 - only where Stripe is read
    except ConfigurationError as error:
        return Unknown(keys=keys, why=str(error).rstrip("."))
    except ImportError as error:
        return Unknown(keys=keys, why=f"a library is not installed ({error.name}), run: pip install 'trueup[stripe]'")
    if not session.asking.acquire(timeout=_LONGEST_WAIT_SECONDS):
        return Unknown(keys=keys, why="Stripe is being asked about other accounts; try again later")
    try:
        return find_customer(settings, key, keys)
    finally:
        session.asking.release()


def _without_key(config: Config, keys: LookupKeys) -> NotAsked | Unknown:
    if config.stripe.tables is not None:
        why = "tables are only a copy, and a plan is taken away only after Stripe's own answer; set stripe.api_key"
        return Unknown(keys=keys, why=why)
    if config.repairs.downgrade_without_stripe:
        return NotAsked(keys=keys)
    why = (
        "Stripe is not read; set stripe.api_key, or repairs.downgrade_without_stripe = true if nothing is "
        "sold through Stripe"
    )
    return Unknown(keys=keys, why=why)
