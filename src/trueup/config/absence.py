"""What the config says is absent: relations and columns of the app, Stripe, plan gates.

What a config does not map is unknown; what it says is absent is known. Only the second lets a report be complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.config.config_errors import complaint, suggestion
from trueup.model.relations import (
    GATES,
    MAPPED,
    MUST_EXIST,
    ONLY_WHERE_MAPPED,
    STRIPE,
    columns_of,
    relation_name,
    relation_named,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from trueup.config.document import Document
    from trueup.config.relation_sections import RelationSection


def refuse_wrong_absence(name: str, section: RelationSection, path: Path) -> None:
    """Raise where a section says absent what it maps, what is not known, or what no audit can do without."""
    key = ("relations", name, "absent")
    if not section.absent:
        return
    if relation_named(name) not in MAPPED:
        mend = "write stripe.enabled = false where the business does not use Stripe"
        raise complaint(path, key, f"is only for relations of the app's own database; {mend}")
    if section.absent is True:
        _refuse_absent_relation(name, section, path)
        return
    columns = {column.name: column for column in columns_of(relation_named(name))}
    for column in section.absent:
        if column not in columns:
            raise complaint(path, key, f'names "{column}", which is not a known column{suggestion(column, columns)}')
        if columns[column].is_key:
            mend = f"write absent = true where there are no rows of {name}"
            raise complaint(path, key, f'names "{column}", without which no row can be read; {mend}')
        if any(column in table.columns or column in table.values for table in (section, *(section.places or ()))):
            mend = "leave it out of one of the two"
            raise complaint(path, key, f'names "{column}", which the same section maps; {mend}')
    if "sequence" in section.absent and section.dense_sequence:
        raise complaint(path, key, 'names "sequence", but dense_sequence is true; leave out one of the two')


def _refuse_absent_relation(name: str, section: RelationSection, path: Path) -> None:
    key = ("relations", name, "absent")
    if name in MUST_EXIST:
        raise complaint(path, key, f"cannot be true: every audit is about accounts, so map [relations.{name}]")
    mapped = sorted("from" if field == "places" else field for field in section.model_fields_set - {"absent"})
    if mapped:
        raise complaint(path, key, f"is true, but the same section has {mapped[0]}; leave out one of the two")


def absences(document: Document, *, mapped: Collection[str]) -> dict[str, str]:
    """Return what is absent, as ``relation`` or ``relation.column``, with the sentence that names the line."""
    absent: dict[str, str] = {}
    if not document.stripe.enabled:
        absent |= dict.fromkeys(map(relation_name, STRIPE), "Stripe is left out (stripe.enabled = false)")
    if not document.gates.enabled:
        absent |= dict.fromkeys(map(relation_name, GATES), "plan gates are left out (gates.enabled = false)")
    for relation in map(relation_name, ONLY_WHERE_MAPPED):
        if relation not in mapped:
            absent[relation] = f"{_plural(relation)} are not mapped (relations.{relation})"
    for name, section in document.relations.items():
        absent |= _absences_of(name, section)
    if "account.plan" in absent and not document.plans:
        absent["plan"] = absent["account.plan"]
    return absent


def _absences_of(name: str, section: RelationSection) -> Mapping[str, str]:
    if section.absent is True:
        return {name: f"{_plural(name)} are said to be absent (relations.{name}.absent = true)"}
    columns = section.absent or []
    absent = {
        f"{name}.{column}": f'{name}.{column} is said to be absent (relations.{name}.absent = ["{column}", …])'
        for column in columns
    }
    if section.dense_sequence is False:
        absent[f"{name}.dense_sequence"] = "the sequence may have gaps (relations.ledger_entry.dense_sequence = false)"
    elif "sequence" in columns:
        absent[f"{name}.dense_sequence"] = absent[f"{name}.sequence"]
    return absent


def _plural(relation: str) -> str:
    """The relation's rows in words.

    >>> _plural("ledger_entry"), _plural("webhook_event")
    ('ledger entries', 'webhook events')
    """
    words = relation.replace("_", " ")
    return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"
