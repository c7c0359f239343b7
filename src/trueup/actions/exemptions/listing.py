"""List the exemptions of the store and of the config, as the command and the API show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trueup.actions.audit import effective_exemptions
from trueup.formats.wording import exact, instant

if TYPE_CHECKING:
    from datetime import date, datetime

    from trueup.config import Config
    from trueup.model.relations import Exemption
    from trueup.store import Store, StoredExemption


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedExemption:
    """An exemption, where it is kept, and whether it has expired. One from the config has no author and no moment."""

    exemption: Exemption
    source: Literal["config", "store"]
    is_expired: bool
    created_by: str | None
    created_at: datetime | None


def list_exemptions(config: Config, store: Store, *, today: date) -> tuple[ListedExemption, ...]:
    """Return the exemptions by check, plan and subject, expired ones included.

    Where the store and the config exempt the same scope, the store's is listed. Raises ``StoreUnavailable``.
    """
    listed = (
        listed_exemption(entry.exemption, entry.stored, today=today) for entry in effective_exemptions(config, store)
    )
    return tuple(sorted(listed, key=_place))


def listed_exemption(exemption: Exemption, stored: StoredExemption | None, *, today: date) -> ListedExemption:
    """Return the exemption as it is listed; ``stored`` is None for one from the config."""
    return ListedExemption(
        exemption=exemption,
        source="config" if stored is None else "store",
        is_expired=exemption.expires_at is not None and exemption.expires_at < today,
        created_by=stored.created_by if stored else None,
        created_at=stored.created_at if stored else None,
    )


def _place(listed: ListedExemption) -> tuple[str, str, str]:
    exemption = listed.exemption
    return exemption.check_id, exemption.plan or "", exemption.subject or ""


def exemptions_document(listed: Iterable[ListedExemption]) -> dict[str, object]:
    """Return the list of exemptions as JSON: what the command prints and the API answers."""
    return {"schemaVersion": 1, "exemptions": [exemption_document(entry) for entry in listed]}


def exemption_document(listed: ListedExemption) -> dict[str, object]:
    """Return one exemption as JSON.

    The day and the source have two names each, because the command and the API used to print different ones.
    """
    exemption = listed.exemption
    expires = exemption.expires_at.isoformat() if exemption.expires_at else None
    return {
        "check": exemption.check_id,
        "subject": None if exemption.subject is None else exact(exemption.subject),
        "plan": None if exemption.plan is None else exact(exemption.plan),
        "owner": exact(exemption.owner),
        "reason": exact(exemption.reason),
        "expires": expires,
        "expiresAt": expires,
        "expired": listed.is_expired,
        "source": listed.source,
        "from": listed.source,
        "createdBy": None if listed.created_by is None else exact(listed.created_by),
        "createdAt": None if listed.created_at is None else instant(listed.created_at),
    }
