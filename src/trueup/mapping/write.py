"""Write a proposal as the text of a ``trueup.toml``: every guess is marked, what was not found is a comment."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trueup.config.references import has_literal_secret
from trueup.mapping.names import folded
from trueup.mapping.proposal import SURE
from trueup.model.columns import Column
from trueup.model.finding import printable
from trueup.model.relations import columns_of, relation_named

if TYPE_CHECKING:
    from trueup.mapping.proposal import Proposal, ProposedColumn, ProposedRelation
    from trueup.mapping.word_guesses import PlanGuess, WordGuess

DATABASE_REFERENCE = "${DATABASE_URL}"

_HEAD = """\
# Written by `trueup init`. Safe to commit: a secret is always a reference, ${NAME} or file:/run/secrets/name.
# Look at each line marked "guess": it comes from names, types and words, and needs your confirmation.
environment = "production"
"""
_FOOT = """
# [policy]                               # the business's own numbers; these are the defaults
# period_days = 45
# settle_minutes = 15
# past_due_grace_days = 16
# idempotency_since = 2026-01-01         # rows before the webhook table existed owe no record
# [policy.credit_value]
# usd = "1.5"                            # cents that one credit is worth; puts a price on findings
"""
_GATES = (
    '# matrix = "gates.toml"                 # which plan gets which feature',
    "# [gates.probes.app]                    # how to ask what a plan really gets; docs/gates.md has other kinds",
    '# kind = "callable"',
    '# callable = "app.access:may_use"       # your own function: (plan, feature) -> bool or int',
)
_COMMENT_AT, _WIDEST = 40, 100
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LAST_SHORT = 0xFFFF


def render(proposal: Proposal, url_reference: str = DATABASE_REFERENCE) -> str:
    """Return the text of a config that ``load_config`` accepts as soon as one relation was found.

    ``url_reference`` is how the file names the database. A reference that holds a password is never written;
    ``${DATABASE_URL}`` is written instead.
    """
    reference = DATABASE_REFERENCE if has_literal_secret(url_reference) else url_reference
    lines = [_HEAD.rstrip("\n")]
    if proposal.preset is not None:
        lines.append(_line(f"preset = {_text(proposal.preset)}", "recognised: it supplies every table and column"))
    lines += _framework(proposal)
    lines += ["", "[database]", f"url = {_text(reference)}"]
    lines.append(
        _line(
            '# repair_url = "${TRUEUP_REPAIR_URL}"',
            "a role with few rights that may repair; without it, repairs are off",
        )
    )
    lines += ["", "[stripe]", *_stripe(proposal.stripe_preset)]
    lines += ["", "[gates]", _line("enabled = false", "until there is a matrix of plan gates: their checks are off")]
    lines += _GATES
    lines += _plans(proposal)
    for relation in proposal.relations:
        if relation.places:
            lines += _several_places(relation)
        else:
            lines += _preset_words(relation) if proposal.preset is not None else _relation(relation)
    for name in proposal.missing:
        lines += _absent_relation(name) if name in proposal.absent else _missing(name)
    lines += _left_out(proposal.left_out)
    return "\n".join(lines) + "\n" + _policy(proposal) + "".join(f"{line}\n" for line in _written_for(proposal))


def _policy(proposal: Proposal) -> str:
    """The business's own numbers as comments, and the unit of credits where a column's name says it."""
    if proposal.unit is None:
        return _FOOT
    unit, why = proposal.unit
    line = _line(f"unit = {_text(unit)}", f"guess: {why}; findings show money")
    return f"\n[policy]\n{line}\n" + _FOOT.replace("# [policy]  ", "#           ")


def _written_for(proposal: Proposal) -> Iterator[str]:
    """The schema that the file was written for, so that the doctor can say what changed."""
    written = proposal.written_for
    if written is None:
        return
    yield from (
        "",
        "# The schema for which this was written: `trueup doctor` says what changed since.",
        "[written_for]",
    )
    yield from _list("others", written.others)
    yield "[written_for.tables]"
    for table, columns in written.tables.items():
        yield f"{_key(table)} = {{ {', '.join(f'{_key(name)} = {_text(kind)}' for name, kind in columns.items())} }}"


def _framework(proposal: Proposal) -> Iterator[str]:
    """The preset that was recognised. The data say more than it does, so it is only named."""
    if proposal.framework is None:
        return
    name, missing = proposal.framework
    yield _line(f"# preset = {_text(name)}", "recognised; the mapping below is from the data, and needs no preset")
    yield from (f"# of this preset: {printable(note)}" for note in missing)


def _stripe(preset: str | None) -> Iterator[str]:
    if preset is None:
        yield _line("enabled = false", "until trueup may read Stripe: its checks are off")
        return
    yield _line('supplier = "database"', "recognised: Stripe's objects are in this database")
    yield f"preset = {_text(preset)}"
    yield _line('# api_key = "${STRIPE_API_KEY}"', "a restricted key, to read what the tables do not hold (events)")


def _plans(proposal: Proposal) -> Iterator[str]:
    if proposal.preset is not None and not any(plan.seen for plan in proposal.plans):
        return
    for plan in proposal.plans:
        yield from ("", f"[plans.{_key(plan.plan)}]")
        yield _line(f"rank = {plan.rank}", _rank_comment(plan))
        if plan.paid is not None:
            yield _line(f"paid = {str(plan.paid).lower()}", _because(plan.evidence, plan.question))
        if plan.prices:
            yield _line(f"prices = [{', '.join(map(_text, plan.prices))}]", "these words are prices of Stripe's")
        elif plan.rank:
            yield _line("# prices = []", "the Stripe price ids that mean this plan")
        if plan.rank:
            yield _line("# credits_per_period = 0", "what one period grants")


def _rank_comment(plan: PlanGuess) -> str:
    if not plan.seen:
        return "guess: no plan was seen in the data"
    if plan.paid is not None:
        return "guess: the usual order of such names"
    if plan.rank == 0:
        return _because("not a paid plan", plan.evidence, plan.question)
    return _because("guess: the usual order of such names; paid, because it is above 0", plan.evidence, plan.question)


def _because(*reasons: str) -> str:
    return "; ".join(filter(None, reasons))


def _relation(relation: ProposedRelation) -> Iterator[str]:
    name = relation.relation
    yield from ("", f"[relations.{name}]")
    yield _line(f"table = {_text(relation.table)}", _because(_guess(relation.confidence), relation.evidence))
    for note in relation.notes:
        yield f"# {printable(note)}"
    if relation.where is not None:
        yield _line(f"where = {_text(relation.where)}", "guess: only these rows")
    yield from _prefixes(relation)
    for key, value, why in relation.settings:
        yield _line(f"{key} = {value}", f"guess: {why}")
    if relation.deleted_at is not None:
        quoted = (
            relation.deleted_at if folded(relation.deleted_at) == relation.deleted_at else f'"{relation.deleted_at}"'
        )
        yield _line(
            f"# where = {_text(f'{quoted} IS NULL')}", "this column seems to mark deleted rows; leave them out?"
        )
    yield from _absent_columns(relation.absent)
    given = {key for key, *_ in relation.settings}
    if "dense_sequence" not in given and any(column.column == "sequence" for column in relation.columns):
        yield _line("# dense_sequence = true", "only where the app promises that no number is ever missing")
    yield f"[relations.{name}.columns]"
    for column in relation.columns:
        yield _column(column)
        for other in column.alternatives:
            yield _line(f"# {column.column} = {_text(other)}", "or is it this?")
    for absent in _of(name, [column for column in relation.missing if column not in relation.absent]):
        yield _line(f'# {absent.name} = ""', _absent(absent))
    for column in relation.columns:
        yield from _words(name, column)


def _several_places(relation: ProposedRelation) -> Iterator[str]:
    """Write a relation whose rows are in several tables, or in several parts of one."""
    if relation.settings or relation.absent or relation.notes:
        yield from ("", f"[relations.{relation.relation}]")
        yield from (f"# {printable(note)}" for note in relation.notes)
        yield from (_line(f"{key} = {value}", f"guess: {why}") for key, value, why in relation.settings)
        yield from _absent_columns(relation.absent)
    for place in relation.places:
        yield from _place(relation.relation, place)


def _place(name: str, place: ProposedRelation) -> Iterator[str]:
    """Write one of several tables that hold the relation's rows."""
    yield from ("", f"[[relations.{name}.from]]")
    yield _line(f"table = {_text(place.table)}", _because(_guess(place.confidence), place.evidence))
    yield from _prefixes(place)
    if place.where is not None:
        yield _line(f"where = {_text(place.where)}", "guess: only these rows")
    if place.absent:
        yield f"absent = [{', '.join(map(_text, place.absent))}]"
    yield f"[relations.{name}.from.columns]"
    for column in place.columns:
        yield _column(column)
    for column in place.columns:
        yield from _words(f"{name}.from", column)


