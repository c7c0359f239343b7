"""The list of exemptions: the store's and the config's as one, in one order."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from tests.support.ledger_app import made
from trueup.actions.exemptions.listing import exemptions_document, list_exemptions
from trueup.config import Config, load_config
from trueup.model.relations import Exemption
from trueup.store import Store, open_store

NOW = datetime(2026, 3, 1, 12)
TODAY = NOW.date()


def exemption(subject: str | None, owner: str, *, plan: str | None = None, expires_at: date | None = None) -> Exemption:
    """An exemption from one check."""
    return Exemption(
        check_id="credit-balance",
        subject=subject,
        plan=plan,
        owner=owner,
        reason="agreed by mail",
        expires_at=expires_at,
    )


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A config with an exemption that the store has too, one that it has not, and one that ended yesterday."""
    config = load_config(made(tmp_path) / "trueup.toml", {})
    own = (
        exemption("user_9", "config"),
        exemption("user_1", "config"),
        exemption("user_5", "config", expires_at=date(2026, 2, 28)),
    )
    return dataclasses.replace(config, exemptions=own)


@pytest.fixture
def store(tmp_path: Path, config: Config) -> Iterator[Store]:
    """A store with two exemptions; one ends today."""
    with open_store(f"sqlite:///{tmp_path}/trueup.db") as opened:
        for one in (exemption("user_1", "store", expires_at=TODAY), exemption(None, "store", plan="PRO")):
            opened.exemptions.add(one, environment=config.environment, created_by="command:ada", now=NOW)
        yield opened


def test_the_stores_and_the_configs_are_listed_as_one(config: Config, store: Store) -> None:
    listed = list_exemptions(config, store, today=TODAY)
    assert [
        (entry.exemption.plan, entry.exemption.subject, entry.source, entry.is_expired, entry.created_by)
        for entry in listed
    ] == [
        (None, "user_1", "store", False, "command:ada"),
        (None, "user_5", "config", True, None),
        (None, "user_9", "config", False, None),
        ("PRO", None, "store", False, "command:ada"),
    ]


def test_the_document_has_the_names_of_both_doors(config: Config, store: Store) -> None:
    document = exemptions_document(list_exemptions(config, store, today=TODAY)[:1])
    assert document == {
        "schemaVersion": 1,
        "exemptions": [
            {
                "check": "credit-balance",
                "subject": "user_1",
                "plan": None,
                "owner": "store",
                "reason": "agreed by mail",
                "expires": "2026-03-01",
                "expiresAt": "2026-03-01",
                "expired": False,
                "source": "store",
                "from": "store",
                "createdBy": "command:ada",
                "createdAt": "2026-03-01T12:00:00Z",
            }
        ],
    }
