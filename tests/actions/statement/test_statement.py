"""``trueup statement``: the rows of one account, from any database, for people, programs and customers."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.command import trueup
from tests.support.repairable import App
from tests.support.tiny_app import ACCOUNT, OTHER, tiny_app
from trueup.actions.audit.run_audit import audit
from trueup.actions.statement import state_account, state_account_in_books
from trueup.model.errors import ConfigurationError
from trueup.model.source import Silent
from trueup.targets import open_target

HOSTILE = '<script>alert("x")</script>=1+1\x1b[31m'
INTERNAL = ("evt_77", "in_77", "pi_77", "Ada", "entry", "user_1", "support", "script")


@pytest.fixture(params=["sqlite_url", "postgres_url", "mariadb_url"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> App:
    """An app whose first user has 145 credits where the ledger says 95, with ids of Stripe's and a hostile note."""
    url: str = request.getfixturevalue(request.param)
    tiny = tiny_app(url, tmp_path)
    with open_target(url).transaction() as connection:
        connection.execute(
            text(
                "UPDATE users SET email = 'ada@example.com', stripe_customer_id = 'cus_77',"
                " stripe_subscription_id = 'sub_77' WHERE id = 'user_1'"
            )
        )
        connection.execute(
            text(
                "UPDATE credit_transactions SET stripe_event_id = 'evt_77', stripe_invoice_id = 'in_77',"
                " stripe_payment_intent_id = 'pi_77', actor = 'support', reason = :reason WHERE id = 1"
            ),
            {"reason": f"Ada called {HOSTILE}"},
        )
        connection.commit()
    return tiny


def test_a_statement_is_of_the_rows_as_they_are_now(app: App) -> None:
    statement = state_account(ACCOUNT, config=app.config, catalogue=app.checks, now=app.now)
    lines = [(line.amount, line.balance, line.unexplained) for line in statement.lines]
    assert lines == [tuple(map(Decimal, numbers)) for numbers in ((100, 100, 0), (-5, 95, 0))]
    assert (statement.opening, statement.closing, statement.shown) == (Decimal(0), Decimal(95), Decimal(145))
    assert statement.unexplained_at_the_end == Decimal(50)
    assert statement.lines[0].stripe_ids == ("evt_77", "in_77", "pi_77")


@pytest.mark.parametrize("named", ["user_1", "ada@example.com", "cus_77", "sub_77", "evt_77", "in_77", "pi_77"])
def test_an_account_is_named_by_any_id_that_it_has(app: App, named: str) -> None:
    assert state_account(named, config=app.config, catalogue=app.checks, now=app.now).account_id == ACCOUNT


def test_an_unknown_name_and_a_shared_address_are_refused(app: App) -> None:
    with pytest.raises(ConfigurationError, match='No account is named "user_3"'):
        state_account("user_3", config=app.config, catalogue=app.checks, now=app.now)
    with open_target(app.config.database_url).transaction() as connection:
        connection.execute(text("UPDATE users SET email = 'ada@example.com' WHERE id = 'user_2'"))
        connection.commit()
    with pytest.raises(ConfigurationError, match=f"names 2 accounts: {ACCOUNT}, {OTHER}"):
        state_account("ada@example.com", config=app.config, catalogue=app.checks, now=app.now)


def test_kept_books_have_the_same_statement(app: App, tmp_path: Path) -> None:
    kept = tmp_path / "books.duckdb"
    audit(app.config, checks=app.checks, now=app.now, progress=Silent(), keep_books=kept)
    now = state_account(ACCOUNT, config=app.config, catalogue=app.checks, now=app.now)
    for named in ("user_1", "ADA@example.com", "in_77"):
        assert state_account_in_books(named, path=kept, policy=app.config.policy, now=app.now) == now


@pytest.fixture
def printed(sqlite_url: str, tmp_path: Path) -> Printed:
    """The command, on the app in SQLite."""
    app = tiny_app(sqlite_url, tmp_path)
    with open_target(sqlite_url).transaction() as connection:
        connection.execute(text("UPDATE users SET email = :email WHERE id = 'user_1'"), {"email": HOSTILE})
        connection.execute(
            text("UPDATE credit_transactions SET stripe_invoice_id = 'in_77', reason = :r WHERE id = 1"),
            {"r": f"Ada called {HOSTILE}"},
        )
        connection.commit()
    return Printed(app.config.path, sqlite_url)


class Printed:
    """Runs ``trueup statement`` with this config."""

    def __init__(self, config: Path, place: str) -> None:
        self.config, self.place = config, place

    def __call__(self, *arguments: str, code: int = 0, columns: int = 100) -> str:
        ran = trueup("statement", *arguments, cwd=self.config.parent, PLACE=self.place, COLUMNS=str(columns))
        assert ran.code == code, ran.err
        return ran.out + ran.err


@pytest.mark.parametrize("columns", [40, 60, 100, 140])
def test_text_fits_its_page_and_moves_no_cursor(printed: Printed, columns: int) -> None:
    shown = printed("user_1", columns=columns)
    assert "\x1b" not in shown
    assert re.search(r"Balance in the app +[+]50 +145", shown)
    assert "50 more than the ledger says" in " ".join(shown.split())
    if columns >= 60:
        assert max(map(len, shown.splitlines())) <= columns


@pytest.mark.parametrize("form", ["text", "html", "json", "csv"])
def test_a_customers_statement_names_nothing_internal(printed: Printed, form: str) -> None:
    shown = printed("user_1", "--for-customer", "--format", form)
    body = re.sub(r"<style>.*?</style>", "", shown, flags=re.DOTALL)
    assert not [word for word in INTERNAL if word in body]
    assert "Credits used" in shown
    assert "145" in shown


def test_hostile_text_is_text_in_a_page_and_no_formula_in_a_sheet(printed: Printed) -> None:
    page = printed("user_1", "--format", "html")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    sheet = list(csv.reader(io.StringIO(printed("user_1", "--format", "csv"))))
    assert sheet[0] == ["at", "what", "credits", "balance", "note"]
    assert [row[2:4] for row in sheet[1:]] == [["", "0"], ["100", "100"], ["-5", "95"], ["", "95"], ["50", "145"]]


def test_the_document_sums_and_is_exact(printed: Printed) -> None:
    document = json.loads(printed("user_1", "--format", "json"))
    assert document["schemaVersion"] == 1
    assert [(line["credits"], line["balance"]) for line in document["lines"]] == [("100", "100"), ("-5", "95")]
    assert (document["closing"], document["shown"], document["unexplainedAtTheEnd"]) == ("95", "145", "50")
    assert document["addsUp"] is False


def test_later_lines_alone_are_shown(printed: Printed) -> None:
    document = json.loads(printed("user_1", "--format", "json", "--since", "2026-01-03"))
    assert (document["opening"], document["openingBasis"], len(document["lines"])) == ("100", "earlier-lines", 1)


def test_what_cannot_be_stated_is_said(printed: Printed) -> None:
    assert 'No account is named "user_9"' in printed("user_9", code=2)
    assert '--since "soon" is not a time' in printed("user_1", "--since", "soon", code=2)
