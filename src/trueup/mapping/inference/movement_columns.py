"""Which columns of a table of movements may be the amount, the balance after it, the order, the direction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trueup.mapping.column_types import Family
from trueup.mapping.inference.links import Link
from trueup.mapping.inference.moments import created_column, is_moment
from trueup.mapping.names import folded, likeness
from trueup.mapping.samples import Look, Row, number
from trueup.mapping.vocabulary import COLUMNS

_MOST_COLUMNS, _MOST_WORDS, _MOST_UNNAMED = 8, 12, 4
_AMOUNT_WORDS = frozenset(
    [
        "amount",
        "credit",
        "delta",
        "change",
        "token",
        "point",
        "cost",
        "value",
        "quantity",
        "unit",
        "sum",
        "cent",
        "micro",
    ]
)
_NOT_AMOUNTS = frozenset(
    ["price", "fee", "tax", "currency", "version", "attempt", "limit", "port", "count", "line", "position", "page"]
)
_DIRECTIONS = COLUMNS["ledger_entry"]["kind"] + " direction sign transaction_type in_out is_debit is_credit"
_MOST_NUMBERED, _MOST_TRIED, _FEWEST_OF_EACH = 8, 3, 3
_POSTED = "posted is_posted settled confirmed committed is_active active completed is_completed processed is_confirmed"
_TAKEN = frozenset(
    [
        "debit",
        "usage",
        "use",
        "used",
        "spend",
        "spent",
        "spending",
        "consume",
        "consumed",
        "consumption",
        "deduct",
        "deduction",
        "withdraw",
        "withdrawal",
        "expense",
        "out",
        "outgoing",
        "decrease",
        "subtract",
        "expiry",
        "expire",
        "expired",
        "burn",
        "burned",
        "charge_usage",
        "usage_charge",
        "clawback",
        "redeem",
    ]
)
_COLUMN_IN = frozenset(
    ["credit", "in", "incoming", "added", "deposit", "earned", "increase", "plus", "topup", "granted"]
)
_COLUMN_OUT = frozenset(
    [
        "debit",
        "out",
        "outgoing",
        "spent",
        "used",
        "withdrawn",
        "withdrawal",
        "decrease",
        "minus",
        "consumed",
        "deducted",
    ]
)
_BEFORE = frozenset(["before", "old", "previous", "prev", "prior", "opening", "starting"])
_AFTER = frozenset(["after", "new", "current", "closing", "ending"])
_FACTORS = frozenset(["1", "-1"])
_ANEW = frozenset(
    ["reset", "refresh", "refill", "monthly", "allowance", "cycle", "renewal", "renew", "period", "allotment"]
)
_DONE = frozenset(
    ["completed", "complete", "posted", "settled", "succeeded", "success", "confirmed", "processed", "done", "active"]
)
_BALANCES = COLUMNS["ledger_entry"]["balance_after"]
_SURE = 0.7


def amount_columns(look: Look, route: Sequence[Link]) -> list[str]:
    """The columns that may hold the amount, the likeliest first; where no name says it, any of few numbers."""
    keys = {*look.table.primary_key, *(link.column for link in route), *(k.column for k in look.table.foreign_keys)}
    scored, unnamed = [], []
    for place, column in enumerate(look.table.columns):
        tokens = set(folded(column.name).split("_"))
        score = likeness(column.name, COLUMNS["ledger_entry"]["amount"], owner=look.table.name)
        if not score and tokens & _AMOUNT_WORDS:
            score = 0.4
        if column.name in keys or tokens & _NOT_AMOUNTS or "id" in tokens or likeness(column.name, _BALANCES) >= _SURE:
            continue
        if not look.may_be_number(column.name) or is_moment(look, column.name):
            continue
        if score:
            scored.append((score, -place, column.name))
        elif look.column(column.name).is_numeric:
            unnamed.append(column.name)
    return [name for _, _, name in sorted(scored, reverse=True)][:_MOST_COLUMNS] or unnamed[:_MOST_UNNAMED]


def amount_pairs(look: Look, route: Sequence[Link]) -> Iterator[tuple[str, str]]:
    """Two columns of which one says what came in and the other what went out: no row has both."""
    keys = {*look.table.primary_key, *(link.column for link in route)}
    numbers = [c.name for c in look.table.columns if c.name not in keys and look.may_be_number(c.name)]
    for incoming in (name for name in numbers if _is_side(name, _COLUMN_IN)):
        for outgoing in (name for name in numbers if _is_side(name, _COLUMN_OUT)):
            both = sum(bool(number(row.get(incoming)) and number(row.get(outgoing))) for row in look.rows)
            if incoming != outgoing and look.rows and not both:
                yield incoming, outgoing


def balance_pairs(look: Look, route: Sequence[Link]) -> Iterator[tuple[str, str]]:
    """The balances after and before an entry, by names that differ in that alone: what moved is their difference."""
    keys = {*look.table.primary_key, *(link.column for link in route)}
    parts = {c.name: folded(c.name).split("_") for c in look.table.columns if c.name not in keys}
    numbers = [name for name in parts if look.may_be_number(name) and not is_moment(look, name)]
    for after in (name for name in numbers if _AFTER & set(parts[name])):
        for before in (name for name in numbers if _BEFORE & set(parts[name])):
            if [w for w in parts[after] if w not in _AFTER] == [w for w in parts[before] if w not in _BEFORE]:
                yield after, before


def _is_side(column: str, usual: frozenset[str]) -> bool:
    return bool(set(folded(column).split("_")) & usual)


def has_entry_id(look: Look) -> bool:
    """Whether something names an entry: without it no finding could, and the table is left out."""
    usual = COLUMNS["ledger_entry"]["entry_id"]
    return bool(look.table.primary_key) or any(likeness(column.name, usual) for column in look.table.columns)


def running_columns(look: Look, amounts: Sequence[str | None], route: Sequence[Link]) -> list[str]:
    """The columns that may hold the balance after each entry; none of the ``amounts``."""
    keys = {*look.table.primary_key, *(link.column for link in route), *amounts}
    return [
        column.name
        for column in look.table.columns
        if column.name not in keys and look.column(column.name).is_numeric and not is_moment(look, column.name)
    ][:_MOST_COLUMNS]


def orders(look: Look) -> Iterator[tuple[str | None, tuple[str, ...]]]:
    """By the moment, then by a number that counts up; the first is the one without a sequence."""
    key = look.table.primary_key
    created = created_column(look)
    if created is not None:
        yield None, (created, *key)
    for column in look.table.columns:
        counted = likeness(column.name, COLUMNS["ledger_entry"]["sequence"]) or (column.name,) == key
        if counted and look.type_of(column.name) is Family.INTEGER:
            yield column.name, (column.name,)


def word_columns(look: Look) -> list[str]:
    """The columns of few different words."""
    return [
        column.name
        for column in look.table.columns
        if look.type_of(column.name) in (Family.TEXT, Family.UNKNOWN, Family.BOOLEAN)
        and (words := look.column(column.name).words) is not None
        and 1 < len(words) <= _MOST_WORDS
    ] + [
        name
        for name in numbered_columns(look)
        if likeness(name, _DIRECTIONS, owner=look.table.name) or {*(look.column(name).words or ())} == _FACTORS
    ]


def numbered_columns(look: Look) -> list[str]:
    """The columns in which a framework writes a number for each of a few words."""
    return [
        column.name
        for column in look.table.columns
        if look.type_of(column.name) is Family.INTEGER
        and (words := look.column(column.name).words) is not None
        and 1 < len(words) <= _MOST_NUMBERED
        and look.column(column.name).distinct < look.column(column.name).present / _FEWEST_OF_EACH
    ]


def directions(look: Look) -> Iterator[tuple[str, frozenset[str]]]:
    """The columns some of whose words usually mean that credits are taken."""
    for column in word_columns(look):
        words = look.column(column).words or ()
        taken = frozenset(word for word in words if set(folded(word).split("_")) & _TAKEN)
        if taken and len(taken) < len(words):
            yield column, taken
        elif len(words) <= _MOST_TRIED and look.type_of(column) is not Family.BOOLEAN:  # the balances say which it is
            yield from ((column, frozenset([word])) for word in words)


def anew_words(look: Look) -> Iterator[tuple[str, frozenset[str]]]:
    """The columns some of whose words usually mean that a period's credits replace what was left."""
    for column in word_columns(look):
        words = look.column(column).words or ()
        anew = frozenset(word for word in words if set(folded(word).split("_")) & _ANEW)
        if anew and len(anew) < len(words):
            yield column, anew


def posted_columns(look: Look) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The columns that may say whether an entry counts, with the words that do (none for a flag)."""
    for column in look.table.columns:
        family, words = look.type_of(column.name), look.labels(column.name) or ()
        if likeness(column.name, _POSTED) and family in (Family.BOOLEAN, Family.BIT, Family.INTEGER):
            yield column.name, ()
        elif likeness(column.name, "status state") and family in (Family.TEXT, Family.UNKNOWN):
            done = tuple(word for word in words if folded(word) in _DONE)
            if done and len(done) < len(words):  # whether the others count is for the balances to say
                yield column.name, done
        elif likeness(column.name, "status state") and column.name in numbered_columns(look):
            yield from ((column.name, (word,)) for word in words[:_MOST_TRIED])


def counts(row: Row, posted: tuple[str, tuple[str, ...]] | None) -> bool:
    """Whether the entry counts."""
    if posted is None:
        return True
    column, words = posted
    value = row.get(column)
    return str(value) in words if words else value in (True, 1, "1", "t", "true")
