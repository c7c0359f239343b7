"""Make ``docs/gates.md``: what plan gates are, and each kind of probe as it describes itself."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path

from docs.rows import table
from trueup.disk import whole_file
from trueup.model.options import Option
from trueup.probes import KINDS, options_of_kind

FILE = Path(__file__).parent / "gates.md"
MADE = "<!-- Made by `python -m docs.gates` from itself and from the probes. Edit those, then run it again. -->"

INTRODUCTION = """\
# Plan gates

A plan gate is one feature on one plan: may FREE export, how many seats has PRO. You write down what each plan should
get; probes ask your app what it really gives; every audit compares the two. A refactoring that gives away what others
pay for, or locks out customers who paid, is then a critical finding before it is released.

    $ trueup gate show  # the matrix, the present answers, and what changed since they were accepted
    $ trueup gate accept --reason "exports opened to PRO, PLAT-1204"

[`examples/gates`](../examples/gates) is a small FastAPI application with everything on this page.

## The matrix: what should be

A file beside the config, named in it:

```toml
[gates]
matrix = "gates.toml"
```

It uses the plans of `[plans]`, and has two tables:

```toml gates.toml
[features]
api = { min_plan = "FREE" }                      # this plan and all above it
exports = { min_plan = "PRO" }
sso = { team_only = true }                       # the plan called TEAM and above; without one, the highest rank
fax = { plans = [] }                             # no plan
beta = { plans = ["FREE", "TEAM"], deliberate = true }

[limits]
seats = { FREE = 1, PRO = 5, TEAM = 50 }         # a whole number for every plan
ads = { FREE = 3, PRO = 0, TEAM = 0, deliberate = true }
```

If a higher plan gets less than a lower one, the file must say `deliberate = true`, or it is refused. It is also
refused for a plan or a key that does not exist, a limit without a number for each plan, and a name that is both a
feature and a limit. Names are letters, digits and `_ . / -`.

## The three checks

| check | fires when |
| --- | --- |
| [`gate-regression`](checks/gate-regression.md) | a plan gets what it must not have, or misses what it must have |
| [`gate-uncovered`](checks/gate-uncovered.md) | a feature, or a plan of one, is only in the matrix or only in the app |
| [`gate-unreachable`](checks/gate-unreachable.md) | a probe could not answer: *broken*, and the report incomplete |

A gate without an answer never passes. An answer is a plain `true` or `false` where the matrix has a feature and a
whole number where it has a limit; 1 is not `true`, `true` is not 1, nothing is not `false`. Answers are judged even if
other gates have none. `gate-unreachable` cannot be switched off, and no exemption applies to it. `gate-uncovered`
needs a probe that lists all features (`callable` with `lists`, `file`, `query`); without one it is skipped, which the
report shows.

Without a matrix the three checks are skipped; `enabled = false` under `[gates]` says that there are no plan gates, and
switches them off. Findings are exempted like any others: the subject is `feature:plan`, such as `exports:FREE`.

## The lock: what was accepted

`trueup gate accept --reason TEXT` records, in `gates.lock` beside the config, what each plan gets today: one line
for each cell, sorted, with who accepted it, when and why. Commit it: a pull request then shows line by line what a
change does to the plans.

The lock changes no verdict. In the report and in `trueup gate show` it shows what *changed*, even if the matrix allows
it. It is not written while a probe cannot answer, and a lock that was edited, badly merged or cut short is an error;
it never counts as missing.

## Probes: how the app is asked

Each probe is in the config under a name that you choose: `[gates.probes.NAME]` with its `kind`, its options, and, if
it should not be asked about the whole matrix, `features = ["exports", "sso"]`. Several probes may be asked the same
question: each must answer, and the worst answer counts. Write secrets as references, `${NAME}` or
`file:/run/secrets/x`.

Probes are asked in every audit whose checks look at plan gates: those of the database in the audit's own snapshot, all
others after it is released. The books hold their answers: `trueup audit --books FILE` asks no probe. `trueup doctor`
asks all of them and says which did not answer.
"""


def page() -> str:
    """The whole page, in Markdown."""
    lines = [MADE, "", *INTRODUCTION.splitlines()]
    for kind in KINDS:
        lines += ["", *_section(kind)]
    return "\n".join(lines).rstrip() + "\n"


def said_of(kind: str) -> str:
    """What a probe's module says of itself."""
    return inspect.getdoc(importlib.import_module(f"trueup.probes.{kind}")) or ""


def _section(kind: str) -> Iterator[str]:
    yield from (f"### {kind}", "")
    yield from said_of(kind).replace("``", "`").splitlines()
    options = [_row(option) for option in options_of_kind(kind)]
    if options:
        yield ""
        yield from table(("option", "is", "default", "meaning"), options)


def _row(option: Option) -> tuple[str, ...]:
    usual = "required" if option.required else _usual(option.usual)
    secret = ", a secret" if option.secret else ""
    return f"`{option.name}`", option.type_words + secret, usual, option.means


def _usual(value: object) -> str:
    match value:
        case None:
            return ""
        case tuple() | Mapping():
            return f"`{list(value)}`"
        case _:
            return f"`{value}`"


if __name__ == "__main__":
    with whole_file(FILE) as file:
        file.write(page())
