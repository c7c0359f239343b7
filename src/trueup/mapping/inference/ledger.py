"""The ledger's proposed relation, and what it says of the accounts' credits."""

from __future__ import annotations

from dataclasses import dataclass, field

from trueup.mapping.inference.ledger_columns import ledger_columns, ordered, with_missing
from trueup.mapping.inference.moments import created_column, deleted_column
from trueup.mapping.inference.movements import AGREES, Movements, ledgers
from trueup.mapping.inference.phrases import Phrases
from trueup.mapping.inference.schema import Schema
from trueup.mapping.inference.spots import ALIAS, Home, Spot, conditions_of
from trueup.mapping.inference.two_ledgers import TwoLedgers, two_ledgers
from trueup.mapping.inference.wallet_lines import ProposedWallets, propose_wallets
from trueup.mapping.proposal import ProposedColumn, ProposedRelation

_BY_NAME = 0.5
_SOME = 0.3
_CLOSE = 0.8
_FEWEST = 3
_MOST_SUMMED = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerGuess:
    """The ledger, the expression of the credits that it is compared with, and what was seen beside it.

    ``movements`` are what one table shows of it; None where there is no ledger, or it is of two tables.
    """

    relation: ProposedRelation | None = None
    movements: Movements | None = None
    credits: ProposedColumn | None = None
    wallets: ProposedWallets | None = None
    notes: tuple[str, ...] = field(default_factory=tuple)


def guess_ledger(schema: Schema, home: Home, wanted: str | None = None) -> LedgerGuess:
    """The likeliest ledger of these accounts, or the one that a person ``wanted``."""
    ranked = ledgers(schema, home)
    if wanted is not None:
        ranked = [each for each in ranked if each.look.name == wanted] or ranked
    best = ranked[0] if ranked else None
    if best is not None and best.is_proven:
        return _single(schema, home, best, ranked)
    pair = two_ledgers(schema, home)
    if pair is not None:
        return _pair(schema, home, pair)
    if best is not None and best.name >= _BY_NAME and best.agreement.looked_at < _FEWEST:
        return _single(schema, home, best, ranked)
    return LedgerGuess(
        notes=tuple(_rejected(each) for each in ranked if each.name >= _BY_NAME or each.agreement.looked_at)
    )


def _rejected(ranked: Movements) -> str:
    return (
        f"{ranked.look.name} was not taken for the ledger: its sums are the balances of only {ranked.agreement} "
        "sampled accounts, so it does not hold every movement"
    )


def _single(schema: Schema, home: Home, best: Movements, ranked: list[Movements]) -> LedgerGuess:
    phrases = schema.phrases
    settings: tuple[tuple[str, str, str], ...] = ()
    evidence = _evidence(best)
    starts = best.zero if best.holds else best.agreement if best.agrees else None
    if starts is not None and starts.looked_at >= _FEWEST and starts.part >= 0.9 - 0.3 * (not best.holds):
        settings = (("ledger_starts_at", "0", f"{starts} sampled accounts begin at 0"),)
    if best.sequence is not None:
        settings = (*settings, ("dense_sequence", "false", "true only where no number is ever missing in an account"))
    relation = ProposedRelation(
        relation="ledger_entry",
        table=best.look.name,
        confidence=round(min(0.99, 0.5 + best.score / 10), 2),
        columns=tuple(ordered("ledger_entry", ledger_columns(schema, best))),
        missing=(),
        where=_where(best, phrases),
        settings=settings,
        evidence=evidence,
        close=tuple((each.look.name, _evidence(each)) for each in ranked[1:3] if _is_close(each, best)),
    )
    wallets = None if best.wallets is None else propose_wallets(best.wallets, best.agreement, phrases, home)
    return LedgerGuess(
        relation=with_missing(relation), movements=best, credits=_credits(schema, home, best), wallets=wallets
    )


def _is_close(other: Movements, best: Movements) -> bool:
    """Whether another table explains the balances nearly as well, or none explains them and the names are as good."""
    return other.is_proven == best.is_proven and other.score >= _CLOSE * best.score > 0


