"""Several balances of an account: each is its own chain, compared with its own cached balance or all with one."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.wallets import COLUMNS, SUMMED, TABLE, audited, fill
from trueup.model.change import Refusal
from trueup.model.errors import ConfigurationError
from trueup.model.finding import Finding
from trueup.model.outcome import Checked
from trueup.model.repair_offer import SEVERAL_BALANCES
from trueup.model.report import Report

CONFIGS = pytest.mark.parametrize("text", [COLUMNS, TABLE, SUMMED], ids=["columns", "table", "summed"])
SEPARATE = pytest.mark.parametrize("text", [COLUMNS, TABLE], ids=["columns", "table"])


@pytest.fixture(params=["sqlite_url", "postgres_url", "mariadb_url"])
def place(request: pytest.FixtureRequest) -> str:
    """The address of an empty database of each kind."""
    return str(request.getfixturevalue(request.param))


def findings(report: Report) -> dict[str, Finding]:
    return {finding.id: finding for finding in report.open_findings()}


@CONFIGS
def test_chains_of_two_wallets_that_follow_give_no_finding(place: str, tmp_path: Path, text: str) -> None:
    fill(place)
    report = audited(place, tmp_path, text)
    assert findings(report) == {}
    outcomes = {result.check: result.outcome for result in report.outcomes}
    assert outcomes["credit-balance"] == Checked(population=2, findings=())
    assert isinstance(outcomes["negative-balance"], Checked)


@SEPARATE
def test_one_wallet_that_was_edited_is_one_finding_of_its_account(place: str, tmp_path: Path, text: str) -> None:
    fill(
        place,
        "UPDATE users SET bonus_credits = 500 WHERE id = 'ann'",
        "UPDATE balances SET amount = 500 WHERE user_id = 'ann' AND bucket = 'BONUS'",
    )
    (finding,) = findings(audited(place, tmp_path, text)).values()
    assert finding.id == "credit-balance:ann"
    assert finding.evidence["wallet"] == "bonus"
    assert finding.evidence["wallets"] == "bonus: 500 cached, 10 in the ledger; paid: 70 cached, 70 in the ledger"
    assert (finding.evidence["drift"], finding.impact.credits) == (Decimal(490), Decimal(490))
    assert finding.evidence["diagnosis"] == "hand-edit"
    assert finding.message.endswith("Wallets bonus: 500 cached, 10 in the ledger; paid: 70 cached, 70 in the ledger.")
    assert finding.repair == Refusal(reason=SEVERAL_BALANCES)


@SEPARATE
def test_credits_booked_in_the_wrong_wallet_put_both_at_risk(place: str, tmp_path: Path, text: str) -> None:
    fill(
        place,
        "UPDATE users SET bonus_credits = 30, paid_credits = 50 WHERE id = 'ann'",
        "UPDATE balances SET amount = 30 WHERE user_id = 'ann' AND bucket = 'BONUS'",
        "UPDATE balances SET amount = 50 WHERE user_id = 'ann' AND bucket = 'PAID'",
    )
    (finding,) = findings(audited(place, tmp_path, text)).values()
    assert (finding.id, finding.evidence["drift"]) == ("credit-balance:ann", Decimal(40))


def test_wallets_that_are_summed_are_compared_with_the_one_balance(place: str, tmp_path: Path) -> None:
    fill(place, "UPDATE users SET total = 95 WHERE id = 'ann'")
    (finding,) = findings(audited(place, tmp_path, SUMMED)).values()
    assert finding.id == "credit-balance:ann"
    assert (finding.evidence["credits"], finding.evidence["last_balance_after"]) == (Decimal(95), Decimal(80))
    assert finding.evidence["wallets"] == "bonus: 10 in the ledger; paid: 70 in the ledger"
    assert finding.repair == Refusal(reason=SEVERAL_BALANCES)


@CONFIGS
def test_a_step_that_breaks_names_its_wallet(place: str, tmp_path: Path, text: str) -> None:
    fill(
        place,
        "UPDATE movements SET balance = 15 WHERE id = 4",
        "UPDATE users SET bonus_credits = 15, total = 85 WHERE id = 'ann'",
        "UPDATE balances SET amount = 15 WHERE user_id = 'ann' AND bucket = 'BONUS'",
    )
    (finding,) = findings(audited(place, tmp_path, text)).values()
    assert (finding.id, finding.evidence["wallet"]) == ("ledger-break:4", "bonus")
    assert finding.evidence["previous_balance_after"] == Decimal(25)


@SEPARATE
def test_wallets_that_no_entry_can_name_are_refused(place: str, tmp_path: Path, text: str) -> None:
    fill(place)
    without = text.replace('wallet = "bucket", kind', "kind").replace("[relations.ledger_entry.values.wallet]", "[x]")
    without = without.replace('[x]\npaid = ["PAID"]\nbonus = ["BONUS"]\n', "")
    with pytest.raises(ConfigurationError, match=r"no column says which of them an entry moves: map wallet in"):
        audited(place, tmp_path, without)
    said = without.replace("ledger_starts_at = 0", 'ledger_starts_at = 0\nabsent = ["wallet"]')
    assert isinstance(audited(place, tmp_path, said), Report)


@SEPARATE
def test_a_wallet_below_the_floor_is_found_though_the_other_has_more(place: str, tmp_path: Path, text: str) -> None:
    fill(
        place,
        "INSERT INTO movements VALUES (6, 'ann', 'BONUS', 'usage', -15, -5, NULL, '2026-02-06 10:00:00')",
        "UPDATE users SET bonus_credits = -5 WHERE id = 'ann'",
        "UPDATE balances SET amount = -5 WHERE user_id = 'ann' AND bucket = 'BONUS'",
    )
    (finding,) = findings(audited(place, tmp_path, text)).values()
    assert finding.id == "negative-balance:ann"
    assert (finding.evidence["wallets"], finding.impact.credits) == ("bonus: -5", Decimal(5))


def test_a_wallet_that_no_entry_moves_is_not_compared(place: str, tmp_path: Path) -> None:
    """The app keeps it elsewhere: whatever is in it, this ledger does not contradict."""
    fill(place, "DELETE FROM movements WHERE bucket = 'BONUS'", "UPDATE users SET bonus_credits = 333")
    assert findings(audited(place, tmp_path, COLUMNS)) == {}


def test_a_wallet_whose_row_is_gone_has_nothing(place: str, tmp_path: Path) -> None:
    fill(
        place,
        "DELETE FROM balances WHERE user_id = 'ann' AND bucket = 'BONUS'",
        "INSERT INTO balances VALUES ('bob', 'BONUS', 0)",
    )
    (finding,) = findings(audited(place, tmp_path, TABLE)).values()
    assert (finding.id, finding.evidence["drift"]) == ("credit-balance:ann", Decimal(-10))


@CONFIGS
def test_a_grant_is_the_accounts_whichever_wallet_it_lands_in(place: str, tmp_path: Path, text: str) -> None:
    fill(place, "UPDATE movements SET intent = 'pi_1', kind = 'purchase' WHERE id = 2")
    assert set(findings(audited(place, tmp_path, text))) == {"duplicate-payment-grant:pi_1"}


NUMBERED = COLUMNS.replace('amount = "amount"', 'amount = "amount", sequence = "number"').replace(
    "ledger_starts_at = 0", "ledger_starts_at = 0\ndense_sequence = true"
)


@pytest.mark.parametrize(
    ("numbers", "gaps"),
    [
        ((1, 2, 3, 4, 1), set()),  # of the account
        ((1, 1, 2, 2, 1), set()),  # of each wallet
        ((1, 2, 3, 5, 1), {"ledger-sequence-gap:4"}),
        ((1, 1, 2, 3, 1), {"ledger-sequence-gap:4"}),
    ],
)
def test_numbers_are_counted_by_account_or_by_wallet_as_the_app_does(
    sqlite_url: str, tmp_path: Path, numbers: tuple[int, ...], gaps: set[str]
) -> None:
    fill(
        sqlite_url,
        "ALTER TABLE movements ADD COLUMN number INTEGER",
        *(f"UPDATE movements SET number = {number} WHERE id = {entry}" for entry, number in enumerate(numbers, 1)),
    )
    assert set(findings(audited(sqlite_url, tmp_path, NUMBERED))) == gaps


@pytest.mark.slow
def test_a_wallet_whose_ledger_holds_only_grants_is_a_mapping_to_correct(sqlite_url: str, tmp_path: Path) -> None:
    people = [f"u{number}" for number in range(12)]
    fill(
        sqlite_url,
        *(f"INSERT INTO users VALUES ('{person}', 0, {number + 3}.5, 0)" for number, person in enumerate(people)),
        *(
            f"INSERT INTO movements VALUES ({number + 10}, '{person}', 'BONUS', 'gift', 1, 1, NULL, '2026-02-10')"
            for number, person in enumerate(people)
        ),
    )
    report = audited(sqlite_url, tmp_path, COLUMNS)
    finding = findings(report)["mapping-suspect:wallet_balance.credits"]
    assert (
        "the cached balance of wallet bonus is what its entries say, or once said, in 1 of 13 accounts"
        in finding.message
    )
    assert "[relations.account.wallets]" in finding.message
    without = audited(sqlite_url, tmp_path, COLUMNS.replace(', bonus = "bonus_credits"', ""))
    assert findings(without) == {}
