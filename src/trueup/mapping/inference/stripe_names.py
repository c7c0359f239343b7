"""Which of Stripe's ids a row names, in columns of their own, in one shared column, and inside JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trueup.mapping.column_types import Family
from trueup.mapping.inference.phrases import Phrases
from trueup.mapping.inference.signs_of_accounts import MOSTLY, named
from trueup.mapping.names import folded, likeness
from trueup.mapping.proposal import ProposedColumn
from trueup.mapping.samples import Facts, Look, Path
from trueup.mapping.vocabulary import COLUMNS

_OURS = {
    "stripe_event_id": ("evt_",),
    "stripe_payment_intent_id": ("pi_",),
    "stripe_invoice_id": ("in_",),
    "stripe_checkout_session_id": ("cs_",),
    "stripe_charge_id": ("ch_", "py_"),
    "stripe_subscription_id": ("sub_",),
}
_SEEN, _BY_NAME, _SURE_NAME = 0.97, 0.7, 0.95


def stripe_names(look: Look, phrases: Phrases) -> Iterator[ProposedColumn]:
    """Each of Stripe's ids that the table's rows name."""
    for ours, prefixes in _OURS.items():
        for prefix in prefixes:
            column = _with_prefix(look, phrases, ours, prefix)
            if column is not None:
                yield column
                break
        else:
            name = named(look, "ledger_entry", ours)
            if name is not None and _is_sure(name, ours):
                yield ProposedColumn(
                    column=ours, theirs=name, confidence=_BY_NAME, evidence="by its name; no sampled row has one"
                )


def _is_sure(name: str, ours: str) -> bool:
    return "stripe" in folded(name) or likeness(name, COLUMNS["ledger_entry"][ours]) >= _SURE_NAME


def _with_prefix(look: Look, phrases: Phrases, ours: str, prefix: str) -> ProposedColumn | None:
    places = list(_places(look, prefix))
    if not places:
        return None
    sqls = [_sql(phrases, column, path, facts, prefix) for column, path, facts in places]
    column, path, facts = places[0]
    shown = ".".join((column, *path))
    evidence = f"{facts.prefixes.get(prefix, 0)} of {facts.present} sampled values of {shown} begin with {prefix}"
    if len(places) > 1:
        evidence += f"; {len(places) - 1} more place(s) hold such ids"
    theirs = sqls[0] if len(sqls) > 1 or path or facts.share_of(prefix) < MOSTLY else column
    return ProposedColumn(
        column=ours, theirs=phrases.first_of(sqls) if len(sqls) > 1 else theirs, confidence=_SEEN, evidence=evidence
    )


def _places(look: Look, prefix: str) -> Iterator[tuple[str, Path, Facts]]:
    """Columns of their own first, then places inside JSON, then columns that are shared with other ids."""
    columns: Sequence[tuple[str, Path, Facts]] = [
        (column.name, (), look.column(column.name))
        for column in look.table.columns
        if look.column(column.name).prefixes.get(prefix) and look.type_of(column.name) in (Family.TEXT, Family.UNKNOWN)
    ]
    yield from (each for each in columns if each[2].share_of(prefix) >= MOSTLY)
    yield from ((column, path, facts) for (column, path), facts in look.paths().items() if facts.prefixes.get(prefix))
    yield from (each for each in columns if each[2].share_of(prefix) < MOSTLY)


def _sql(phrases: Phrases, column: str, path: Path, facts: Facts, prefix: str) -> str:
    value = phrases.at(phrases.name(column), path)
    return value if facts.share_of(prefix) >= MOSTLY else phrases.beginning(value, prefix)
