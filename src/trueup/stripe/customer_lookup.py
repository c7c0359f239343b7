"""Ask Stripe whether it has a customer or a subscription of one account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from trueup.model.customer_lookup import Found, LookupAnswer, LookupKeys, NotFound, Unknown
from trueup.model.errors import ConfigurationError
from trueup.model.finding import printable
from trueup.model.source import Silent
from trueup.model.stripe_settings import StripeSettings
from trueup.stripe.connection import JSON, StripeConnection
from trueup.stripe.failures import NoSuchObject, NotRead, Passing
from trueup.stripe.key import Key
from trueup.stripe.objects import Accept, refuse_other_mode
from trueup.stripe.paging import PAGE
from trueup.stripe.rate_limiter import RetryPolicy
from trueup.stripe.shapes.fields import AccountFilter, id_of
from trueup.stripe.supply import ReadOptions, account_of, stripe_connection

DEADLINE_SECONDS = 20.0
"""How long all the questions about one account may take together."""

_ENDED = frozenset({"canceled", "incomplete_expired"})
_MOST_CUSTOMERS = 5
_SHOWN = 80
_OPTIONS = ReadOptions(
    retry_policy=RetryPolicy(attempts=4, first_wait_seconds=0.5, longest_wait_seconds=4.0),
    deadline_seconds=DEADLINE_SECONDS,
)


def find_customer(
    settings: StripeSettings, key: Key, keys: LookupKeys, *, options: ReadOptions = _OPTIONS
) -> LookupAnswer:
    """Ask Stripe for a customer or a subscription of this account, in every way by which one could belong to it.

    By the ids and the e-mail addresses that the app keeps of it, and by the metadata that name it. ``NotFound`` only
    where each answer was whole, and the key is known to be of the right account; never an error.
    """
    if settings.account is None:
        return Unknown(
            keys=keys,
            why="stripe.account is not set, and the key may be of another account, which knows none of these customers",
        )
    if not keys.emails:
        return Unknown(keys=keys, why="the app keeps no e-mail address of the account by which Stripe could know it")
    try:
        with stripe_connection(settings, key, progress=Silent(), options=options) as connection:
            account = account_of(connection, pinned=settings.account)
            search = _Search(connection, settings, AccountFilter(livemode=key.livemode))
            reason = search.find_account(keys)
    except NotRead as error:
        return Unknown(keys=keys, why=str(error))
    except ConfigurationError as error:
        return Unknown(keys=keys, why=str(error).rstrip("."))
    if reason is not None:
        return Found(keys=keys, reason=reason)
    answered_at = connection.stripe_time
    if answered_at is None:
        return Unknown(keys=keys, why="Stripe's answers do not say when they were given")
    return NotFound(
        keys=keys,
        stripe_account=str(account),
        livemode=key.livemode,
        asked_at=datetime.fromtimestamp(answered_at, UTC).replace(tzinfo=None),
        questions=tuple(search.questions),
        request_ids=tuple(search.request_ids),
    )


class _Search:
    """Asks, and keeps what was asked and under which of Stripe's ids it was answered."""

    def __init__(self, connection: StripeConnection, settings: StripeSettings, account_filter: AccountFilter) -> None:
        self._connection = connection
        self._metadata_key = settings.account_metadata_key
        self._account_filter = account_filter
        self.questions: list[str] = []
        self.request_ids: list[str] = []

    def find_account(self, keys: LookupKeys) -> str | None:
        """What Stripe has of the account, in a sentence; None where it has nothing. Raises ``NotRead``."""
        customers = {id_: "which the app names" for id_ in sorted(keys.customers) if self._is_known(id_)}
        for email in _list_spellings(keys.emails):
            asked = self._read_page("/v1/customers", {"email": email}, "customers by e-mail address")
            customers |= {customer["id"]: "by its e-mail address" for customer in asked}
        named = f'metadata["{_escape(self._metadata_key)}"]:"{_escape(keys.account_id)}"'
        # The list's filter tells capitals apart, and the search does not.
        either = " OR ".join([named, *(f'email:"{_escape(email)}"' for email in sorted(keys.emails))])
        how = f"by its metadata ({self._metadata_key}) or its e-mail address"
        for customer in self._read_page(
            "/v1/customers/search", {"query": either}, "customers by metadata or e-mail address"
        ):
            customers.setdefault(customer["id"], how)
        subscriptions = list(self._read_page("/v1/subscriptions/search", {"query": named}, "subscriptions by metadata"))
        for customer_id in list(customers)[:_MOST_CUSTOMERS]:
            every = {"customer": customer_id, "status": "all"}
            subscriptions += self._read_page("/v1/subscriptions", every, "subscriptions of a customer")
        return _explain_match(keys, customers, subscriptions)

    def _is_known(self, customer: str) -> bool:
        """Whether there is a customer of this id. Raises ``NotRead``."""
        accept, question = Accept(named=customer, kind="customer"), "a customer by its id"
        try:
            answer = self._ask(f"/v1/customers/{quote(customer, safe='')}", {}, accept, question)
        except NoSuchObject:
            self._record_answer(question)
            return False
        refuse_other_mode(answer, self._account_filter)
        return answer.get("deleted") is not True

    def _read_page(self, path: str, asked: Mapping[str, Any], question: str) -> list[JSON]:
        """All that the list or the search holds. Raises ``NotRead`` where that is more than a page."""
        answer = self._ask(path, {**asked, "limit": PAGE}, _accept_page, question)
        if answer["has_more"]:
            raise NotRead(f"more than {PAGE} {question} were found, and one account does not have so many")
        for item in answer["data"]:
            refuse_other_mode(item, self._account_filter)
        return list(answer["data"])

    def _ask(self, path: str, parameters: Mapping[str, Any], accept: Any, question: str) -> JSON:
        answer = self._connection.get(path, parameters, accept=accept)
        self._record_answer(question)
        return answer

    def _record_answer(self, question: str) -> None:
        self.questions.append(question)
        if self._connection.request_id is not None:
            self.request_ids.append(self._connection.request_id)


def _list_spellings(emails: frozenset[str]) -> list[str]:
    """The addresses as the app writes them and in small letters: Stripe's filter tells capitals apart."""
    return sorted(emails | {email.lower() for email in emails})


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _accept_page(answer: JSON) -> None:
    """Raises ``Passing`` for an answer that is no page of objects with ids, or that says nothing of its end."""
    data = answer.get("data")
    if not isinstance(data, list) or not isinstance(answer.get("has_more"), bool):
        raise Passing("Stripe answered with something that is no list")
    if not all(isinstance(item, dict) and isinstance(item.get("id"), str) for item in data):
        raise Passing("Stripe listed something without an id")
    if answer["has_more"] and not data:
        raise Passing("Stripe sent an empty page and said that there is more")


def _explain_match(keys: LookupKeys, customers: Mapping[str, str], subscriptions: list[JSON]) -> str | None:
    account = keys.account_id
    for subscription in subscriptions:
        if subscription.get("status") not in _ENDED:
            named, status = _show(subscription["id"]), _show(subscription.get("status"))
            customer = _show(id_of(subscription.get("customer")))
            return f"Stripe has {named} ({status}) of {customer}, found for {account}: it may be paying; link it first."
    for customer, how in customers.items():
        return f"Stripe knows {account} as {_show(customer)}, {how}; link that customer first, or exempt the account."
    for subscription in subscriptions:
        return f"Stripe knows {account} by {_show(subscription['id'])}, which has ended; a person must decide."
    return None


def _show(value: object) -> str:
    return printable(str(value))[:_SHOWN]