def _prefixes(relation: ProposedRelation) -> Iterator[str]:
    for key, prefix in (("key_prefix", relation.key_prefix), ("account_prefix", relation.account_prefix)):
        if prefix is not None:
            yield f"{key} = {_text(prefix)}"


def _column(column: ProposedColumn) -> str:
    text = f"{column.column} = {_text(column.theirs)}"
    if column.doubt is not None:
        return _line(f"# {text}", column.doubt)
    unit = "in cents" if folded(column.theirs).endswith("_cent") else ""
    question = f"to decide: {column.question}" if column.question else ""
    return _line(text, _because(_guess(column.confidence), column.evidence, unit, question))


def _words(relation: str, column: ProposedColumn) -> Iterator[str]:
    table = f"[relations.{relation}.values.{column.column}]"
    if column.words is None:
        if column.column in ("plan", "kind", "status") and column.doubt is None and not column.evidence:
            yield _line(f"# {table}", "trueup's words = your words, where they differ; the column was not read")
        return
    if column.words.meaning:
        yield table
    yield from _meanings(column.words)


def _preset_words(relation: ProposedRelation) -> Iterator[str]:
    for column in relation.columns:
        if column.words is not None and not _is_ours(column.words):
            yield ""
            yield from _words(relation.relation, column)


