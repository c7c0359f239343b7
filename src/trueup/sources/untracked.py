"""What a snapshot answers about changes where its source does not say which rows changed."""

from __future__ import annotations

from typing import ClassVar

from trueup.model.changes import UnknownChanges
from trueup.model.source import RelationMapping


class UntrackedSnapshot:
    """A snapshot of which every row is read anew."""

    why_unknown: ClassVar[str]

    def mark(self, mapping: RelationMapping) -> str | None:  # noqa: ARG002 - one signature for all sources
        """Nothing: a later snapshot could not find the changes since."""
        return None

    def changes(self, mapping: RelationMapping, since: str) -> UnknownChanges:  # noqa: ARG002 - as above
        """Unknown, with the reason."""
        return UnknownChanges(reason=self.why_unknown)
