"""The hash chain, without a database: whatever is done to a journal is found."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.journals import AT, IDENTITY, chained, head_after, journal_lines, journal_records, line
from trueup.journal import Anchor, BrokenAt, Head, JournalEntry, Sound, verify
from trueup.journal.chain import GENESIS, canonical_text, hash_of, parsed

_TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
_RECORD = journal_records(_TEXT)
_LINES = journal_lines(_TEXT)
_JOURNALS = st.lists(_LINES, min_size=2, max_size=8).map(chained)


@pytest.mark.parametrize(
    ("db_role", "tag"),
    [("trueup_repair", b"trueup-journal-2\x00"), ("", b"trueup-journal-2\x00"), (None, b"trueup-journal-1\x00")],
)
def test_the_hash_is_what_the_documents_say(db_role: str | None, tag: bytes) -> None:
    (entry,) = chained([line(1)], db_role=db_role)
    cell = {"column": "credits", "key": "user_1", "table": "users"}
    content = {
        "action": "sync-credit-balance",
        "actor": "token:1",
        "after": {**cell, "value": "100"},
        "at": AT,
        "before": {**cell, "value": "120"},
        "code_version": "1.0",
        "database_identity": IDENTITY,
        "plan_hash": "ab" * 32,
        "reason": "Agreed with finance in ticket 4711.",
        "repair_id": "repair-1",
        "request_id": "request-1",
        "seq": "1",
        "target": "credit-balance:user_1",
    } | ({} if db_role is None else {"db_role": db_role})
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    assert entry.hash == hashlib.sha256(tag + bytes(32) + canonical).hexdigest()


def test_no_number_is_hashed_as_a_number() -> None:
    written = canonical_text({"value": Decimal("12345678901234567890.10"), "count": 2**70, "rate": 0.5, "on": True})
    assert json.loads(written) == {
        "value": "12345678901234567890.10",
        "count": "1180591620717411303424",
        "rate": "0.5",
        "on": True,
    }


@given(_RECORD)
def test_what_was_written_is_what_is_read(record: dict[str, object]) -> None:
    written = canonical_text(record)
    assert canonical_text(parsed(written)) == written


@pytest.mark.parametrize(
    "written", ["", "{", "[]", '{"a": 1}', '{"a":1}', '{"a":"1","a":"1"}', '{ "a":"1"}', "[" * 9999]
)
def test_text_that_was_never_written_is_not_taken_for_what_it_looks_like(written: str) -> None:
    assert parsed(written) == {"unreadable": written}


@settings(max_examples=40)
@given(_JOURNALS)
def test_an_untouched_journal_is_whole(journal: list[JournalEntry]) -> None:
    anchors = [Anchor(seq=entry.seq, hash=entry.hash, database_identity=IDENTITY) for entry in journal[::2]]
    start = Anchor(seq=0, hash=GENESIS, database_identity=IDENTITY)
    assert verify(iter(journal), head=head_after(journal), anchors=[*anchors, start]) == Sound(
        count=len(journal), seq=len(journal), hash=journal[-1].hash
    )


@settings(max_examples=40)
@given(_JOURNALS, st.data())
def test_any_edit_is_found_at_the_entry_that_was_edited(journal: list[JournalEntry], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(journal) - 1))
    field = data.draw(st.sampled_from([field.name for field in dataclasses.fields(JournalEntry)]))
    old = getattr(journal[place], field)
    if field == "seq":
        new: Any = data.draw(st.integers(-2, 99).filter(lambda number: number != old))
    elif field in {"before", "after"}:
        new = data.draw(_RECORD.filter(lambda record: canonical_text(record) != canonical_text(old)))
    else:
        new = data.draw(_TEXT.filter(lambda text: text != old))
    edited = [*journal]
    edited[place] = dataclasses.replace(journal[place], **{field: new})
    if field == "seq":
        edited.sort(key=lambda entry: entry.seq)  # as a table returns it
    found = verify(edited, head=head_after(journal))
    assert isinstance(found, BrokenAt)
    if field not in {"seq", "hash"}:
        assert found.seq == place + 1


@settings(max_examples=40)
@given(_JOURNALS, st.data())
def test_any_deletion_insertion_and_reorder_is_found(journal: list[JournalEntry], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(journal) - 1))
    other = data.draw(st.integers(0, len(journal) - 1).filter(lambda number: number != place))
    swapped = [*journal]
    swapped[place], swapped[other] = swapped[other], swapped[place]
    renumbered = [dataclasses.replace(entry, seq=seq) for seq, entry in enumerate(swapped, 1)]
    deleted = [entry for entry in journal if entry.seq != place + 1]
    closed_up = [dataclasses.replace(entry, seq=seq) for seq, entry in enumerate(deleted, 1)]
    inserted = [*journal[: place + 1], journal[place], *journal[place + 1 :]]
    pushed_on = [dataclasses.replace(entry, seq=seq) for seq, entry in enumerate(inserted, 1)]
    for changed in (swapped, renumbered, deleted, closed_up, inserted, pushed_on):
        assert isinstance(verify(changed, head=head_after(journal)), BrokenAt)


@settings(max_examples=40)
@given(_JOURNALS, st.data())
def test_a_cut_tail_shows_against_the_head_and_against_an_anchor(
    journal: list[JournalEntry], data: st.DataObject
) -> None:
    kept = journal[: data.draw(st.integers(0, len(journal) - 1))]
    found = verify(kept, head=head_after(journal))
    assert isinstance(found, BrokenAt)
    assert found.seq == len(kept) + 1
    # The head is cut back too: nothing in the chain itself can show it, and the anchor does.
    assert isinstance(verify(kept, head=head_after(kept)), Sound)
    anchor = Anchor(seq=len(journal), hash=journal[-1].hash, database_identity=IDENTITY)
    found = verify(kept, head=head_after(kept), anchors=[anchor])
    assert isinstance(found, BrokenAt)
    assert (found.seq, found.anchor) == (len(kept) + 1, anchor)


@settings(max_examples=40)
@given(_JOURNALS, st.data())
def test_a_chain_replaced_from_some_entry_on_shows_against_any_later_anchor(
    journal: list[JournalEntry], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(journal) - 1))
    kept = journal[:place]
    replaced = kept + chained([line(n) for n in range(place, len(journal) + 2)], after=head_after(kept))
    assert isinstance(verify(replaced, head=head_after(replaced)), Sound)
    for entry in journal:
        anchor = Anchor(seq=entry.seq, hash=entry.hash, database_identity=IDENTITY)
        found = verify(replaced, head=head_after(replaced), anchors=[anchor])
        if entry.seq <= place:
            assert isinstance(found, Sound)
        else:
            assert isinstance(found, BrokenAt)
            assert (found.seq, found.anchor) == (entry.seq, anchor)


def test_the_head_must_be_there_and_name_the_last_entry() -> None:
    journal = chained(line(n) for n in range(3))
    for head in (
        None,
        Head(seq=2, hash=journal[1].hash),
        Head(seq=3, hash=journal[1].hash),
        Head(seq=-1, hash=GENESIS),
    ):
        assert isinstance(verify(journal, head=head), BrokenAt)
    assert isinstance(verify([], head=None), BrokenAt)
    assert verify([], head=head_after([])) == Sound(count=0, seq=0, hash=GENESIS)


def test_a_head_of_two_rows_is_found() -> None:
    journal = chained(line(n) for n in range(3))
    found = verify(journal, head=dataclasses.replace(head_after(journal), others=1))
    assert found == BrokenAt(seq=3, reason="the head has 2 rows, but must have one")


def test_entries_of_the_first_form_are_whole_and_none_follows_one_of_the_second() -> None:
    old = chained((line(n) for n in range(2)), db_role=None)
    new = chained((line(n) for n in range(2, 4)), after=head_after(old))
    assert verify([*old, *new], head=head_after(new)) == Sound(count=4, seq=4, hash=new[-1].hash)
    older = chained([line(5)], after=head_after(new), db_role=None)
    found = verify([*old, *new, *older], head=head_after(older))
    assert found == BrokenAt(seq=5, reason="it is of the first form, and the entry before it is of the second")


def test_an_entry_that_was_hashed_again_breaks_the_next_one() -> None:
    journal = chained(line(n) for n in range(3))
    forged = dataclasses.replace(journal[1], reason="Nothing to see here.")
    journal[1] = dataclasses.replace(forged, hash=hash_of(forged))
    found = verify(journal, head=head_after(journal))
    assert found == BrokenAt(seq=3, reason="it does not follow the entry before it")


def test_verifying_keeps_no_entry() -> None:
    """A journal of any length is read once, and what was read can go."""
    alive = 0

    class Counted(JournalEntry):
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def stream() -> Iterator[JournalEntry]:
        nonlocal alive
        head = Head(seq=0, hash=GENESIS)
        for number in itertools.count(1):
            if number > 500:
                return
            (entry,) = chained([line(number)], after=head)
            head = Head(seq=entry.seq, hash=entry.hash)
            alive += 1
            assert alive < 5
            yield Counted(**{field.name: getattr(entry, field.name) for field in dataclasses.fields(entry)})

    found = verify(stream(), head=None)
    assert isinstance(found, BrokenAt)
    assert found.seq == 500


def test_secrets_are_masked_before_they_are_hashed_and_the_changed_cell_is_not() -> None:
    secret = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
    (entry,) = chained(
        [line(1, reason=f"used {secret}", after={"value": secret, "appended": {"values": {"reason": secret}}})]
    )
    assert secret not in entry.reason
    assert entry.after == {"value": secret, "appended": {"values": {"reason": "sk_live_***"}}}
    assert isinstance(verify([entry], head=head_after([entry])), Sound)
