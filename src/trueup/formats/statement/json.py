"""A statement as one JSON document; a customer's holds the rows alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StrictBool, StrictInt, StrictStr, WithJsonSchema

from trueup.formats.document import DocumentPart, as_json
from trueup.formats.scalars import Moment, SignedCredits
from trueup.formats.wording import exact

if TYPE_CHECKING:
    from typing import TextIO

    from trueup.formats.statement.page import StatementPage, StatementRow
    from trueup.model.statement import AccountStatement, StatementLine

STATEMENT_VERSION = 1
Version = Annotated[StrictInt, WithJsonSchema({"const": STATEMENT_VERSION})]


class StatementLineDocument(DocumentPart):
    """One entry of the ledger, in ledger order."""

    at: Moment | None
    entry_id: StrictStr
    wallet: Annotated[StrictStr, Field(description="Empty where the account has one balance.")]
    kind: StrictStr
    credits: Annotated[SignedCredits | None, Field(description="Null where its amount cannot be read.")]
    balance: Annotated[
        SignedCredits | None,
        Field(description="After it, of all wallets together, as the app wrote it or else as reckoned."),
    ]
    unexplained: Annotated[SignedCredits, Field(description="What of that balance no entry accounts for.")]
    posted: StrictBool
    stripe_ids: list[StrictStr]
    actor: StrictStr | None
    reason: StrictStr | None


class WalletDocument(DocumentPart):
    """One of several balances of the account."""

    wallet: StrictStr
    closing: SignedCredits | None
    shown: Annotated[SignedCredits | None, Field(description="Null where the app keeps no balance of it.")]


class StatementDocument(DocumentPart):
    """Why an account has its credits: ``opening`` plus all ``credits`` and ``unexplained`` is ``closing``."""

    schema_version: Version = STATEMENT_VERSION
    account_id: StrictStr
    email: StrictStr | None
    plan: StrictStr | None
    unlimited: StrictBool
    as_of: Moment
    since: Moment | None
    adds_up: StrictBool
    opening: SignedCredits | None
    opening_basis: Annotated[StrictStr, Field(description="first-entry, config, zero (a guess) or earlier-lines.")]
    lines: list[StatementLineDocument]
    closing: Annotated[SignedCredits | None, Field(description="The ledger's last balance.")]
    shown: Annotated[SignedCredits | None, Field(description="The balance in the app; null where it keeps none.")]
    unexplained_at_the_end: SignedCredits | None
    wallets: Annotated[list[WalletDocument], Field(description="Empty where the account has one balance.")]
    problems: list[StrictStr]


class CustomerRowDocument(DocumentPart):
    """One row of a customer's statement."""

    at: Moment | None
    what: StrictStr
    credits: SignedCredits | None
    balance: SignedCredits | None


class CustomerStatementDocument(DocumentPart):
    """A statement for the customer: dates, plain words, credits and balances, and no id."""

    schema_version: Version = STATEMENT_VERSION
    as_of: Moment
    since: Moment | None
    adds_up: StrictBool
    rows: list[CustomerRowDocument]


def write(page: StatementPage, out: TextIO) -> None:
    """Write the document."""
    document = _for_customer(page) if page.for_customer else statement_document(page.statement)
    out.write(json.dumps(as_json(document), indent=2, allow_nan=False) + "\n")


def statement_document(statement: AccountStatement) -> StatementDocument:
    """Return the statement as its document, for people who may see everything of the account."""
    return StatementDocument(
        account_id=exact(statement.account_id),
        email=None if statement.email is None else exact(statement.email),
        plan=None if statement.plan is None else exact(statement.plan),
        unlimited=statement.unlimited,
        as_of=statement.as_of,
        since=statement.since,
        adds_up=statement.adds_up,
        opening=statement.opening,
        opening_basis=statement.opening_basis.value,
        lines=[_line(line) for line in statement.lines],
        closing=statement.closing,
        shown=statement.shown,
        unexplained_at_the_end=statement.unexplained_at_the_end,
        wallets=[
            WalletDocument(wallet=exact(wallet.wallet), closing=wallet.closing, shown=wallet.shown)
            for wallet in statement.wallets
        ],
        problems=list(statement.problems),
    )


def _line(line: StatementLine) -> StatementLineDocument:
    return StatementLineDocument(
        at=line.at,
        entry_id=exact(line.entry_id),
        wallet=exact(line.wallet),
        kind=exact(line.kind),
        credits=line.amount,
        balance=line.balance,
        unexplained=line.unexplained,
        posted=line.posted,
        stripe_ids=[exact(stripe_id) for stripe_id in line.stripe_ids],
        actor=None if line.actor is None else exact(line.actor),
        reason=None if line.reason is None else exact(line.reason),
    )


def _for_customer(page: StatementPage) -> CustomerStatementDocument:
    return CustomerStatementDocument(
        as_of=page.statement.as_of,
        since=page.statement.since,
        adds_up=page.statement.adds_up,
        rows=[_row(row) for row in page.rows()],
    )


def _row(row: StatementRow) -> CustomerRowDocument:
    return CustomerRowDocument(at=row.at, what=row.what, credits=row.credits, balance=row.balance)
