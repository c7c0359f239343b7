"""What a repair writes has the column's own form: its scale and sign, and in text the form of its neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.tiny_app import ACCOUNT, OTHER, WRONG, Rows, repaired, tiny_app
from trueup.actions.repair.value_forms import number_like, same_value
from trueup.model.repair import Applied, Refused

FLOOR = "[policy]\nbalance_floor = -100"
MOMENT = "2026-01-03 03:04:05"


def numbers(cached: object, right: object, *, first: object, amount: object, other: object) -> Rows:
    """An account whose cached balance is not its ledger's ``right`` one, and another account."""
    return Rows(
        credits={ACCOUNT: cached, OTHER: other},
        entries=((ACCOUNT, first, first, MOMENT), (ACCOUNT, amount, right, MOMENT), (OTHER, other, other, MOMENT)),
    )


WHOLE = numbers(145, 95, first=100, amount=-5, other=7)
HALF = numbers(145.5, 95.5, first=100, amount=-4.5, other=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Columns of these types and values, and what the repaired balance and the audit row's amount are then, exactly."""

    on: str
    type: str
    rows: Rows
    balance: object
    zero: object
    types: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.on} {self.type} {self.balance!r}"


TEXT_FORMS = [
    (numbers("145", "95", first="100", amount="-5", other="7"), "95", "0"),
    (numbers("145.00", "95.00", first="100.00", amount="-5.00", other="7.00"), "95.00", "0.00"),
    (numbers("145.5", "95.5", first="100", amount="-4.5", other="7"), "95.5", "0"),
    (numbers("+145", "+95", first="+100", amount="-5", other="+7"), "+95", "0"),
    (numbers("145.500", "95.500", first="100.000", amount="-4.500", other="7.000"), "95.500", "0.000"),
]
FORMS = [
    *(
        Form(on="sqlite", type=kind, rows=rows, balance=balance, zero=zero)  # elsewhere text is not taken for a number
        for kind in ("TEXT", "VARCHAR(20)")
        for rows, balance, zero in TEXT_FORMS
    ),
    *(
        Form(on=on, type=kind, rows=WHOLE, balance=balance, zero=zero)
        for on, kind, balance, zero in (
            ("sqlite", "INTEGER", 95, 0),
            ("sqlite", "REAL", 95.0, 0.0),
            ("sqlite", "NUMERIC", 95, 0),
            ("sqlite", "DECIMAL(12, 2)", 95, 0),
            ("sqlite", "", 95, 0),
            ("postgres", "SMALLINT", 95, 0),
            ("postgres", "BIGINT", 95, 0),
            ("postgres", "NUMERIC", Decimal(95), Decimal(0)),
            ("postgres", "NUMERIC(12, 0)", Decimal(95), Decimal(0)),
            ("postgres", "NUMERIC(12, 2)", Decimal("95.00"), Decimal("0.00")),
            ("postgres", "REAL", 95.0, 0.0),
            ("postgres", "DOUBLE PRECISION", 95.0, 0.0),
            ("mariadb", "SMALLINT", 95, 0),
            ("mariadb", "DECIMAL(12, 0)", Decimal(95), Decimal(0)),
            ("mariadb", "DECIMAL(12, 4)", Decimal("95.0000"), Decimal("0.0000")),
            ("mariadb", "FLOAT", 95.0, 0.0),
            ("mariadb", "DOUBLE", 95.0, 0.0),
        )
    ),
    *(
        Form(on=on, type=kind, rows=HALF, balance=balance, zero=zero)
        for on, kind, balance, zero in (
            ("sqlite", "REAL", 95.5, 0.0),
            ("sqlite", "DECIMAL(12, 2)", 95.5, 0),
            ("postgres", "NUMERIC(12, 2)", Decimal("95.50"), Decimal("0.00")),
            ("postgres", "DOUBLE PRECISION", 95.5, 0.0),
            ("mariadb", "DECIMAL(12, 2)", Decimal("95.50"), Decimal("0.00")),
            ("mariadb", "DOUBLE", 95.5, 0.0),
        )
    ),
    Form(
        on="postgres",
        type="NUMERIC",
        rows=numbers(Decimal("145.00"), Decimal("95.00"), first=Decimal("100.00"), amount=-5, other=Decimal("7.00")),
        balance=Decimal("95.00"),
        zero=Decimal(0),
    ),
    Form(
        on="mariadb",
        type="INT UNSIGNED",
        rows=numbers(145, 95, first=95, amount=0, other=7),
        balance=95,
        zero=0,
    ),
]


def exactly(value: object) -> tuple[type, str]:
    """The value with its type and every digit."""
    return type(value), str(value)


@pytest.mark.slow
@pytest.mark.sampled(8)
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_number_is_written_as_its_column_keeps_it(request: pytest.FixtureRequest, tmp_path: Path, form: Form) -> None:
    types = {"credits": form.type, "amount": form.type, "balance": form.type, **form.types}
    app = tiny_app(request.getfixturevalue(f"{form.on}_url"), tmp_path, types=types, rows=form.rows)
    result = repaired(app)
    assert isinstance(result, Applied), result
    ((cached,),) = app.rows(f"SELECT credits FROM users WHERE id = '{ACCOUNT}'")
    ((amount, balance),) = app.rows("SELECT amount, balance_after FROM credit_transactions WHERE sequence = 3")
    assert exactly(cached) == exactly(form.balance)
    assert exactly(balance) == exactly(form.balance)
    assert exactly(amount) == exactly(form.zero)
    assert list(app.report().findings()) == []


