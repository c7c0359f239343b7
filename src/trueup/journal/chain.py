"""The hash chain: what an entry is, how it is hashed, and whether a journal is complete. Pure; works on any length.

An entry's hash is SHA-256 over ``trueup-journal-2`` and a NUL, the previous entry's hash as its 32 bytes, and the RFC
8785 form of the entry without both hashes, every number in it a string. The first entry follows 32 zero bytes. Entries
of the first form (``trueup-journal-1``) have no ``db_role``; none of them follows an entry of the second form, so that
the older form is no way around what the newer one records. On Postgres the server itself writes all of this.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import rfc8785

from trueup.journal.masking import mask_record
from trueup.journal.tables import moment_of
from trueup.model.redact import redact

GENESIS = "0" * 64
"""The hash before the first entry."""

_FIRST_TAG = b"trueup-journal-1\0"
_TAG = b"trueup-journal-2\0"

Content = str | bool | None | Mapping[str, "Content"] | Sequence["Content"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """What was done, before it has a place in the journal.

    ``before`` and ``after`` are the same cell in the row's own words, such as
    ``{"table": "users", "key": "user_1", "column": "credits", "value": "120"}``, or the row that was added.
    """

    actor: str
    action: str
    target: str
    repair_id: str | None
    plan_hash: str | None
    before: Mapping[str, object]
    after: Mapping[str, object]
    reason: str
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One entry as its row holds it. ``at`` is the database's time, UTC, as text.

    ``db_role`` is the role that the database knows the writer as; empty where it knows none (SQLite), and None in
    entries of the first form.
    """

    seq: int
    prev_hash: str
    hash: str
    at: str
    actor: str
    action: str
    target: str
    repair_id: str | None
    plan_hash: str | None
    before: Mapping[str, object]
    after: Mapping[str, object]
    reason: str
    request_id: str | None
    code_version: str
    database_identity: str
    db_role: str | None

    @property
    def moment(self) -> datetime:
        """``at`` as a naive UTC moment. ``ValueError`` for an entry that trueup did not write."""
        return moment_of(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last entry according to the head row. ``seq`` 0 is a journal without entries.

    ``others`` counts the rows that are there beside the only one that trueup makes.
    """

    seq: int
    hash: str
    others: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A journal's end at some moment, kept elsewhere, so that a later change to the journal cannot change it too."""

    seq: int
    hash: str
    database_identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Every entry follows its predecessor, and the last one is the head's."""

    count: int
    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenAt:
    """The first place where the journal is not what trueup wrote. ``anchor`` is the one that shows it, if any."""

    seq: int
    reason: str
    anchor: Anchor | None = None


def content_of(entry: JournalEntry) -> dict[str, Content]:
    """The entry without its hashes, every number a string: what is hashed, and what an export holds."""
    role: dict[str, Content] = {} if entry.db_role is None else {"db_role": entry.db_role}
    return {
        "seq": str(entry.seq),
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "target": entry.target,
        "repair_id": entry.repair_id,
        "plan_hash": entry.plan_hash,
        "before": without_numbers(entry.before),
        "after": without_numbers(entry.after),
        "reason": entry.reason,
        "request_id": entry.request_id,
        "code_version": entry.code_version,
        "database_identity": entry.database_identity,
        **role,
    }


def hash_of(entry: JournalEntry) -> str:
    """The hash, in hex, that this entry must have after the ``prev_hash`` it names."""
    tag = _FIRST_TAG if entry.db_role is None else _TAG
    return hashlib.sha256(tag + bytes.fromhex(entry.prev_hash) + rfc8785.dumps(content_of(entry))).hexdigest()


def following(
    head: Head, line: JournalLine, *, at: str, code_version: str, database_identity: str, db_role: str | None
) -> JournalEntry:
    """The entry that this line becomes after ``head``, without secrets that a person wrote into it."""
    unhashed = JournalEntry(
        seq=head.seq + 1,
        prev_hash=head.hash,
        hash="",
        at=at,
        actor=line.actor,
        action=line.action,
        target=line.target,
        repair_id=line.repair_id,
        plan_hash=line.plan_hash,
        before=parsed(canonical_text(mask_record(line.before))),
        after=parsed(canonical_text(mask_record(line.after))),
        reason=redact(line.reason),
        request_id=line.request_id,
        code_version=code_version,
        database_identity=database_identity,
        db_role=db_role,
    )
    return dataclasses.replace(unhashed, hash=hash_of(unhashed))


def says(entry: JournalEntry, line: JournalLine) -> bool:
    """Whether the entry is this line, in its own place."""
    place = Head(seq=entry.seq - 1, hash=entry.prev_hash)
    wanted = following(
        place,
        line,
        at=entry.at,
        code_version=entry.code_version,
        database_identity=entry.database_identity,
        db_role=entry.db_role,
    )
    return content_of(wanted) == content_of(entry)


def canonical_text(value: Mapping[str, object]) -> str:
    """The RFC 8785 form, every number a string: the form of ``before`` and ``after`` in their columns."""
    return rfc8785.dumps(without_numbers(value)).decode()


def parsed(written: str) -> dict[str, object]:
    """Read what ``canonical_text`` wrote. Other text is returned under a name of its own, so that it is visible."""
    try:
        value = json.loads(written)
        if isinstance(value, dict) and canonical_text(value) == written:
            return value
    except (ValueError, RecursionError):
        pass
    return {"unreadable": written}


def without_numbers(value: object) -> Content:
    """The value with every number in it as text, so that no reader rounds one."""
    match value:
        case None | bool() | str():
            return value
        case Decimal():
            return f"{value:f}" if value.is_finite() else str(value)
        case Mapping():
            return {str(name): without_numbers(inner) for name, inner in value.items()}
        case list() | tuple():
            return [without_numbers(inner) for inner in value]
        case _:
            return str(value)


def verify(entries: Iterable[JournalEntry], *, head: Head | None, anchors: Iterable[Anchor] = ()) -> Sound | BrokenAt:
    """Verify that these entries, from the first one on, are a complete journal.

    It must end at ``head`` and contain every one of ``anchors``. Reads the entries once and keeps none of them.
    """
    waiting = sorted(anchors, key=lambda anchor: anchor.seq)
    seq, last, is_first_form = 0, GENESIS, True
    while waiting and waiting[0].seq <= 0:
        if (broken := _against(waiting.pop(0), seq=0, hash_there=GENESIS)) is not None:
            return broken
    for entry in entries:
        broken = _following(entry, seq=seq, last=last, is_first_form=is_first_form)
        if broken is not None:
            return broken
        seq, last, is_first_form = entry.seq, entry.hash, entry.db_role is None
        while waiting and waiting[0].seq == seq:
            if (broken := _against(waiting.pop(0), seq=seq, hash_there=last)) is not None:
                return broken
    return _at_the_end(seq, last, head=head, waiting=waiting)


def _following(entry: JournalEntry, *, seq: int, last: str, is_first_form: bool) -> BrokenAt | None:
    """What is wrong with an entry after ``seq``, whose hash is ``last`` and which may be of the first form."""
    if entry.seq > seq + 1:
        return BrokenAt(seq=seq + 1, reason=f"the entry is missing; the next one there is {entry.seq}")
    if entry.seq != seq + 1:
        return BrokenAt(seq=entry.seq, reason="a journal has no such number")
    if entry.prev_hash != last:
        return BrokenAt(seq=entry.seq, reason="it does not follow the entry before it")
    if entry.db_role is None and not is_first_form:
        return BrokenAt(seq=entry.seq, reason="it is of the first form, and the entry before it is of the second")
    if hash_of(entry) != entry.hash:
        return BrokenAt(seq=entry.seq, reason="its content is not what was written: the hash does not match")
    return None


def _against(anchor: Anchor, *, seq: int, hash_there: str) -> BrokenAt | None:
    if anchor.hash == hash_there:
        return None
    return BrokenAt(seq=seq, reason="it differs from the anchor's entry: the chain was replaced", anchor=anchor)


def _at_the_end(seq: int, last: str, *, head: Head | None, waiting: Sequence[Anchor]) -> Sound | BrokenAt:
    if waiting:
        reason = f"the journal ends at {seq}, but the anchor is of {waiting[-1].seq}: the tail was cut"
        return BrokenAt(seq=seq + 1, reason=reason, anchor=waiting[-1])
    if head is None:
        return BrokenAt(seq=seq, reason="the head row is missing")
    if head.others:
        return BrokenAt(seq=seq, reason=f"the head has {head.others + 1} rows, but must have one")
    if head.seq > seq:
        return BrokenAt(seq=seq + 1, reason=f"the head says that there are {head.seq} entries: the tail was cut")
    if head.seq < seq:
        return BrokenAt(seq=head.seq + 1, reason=f"the head says that there are only {head.seq} entries")
    if head.hash != last:
        return BrokenAt(seq=seq, reason="the head names another hash")
    return Sound(count=seq, seq=seq, hash=last)
