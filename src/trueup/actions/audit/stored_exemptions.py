"""The exemptions that hold for a config: its own, and those of the store."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trueup.config import Config
    from trueup.model.relations import Exemption
    from trueup.store import Store, StoredExemption


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveExemption:
    """An exemption, and the store's record of it; ``stored`` is None where the config alone has it."""

    exemption: Exemption
    stored: StoredExemption | None


def effective_exemptions(config: Config, store: Store) -> tuple[EffectiveExemption, ...]:
    """Return the config's exemptions, then those that only the store has, expired ones included.

    Where both exempt the same scope, the store's holds. Raises ``StoreUnavailable``.
    """
    by_scope = {
        exemption.scope: EffectiveExemption(exemption=exemption, stored=None) for exemption in config.exemptions
    }
    for stored in store.exemptions.list(config.environment):
        by_scope[stored.exemption.scope] = EffectiveExemption(exemption=stored.exemption, stored=stored)
    return tuple(by_scope.values())


def with_stored_exemptions(config: Config, store: Store) -> Config:
    """Return the config with the exemptions that hold. Raises ``StoreUnavailable``."""
    effective = effective_exemptions(config, store)
    if all(entry.stored is None for entry in effective):
        return config
    return dataclasses.replace(config, exemptions=tuple(entry.exemption for entry in effective))
