"""Write a proposal as the text of a ``trueup.toml``: every guess is marked, what was not found is a comment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trueup.config.references import has_literal_secret
from trueup.mapping.toml_lines import toml_key, toml_line, toml_list, toml_text
from trueup.mapping.write_relation import (
    join_reasons,
    write_absent_relation,
    write_missing_relation,
    write_places,
    write_preset_words,
    write_relation,
)
from trueup.model.finding import printable

if TYPE_CHECKING:
    from trueup.mapping.proposal import Proposal
    from trueup.mapping.word_guesses import PlanGuess

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


def render(proposal: Proposal, url_reference: str = DATABASE_REFERENCE) -> str:
    """Return the text of a config that ``load_config`` accepts as soon as one relation was found.

    ``url_reference`` is how the file names the database. A reference that holds a password is never written;
    ``${DATABASE_URL}`` is written instead.
    """
    reference = DATABASE_REFERENCE if has_literal_secret(url_reference) else url_reference
    lines = [_HEAD.rstrip("\n")]
    if proposal.preset is not None:
        lines.append(
            toml_line(f"preset = {toml_text(proposal.preset)}", "recognised: it supplies every table and column")
        )
    lines += _framework(proposal)
    lines += ["", "[database]", f"url = {toml_text(reference)}"]
    lines.append(
        toml_line(
            '# repair_url = "${TRUEUP_REPAIR_URL}"',
            "a role with few rights that may repair; without it, repairs are off",
        )
    )
    lines += ["", "[stripe]", *_stripe(proposal.stripe_preset)]
    lines += [
        "",
        "[gates]",
        toml_line("enabled = false", "until there is a matrix of plan gates: their checks are off"),
    ]
    lines += _GATES
    lines += _plans(proposal)
    for relation in proposal.relations:
        if relation.places:
            lines += write_places(relation)
        else:
            lines += write_preset_words(relation) if proposal.preset is not None else write_relation(relation)
    for name in proposal.missing:
        lines += write_absent_relation(name) if name in proposal.absent else write_missing_relation(name)
    lines += _left_out(proposal.left_out)
    return "\n".join(lines) + "\n" + _policy(proposal) + "".join(f"{line}\n" for line in _written_for(proposal))


def _policy(proposal: Proposal) -> str:
    """The business's own numbers as comments, and the unit of credits where a column's name says it."""
    if proposal.unit is None:
        return _FOOT
    unit, why = proposal.unit
    line = toml_line(f"unit = {toml_text(unit)}", f"guess: {why}; findings show money")
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
    yield from toml_list("others", written.others)
    yield "[written_for.tables]"
    for table, columns in written.tables.items():
        kinds = ", ".join(f"{toml_key(name)} = {toml_text(kind)}" for name, kind in columns.items())
        yield f"{toml_key(table)} = {{ {kinds} }}"


def _framework(proposal: Proposal) -> Iterator[str]:
    """The preset that was recognised. The data say more than it does, so it is only named."""
    if proposal.framework is None:
        return
    name, missing = proposal.framework
    yield toml_line(
        f"# preset = {toml_text(name)}", "recognised; the mapping below is from the data, and needs no preset"
    )
    yield from (f"# of this preset: {printable(note)}" for note in missing)


def _stripe(preset: str | None) -> Iterator[str]:
    if preset is None:
        yield toml_line("enabled = false", "until trueup may read Stripe: its checks are off")
        return
    yield toml_line('supplier = "database"', "recognised: Stripe's objects are in this database")
    yield f"preset = {toml_text(preset)}"
    yield toml_line('# api_key = "${STRIPE_API_KEY}"', "a restricted key, to read what the tables do not hold (events)")


def _plans(proposal: Proposal) -> Iterator[str]:
    if proposal.preset is not None and not any(plan.seen for plan in proposal.plans):
        return
    for plan in proposal.plans:
        yield from ("", f"[plans.{toml_key(plan.plan)}]")
        yield toml_line(f"rank = {plan.rank}", _rank_comment(plan))
        if plan.paid is not None:
            yield toml_line(f"paid = {str(plan.paid).lower()}", join_reasons(plan.evidence, plan.question))
        if plan.prices:
            yield toml_line(
                f"prices = [{', '.join(map(toml_text, plan.prices))}]", "these words are prices of Stripe's"
            )
        elif plan.rank:
            yield toml_line("# prices = []", "the Stripe price ids that mean this plan")
        if plan.rank:
            yield toml_line("# credits_per_period = 0", "what one period grants")


def _rank_comment(plan: PlanGuess) -> str:
    if not plan.seen:
        return "guess: no plan was seen in the data"
    if plan.paid is not None:
        return "guess: the usual order of such names"
    if plan.rank == 0:
        return join_reasons("not a paid plan", plan.evidence, plan.question)
    return join_reasons(
        "guess: the usual order of such names; paid, because it is above 0", plan.evidence, plan.question
    )


def _left_out(left_out: Sequence[tuple[str, str]]) -> Iterator[str]:
    if left_out:
        yield from ("", "# Seen and left out:")
    for name, what in left_out:
        yield f"# {printable(name)}: {printable(what)}"