def _meanings(words: WordGuess) -> Iterator[str]:
    for ours, theirs in words.meaning:
        same = all(word == ours for word in theirs)
        yield _line(f"{_key(ours)} = [{', '.join(map(_text, theirs))}]", "" if same else "guess")
    for word in words.unknown:
        yield _line(
            f"# {_text(word)}", "guess: which of trueup's words is this? Until it is named, its rows cannot be judged"
        )


def _is_ours(words: WordGuess) -> bool:
    return not words.unknown and all(word == ours for ours, theirs in words.meaning for word in theirs if word)


def _left_out(left_out: Sequence[tuple[str, str]]) -> Iterator[str]:
    if left_out:
        yield from ("", "# Seen and left out:")
    for name, what in left_out:
        yield f"# {printable(name)}: {printable(what)}"


def _absent_relation(name: str) -> Iterator[str]:
    yield from ("", f"[relations.{name}]")
    yield _line("absent = true", "guess: no table holds it; name one in place of this line if there is")


def _absent_columns(names: Sequence[str]) -> Iterator[str]:
    """The columns that the app does not have, as many to a line as fit."""
    if not names:
        return
    yield "# guess: nothing of these was seen; take a name out of the list where you map it"
    yield from _list("absent", names)


def _list(key: str, names: Sequence[str]) -> Iterator[str]:
    """A list of texts, as many to a line as fit."""
    lines = [""]
    for word in (f"{_text(name)}," for name in names):
        if len(lines[-1]) + len(word) > _WIDEST:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}"
    if len(lines) == 1:
        yield f"{key} = [{lines[0].strip().removesuffix(',')}]"
        return
    yield f"{key} = ["
    yield from (f"   {line}" for line in lines)
    yield "]"


def _missing(name: str) -> Iterator[str]:
    columns = columns_of(relation_named(name))
    yield from ("", _line(f"# [relations.{name}]", "not found: no table looks like it"))
    yield '# table = ""'
    yield f"# [relations.{name}.columns]"
    for column in columns:
        yield f'# {column.name} = ""'


def _of(relation: str, names: Sequence[str]) -> list[Column]:
    return [column for column in columns_of(relation_named(relation)) if column.name in names]


def _absent(column: Column) -> str:
    if not column.has_neutral:
        return "not found: the checks that need it are skipped"
    if column.neutral is None:
        return "not found: left empty"
    return f"not found: {str(column.neutral).lower()} is assumed"


def _guess(confidence: float) -> str:
    return "" if confidence >= SURE else f"guess: {math.floor(confidence * 100)}% sure"


def _line(text: str, comment: str) -> str:
    return f"{text:<{_COMMENT_AT}} # {printable(comment)}" if comment else text


def _key(name: str) -> str:
    """A TOML key."""
    return name if _BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    """A TOML string, literal where it would need escapes. No character in it moves a cursor or turns the direction."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    if ('"' in whole or "\\" in whole) and all(each == " " or each.isprintable() for each in whole):
        if "'" not in whole:
            return f"'{whole}'"
        if "'''" not in whole and not whole.endswith("'"):
            return f"'''{whole}'''"
    quoted = json.dumps(whole, ensure_ascii=False)
    return "".join(each if each == " " or each.isprintable() else _escaped(each) for each in quoted)


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number <= _LAST_SHORT else f"\\U{number:08x}"
