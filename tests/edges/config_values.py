"""Values of the config that cannot be meant: every command refuses them, in the same sentence."""

from __future__ import annotations

from tests.support.edges import Edge

EDGES: tuple[Edge, ...] = ()
