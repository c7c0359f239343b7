"""What a snapshot shows is proposed with the rows that it rests on, and never taken silently."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from tests.field.test_what_is_sold import WITHOUT_WEBHOOKS, packs_by_invoice, with_users
from tests.support.command import trueup
from tests.support.field.company import MAPPING, PLANS, FieldCompany
from tests.support.field.stripe_side import NOW, ago
from trueup.actions.checks.catalogue import full_catalogue
from trueup.actions.doctor import Health, examine_data
from trueup.config import load_config
from trueup.model.source import Silent


def observed(folder: Path, about: str) -> Sequence[str]:
    """What the doctor proposes of this, for the company in the folder."""
    config = load_config(folder / "trueup.toml", {})
    symptoms = examine_data(config, full_catalogue(None), now=NOW, progress=Silent())
    return [symptom.says for symptom in symptoms if symptom.about == about]


@pytest.mark.slow
def test_what_a_price_sells_is_proposed_from_what_its_sales_led_to(tmp_path: Path) -> None:
    packs_by_invoice().write(tmp_path, MAPPING + PLANS)

    (says,) = observed(tmp_path, "prices")
    assert says.startswith("2 of 3 paid units of price_topup were followed by 1000 credits; 1 was not: say")
    assert says.endswith("say [prices.price_topup] credits = 1000")


@pytest.mark.slow
def test_a_price_that_never_led_to_credits_is_proposed_as_nothing(tmp_path: Path) -> None:
    company = packs_by_invoice()
    company.ledger.rows[:] = [row for row in company.ledger.rows if row["type"] != "purchase"]
    company.stripe.payment("pi_other", "cus_1", 700, ago(12))
    company.ledger.add("u1", "purchase", 70, ago(12) + 5, payment="pi_other")
    company.write(tmp_path, MAPPING + PLANS)

    (says,) = observed(tmp_path, "prices")
    assert says.startswith("none of 3 sales of price_topup led to credits: say [prices.price_topup] sells =")


@pytest.mark.slow
def test_nothing_is_proposed_where_no_entry_names_any_money(tmp_path: Path) -> None:
    """The columns with Stripe's ids may be mapped wrongly."""
    company = packs_by_invoice()
    company.ledger.rows[:] = [row for row in company.ledger.rows if row["type"] != "purchase"]
    company.write(tmp_path, MAPPING + PLANS)

    assert observed(tmp_path, "prices") == []


@pytest.mark.slow
def test_what_the_config_says_is_not_proposed(tmp_path: Path) -> None:
    packs_by_invoice().write(tmp_path, MAPPING + PLANS + "[prices.price_topup]\ncredits = 1000\n")

    assert observed(tmp_path, "prices") == []


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("first", "proposed"), [(0, 1), (7, 0)])
def test_that_ledgers_begin_at_zero_is_proposed_where_all_do(tmp_path: Path, first: int, proposed: int) -> None:
    company = FieldCompany()
    for number in range(1, 13):
        company.ledger.balances[f"u{number}"] = Decimal(first if number == 1 else 0)
        company.ledger.add(f"u{number}", "promotional_grant", 10, ago(40))
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
    with_users(company, 12).write(tmp_path, WITHOUT_WEBHOOKS + PLANS)

    proposals = observed(tmp_path, "ledger")
    assert len(proposals) == proposed
    assert all("13 of 13 ledgers begin at 0: say ledger_starts_at = 0" in says for says in proposals)


@pytest.mark.slow
def test_the_hits_of_every_join_are_counted(tmp_path: Path) -> None:
    packs_by_invoice().write(tmp_path, MAPPING + PLANS)

    assert observed(tmp_path, "joins") == [
        "ledger_entry.stripe_invoice_id: Stripe's side has 2 of 2 different ids",
        "account.stripe_customer_id: Stripe's side has 3 of 3 different ids",
    ]


@pytest.mark.slow
def test_the_hits_of_events_are_counted_where_stripe_still_lists_them(tmp_path: Path) -> None:
    """Stripe lists events for 30 days: the webhook of an older one is not asked for."""
    company = packs_by_invoice()
    listed = company.stripe.event("evt_2", "invoice.paid", company.stripe.objects["invoices"][0], ago(9))
    company.webhooks({**listed, "id": "evt_1", "created": ago(60)}, listed, {**listed, "id": "evt_3"})
    company.write(tmp_path, MAPPING + PLANS)

    assert "webhook_event.event_id: Stripe's side has 1 of 2 different ids" in observed(tmp_path, "joins")


def ledger_of_words(*, signed: bool) -> FieldCompany:
    """Thirteen accounts that got credits and used some; the amounts of `usage` are written without a sign."""
    company = FieldCompany()
    for number in range(1, 14):
        company.stripe.customer(f"cus_{number}", f"u{number}@example.com")
        company.ledger.add(f"u{number}", "promotional_grant", 100, ago(40))
        for day in range(3):
            row = company.ledger.add(f"u{number}", "usage", -7, ago(30 - day))
            row["amount"] = row["amount"] if signed else "7"
        company.ledger.add(f"u{number}", "promotional_grant", 50, ago(5))
    return with_users(company, 13)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("signed", [True, False])
def test_amounts_without_a_sign_are_known_by_the_word_that_would_mend_their_breaks(
    tmp_path: Path, signed: bool
) -> None:
    ledger_of_words(signed=signed).write(tmp_path, WITHOUT_WEBHOOKS + PLANS)

    proposals = [says for says in observed(tmp_path, "ledger") if "break" in says]
    proposal = (
        "39 of 52 entries break, and would not if `usage` subtracted: say amount = "
        "\"CASE WHEN type IN ('usage') THEN -amount ELSE amount END\" in [relations.ledger_entry.columns]"
    )
    assert proposals == ([] if signed else [proposal])


@pytest.mark.slow
def test_the_proposed_amount_leaves_no_break(tmp_path: Path) -> None:
    company = ledger_of_words(signed=False)
    plain = WITHOUT_WEBHOOKS.replace(
        'amount = "amount"', "amount = \"CASE WHEN type IN ('usage') THEN -amount ELSE amount END\""
    )
    company.expect(tmp_path, plain + PLANS, looked={"ledger-break"})


@pytest.mark.slow
def test_connected_accounts_are_spoken_of(tmp_path: Path) -> None:
    packs_by_invoice().write(tmp_path, MAPPING + PLANS)

    (says,) = observed(tmp_path, "connect")
    assert says.startswith("objects of connected accounts (Connect) are out of scope unless mapped")


@pytest.mark.slow
def test_the_command_prints_the_proposals_after_the_preflight(tmp_path: Path) -> None:
    packs_by_invoice().write(tmp_path, MAPPING + PLANS)

    for export in (tmp_path / "stripe").iterdir():
        export.touch()  # or they would be too old today

    shown = trueup("doctor", "--data", cwd=tmp_path)

    assert shown.code in (0, 2)
    assert "warn  prices      2 of 3 paid units of price_topup were followed by 1000 credits" in shown.out
    assert "prices" not in trueup("doctor", cwd=tmp_path).out


@pytest.mark.slow
def test_a_database_that_is_gone_is_unreachable(tmp_path: Path) -> None:
    packs_by_invoice().write(tmp_path, MAPPING + PLANS)
    (tmp_path / "app.db").unlink()
    config = load_config(tmp_path / "trueup.toml", {})

    (symptom,) = examine_data(config, full_catalogue(None), now=NOW, progress=Silent())

    assert symptom.health in (Health.UNREACHABLE, Health.WRONG)
