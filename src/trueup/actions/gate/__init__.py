"""Judge whether something may be released, by an audit of now, a report in a file, or a run that is remembered."""

from __future__ import annotations

from trueup.actions.gate.document import facts_of, facts_of_file, facts_of_report
from trueup.actions.gate.remembered import baseline_of, facts_of_run, newest_run
from trueup.actions.gate.told import renamed_subjects, since_moment

__all__ = [
    "baseline_of",
    "facts_of",
    "facts_of_file",
    "facts_of_report",
    "facts_of_run",
    "newest_run",
    "renamed_subjects",
    "since_moment",
]