def _evidence(best: Movements) -> str:
    parts = []
    if best.holds:
        parts.append(f"{best.steps} sampled entries' {best.running} is the one before plus the amount")
    if best.agreement.looked_at and best.credits is not None:
        parts.append(f"its end is {best.credits.shown} for {best.agreement} sampled accounts")
    elif best.agreement.looked_at and best.wallets is not None:
        parts.append(f"its ends are {best.agreement} sampled balances of the accounts' wallets")
    if not best.look.sample.has_whole_accounts:
        parts.append("weaker evidence: no whole accounts could be read, for want of an index on the owner")
    return "; ".join(parts) or "by its name"


def _credits(schema: Schema, home: Home, best: Movements) -> ProposedColumn | None:
    phrases = schema.phrases
    enough = best.agreement.part >= (_SOME if best.holds else AGREES)
    if best.wallets is not None and best.credits is None:
        return None
    if best.credits is not None and (enough or best.agreement.looked_at < _FEWEST):
        times = "" if best.factor == 1 else f"{best.factor} times it "
        sql = best.credits.sql(phrases, home)
        return ProposedColumn(
            column="credits",
            theirs=_plain(
                sql, best.credits.column, is_own=not (best.credits.route or best.credits.plus or best.credits.path)
            )
            if best.factor == 1
            else f"ROUND({sql} * {best.factor})",
            confidence=0.97 if enough else 0.7,
            evidence=f"{times}is where the ledger ends for {best.agreement} sampled accounts",
        )
    if best.running is None or len(best.route) > 1:
        return None
    return _latest_balance(best, phrases, home)


def _plain(sql: str, column: str, *, is_own: bool) -> str:
    """A column of the table itself is named as it is, not quoted as in an expression."""
    return column if is_own else sql


def _latest_balance(best: Movements, phrases: Phrases, home: Home) -> ProposedColumn | None:
    """Where no column caches the balance: the latest entry's."""
    look, link = best.look, best.route[0]
    order = best.sequence or created_column(look)
    if link.column not in look.table.indexed and (look.table.rows or 0) > _MOST_SUMMED:
        return None
    spot = Spot(look=look, column=best.running or "", route=best.route)
    latest = f" ORDER BY {phrases.of(ALIAS, order or '')} DESC LIMIT 1"
    balance = spot.lookup(phrases, home, spot.with_condition(phrases, ALIAS), order=latest)
    return ProposedColumn(
        column="credits",
        theirs=f"COALESCE({balance}, 0)",
        confidence=0.9,
        evidence="no column caches the balance: the latest entry's",
    )


def _where(best: Movements, phrases: Phrases) -> str | None:
    conditions = conditions_of(phrases, "", best.route[0])
    deleted = deleted_column(best.look)
    if deleted is not None:
        conditions.append(f"{phrases.name(deleted)} IS NULL")
    return " AND ".join(conditions) or None


def _pair(schema: Schema, home: Home, pair: TwoLedgers) -> LedgerGuess:
    phrases = schema.phrases
    side = pair.incoming
    movements = Movements(
        look=side.look, route=(side.link,), through=None, amount=side.amount, agreement=pair.agreement
    )
    conditions = [part for part in (_where(movements, phrases), side.only and side.only.sql(phrases)) if part]
    evidence = f"what it brought in, less what {pair.outgoing.look.name} says was used, is {pair.credits.shown} for "
    evidence += f"{pair.agreement} sampled accounts"
    relation = ProposedRelation(
        relation="ledger_entry",
        table=side.look.name,
        confidence=0.85,
        columns=tuple(ordered("ledger_entry", ledger_columns(schema, movements))),
        missing=(),
        where=" AND ".join(conditions) or None,
        settings=(("ledger_starts_at", "0", f"{pair.agreement} sampled accounts begin at 0"),),
        evidence=evidence,
    )
    balance = ProposedColumn(
        column="credits",
        theirs=pair.credits_sql(phrases, home),
        confidence=0.85,
        evidence=f"the balance with what {pair.outgoing.look.name} used added again: what the ledger brought in",
    )
    return LedgerGuess(relation=with_missing(relation), credits=balance)
