"""What the config says is absent, and what it may not say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trueup.config import Config, load_config
from trueup.model.errors import ConfigurationError
from trueup.model.relations import GATES, STRIPE, relation_name

ACCOUNT = '[relations.account]\ntable = "users"\n'
COLUMNS = '[relations.account.columns]\naccount_id = "id"\n'
SMALL = ACCOUNT + COLUMNS


def load(folder: Path, text: str, *, first: str = "") -> Config:
    path = folder / "trueup.toml"
    path.write_text(f'{first}\n[database]\nurl = "app.db"\n{text}', encoding="utf-8")
    return load_config(path, {})


def test_one_line_says_that_a_relation_is_absent(tmp_path: Path) -> None:
    config = load(tmp_path, f"{SMALL}[relations.webhook_event]\nabsent = true\n")
    assert "webhook_event" not in config.relations
    assert config.policy.absent["webhook_event"] == (
        "webhook events are said to be absent (relations.webhook_event.absent = true)"
    )


def test_one_line_says_which_columns_are_absent(tmp_path: Path) -> None:
    config = load(tmp_path, f'{ACCOUNT}absent = ["unlimited_credits", "role"]\n{COLUMNS}')
    assert config.policy.absent["account.role"] == (
        'account.role is said to be absent (relations.account.absent = ["role", …])'
    )
    assert "account.unlimited_credits" in config.policy.absent
    assert set(config.relations["account"].columns) == {"account_id"}


def test_stripe_and_plan_gates_are_absent_by_lines_of_their_own(tmp_path: Path) -> None:
    absent = load(tmp_path, f"{SMALL}[stripe]\nenabled = false\n[gates]\nenabled = false\n").policy.absent
    assert {absent[relation_name(relation)] for relation in STRIPE} == {"Stripe is left out (stripe.enabled = false)"}
    assert {absent[relation_name(relation)] for relation in GATES} == {
        "plan gates are left out (gates.enabled = false)"
    }


def test_what_is_only_unmapped_is_not_absent(tmp_path: Path) -> None:
    assert set(load(tmp_path, SMALL).policy.absent) == {"credit_grant", "local_subscription"}


def test_an_app_without_plans_says_it_in_one_line(tmp_path: Path) -> None:
    section = f'{ACCOUNT}absent = ["plan"]\n{COLUMNS}'
    assert {"account.plan", "plan"} <= load(tmp_path, section).policy.absent.keys()
    assert "plan" not in load(tmp_path, f"{section}[plans.PRO]\nrank = 1\n").policy.absent


def test_a_sequence_with_gaps_is_said_by_its_own_key(tmp_path: Path) -> None:
    entry = (
        '{}[relations.ledger_entry]\ntable = "entries"\ndense_sequence = false\n[relations.ledger_entry.columns]\n'
        'entry_id = "id"\nsequence = "n"\n'
    )
    assert load(tmp_path, entry.format(SMALL)).policy.absent["ledger_entry.dense_sequence"] == (
        "the sequence may have gaps (relations.ledger_entry.dense_sequence = false)"
    )


def test_what_a_preset_maps_can_be_said_to_be_absent(tmp_path: Path) -> None:
    section = '[relations.webhook_event]\nabsent = true\n[relations.ledger_entry]\nabsent = ["sequence"]\n'
    config = load(tmp_path, section, first='preset = "canonical"')
    assert "webhook_event" not in config.relations
    assert "sequence" not in config.relations["ledger_entry"].columns
    assert not config.relations["ledger_entry"].dense_sequence


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[relations.account]\nabsent = true\n", "cannot be true: every audit is about accounts"),
        (f"{SMALL}[relations.webhook_evnt]\nabsent = true\n", 'did you mean "webhook_event"?'),
        (f'{ACCOUNT}absent = ["rolle"]\n{COLUMNS}', 'names "rolle", which is not a known column; did you mean "role"?'),
        (f'{ACCOUNT}absent = ["role"]\n{COLUMNS}role = "kind"\n', 'names "role", which the same section maps'),
        (f'{ACCOUNT}absent = ["account_id"]\n{COLUMNS}', 'names "account_id", without which no row can be read'),
        (f'{SMALL}[relations.member]\nabsent = true\ntable = "m"\n', "is true, but the same section has table"),
        (f'{ACCOUNT}absent = "role"\n{COLUMNS}', 'must be true, or a list of columns such as ["role"]'),
        (f"{SMALL}[relations.stripe_event]\nabsent = true\n", "write stripe.enabled = false"),
        (
            f'{SMALL}[relations.ledger_entry]\ntable = "e"\nabsent = ["sequence"]\ndense_sequence = true\n',
            "but dense_sequence is true",
        ),
    ],
)
def test_what_cannot_be_said_is_refused_in_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(says)):
        load(tmp_path, text)
