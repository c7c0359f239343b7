"""One check as a page: what it promises, why, what it reads, and every example it is tested with."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from docs.derived import link
from docs.marks import MADE
from docs.numbers import policy_keys, policy_promises
from docs.promises import promises_of
from docs.rows import row_tables, table, value_text
from tests.support.catalogue import checked
from trueup.derived import DERIVED
from trueup.engines.requirements import OR, needs_of_check
from trueup.engines.sql import Need, derived_of, parameters_behind
from trueup.model.change import Change, Refusal
from trueup.model.check import CASE_NOW, Case, Check
from trueup.model.durations import Durations
from trueup.model.finding import Finding
from trueup.model.policy import Policy
from trueup.model.relations import RELATIONS, Row, columns_of, relation_name


def example(check: Check) -> Finding:
    """What the check's first firing example finds."""
    case = next(case for case in check.cases if case.fires)
    return next(finding for finding in checked(check, case).findings if finding.exemption is None)


def page(check: Check, finding: Finding) -> str:
    """The whole page, in Markdown; ``finding`` is the example that it shows."""
    lines = [
        *_head(check),
        *_example(finding),
        *_repair(check, finding),
        *_reads(check),
        *_numbers(check),
        *_sql(check),
        *_cases(check),
    ]
    return "\n".join(lines).rstrip() + "\n"


def repair_of(finding: Finding) -> str:
    """The name of the repair that this finding is offered, or that there is none."""
    return f"`{finding.repair.kind}`" if isinstance(finding.repair, Change) else "a person decides"


def _head(check: Check) -> Iterator[str]:
    yield from (MADE, "", f"# {check.title}", "")
    money = "counts as revenue at risk" if check.revenue_impacting else "does not count as revenue at risk"
    yield f"`{check.id}` · area **{check.area}** · severity **{check.severity}** · {money}"
    yield from ("", "**What holds when all is well.** " + check.invariant, "")
    yield from ("**Why it matters.** " + check.why, "")
    yield from (f"**What `{check.severity}` asks of you.** {check.severity.asks}", "")


def _example(finding: Finding) -> Iterator[str]:
    yield from ("## How a finding reads", "", f"> **{finding.id}**", ">", f"> {finding.message}", "")
    evidence = ((f"`{name}`", value_text(value)) for name, value in finding.evidence.items())
    yield from (*table(("evidence", "for example"), evidence), "")
    if finding.impact:
        yield from (f"At risk here: {finding.impact.text()}.", "")


def _repair(check: Check, finding: Finding) -> Iterator[str]:
    yield from ("## Repair", "")
    if check.repair is None:
        yield from ("A person decides. trueup shows the evidence and changes nothing.", "")
        return
    match finding.repair:
        case Change() as change:
            alone = (
                "It may run without a person"
                if change.safe
                else "It never runs without a person, who asks for each one"
            )
            yield f"`{change.kind}`, for example: {change.summary}. {alone}; an exempted subject is not repaired."
        case Refusal(reason=reason):
            yield f"There is a repair, which refuses where it is not certain, for example: {reason}"
        case None:
            yield "There is a repair where the evidence allows it."
    yield ""


def _reads(check: Check) -> Iterator[str]:
    needs = needs_of_check(check)
    yield from ("## What it reads", "")
    rows = []
    for relation in RELATIONS:
        name = relation_name(relation)
        columns = [c.name for c in columns_of(relation) if (name, c.name) in needs]
        if any(read == name for read, _ in needs):
            rows.append((f"`{name}`", ", ".join(f"`{column}`" for column in columns) or "how many rows there are"))
    yield from (*table(("relation", "columns"), rows), "")
    if check.requires:
        yield from (f"It is skipped unless these are mapped: {_listed(check.requires)}.", "")
    if check.optional:
        yield from (f"It also works without these, which can only excuse a finding: {_listed(check.optional)}.", "")


def _numbers(check: Check) -> Iterator[str]:
    keys, promises, usual = policy_keys(), policy_promises(), Policy()
    bound = sorted(parameters_behind(check.population + check.violations))
    if not bound:
        return
    yield from ("## Numbers", "")
    own = [name for name in bound if name in keys]
    rows = (
        (f"`${name}`", f"`{keys[name]}`", value_text(getattr(usual, keys[name])), promises[keys[name]]) for name in own
    )
    if own:
        yield from (*table(("in the SQL", "in `[policy]`", "default", "meaning"), rows), "")
    spans = promises_of(Durations)
    fixed = [(f"`${name}`", spans[name]) for name in bound if name in spans]
    if fixed:
        yield from ("These are the same for every business:", "", *table(("in the SQL", "meaning"), fixed), "")
    clock = [f"${name}" for name in bound if name not in keys and name not in spans]
    if clock:
        yield from (f"The moment of the audit is bound as {_listed(clock)}.", "")


def _sql(check: Check) -> Iterator[str]:
    yield from ("## The question, in SQL", "", "Each row is a finding; every column is its evidence.", "")
    yield from ("```sql", check.violations.strip(), "```", "")
    yield from ("The denominator, for the score:", "", "```sql", check.population.strip(), "```", "")
    shared = derived_of(check.population) | derived_of(check.violations)
    if shared:
        yield from ("Computed once per audit, and shared with other checks:", "")
        yield from (f"- {link(derived)}: {derived.holds}" for derived in DERIVED if derived.name in shared)
        yield ""


def _cases(check: Check) -> Iterator[str]:
    yield from (
        "## Examples",
        "",
        "Each example is also a test. Columns that are not shown have their usual values, and times are",
    )
    yield from (f"counted from the audit's moment, {CASE_NOW:%Y-%m-%d %H:%M} UTC.", "")
    reads = needs_of_check(check)
    everywhere = [row for row in check.cases[0].given if all(row in case.given for case in check.cases)]
    if everywhere:
        yield from ("These rows are in all of them:", "", *row_tables(everywhere, reads=reads))
    for heading, cases in (
        ("It fires", [case for case in check.cases if case.fires]),
        ("It stays quiet", [case for case in check.cases if not case.fires]),
    ):
        yield from (f"### {heading}", "")
        for case in cases:
            yield from _case(case, everywhere, reads)


def _case(case: Case, everywhere: Sequence[Row], reads: frozenset[Need]) -> Iterator[str]:
    yield from (f"#### {case.name[:1].upper()}{case.name[1:]}", "")
    yield from row_tables([row for row in case.given if row not in everywhere], reads=reads)
    if not case.given:
        yield from ("No rows.", "")
    usual = Policy()
    moved = [
        field.name
        for field in dataclasses.fields(Policy)
        if getattr(case.policy, field.name) != getattr(usual, field.name)
    ]
    if moved:
        settings = (f"`{name} = {_setting(getattr(case.policy, name))}`" for name in moved)
        yield from (f"With {', '.join(settings)}.", "")
    if case.fires:
        yield from (f"Fires for {', '.join(_subject(case, subject) for subject in case.fires)}.", "")


def _subject(case: Case, subject: str) -> str:
    severity = case.severities.get(subject)
    return f"`{subject}` ({severity})" if severity else f"`{subject}`"


def _setting(value: object) -> str:
    return value_text(value).strip("`")


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"`{name.replace(OR, f'`{OR}`')}`" for name in names)
