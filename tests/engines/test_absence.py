"""What a check needs, where some of it is absent: one line of the config answers for every check."""

from __future__ import annotations

import pytest

from trueup.checks import catalogue
from trueup.engines.requirements import absent_need, unmapped
from trueup.model.check import Check
from trueup.model.relations import MAPPED, MUST_EXIST, STRIPE, columns_of, relation_name

EVERYTHING = {
    relation_name(relation): frozenset(column.name for column in columns_of(relation))
    for relation in (*MAPPED, *STRIPE)
}
EVERYTHING["ledger_entry"] |= {"dense_sequence"}
RELATIONS = [name for name in map(relation_name, MAPPED) if name not in MUST_EXIST]
COLUMNS = [
    f"{relation_name(relation)}.{column.name}"
    for relation in MAPPED
    for column in columns_of(relation)
    if not column.is_key
]


def check_named(check_id: str) -> Check:
    return next(check for check in catalogue() if check.id == check_id)


def without(*names: str) -> dict[str, frozenset[str]]:
    """Every relation and column is mapped but these."""
    return {
        relation: frozenset(column for column in columns if f"{relation}.{column}" not in names)
        for relation, columns in EVERYTHING.items()
        if relation not in names
    }


def said(*names: str) -> dict[str, str]:
    return {name: f"{name} is said to be absent" for name in names}


@pytest.mark.parametrize("name", [*RELATIONS, *COLUMNS])
def test_a_line_for_what_is_absent_leaves_no_check_skipped_for_want_of_it(name: str) -> None:
    relation, _, column = name.partition(".")
    absent = said(name) | (said("ledger_entry.dense_sequence") if column == "sequence" else {})
    if name == "account.plan":
        absent |= said("plan")
    mapped = without(*absent)
    for check in catalogue():
        if absent_need(check, absent, mapped) is None:
            assert unmapped(check, mapped, plans_configured=True, absent=absent) == (), (check.id, relation)


@pytest.mark.parametrize("name", [*RELATIONS, *COLUMNS])
def test_what_is_unmapped_without_being_said_never_makes_a_check_not_apply(name: str) -> None:
    mapped = without(name)
    assert all(absent_need(check, {}, mapped) is None for check in catalogue())


@pytest.mark.parametrize("name", [*RELATIONS, *COLUMNS])
def test_a_check_that_could_answer_without_a_column_still_answers_when_it_is_said_to_be_absent(name: str) -> None:
    mapped = without(name)
    for check in catalogue():
        if unmapped(check, mapped, plans_configured=True) == ():
            assert absent_need(check, said(name), mapped) is None, check.id


def test_without_the_flag_nobody_is_unlimited_and_only_the_check_of_the_flag_has_nothing_to_look_at() -> None:
    absent = said("account.unlimited_credits")
    mapped = without("account.unlimited_credits")
    assert [check.id for check in catalogue() if absent_need(check, absent, mapped)] == ["unlimited-credits"]


def test_without_a_role_no_account_is_of_the_staff_and_every_check_applies() -> None:
    absent, mapped = said("account.role"), without("account.role")
    assert not [check.id for check in catalogue() if absent_need(check, absent, mapped)]
    assert unmapped(check_named("unlimited-credits"), mapped, plans_configured=True, absent=absent) == ()


def test_of_a_need_of_which_one_is_enough_all_must_be_absent() -> None:
    check = check_named("duplicate-payment-grant")
    both = ("ledger_entry.stripe_payment_intent_id", "ledger_entry.stripe_charge_id")
    others = without(*both, "ledger_entry.stripe_checkout_session_id")
    assert absent_need(check, said(both[0]), without(both[0])) is None
    assert absent_need(check, said(*both), others) == f"{both[0]} is said to be absent"
    half_said = unmapped(check, others, plans_configured=True, absent=said(both[0]))
    assert half_said == (" or ".join(both),)
    assert absent_need(check, said(both[0]), others) is None


def test_what_is_also_enough_is_not_asked_about() -> None:
    check = check_named("duplicate-payment-grant")
    asked = ("ledger_entry.stripe_payment_intent_id", "ledger_entry.stripe_charge_id")
    assert absent_need(check, said(*asked), without(*asked)) is None
    assert unmapped(check, without(*asked), plans_configured=True, absent=said(*asked)) == ()


def test_a_relation_is_named_before_its_columns() -> None:
    check = check_named("hollow-event")
    absent = said("ledger_entry.stripe_event_id", "webhook_event")
    assert absent_need(check, absent, without(*absent)) == "webhook_event is said to be absent"


def test_a_relation_that_only_excuses_is_known_to_be_empty() -> None:
    absent, mapped = said("plan_change", "member"), without("plan_change", "member")
    assert [check.id for check in catalogue() if absent_need(check, absent, mapped)] == ["seat-drift"]


def test_wallets_that_are_not_mapped_are_none_so_that_only_the_balance_must_be_said_to_be_absent() -> None:
    check = check_named("negative-balance")
    neither = without("account.credits", "wallet_balance")
    assert absent_need(check, said("account.credits"), neither) == "account.credits is said to be absent"
    assert absent_need(check, said("account.credits"), without("account.credits")) is None
    assert absent_need(check, said("account.role"), neither) is None
