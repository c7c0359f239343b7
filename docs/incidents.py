"""Make ``docs/incidents.md``: what was seen in the field, and what must catch it, from the scenarios themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from docs.rows import table
from tests.incidents.cast import INNOCENTS, SECTIONS
from tests.support.incidents.scenario import Scenario
from trueup.disk import whole_file

FILE = Path(__file__).parent / "incidents.md"
MADE = "<!-- Made by `python -m docs.incidents` from `tests/incidents/`. Edit those, then run it again. -->"
INTRODUCTION = """\
# Incidents

Incidents from public threads and write-ups, and the checks that must find them. Each is a scenario in
`tests/incidents/`: the app's rows and Stripe's objects as that incident left them, and exactly the findings that it
must cause. Each has an innocent twin, of the same shape but with nothing wrong, which must cause none.

All of them are audited together in one company, each alone, and in thousands of random mixtures with random amounts
and dates. `make bench` prints recall and precision over them; both must be 1. To run one seed again:

    $ .venv/bin/python -m bench.incidents --first 4711 --mixtures 1
"""


def page() -> str:
    """The page as it is now."""
    lines = [MADE, "", INTRODUCTION]
    for title, scenarios in SECTIONS:
        lines += [f"## {title}", "", *_rows(scenarios), "", *_remarks(scenarios)]
    lines += ["## Innocent, and quiet", ""]
    lines += table(("#", "what it looks like", "why it is not a finding"), _innocents())
    return "\n".join(lines).rstrip() + "\n"


def _rows(scenarios: Sequence[Scenario]) -> Iterator[str]:
    yield from table(
        ("#", "what happened", "seen in", "found by"),
        ((str(one.number), one.happened, one.source, _checks(one)) for one in scenarios),
    )


def _checks(scenario: Scenario) -> str:
    links = (f"[`{check}`](checks/{check}.md)" for check in scenario.catches)
    return ", ".join(links) or "nothing: it must stay quiet"


def _remarks(scenarios: Sequence[Scenario]) -> Iterator[str]:
    said = [f"- **{one.number}.** {one.remark}" for one in scenarios if one.remark]
    if said:
        yield from (*said, "")


def _innocents() -> Iterator[tuple[str, str, str]]:
    for one in INNOCENTS:
        yield str(one.number), one.name, one.why


if __name__ == "__main__":
    with whole_file(FILE) as file:
        file.write(page())
