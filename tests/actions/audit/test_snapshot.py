"""What an audit copies is what its checks read, and no more."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.ledger_app import NOW, made
from trueup.actions.audit.run_audit import report_on
from trueup.actions.audit.snapshot import copied_books
from trueup.actions.checks.catalogue import full_catalogue
from trueup.config import load_config
from trueup.model.source import Silent

_NAMED_TWICE = """
INSERT INTO credit_transactions (id, user_id, sequence, type, amount, balance_after, stripe_event_id, created_at)
VALUES (1, 'user_1', 1, 'purchase', 100, 100, 'evt_1', '2026-02-20'),
       (2, 'user_1', 2, 'purchase', 100, 200, 'evt_1', '2026-02-20')
"""


@pytest.mark.parametrize("wanted", ["duplicate-event-grant", "missing-idempotency-record"])
def test_one_check_alone_finds_what_it_finds_among_all(wanted: str, tmp_path: Path) -> None:
    folder = made(tmp_path, _NAMED_TWICE, users=[("user_1", "free", 200)])
    config = load_config(folder / "trueup.toml", os.environ)
    everything = full_catalogue(None)
    alone = tuple(check for check in everything if check.id == wanted)
    now = datetime.fromisoformat(NOW)
    found = []
    for checks in (alone, everything):
        with copied_books(config, checks=checks, now=now, progress=Silent()) as books:
            report = report_on(books, checks=checks, policy=config.policy, now=now, progress=Silent())
        found.append({finding.id for finding in report.open_findings() if finding.check == wanted})
    assert found[0] == found[1] == {f"{wanted}:evt_1"}
