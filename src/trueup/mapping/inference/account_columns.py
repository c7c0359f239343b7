"""The accounts' proposed relation: where each fact about an account is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trueup.mapping.column_types import Family
from trueup.mapping.inference.accounts import ChosenAccounts
from trueup.mapping.inference.ledger import LedgerGuess
from trueup.mapping.inference.ledger_columns import moment, with_missing
from trueup.mapping.inference.moments import deleted_column, is_moment_or_empty
from trueup.mapping.inference.plan_spots import PlanSpot, latest_first
from trueup.mapping.inference.plan_words import plan_spots, subscription_tables
from trueup.mapping.inference.plans import plans_of
from trueup.mapping.inference.schema import Schema
from trueup.mapping.inference.signs_of_accounts import credit_columns, is_about_credits, named, with_prefix
from trueup.mapping.inference.spots import Home, Spot
from trueup.mapping.names import folded, likeness
from trueup.mapping.proposal import ProposedColumn, ProposedRelation
from trueup.mapping.questions import Choices
from trueup.mapping.samples import Look
from trueup.mapping.vocabulary import COLUMNS
from trueup.mapping.word_guesses import NULL_WORD, PlanGuess, WordGuess, word_guess
from trueup.model.relations import columns_of, relation_named

_ENOUGH_PLAN = 0.25
_SEEN, _ELSEWHERE, _BY_NAME = 0.97, 0.9, 0.7
_MOSTLY_THERE = 0.8
_ADMIN = "is_admin admin is_staff is_superuser is_super_admin superuser"
_AGAINST = (
    "deleted is_deleted banned is_banned locked is_locked disabled is_disabled suspended is_suspended "
    "blocked is_blocked"
)
_ENDED = (
    "closed_at deactivated_at disabled_at suspended_at banned_at blocked_at revoked_at terminated_at anonymized_at "
    "anonymised_at"
)
_WELL = "active is_active enabled is_enabled"
_FLAGS = (Family.BOOLEAN, Family.INTEGER, Family.BIT, Family.UNKNOWN)
_ROLES = frozenset(["user", "admin", "member", "owner", "super_admin", "superadmin", "staff", "customer"])


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountGuess:
    """The accounts, and the plans that they are on."""

    relation: ProposedRelation
    plans: tuple[PlanGuess, ...]


def guess_account(schema: Schema, chosen: ChosenAccounts, ledger: LedgerGuess, choices: Choices) -> AccountGuess:
    """The accounts' relation; ``ledger`` says what their balance is, or which they have."""
    home = chosen.home
    customer = _stripe_id(schema, home, "cus_", "stripe_customer_id")
    spots = plan_spots(schema, home, customer[1] if customer is not None else None)
    plan = next((spot.with_living(choices.living) for spot in spots if spot.score >= _ENOUGH_PLAN), None)
    plans, words = _plans(plan, home, customer[1] if customer is not None else None, choices.paid)
    columns = [ProposedColumn(column="account_id", theirs=home.key, confidence=1.0, evidence="names the row")]
    columns += _email(home.look)
    columns += _role(schema, home.look)
    if plan is not None:
        columns.append(_plan_column(schema, home, plan, words))
    if customer is not None:
        columns.append(customer[0])
    columns += _subscription(schema, home, plan)
    wallets = ledger.wallets
    balance = ledger.credits or (_cached(schema, home, choices.credits) if wallets is None else None)
    columns += [balance] if balance is not None else []
    columns += _unlimited(home.look)
    columns += _active(schema, home.look)
    columns += moment(home.look, "created_at")
    order = [column.name for column in columns_of(relation_named("account"))]
    relation = ProposedRelation(
        relation="account",
        table=home.look.name,
        confidence=round(min(0.99, 0.5 + chosen.score / 20), 2),
        columns=tuple(sorted(columns, key=lambda column: order.index(column.column))),
        missing=(),
        settings=() if wallets is None or wallets.setting is None else (wallets.setting,),
        evidence="; ".join(chosen.reasons) or "by its name",
        notes=tuple(f"{name} may hold accounts that pay, too" for name in chosen.others),
        close=chosen.close,
    )
    return AccountGuess(relation=with_missing(relation), plans=plans)


