"""The preflight of Stripe's side: the key, its account, and what it may read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from trueup.actions.audit import account_filter_of, stripe_key, stripe_supply
from trueup.actions.doctor.diagnostic import Health, Symptom
from trueup.config import Config
from trueup.engines.requirements import needs_of_check
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError
from trueup.model.relations import STRIPE, relation_name
from trueup.model.source import Silent
from trueup.stripe.absent_fields import find_absent_columns
from trueup.stripe.shapes.fields import JSON, AccountFilter

if TYPE_CHECKING:
    from trueup.stripe.connection import StripeConnection
    from trueup.stripe.key import Key

_ABOUT = "stripe"


def examine_stripe(config: Config, checks: Sequence[Check]) -> Iterator[Symptom]:
    """Look at the key and ask each list for one object. Yields nothing where the business does not use Stripe."""
    if {relation_name(relation) for relation in STRIPE} <= config.policy.without:
        return
    if config.stripe.api_key is None and config.stripe.tables is not None:
        return
    if config.stripe.api_key is None:
        says = "Stripe will not be read: give [stripe] an api_key, or say enabled = false there"
        yield Symptom(health=Health.WARNING, about=_ABOUT, says=says)
        return
    try:
        key = stripe_key(config)
        if key is not None:
            yield from _examine(config, key, checks)
    except ConfigurationError as error:
        yield Symptom(health=Health.WRONG, about=_ABOUT, says=str(error))


def _examine(config: Config, key: Key, checks: Sequence[Check]) -> Iterator[Symptom]:
    supply = stripe_supply()
    from trueup.stripe.failures import NotRead  # noqa: PLC0415 - only where Stripe is read

    if not key.is_restricted:
        says = "stripe.api_key is a full secret key, which can change and charge; a restricted key is enough"
        yield Symptom(health=Health.WARNING, about=_ABOUT, says=says)
    yield from _keeping(config)
    options = supply.ReadOptions(retry_policy=supply.RetryPolicy(attempts=2))
    with supply.stripe_connection(config.stripe, key, progress=Silent(), options=options) as connection:
        try:
            account = supply.account_of(connection, pinned=config.stripe.account)
        except NotRead as error:
            yield Symptom(health=Health.UNREACHABLE, about=_ABOUT, says=f"Stripe cannot be asked: {error}")
            return
        says = f"{key.mode} key of {account or 'an account that it may not name'}, API version {supply.API_VERSION}"
        yield Symptom(health=Health.FINE, about=_ABOUT, says=says)
        if config.repair_url is not None and config.stripe.account is None:
            says = (
                "stripe.account is not set, so every downgrade is refused: only for a known account does an empty "
                f"answer prove that there is no customer; set it{f' to {account}' if account else ''}"
            )
            yield Symptom(health=Health.WARNING, about=_ABOUT, says=says)
        yield from _clock(config, connection)
        yield from _lists(connection, checks, account_filter_of(config))


def _keeping(config: Config) -> Iterator[Symptom]:
    from trueup.stripe.cache_file import refused  # noqa: PLC0415 - only where Stripe is read

    folder = config.stripe.cache_folder
    problem = refused(Path(folder)) if folder is not None else None
    if problem is not None:
        says = f"Stripe's answers cannot be cached, so each audit reads everything: {problem}; set stripe.cache"
        yield Symptom(health=Health.WARNING, about=_ABOUT, says=says)


def _clock(config: Config, connection: StripeConnection) -> Iterator[Symptom]:
    stripe_time = connection.stripe_time
    apart = abs(datetime.now(UTC).timestamp() - stripe_time) if stripe_time is not None else 0.0
    if apart > config.policy.clock_skew_minutes * 60:
        says = f"this machine's clock and Stripe's are {apart / 60:.0f} minutes apart; correct this machine's"
        yield Symptom(health=Health.WARNING, about=_ABOUT, says=says)


def _lists(connection: StripeConnection, checks: Sequence[Check], whose: AccountFilter) -> Iterator[Symptom]:
    from trueup.stripe.probing import probe  # noqa: PLC0415 - only where Stripe is read

    readable = 0
    for probed in probe(connection):
        if probed.problem is None:
            readable += 1
            yield from name_absent_fields(probed.listing.kind, probed.objects, whose)
            continue
        stopped = [check.id for check in checks if _reads(check, probed.listing.relations)]
        then = f"; without it, {', '.join(stopped)} cannot be answered" if stopped else ""
        says = f"{probed.listing.title}: {probed.problem}{then}"
        health = Health.UNREACHABLE if probed.permission is None else Health.WARNING
        yield Symptom(health=health, about=_ABOUT, says=says)
    yield Symptom(health=Health.FINE, about=_ABOUT, says=f"{readable} lists to read")


def name_absent_fields(kind: str, objects: Sequence[JSON], whose: AccountFilter) -> Iterator[Symptom]:
    """Name the fields that trueup would read of these objects, and that none of them has."""
    absent = [f"{place} ({column})" for column, place in find_absent_columns(kind, objects, whose)]
    if absent:
        noun = kind.replace("_", " ")
        says = f"{len(objects):,} {noun} were looked at, and none has {', '.join(absent)}"
        yield Symptom(health=Health.FINE, about=_ABOUT, says=says)


def _reads(check: Check, relations: Sequence[str]) -> bool:
    return any(relation in relations for relation, _ in needs_of_check(check))
