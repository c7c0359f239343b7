"""Money, credits, subjects and relations, as values."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trueup.model
from trueup.model.columns import ColumnKind
from trueup.model.finding import Area, Finding, printable, subject_text
from trueup.model.money import Impact, credits_text, money_text
from trueup.model.relations import MAPPED, RELATIONS, columns_of, relation_name, relation_named
from trueup.model.severity import Severity

MODULES = [module.name for module in pkgutil.iter_modules(trueup.model.__path__)]
amounts = st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**20), max_value=10**20)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"trueup.model.{name}")).failed == 0


@given(amounts)
def test_a_credit_amount_survives_its_text_exactly(amount: Decimal) -> None:
    text = credits_text(amount)
    assert Decimal(text) == amount
    assert re.fullmatch(r"-?\d+(\.\d*[1-9])?", text)


@given(st.integers(-(10**12), 10**12), st.sampled_from(["usd", "jpy", "kwd"]))
def test_money_text_keeps_every_minor_unit(amount: int, currency: str) -> None:
    digits = re.sub(r"[^\d]", "", money_text(amount, currency))
    assert int(digits) == abs(amount)
    assert money_text(amount, currency).startswith("-") == (amount < 0)


@given(st.text())
def test_a_subject_is_printable_short_and_never_empty(text: str) -> None:
    subject = subject_text(text)
    assert 1 <= len(subject) <= 200
    assert subject.isprintable()


@given(st.text(min_size=200), st.text(min_size=1))
def test_long_subjects_with_one_beginning_stay_apart(text: str, ending: str) -> None:
    assert subject_text(text) != subject_text(text + ending)


@given(st.text())
def test_printable_text_holds_no_control_or_direction_characters(text: str) -> None:
    assert printable(text).isprintable()


@given(st.dictionaries(st.sampled_from(["usd", "eur"]), st.integers(0, 10**9)), amounts.map(abs))
def test_adding_nothing_to_an_impact_changes_nothing(money: dict[str, int], credit: Decimal) -> None:
    impact = Impact(money=money, credits=credit)
    assert impact + Impact() == Impact(money=dict(sorted(money.items())), credits=credit)


def test_credits_at_risk_are_priced_where_the_policy_says_what_one_is_worth() -> None:
    assert Impact(credits=Decimal(20)).valued({"usd": Decimal("1.5")}).money == {"usd": 30}
    assert Impact(money={"usd": 1}, credits=Decimal(20)).valued({"usd": Decimal(2)}).money == {"usd": 1}


def test_severities_compare_by_urgency() -> None:
    assert Severity.CRITICAL.at_least(Severity.ERROR)
    assert not Severity.WARNING.at_least(Severity.ERROR)


def test_a_finding_is_the_same_finding_whatever_its_evidence_says() -> None:
    def found(message: str) -> Finding:
        return Finding(
            check="c", area=Area.CREDITS, severity=Severity.ERROR, title="t", subject="user_1", message=message
        )

    assert found("a").fingerprint == found("b").fingerprint
    assert found("a").id == "c:user_1"


@pytest.mark.parametrize("relation", RELATIONS, ids=relation_name)
def test_every_relation_is_found_by_its_name_and_starts_with_its_key(relation: type) -> None:
    found = relation_named(relation_name(relation))
    assert found is relation
    assert columns_of(found)[0].is_key


def test_credits_are_never_floats() -> None:
    kinds = {column.name: column.kind for relation in MAPPED for column in columns_of(relation)}
    assert {kinds[name] for name in ("credits", "amount", "balance_after")} == {ColumnKind.CREDITS}
