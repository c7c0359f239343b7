"""Which identities are one person, and whether an identity says who the person is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trueup.config import Config
    from trueup.store import Store

_PROVEN = ("oidc:", "jwt:", "embedded:")
"""Identities that an identity provider, or the embedding application, vouches for."""

_MACHINE = ("cli:", "command:", "break-glass:")
"""Identities that say only which user of the operating system typed a command: anyone with the machine is that user."""

_TOKEN = "token:"  # noqa: S105 - a prefix


def names_of(actor: str, *, config: Config, store: Store) -> frozenset[str]:
    """Return every name of the person behind an identity: those linked in the config, and the makers of their tokens.

    Who holds a token's secret first is who made it, so a token and its maker are one person here.
    """
    names, waiting = {actor}, [actor]
    groups = [set(identities) for identities in config.approvals.people.values()]
    while waiting:
        name = waiting.pop()
        linked = {other for group in groups if name in group for other in group}
        maker = _maker(name, store)
        new = (linked | ({maker} if maker else set())) - names
        names |= new
        waiting += sorted(new)
    return frozenset(names)


def is_known(actor: str, *, config: Config, store: Store) -> bool:
    """Return whether an identity says who the person is."""
    if actor.startswith(_MACHINE):
        return False
    if actor.startswith(_PROVEN) or any(actor in identities for identities in config.approvals.people.values()):
        return True
    maker = _maker(actor, store)
    return maker is not None and is_known(maker, config=config, store=store)


def _maker(actor: str, store: Store) -> str | None:
    """Return the identity that made this token; None for another identity, and for one made on the machine."""
    token = store.tokens.find(actor.removeprefix(_TOKEN)) if actor.startswith(_TOKEN) else None
    return token.created_by if token is not None and not token.created_by.startswith(_MACHINE) else None
