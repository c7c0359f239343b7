"""Stripe's side of an audit: read once the app's database was let go, and into the same books."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueup.actions.audit.empty_files import judge_empty_files
from trueup.books.copy import copy_relation, note_unread
from trueup.books.file import Books
from trueup.config import Config
from trueup.engines.requirements import reads_of_check
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.relations import ABOUT_READING, STRIPE, relation_name
from trueup.model.source import Progress
from trueup.model.stripe_objects import StripeProductFeature, StripeReading

if TYPE_CHECKING:
    from trueup.stripe.key import Key
    from trueup.stripe.supply import StripeSnapshot

_ENOUGH_TO_JUDGE = 20

_ONLY_PROBED = frozenset({relation_name(StripeProductFeature)})

_EVENTS_OF_MODE = """
SELECT count(*), count(*) FILTER (WHERE livemode = $livemode) FROM webhook_event WHERE livemode IS NOT NULL
"""
_CHECKOUTS_OF_MODE = """
SELECT count(*), count(*) FILTER (WHERE starts_with(stripe_checkout_session_id, 'cs_live_') = $livemode)
FROM ledger_entry
WHERE starts_with(stripe_checkout_session_id, 'cs_live_') OR starts_with(stripe_checkout_session_id, 'cs_test_')
"""
_CUSTOMERS_KNOWN = """
SELECT count(DISTINCT a.stripe_customer_id), count(DISTINCT c.customer_id)
FROM account AS a LEFT JOIN stripe_customer AS c ON c.customer_id = a.stripe_customer_id
WHERE a.stripe_customer_id IS NOT NULL
"""


def stripe_key(config: Config) -> Key | None:
    """The key that Stripe is read with; None where there is none. Stripe is not asked yet.

    Raises ``ConfigurationError`` for one that must not be used, or that is of the other mode than this environment.
    """
    if config.stripe.api_key is None:
        return None
    from trueup.stripe.key import read_key, refuse_other_mode  # noqa: PLC0415 - only where Stripe is read

    key = read_key(config.stripe.api_key, allow_full_key=config.stripe.allow_full_key)
    refuse_other_mode(key, livemode=config.policy.livemode)
    return key


def needed_of_stripe(
    checks: Iterable[Check], *, everything: bool, probed: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """The relations of Stripe's that these checks and probes read.

    A check about the reading itself reads all, but for what only a probe asks for.
    """
    needed = {relation for check in checks for relation, _ in reads_of_check(check)} | probed
    about_reading = bool(needed & set(map(relation_name, ABOUT_READING)))
    names = map(relation_name, STRIPE)
    return tuple(name for name in names if everything or name in needed or (about_reading and name not in _ONLY_PROBED))


def complete_stripe(
    books: Books,
    config: Config,
    key: Key | None,
    read: Sequence[StripeReading],
    *,
    left: Sequence[str],
    now: datetime,
    scratch: Path,
    progress: Progress,
) -> None:
    """Put on record how tables and files were ``read``, and read the relations that are ``left`` with the key, if any.

    Raises as ``copy_stripe`` does.
    """
    judged = judge_empty_files(books, read)
    books.replace_rows(judged, of=StripeReading)
    if key is not None:
        copy_stripe(books, config, key, relations=left, already=judged, now=now, scratch=scratch, progress=progress)


def copy_stripe(
    books: Books,
    config: Config,
    key: Key,
    *,
    relations: Sequence[str],
    now: datetime,
    scratch: Path,
    progress: Progress,
    already: Sequence[StripeReading] = (),
) -> None:
    """Read Stripe and copy these relations into the books; one that was not read whole is on record as such.

    ``already`` says how the relations were read that tables or files supply.

    Raises ``ConfigurationError`` when the key is of another account or mode than what the books hold.
    """
    if not relations:
        return
    refuse_other_books(books, key)
    supply = stripe_supply()
    with supply.stripe_snapshot(
        config.stripe, key, relations=relations, now=now, scratch=scratch, progress=progress
    ) as snapshot:
        books.replace_rows([*already, *_copied(books, supply, snapshot, relations, progress)], of=StripeReading)
    refuse_other_account(books, snapshot)


def stripe_supply() -> Any:
    """The reader; its libraries load only when it is used. Raises ``ConfigurationError`` when they are not there."""
    try:
        return importlib.import_module("trueup.stripe.supply")
    except ImportError as error:
        raise ConfigurationError(
            f"Reading Stripe needs a library that is not installed ({error.name}); run: pip install 'trueup[stripe]'"
        ) from None


def _copied(
    books: Books, supply: Any, snapshot: StripeSnapshot, relations: Sequence[str], progress: Progress
) -> list[StripeReading]:
    """How each relation was read that could be copied whole."""
    read = []
    for relation in relations:
        mapping = supply.identity_mapping(relation)
        problem = snapshot.problems.get(relation)
        if problem is not None:
            note_unread(books, mapping, problem)
            continue
        progress.begin(f"Copying {relation}", None)
        with contextlib.suppress(SourceUnavailable):
            copy_relation(books, snapshot, mapping, unique_key=True, progress=progress)
            since = snapshot.complete_since.get(relation)
            row = StripeReading(
                relation=relation,
                complete_since=since,
                read_at=snapshot.as_of,
                api_version=supply.API_VERSION,
                stripe_account=snapshot.account,
            )
            read.append(row)
        progress.end()
    return read


def refuse_other_books(books: Books, key: Key) -> None:
    """Raises ``ConfigurationError`` when all that the database says of its mode is the other mode than the key's."""
    mapped = books.mapped_columns()
    questions: list[tuple[str, str]] = []
    if "livemode" in mapped.get("webhook_event", frozenset()):
        questions.append(("webhook events", _EVENTS_OF_MODE))
    if "stripe_checkout_session_id" in mapped.get("ledger_entry", frozenset()):
        questions.append(("checkout sessions", _CHECKOUTS_OF_MODE))
    for noun, question in questions:
        count, same = _pair(books, question, {"livemode": key.livemode})
        if count and not same:
            other = "test" if key.livemode else "live"
            raise ConfigurationError(
                f"stripe.api_key is a {key.mode} key, and all {count} {noun} of the database are of {other} mode; "
                f"give it the {other} key, or the database of this environment."
            )


def refuse_other_account(books: Books, snapshot: StripeSnapshot) -> None:
    """Raises ``ConfigurationError`` when Stripe knows none of many customers that the database names."""
    mapped = books.mapped_columns()
    if "stripe_customer" not in mapped or "stripe_customer_id" not in mapped.get("account", frozenset()):
        return
    named, known = _pair(books, _CUSTOMERS_KNOWN, None)
    if named >= _ENOUGH_TO_JUDGE and not known:
        raise ConfigurationError(
            f"None of the {named} Stripe customers that the database names is in the account of stripe.api_key"
            f"{f' ({snapshot.account})' if snapshot.account else ''}; give it the key of the account they are in."
        )


def _pair(books: Books, question: str, bound: dict[str, Any] | None) -> tuple[int, int]:
    ((count, of_them),) = books.run(question, bound).fetchall()
    return int(count), int(of_them)