def _stripe_id(
    schema: Schema, home: Home, prefix: str, ours: str
) -> tuple[ProposedColumn, Mapping[str, object]] | None:
    """Where the id is kept: in the accounts' table, one beside it, or those that the account names."""
    spots: list[Spot] = []
    order = ""
    for look in schema.near(home):
        first = next(with_prefix(look, prefix), None)
        spot = schema.spots(home, look, first[0], first[1]) if first is not None else None
        if spot is not None and not (spot.up is None and spots):
            spots.append(spot)
        if spots and spots[0].up is None:
            break
    if not spots:
        spots, order = _in_subscriptions(schema, home, prefix)
    if not spots:
        name = named(home.look, "account", ours)
        return None if name is None else (_by_name(ours, name), Spot(look=home.look, column=name).values(home))
    facts = spots[0].facts
    sqls = [spot.sql(schema.phrases, home, order=order) for spot in spots]
    plain = spots[0].look is home.look and not spots[0].path
    held: dict[str, object] = {}
    for spot in reversed(spots):
        held |= {owner: value for owner, value in spot.values(home).items() if value is not None}
    seen = f"{facts.prefixes.get(prefix, 0)} of {facts.present} sampled values of {spots[0].shown}"
    column = ProposedColumn(
        column=ours,
        theirs=spots[0].column if plain else schema.phrases.first_of(sqls),
        confidence=_SEEN if plain else _ELSEWHERE,
        evidence=f"{seen} begin with {prefix}",
    )
    return column, held


def _in_subscriptions(schema: Schema, home: Home, prefix: str) -> tuple[list[Spot], str]:
    """Where an app keeps it with each subscription: the latest one's."""
    for look, route, through in subscription_tables(schema, home):
        first = next(with_prefix(look, prefix), None)
        if first is not None:
            spot = Spot(look=look, column=first[0], path=first[1], route=route, through=through)
            return [spot], "" if route[0].is_unique else latest_first(schema.phrases, look)
    return [], ""


def _by_name(ours: str, theirs: str) -> ProposedColumn:
    return ProposedColumn(
        column=ours, theirs=theirs, confidence=_BY_NAME, evidence="by its name; no sampled row has one"
    )


def _plans(
    plan: PlanSpot | None, home: Home, customers: Mapping[str, object] | None, paid: Mapping[str, bool]
) -> tuple[tuple[PlanGuess, ...], WordGuess | None]:
    if plan is None:
        return (), None
    through = plan.spot.through or plan.spot.look
    of_stripe = plan.fixed is not None or (
        bool(plan.spot.route) and any(next(with_prefix(look, "sub_"), None) for look in (plan.spot.look, through))
    )
    held = plan.values(home)
    plans = plans_of(
        plan.words,
        held,
        customers,
        of_stripe=of_stripe,
        of_subscriptions=plan.holding is not None or bool(plan.ends),
        decided=paid,
    )
    meaning = [(guess.plan, (*guess.words, *((NULL_WORD,) if guess.plan == "FREE" else ()))) for guess in plans]
    return plans, WordGuess(meaning=tuple((ours, tuple(dict.fromkeys(theirs))) for ours, theirs in meaning if theirs))


def _plan_column(schema: Schema, home: Home, plan: PlanSpot, words: WordGuess | None) -> ProposedColumn:
    count = len(plan.words)
    evidence = f"{plan.spot.shown} holds {count} word{'' if count == 1 else 's'}"
    question = ""
    if plan.fixed is not None:
        evidence = f"no column names the plan: {plan.spot.shown} says only that it is paid for"
        question = "is there more than one plan?"
    elif plan.named_in is not None:
        evidence = f"{plan.spot.shown} names a row of {plan.named_in.look.table.name}"
    elif plan.status_shown:
        evidence += f"; it holds while {plan.status_shown} says so"
    if plan.holding is not None and plan.holding.unknown:
        question = "which words of the status mean that the plan holds?"
    return ProposedColumn(
        column="plan",
        theirs=plan.spot.column if plan.is_plain else plan.sql(schema.phrases, home),
        confidence=round(min(0.97, 0.6 + plan.score / 3), 2),
        words=words,
        evidence=evidence,
        question=question,
        unsure=plan.holding.unknown if plan.holding is not None else (),
    )


def _subscription(schema: Schema, home: Home, plan: PlanSpot | None) -> Iterator[ProposedColumn]:
    near = _stripe_id(schema, home, "sub_", "stripe_subscription_id")
    if plan is not None and plan.several and plan.spot.route:
        first = next(with_prefix(plan.spot.look, "sub_"), None)
        if first is not None and not first[1] and not plan.holds_in_middle:
            yield ProposedColumn(
                column="stripe_subscription_id",
                theirs=plan.column_sql(schema.phrases, home, first[0]),
                confidence=_ELSEWHERE,
                evidence=f"{first[2].prefixes.get('sub_', 0)} of {first[2].present} sampled values begin with sub_",
            )
            return
    if near is not None:
        yield near[0]