MOMENTS = [
    (
        "TEXT",
        ("2026-01-02T03:04:05.123Z", "2026-01-03T03:04:05.000Z", "2026-01-03T03:04:06.500Z"),
        "%Y-%m-%dT%H:%M:%S.%fZ",
    ),
    ("TEXT", ("2026-01-02 03:04:05", "2026-01-03 03:04:05", "2026-01-03 03:04:06"), "%Y-%m-%d %H:%M:%S"),
    ("TEXT", ("2026-01-02 03:04", "2026-01-03 03:04", "2026-01-03 03:05"), "%Y-%m-%d %H:%M"),
    (
        "TEXT",
        ("2026-01-02T03:04:05+00:00", "2026-01-03T03:04:05+00:00", "2026-01-03T03:04:06+00:00"),
        "%Y-%m-%dT%H:%M:%S+00:00",
    ),
]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("moments", MOMENTS, ids=lambda moments: moments[1][0])
def test_a_moment_in_text_is_written_like_its_neighbours(
    sqlite_url: str, tmp_path: Path, moments: tuple[str, tuple[str, ...], str]
) -> None:
    kind, (first, second, third), form = moments
    rows = Rows(entries=((ACCOUNT, 100, 100, first), (ACCOUNT, -5, 95, second), (OTHER, 7, 7, third)))
    app = tiny_app(sqlite_url, tmp_path, types={"created_at": kind}, rows=rows)
    result = repaired(app)
    assert isinstance(result, Applied), result
    ((written,),) = app.rows("SELECT created_at FROM credit_transactions WHERE sequence = 3")
    assert len(str(written)) == len(first)
    datetime.strptime(str(written), form)  # noqa: DTZ007 - its form is what is looked at


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("on", "kind"),
    [
        *(("postgres", kind) for kind in ("TIMESTAMP(0)", "TIMESTAMP(3)", "TIMESTAMPTZ", "TIMESTAMPTZ(0)", "DATE")),
        *(("mariadb", kind) for kind in ("DATETIME", "DATETIME(3)", "TIMESTAMP NULL", "DATE")),
    ],
)
def test_a_moment_loses_what_its_column_does_not_keep_before_it_is_written(
    request: pytest.FixtureRequest, tmp_path: Path, on: str, kind: str
) -> None:
    app = tiny_app(request.getfixturevalue(f"{on}_url"), tmp_path, types={"created_at": kind})
    result = repaired(app)
    assert isinstance(result, Applied), result


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("on", "types", "rows", "says"),
    [
        (
            "mariadb",
            {"credits": "INT UNSIGNED"},
            Rows(entries=((ACCOUNT, -5, -5, MOMENT), (OTHER, 7, 7, MOMENT))),
            "unsigned",
        ),
        ("sqlite", {"credits": "TEXT"}, numbers("0145", 95, first=100, amount=-5, other="7"), "that form"),
        ("sqlite", {"credits": "TEXT"}, numbers("145", 95.5, first=100, amount=-4.5, other="7"), "that form"),
        ("postgres", {"credits": "REAL"}, numbers(145, 1234567, first=1234572, amount=-5, other=7), "floating-point"),
    ],
    ids=["a negative balance", "a zero in front", "a fraction among whole numbers", "more digits than a REAL"],
)
def test_what_a_column_cannot_hold_is_refused_with_a_sentence(
    request: pytest.FixtureRequest, tmp_path: Path, on: str, types: Mapping[str, str], rows: Rows, says: str
) -> None:
    wide = {"amount": "NUMERIC(12, 2)", "balance": "NUMERIC(12, 2)"}
    app = tiny_app(request.getfixturevalue(f"{on}_url"), tmp_path, types={**wide, **types}, rows=rows, settings=FLOOR)
    before = app.rows("SELECT * FROM users"), app.rows("SELECT * FROM credit_transactions")
    result = repaired(app)
    assert isinstance(result, Refused), result
    assert says in result.reason
    assert (app.rows("SELECT * FROM users"), app.rows("SELECT * FROM credit_transactions")) == before


amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=4)


@given(value=amounts, neighbours=st.lists(amounts, min_size=1, max_size=5), digits=st.integers(0, 6))
def test_a_number_in_text_is_itself_and_looks_like_its_neighbours(
    value: Decimal, neighbours: list[Decimal], digits: int
) -> None:
    texts = [f"{number:.{digits}f}" for number in neighbours]
    text = number_like(value, texts)
    if text is None:
        assert value != round(value, digits)
    else:
        assert Decimal(text) == value
        assert len(text.partition(".")[2]) == digits
        assert same_value(text, text)
        assert same_value(value, Decimal(text))


@given(value=amounts, other=amounts)
def test_two_numbers_are_the_same_value_only_when_they_are_equal(value: Decimal, other: Decimal) -> None:
    assert same_value(value, other) == (value == other)
    assert not same_value(value, None)
    assert same_value(f"{value:f}", f"{other:f}") == (f"{value:f}" == f"{other:f}")


@pytest.mark.slow
def test_the_finding_is_the_one_that_the_others_repair(tmp_path: Path, sqlite_url: str) -> None:
    app = tiny_app(sqlite_url, tmp_path)
    assert [finding.id for finding in app.report().findings()] == [WRONG]
