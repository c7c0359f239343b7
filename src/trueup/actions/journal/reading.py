"""Read the journal: whether it is complete, what it holds, where it ends."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import rfc8785
from sqlalchemy.exc import DBAPIError

from trueup import journal
from trueup.disk import read_file
from trueup.journal import Anchor, BrokenAt, Head, JournalEntry, JournalUnusable, NoJournal, Sound, content_of
from trueup.targets import open_target
from trueup.targets.target import TargetUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trueup.config import Config
    from trueup.targets.target import Target

_ANCHOR_FORMAT = 1
_ANCHOR_BYTES_LIMIT = 65_536
_HASH_LENGTH = 64


def journal_url(config: Config) -> str:
    """The database that holds the journal: the one that is repaired, by its repair role where there is one."""
    return config.repair_url or config.database_url


def check_journal(url: str, *, anchors: Iterable[Anchor] = ()) -> Sound | BrokenAt:
    """Verify the journal and that it contains every one of these anchors, as of one moment.

    Raises ``JournalUnusable`` when that cannot be known: the journal is not installed, cannot be read, or an anchor
    that is not in it was taken from another database.
    """
    with reading_journal(url) as connection:
        verdict = journal.verify(journal.entries(connection), head=journal.head_of(connection), anchors=anchors)
        if isinstance(verdict, BrokenAt) and verdict.anchor is not None:
            here = journal.database_identity(connection)
            if verdict.anchor.database_identity != here:
                raise JournalUnusable(
                    f"The anchor at entry {verdict.anchor.seq} was taken from another database "
                    f"({verdict.anchor.database_identity}), and this is {here}; give an anchor of this journal."
                )
        return verdict


def take_anchor(url: str) -> Anchor | BrokenAt:
    """The journal's end, to be kept elsewhere. A broken journal has none. Raises ``JournalUnusable``."""
    with reading_journal(url) as connection:
        verdict = journal.verify(journal.entries(connection), head=journal.head_of(connection))
        if isinstance(verdict, BrokenAt):
            return verdict
        return Anchor(seq=verdict.seq, hash=verdict.hash, database_identity=journal.database_identity(connection))


def exported_lines(url: str) -> Iterator[str]:
    """Every entry as one line of JSON. Without ``hash`` and ``prev_hash``, the line is what is hashed.

    Raises ``JournalUnusable``.
    """
    with reading_journal(url) as connection:
        for entry in journal.entries(connection):
            yield rfc8785.dumps({**content_of(entry), "prev_hash": entry.prev_hash, "hash": entry.hash}).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPage:
    """Some entries in their order, and the last entry that the head knows; ``more`` says whether others follow."""

    entries: Sequence[JournalEntry]
    head: Head | None
    more: bool


def journal_page(url: str, *, since: int, limit: int) -> JournalPage:
    """At most ``limit`` entries after ``since``. Raises ``JournalUnusable``."""
    with reading_journal(url) as connection:
        entries = list(journal.entries(connection, since=since, most=limit + 1))
        return JournalPage(entries=tuple(entries[:limit]), head=journal.head_of(connection), more=len(entries) > limit)


def newest_page(
    url: str, *, limit: int, before: int | None = None, actor: str | None = None, subject: str | None = None
) -> JournalPage:
    """At most ``limit`` entries, newest first, of everyone or of one actor, about everything or one subject.

    Raises ``JournalUnusable``.
    """
    with reading_journal(url) as connection:
        entries = journal.newest_entries(connection, most=limit + 1, before=before, actor=actor, subject=subject)
        return JournalPage(entries=tuple(entries[:limit]), head=journal.head_of(connection), more=len(entries) > limit)


def anchor_text(anchor: Anchor) -> str:
    """The anchor as a small JSON document."""
    document = {
        "trueupAnchor": _ANCHOR_FORMAT,
        "seq": str(anchor.seq),
        "hash": anchor.hash,
        "databaseIdentity": anchor.database_identity,
    }
    return json.dumps(document, indent=2) + "\n"


def anchor_from(path: Path) -> Anchor:
    """Read the anchor in this file. Raises ``JournalUnusable`` for a file that holds none."""
    try:
        document = json.loads(read_file(path, most_bytes=_ANCHOR_BYTES_LIMIT))
        if document["trueupAnchor"] != _ANCHOR_FORMAT:
            raise ValueError  # noqa: TRY301 - one answer for everything that is no anchor
        seq, hash_there, identity = int(document["seq"]), document["hash"], document["databaseIdentity"]
        if seq < 0 or len(hash_there) != _HASH_LENGTH or not isinstance(identity, str):
            raise ValueError  # noqa: TRY301 - as above
        bytes.fromhex(hash_there)
    except OSError as error:
        raise JournalUnusable(f"The anchor {path} cannot be read: {error.strerror or 'no reason given'}.") from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise JournalUnusable(f"{path} is not an anchor; `trueup journal anchor` writes one.") from None
    return Anchor(seq=seq, hash=hash_there, database_identity=identity)


@contextlib.contextmanager
def reading_journal(url: str) -> Iterator[Connection]:
    """One moment of the database that holds the journal. Raises ``JournalUnusable``."""
    target = _target_at(url, Path().stat().st_ino)
    try:
        with target.reading() as connection:
            if journal.read_installed_revision(connection) is None:
                raise NoJournal(f"There is no journal in {target.place}; `trueup init --install` makes it.")
            yield connection
    except TargetUnavailable as error:
        raise JournalUnusable(f"The journal cannot be read: {error}") from None
    except DBAPIError as error:
        raise JournalUnusable(
            f"The journal in {target.place} cannot be read: {target.describe_error(error)}; grant SELECT on its tables "
            "(`trueup doctor --print-grants`)."
        ) from None


@functools.lru_cache(maxsize=4)
def _target_at(url: str, folder: int) -> Target:  # noqa: ARG001 - a relative path of SQLite is one of this folder
    """The database at this address. It keeps no connection, only the SQL that was compiled for it."""
    return open_target(url)
