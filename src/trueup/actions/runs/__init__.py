"""List the stored runs, look one up, compare two, and judge an old report by the time of now."""

from trueup.actions.runs.ageing import documents, guardrails_now, head_now, is_run_fresh
from trueup.actions.runs.comparison import NEWEST, RunComparison, compare, named, run_before, run_difference
from trueup.actions.runs.listing import list_runs, moved_document, run_document, runs_document
from trueup.actions.runs.lookup import (
    count_issues,
    findings_about,
    issues_of_run,
    newest_complete_run,
    newest_run,
    resolved_findings,
    run_of_id,
    stored_finding,
)
from trueup.store import IssueFilters, Sort, State, UnknownRun

__all__ = [
    "NEWEST",
    "IssueFilters",
    "RunComparison",
    "Sort",
    "State",
    "UnknownRun",
    "compare",
    "count_issues",
    "documents",
    "findings_about",
    "guardrails_now",
    "head_now",
    "is_run_fresh",
    "issues_of_run",
    "list_runs",
    "moved_document",
    "named",
    "newest_complete_run",
    "newest_run",
    "resolved_findings",
    "run_before",
    "run_difference",
    "run_document",
    "run_of_id",
    "runs_document",
    "stored_finding",
]
