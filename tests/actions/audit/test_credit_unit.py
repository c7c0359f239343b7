"""An app that counts millionths of a dollar: findings and statements show dollars."""

from __future__ import annotations

import io
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.several_places import config_of, report_of
from tests.support.wallets import SUMMED, fill
from trueup.actions.statement.reckoning import reckon
from trueup.formats.statement import StatementFormat, write_statement
from trueup.formats.statement.page import StatementPage
from trueup.model.credit_unit import read_unit
from trueup.model.errors import ConfigurationError
from trueup.model.relations import Account, LedgerEntry

UNIT = '\n[policy]\nunit = "microdollars"\n'


def test_a_finding_says_money(sqlite_url: str, tmp_path: Path) -> None:
    fill(sqlite_url, "UPDATE users SET total = 1500080 WHERE id = 'ann'")
    (finding,) = report_of(config_of(sqlite_url, tmp_path, SUMMED + UNIT)).open_findings()
    assert finding.message.startswith(
        "ann has 1.50008 USD cached, its latest ledger entry says 0.00008 USD (hand-edit)."
    )
    assert finding.impact.text() == "1.50 USD, 1500000 microdollars"


def test_a_statement_says_money_and_that_an_entry_sets_the_balance(tmp_path: Path) -> None:
    entries = [
        LedgerEntry(entry_id=n, amount=Decimal(amount), balance_after=Decimal(after), sets_balance=amount > 0)
        for n, (amount, after) in enumerate([(900000, 900000), (-400000, 500000), (900000, 900000)])
    ]
    statement = reckon(
        Account(account_id="ann", credits=Decimal(900000)),
        entries,
        starts_at=Decimal(0),
        as_of=datetime(2026, 3, 1),
        unit=read_unit("microdollars"),
    )
    assert statement.adds_up
    out = io.StringIO()
    write_statement(StatementPage(statement=statement), out, StatementFormat.TEXT, width=100)
    assert _amounts(out.getvalue()) == ["+0.90 USD", "-0.40 USD", "+0.40 USD"]


def _amounts(text: str) -> list[str]:
    return re.findall(r"[+-][0-9.]+ USD", text)


def test_a_credit_value_of_the_config_goes_before_the_unit(sqlite_url: str, tmp_path: Path) -> None:
    fill(sqlite_url, "UPDATE users SET total = 1500080 WHERE id = 'ann'")
    text = f'{SUMMED}{UNIT}[policy.credit_value]\neur = "0.001"\n'
    (finding,) = report_of(config_of(sqlite_url, tmp_path, text)).open_findings()
    assert finding.impact.money == {"eur": 1500}


def test_a_unit_that_is_not_of_money_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r'policy.unit in .* must be a part of a currency, such as "microdol'):
        config_of(sqlite_url, tmp_path, SUMMED + UNIT.replace("microdollars", "bananas"))
