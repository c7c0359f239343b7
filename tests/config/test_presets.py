"""Presets: a mapping to start from, which the config overrides key by key."""

from __future__ import annotations

from pathlib import Path

import pytest

from trueup.config import Config, load_config
from trueup.config.preset import preset_named, preset_names
from trueup.model.relations import MAPPED, ONLY_WHERE_MAPPED, WalletBalance, columns_of, relation_name

HEAD = 'preset = "canonical"\n[database]\nurl = "app.db"\n'


def load(tmp_path: Path, text: str = "") -> Config:
    path = tmp_path / "trueup.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return load_config(path, {})


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_a_config_by_itself(tmp_path: Path, name: str) -> None:
    config = load(tmp_path, "").relations if name == "canonical" else preset_named(name).relations
    assert config


def test_the_canonical_preset_maps_every_column_of_every_relation_but_wallets(
    tmp_path: Path,
) -> None:
    relations = load(tmp_path).relations
    assert {name: list(mapping.columns) for name, mapping in relations.items()} == {
        relation_name(relation): [
            column.name for column in columns_of(relation) if column.name not in ("wallet", "sets_balance")
        ]
        for relation in MAPPED
        if relation not in (*ONLY_WHERE_MAPPED, WalletBalance)
    }


def test_nothing_of_a_preset_is_required(tmp_path: Path) -> None:
    assert load(tmp_path).required == frozenset()


def test_a_config_overrides_one_column_and_keeps_the_rest(tmp_path: Path) -> None:
    config = load(tmp_path, '[relations.account.columns]\ncredits = "balance"\n')
    account = config.relations["account"]
    assert (account.table, account.columns["credits"].column, account.columns["plan"].column) == (
        "users",
        "balance",
        "plan",
    )
    assert config.required == {("account", "credits")}


def test_a_config_overrides_one_key_of_a_plan(tmp_path: Path) -> None:
    plans = {plan.plan: plan for plan in load(tmp_path, "[plans.PRO]\npaid = false\n[plans.VIP]\nrank = 9\n").plans}
    assert {name: (plan.rank, plan.paid) for name, plan in plans.items()} == {
        "FREE": (0, False),
        "PRO": (1, False),
        "TEAM": (2, True),
        "VIP": (9, True),
    }


def test_words_for_a_preset_s_column_make_that_column_required(tmp_path: Path) -> None:
    config = load(tmp_path, '[relations.account.values.plan]\nPRO = ["pro"]\n')
    assert config.relations["account"].columns["plan"].values == {"pro": "PRO"}
    assert config.required == {("account", "plan")}


@pytest.mark.parametrize("other", ['table = "entries"', '[relations.ledger_entry.columns]\nsequence = "number"'])
def test_a_preset_s_dense_sequence_is_not_promised_for_another_table_or_column(tmp_path: Path, other: str) -> None:
    assert load(tmp_path).relations["ledger_entry"].dense_sequence
    assert not load(tmp_path, f"[relations.ledger_entry]\n{other}\n").relations["ledger_entry"].dense_sequence
    claimed = load(tmp_path, f"[relations.ledger_entry]\ndense_sequence = true\n{other}\n")
    assert claimed.relations["ledger_entry"].dense_sequence
