"""Whatever a file holds, it is a config or it is refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trueup.config import Config, load_config
from trueup.model.errors import ConfigurationError

KNOWN = st.sampled_from(
    [
        *(
            "environment",
            "preset",
            "database",
            "url",
            "repair_url",
            "store",
            "books",
            "relations",
            "account",
            "ledger_entry",
        ),
        *(
            "table",
            "where",
            "columns",
            "values",
            "plan",
            "kind",
            "FREE",
            "PRO",
            "plans",
            "rank",
            "prices",
            "id",
            "interval",
        ),
        *(
            "price",
            "usd",
            "policy",
            "period_days",
            "severity",
            "credit_value",
            "livemode",
            "balance_floor",
            "exemptions",
        ),
        *(
            "check",
            "subject",
            "owner",
            "reason",
            "expires",
            "canonical",
            "${DATABASE_URL}",
            "${",
            "file:x",
            "account_id",
        ),
    ]
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
KEYS = KNOWN | TEXT
SCALARS = st.one_of(
    KNOWN.map(json.dumps),
    TEXT.map(lambda text: json.dumps(text).replace("\x7f", "")),
    st.integers().map(str),
    st.floats().map(repr),
    st.booleans().map(lambda flag: str(flag).lower()),
    st.dates().map(str),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.times().map(lambda time: time.isoformat()),
)


def inline(pairs: dict[str, str]) -> str:
    return "{" + ", ".join(f"{json.dumps(key)} = {value}" for key, value in pairs.items()) + "}"


VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(KEYS, inner, max_size=4).map(inline)
    ),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=6).map(
    lambda pairs: "\n".join(f"{json.dumps(key)} = {value}" for key, value in pairs.items())
)
VALID = 'preset = "canonical"\ndatabase = { url = "x" }\n'


def outcome(path: Path, content: bytes) -> Config | str:
    path.write_bytes(content)
    try:
        return load_config(path, {"DATABASE_URL": "x"})
    except ConfigurationError as error:
        sentence = str(error)
        assert sentence.isprintable()
        assert sentence.endswith((".", "?"))
        return sentence


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "trueup.toml"


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=DOCUMENTS, valid=st.booleans())
def test_any_table_is_a_config_or_refused(path: Path, text: str, valid: bool) -> None:
    outcome(path, ((VALID if valid else "") + text).encode())


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_config_or_refused(path: Path, content: bytes) -> None:
    outcome(path, content)


@settings(max_examples=100, deadline=None)
@given(section=st.sampled_from(["policy", "plans.PRO", "relations.account", "books", "store"]), key=KEYS, value=VALUES)
def test_any_value_in_a_known_section_is_a_config_or_refused(path: Path, section: str, key: str, value: str) -> None:
    outcome(path, f"{VALID}[{section}]\n{json.dumps(key)} = {value}\n".encode())
