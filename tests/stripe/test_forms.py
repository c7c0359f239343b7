"""Every form of Stripe's objects becomes the rows that are written beside it, whoever supplies it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.stripe.forms.every_form import FORMS
from tests.stripe.forms.form import Form, Period, Supplier
from tests.stripe.forms.suppliers import READERS, merge_objects
from tests.support.stripe_rows import RELATIONS
from trueup.model.relations import columns_of, relation_named

KNOWN_DIFFERENCES: tuple[str, ...] = ()
"""What the reader makes of a form and is not right, as ``differences`` says it: to be shortened, never added to."""

Rows = Mapping[str, Sequence[Mapping[str, object]]]


def whole_rows(form: Form) -> dict[str, list[dict[str, object]]]:
    """The form's rows with every column."""
    return {
        relation: [
            {
                column.name: row.get(column.name, True if column.name == "livemode" else column.neutral)
                for column in columns_of(relation_named(relation))
            }
            for row in rows
        ]
        for relation, rows in form.rows.items()
    }


def named_rows(rows: Mapping[str, Sequence[Sequence[object]]]) -> dict[str, list[dict[str, object]]]:
    """The rows that were read, by column; moments as Unix seconds."""
    return {
        relation: [
            {
                column.name: int(value.replace(tzinfo=UTC).timestamp()) if isinstance(value, datetime) else value
                for column, value in zip(columns_of(relation_named(relation)), row, strict=True)
            }
            for row in found
        ]
        for relation, found in rows.items()
    }


def is_of(form: Form, row: Mapping[str, object], relation: str) -> bool:
    """Whether the row is of this form: one of the ids in its key ends with the form's tag."""
    keys = [column.name for column in columns_of(relation_named(relation)) if column.is_key]
    ids = [part for key in keys for part in str(row[key]).split("/")]
    owner = str(row.get("subscription_id") or row.get("invoice_id"))
    return any(part.endswith((f"_{form.tag}", f"-{form.tag}")) for part in (*ids, owner))


def differences(form: Form, rows: Rows) -> list[str]:
    """In what the form's rows are otherwise than written, a line for each column of a row."""
    return [
        f"{form.tag}: {relation}: {difference}"
        for relation in RELATIONS
        for difference in _differences(
            whole_rows(form).get(relation, []),
            [row for row in rows[relation] if is_of(form, row, relation)],
            key=next(column.name for column in columns_of(relation_named(relation)) if column.is_key),
        )
    ]


def _differences(
    expected: Sequence[Mapping[str, object]], actual: Sequence[Mapping[str, object]], *, key: str
) -> list[str]:
    left = [row for row in expected if row not in actual]
    right = [row for row in actual if row not in expected]
    by_key = {row[key]: row for row in right}
    said = []
    for row in left:
        other = by_key.pop(row[key], None)
        if other is None:
            said.append(f"no row {row[key]}")
        else:
            said += [
                f"{row[key]}.{name} is {other[name]!r} and not {value!r}"
                for name, value in row.items()
                if value != other[name]
            ]
    return said + [f"a row {named} too many" for named in by_key]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all."""
    return tmp_path_factory.mktemp("forms")


@pytest.mark.slow
@pytest.mark.parametrize("supplier", list(Supplier))
def test_every_form_becomes_the_rows_that_are_written_beside_it(
    supplier: Supplier, folder: Path, postgres_url: str
) -> None:
    forms = [form for form in FORMS if supplier in form.suppliers]
    read = READERS[supplier](merge_objects([form.objects for form in forms]), folder, postgres_url)
    rows = named_rows(read.rows)
    said = [difference for form in forms for difference in differences(form, rows)]
    tags = {form.tag for form in forms}
    known = [difference for difference in KNOWN_DIFFERENCES if difference.partition(":")[0] in tags]
    assert said == known, "\n".join(said)
    strays = [
        (relation, row)
        for relation, found in rows.items()
        for row in found
        if not any(is_of(form, row, relation) for form in forms)
    ]
    assert strays == []
    assert read.problems == {}


def test_each_kind_of_object_has_a_form_of_each_period() -> None:
    """Checkout came in 2019, prices in 2020, Entitlements in 2024; before, a price is a subscription's plan."""
    relations = {relation: {form.period for form in FORMS if form.rows.get(relation)} for relation in RELATIONS}
    later = {"stripe_price", "stripe_checkout_session", "stripe_product_feature"}
    for relation, periods in relations.items():
        missing = {Period.Y2017_2018, Period.Y2020_2022, Period.Y2023_2024, Period.TODAY} - periods
        assert not missing or relation in later, (relation, missing)
    for relation in ("stripe_subscription", "stripe_subscription_item", "stripe_invoice", "stripe_invoice_line"):
        assert {Period.BEFORE_BASIL, Period.AFTER_BASIL} <= relations[relation]


def test_a_form_is_told_apart_by_its_tag_and_names_its_source() -> None:
    assert [tag for tag, count in Counter(form.tag for form in FORMS).items() if count > 1] == []
    for form in FORMS:
        assert form.source
        assert form.what
        for relation, rows in form.rows.items():
            names = {column.name for column in columns_of(relation_named(relation))}
            for row in rows:
                assert set(row) <= names, (form.tag, set(row) - names)