def _cached(schema: Schema, home: Home, wanted: str | None) -> ProposedColumn | None:
    """The column that seems to hold the balance, where no ledger says which."""
    for look in schema.near(home):
        columns = credit_columns(look)
        spot = schema.spots(home, look, columns[0][1]) if columns else None
        if spot is not None and spot.up is None and (look is home.look or is_about_credits(look, columns[0][1])):
            theirs = [_balance_in(schema, home, look, column) for _, column in columns]
            best = wanted if wanted in theirs else theirs[0]
            others = tuple(each for each in theirs if each != best)
            ask = others and best != wanted
            return ProposedColumn(
                column="credits",
                theirs=best,
                confidence=_BY_NAME,
                evidence="by its name: no ledger was found that it could be compared with",
                question=f"or is it {' or '.join(name for _, name in columns[1:])}, or their sum?" if ask else "",
                alternatives=others if ask else (),
            )
    return None


def _balance_in(schema: Schema, home: Home, look: Look, column: str) -> str:
    """The balance; no value reads as 0 where many rows have none: they have no credits."""
    spot = schema.spots(home, look, column) or Spot(look=look, column=column)
    facts = spot.facts
    sql = spot.sql(schema.phrases, home)
    if facts.total and facts.present < _MOSTLY_THERE * facts.total:
        return f"COALESCE({sql}, 0)"
    return column if look is home.look else sql


def _email(look: Look) -> Iterator[ProposedColumn]:
    usual = COLUMNS["account"]["email"]
    best = max(look.table.columns, key=lambda column: likeness(column.name, usual))
    if likeness(best.name, usual):
        yield ProposedColumn(column="email", theirs=best.name, confidence=0.95, evidence="by its name")


def _role(schema: Schema, look: Look) -> Iterator[ProposedColumn]:
    for column in look.table.columns:
        words = look.labels(column.name) or ()
        is_named = likeness(column.name, COLUMNS["account"]["role"]) >= _BY_NAME
        if is_named and {folded(word) for word in words} & _ROLES:
            known = word_guess("role", words, plans=(), nullable=False)
            kept = WordGuess(meaning=known.meaning) if known is not None else None
            yield ProposedColumn(
                column="role", theirs=column.name, confidence=0.9, words=kept, evidence="by its name and words"
            )
            return
    flag = next((c for c in look.table.columns if likeness(c.name, _ADMIN) and look.type_of(c.name) in _FLAGS), None)
    if flag is not None:
        condition = _is_true(schema, look, flag.name)
        theirs = f"CASE WHEN {condition} THEN 'admin' ELSE 'user' END"
        yield ProposedColumn(column="role", theirs=theirs, confidence=0.85, evidence=f"{flag.name} is a flag")


def _is_true(schema: Schema, look: Look, column: str) -> str:
    name = schema.phrases.name(column)
    return name if look.type_of(column) is Family.BOOLEAN else f"{name} = 1"


def _unlimited(look: Look) -> Iterator[ProposedColumn]:
    usual = COLUMNS["account"]["unlimited_credits"]
    flag = next((c for c in look.table.columns if likeness(c.name, usual) and look.type_of(c.name) in _FLAGS), None)
    if flag is not None:
        yield ProposedColumn(column="unlimited_credits", theirs=flag.name, confidence=0.9, evidence="by its name")


def _active(schema: Schema, look: Look) -> Iterator[ProposedColumn]:
    """What says that an account is in use: a flag, one that says the contrary, and that it is not deleted."""
    conditions, seen = [], []
    plain = None
    for column in look.table.columns:
        if look.type_of(column.name) not in _FLAGS or look.type_of(column.name) is Family.UNKNOWN:
            continue
        name = schema.phrases.name(column.name)
        no = "false" if look.type_of(column.name) is Family.BOOLEAN and schema.phrases.dialect != "sqlite" else "0"
        if likeness(column.name, _WELL):
            plain = column.name
            conditions.append(_is_true(schema, look, column.name))
            seen.append(column.name)
        elif likeness(column.name, _AGAINST):
            conditions.append(f"NOT COALESCE({name}, {no})" if no == "false" else f"COALESCE({name}, 0) = 0")
            seen.append(column.name)
    ended = [
        column.name
        for column in look.table.columns
        if likeness(column.name, _ENDED) and look.nullable(column.name) and is_moment_or_empty(look, column.name)
    ]
    for ending in (*ended, deleted_column(look)):
        if ending is not None:
            conditions.append(f"{schema.phrases.name(ending)} IS NULL")
            seen.append(ending)
    if conditions:
        theirs = plain if plain is not None and len(conditions) == 1 else " AND ".join(conditions)
        yield ProposedColumn(column="active", theirs=theirs, confidence=0.85, evidence=f"{', '.join(seen)}: by name")
