"""Which finding of the baseline is the same broken thing as one of the report, and whether it got worse.

The same check and the same subject are the same thing. Under another name it is the same thing only

- where somebody says so: the subject is among the renamed ones; or
- where the evidence leaves no doubt: it holds the same *marks*. Marks are the ids that the evidence names and that are
  given to one thing only (Stripe's ids, and those of ledger entries), and its moments. All of them must be equal, at
  least one id and one moment must be among them, no other finding of that check may have the same, and neither name
  may stand in the other report. An account's own id is no mark: its next fault would be taken for its last one.
  Amounts are none: two accounts of one plan drift by the same number. A subject that is Stripe's id is never renamed.

In doubt a finding is new. So what was resolved can hide nothing: whatever is matched to it holds the same ids of the
same rows at the same moments.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from trueup.model.finding import fingerprint_of
from trueup.model.release.facts import Facts, Issue
from trueup.model.worsening import CLEAR_GROWTH, has_grown, is_more_severe

Marks = frozenset[tuple[str, str]]

# Stripe's ids begin with a short word for the kind of object (https://docs.stripe.com/api: each object's "id").
_STRIPE_ID = re.compile(r"(?:acct|ch|cs|cus|dp|du|evt|in|ii|il|pi|po|price|prod|py|pyr|re|seti|si|sub|txn)_\w{8,}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?Z")


def is_stripe_id(text: str) -> bool:
    """Whether Stripe gave this id: nobody renames it."""
    return _STRIPE_ID.fullmatch(text) is not None


def marks(issue: Issue) -> Marks:
    """What ties the finding to certain rows, whatever its subject is called; empty where that is not enough."""
    found = {(name, str(value)) for name, value in issue.evidence.items() if value is not None}
    rest = {(name, text) for name, text in found if text != issue.subject}
    ids = {(name, text) for name, text in rest if is_stripe_id(text) or name.lower().endswith("entryid")}
    moments = {(name, text) for name, text in rest if _MOMENT.fullmatch(text)}
    return frozenset(ids | moments) if ids and moments else frozenset()


def match_baseline(report: Facts, baseline: Facts, *, renamed: Mapping[str, str]) -> dict[str, Issue]:
    """The open finding of the baseline that each finding of the report is, by the report's fingerprint."""
    known = {issue.fingerprint: issue for issue in map(_renaming(renamed), baseline.issues)}
    still = {issue.fingerprint: known[issue.fingerprint] for issue in report.issues if issue.fingerprint in known}
    if report.environment == baseline.environment:
        still |= _by_marks(report.issues, tuple(known.values()), still)
    return {fingerprint: before for fingerprint, before in still.items() if before.exemption is None}


def _renaming(renamed: Mapping[str, str]) -> Callable[[Issue], Issue]:
    def rename(issue: Issue) -> Issue:
        name = renamed.get(issue.subject)
        return issue if name is None else _named(issue, name)

    return rename


def _named(issue: Issue, subject: str) -> Issue:
    return dataclasses.replace(issue, subject=subject, fingerprint=fingerprint_of(issue.check, subject))


def _by_marks(now: Iterable[Issue], before: Iterable[Issue], still: Mapping[str, Issue]) -> dict[str, Issue]:
    """The findings that the two reports name differently, where their marks are the same and nobody else's."""
    here, there = _alone_with_marks(now), _alone_with_marks(before)
    found: dict[str, Issue] = {}
    for key, issue in here.items():
        other = there.get(key)
        if other is None or issue.fingerprint in still or other.fingerprint in still:
            continue
        if not (is_stripe_id(issue.subject) or is_stripe_id(other.subject)):
            found[issue.fingerprint] = other
    return found


def _alone_with_marks(issues: Iterable[Issue]) -> dict[tuple[str, Marks], Issue]:
    keyed = [((issue.check, marks(issue)), issue) for issue in issues]
    often = Counter(key for key, _ in keyed)
    return {key: issue for key, issue in keyed if key[1] and often[key] == 1}


def explain_worse(now: Issue, before: Issue) -> str | None:
    """Return why a finding is worse than it was, as half a sentence; None when it is not.

    Each currency is compared for itself, and so are credits: their risks are never added up.
    """
    if is_more_severe(now.severity.rank, before.severity.rank):
        return f"it is {now.severity} now and was {before.severity}"
    for unit in sorted(now.impact.money):
        if has_grown(now.impact.money[unit], before.impact.money.get(unit, 0), growth=CLEAR_GROWTH):
            return f"at least {CLEAR_GROWTH} times as much {unit.upper()} is at risk"
    if has_grown(now.impact.credits, before.impact.credits, growth=CLEAR_GROWTH):
        return f"at least {CLEAR_GROWTH} times as many credits are at risk"
    return None


def contradictions(report: Facts, baseline: Facts, *, renamed: Mapping[str, str]) -> tuple[str, ...]:
    """Where the two reports show that what is said to be renamed was not: whole sentences."""
    found = [
        f'"{old}" is said to be called "{renamed[old]}" now, and the report still names it.'
        for old in sorted({issue.subject for issue in report.issues} & renamed.keys())
    ]
    before = {issue.subject for issue in baseline.issues}
    found += [
        f'"{new}" is said to be a new name, and the baseline names it already.'
        for new in sorted(before & set(renamed.values()))
    ]
    return tuple(found)
