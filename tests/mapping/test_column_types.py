"""Types as the sources write them."""

from __future__ import annotations

import pytest

from trueup.mapping.column_types import Family, family_of, needed_instead
from trueup.model.columns import ColumnKind

FAMILIES = {
    Family.INTEGER: "integer bigint int4 smallint tinyint(1) BIGINT int(11)-unsigned uint64 HUGEINT bigserial",
    Family.NUMBER: "numeric numeric(12,2) decimal(10,0) double-precision real float8 DOUBLE decimal128(38,9)",
    Family.BOOLEAN: "boolean bool BOOL",
    Family.TEXT: "text varchar(255) character-varying CHAR(36) enum('a','b') large_string citext longtext",
    Family.TIME: "timestamp-without-time-zone timestamp(3) timestamptz datetime(6) date32[day] timestamp[us]",
    Family.CLOCK: "time time-without-time-zone interval duration[us]",
    Family.NESTED: "json jsonb text[] _hidden[] list<item:-string> struct(a-int) map(varchar,-int) integer[3]",
    Family.BINARY: "bytea blob varbinary(16) binary(16)",
    Family.UUID: "uuid",
    Family.UNKNOWN: "user_role userrole USER-DEFINED inet vector(3)",
}


@pytest.mark.parametrize(
    ("family", "declared"), [(f, t.replace("-", " ")) for f, w in FAMILIES.items() for t in w.split()]
)
def test_a_type_has_its_family(family: Family, declared: str) -> None:
    assert family_of(declared) is family


@pytest.mark.parametrize("kind", list(ColumnKind))
@pytest.mark.parametrize("declared", ["", "mood", "user_role"])
def test_a_type_we_never_met_is_left_for_the_data_to_show(kind: ColumnKind, declared: str) -> None:
    assert needed_instead(kind, declared, dialect="postgres") is None


@pytest.mark.parametrize(
    ("kind", "declared"),
    [
        (ColumnKind.TEXT, "uuid"),
        (ColumnKind.TEXT, "bigint"),
        (ColumnKind.ID, "uuid"),
        (ColumnKind.CREDITS, "integer"),
        (ColumnKind.CREDITS, "double precision"),
        (ColumnKind.BOOLEAN, "tinyint(1)"),
        (ColumnKind.BOOLEAN, "bit(1)"),
        (ColumnKind.TIME, "bigint"),
        (ColumnKind.TIME, "date"),
        (ColumnKind.WORD, "integer"),
        (ColumnKind.WORD, "enum('a')"),
    ],
)
def test_an_unusual_but_readable_type_is_accepted(kind: ColumnKind, declared: str) -> None:
    assert needed_instead(kind, declared, dialect="mysql") is None
