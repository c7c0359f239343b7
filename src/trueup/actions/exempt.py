"""Exempt a subject from a check: somebody answers for it, for a reason, until a day."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date, datetime

from trueup.actions.catalogue import chosen
from trueup.actions.repair.order import stated_name, stated_reason
from trueup.mapping.config import Config
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError
from trueup.model.finding import SUBJECT_LENGTH
from trueup.model.redact import redact
from trueup.store import Store, StoredExemption


def with_stored_exemptions(config: Config, store: Store) -> Config:
    """The config with the store's exemptions beside its own; for the same check and subject the store's holds.

    Raises ``StoreUnavailable``.
    """
    stored = [found.exemption for found in store.exemptions.list(config.environment)]
    if not stored:
        return config
    merged = {(made.check_id, made.subject): made for made in (*config.exemptions, *stored)}
    return dataclasses.replace(config, exemptions=tuple(merged.values()))


def exempt(
    *,
    store: Store,
    environment: str,
    catalogue: Sequence[Check],
    check: str,
    subject: str,
    owner: str,
    reason: str,
    expires_at: date,
    actor: str,
    now: datetime,
) -> StoredExemption:
    """Exempt ``subject``, as it stands in the issue's id; ``expires_at`` is the last day it holds.

    A secret that somebody wrote into the reason is masked before it is kept.
    Raises ``ConfigurationError`` for what cannot be right, and ``AlreadyExempted``.
    """
    chosen(catalogue, [check])
    if expires_at < now.date():
        raise ConfigurationError(f"An exemption that ended on {expires_at} exempts nothing; give a day to come.")
    return store.exemptions.add(
        environment=environment,
        check=check,
        subject=stated_name(subject, what="subject", longest=SUBJECT_LENGTH),
        owner=redact(stated_name(owner.strip(), what="owner")),
        reason=redact(stated_reason(reason)),
        expires_at=expires_at,
        created_by=actor,
        now=now,
    )


def end_exemption(*, store: Store, environment: str, check: str, subject: str, actor: str, now: datetime) -> None:
    """Take an exemption back. Raises ``ConfigurationError`` when the store holds none."""
    if not store.exemptions.remove(environment=environment, check=check, subject=subject, removed_by=actor, now=now):
        raise ConfigurationError(
            f"The store exempts no {subject} from {check} in {environment}; `trueup exempt list` shows what it does, "
            "and one in trueup.toml is taken out there."
        )
