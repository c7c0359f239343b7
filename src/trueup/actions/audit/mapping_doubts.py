"""Which checks rest on a column that the data contradict: they are held back, and what they find is counted."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from trueup.checks.credits.mapping_suspect import CHECK as MAPPING_SUSPECT
from trueup.engines.requirements import reads_of_check
from trueup.engines.sql import Need
from trueup.model.check import Check
from trueup.model.finding import Finding
from trueup.model.outcome import Checked, CheckOutcome, Outcome

__all__ = ["MAPPING_SUSPECT", "doubt_about", "doubts_of", "reason_of", "with_held_back"]

_BALANCE, _CREDITS = ("ledger_entry", "balance_after"), ("account", "credits")
_RESTS_ON: Mapping[str, frozenset[Need]] = {
    "chain": frozenset({_BALANCE}),
    "order": frozenset({_BALANCE}),
    "direction": frozenset({_BALANCE}),
    "balance": frozenset({_CREDITS}),
    "scale": frozenset({_CREDITS}),
    "unspent": frozenset({_CREDITS}),
    "wallet-name": frozenset({("wallet_balance", "credits")}),
    "owner": frozenset({("ledger_entry", "account_id"), ("account", "account_id")}),
}
"""What a check must read to rest on a doubt of this kind; of the others, the column that is doubted."""


def doubts_of(outcome: Outcome) -> tuple[Finding, ...]:
    """The findings of ``mapping-suspect`` that hold checks back: all but those that are exempted."""
    findings = outcome.findings if isinstance(outcome, Checked) else ()
    return tuple(finding for finding in findings if finding.exemption is None)


def doubt_about(check: Check, doubts: Sequence[Finding]) -> Finding | None:
    """The first doubt on which this check rests; None where it can answer."""
    if check.id == MAPPING_SUSPECT.id or not doubts:
        return None
    read = {need for need in reads_of_check(check) if ".".join(need) not in check.unmoved_by}
    return next((doubt for doubt in doubts if _needs(doubt) <= read), None)


def _needs(doubt: Finding) -> frozenset[Need]:
    column = (str(doubt.evidence["relation"]), str(doubt.evidence["column_name"]))
    return _RESTS_ON.get(str(doubt.evidence["kind"]), frozenset({column}))


def reason_of(doubt: Finding, findings: int | None) -> str:
    """Why a check that rests on this doubt is held back; with its number of findings, where no finding says it."""
    reason = f"rests on {doubt.subject}, which mapping-suspect doubts: {doubt.evidence['figures']}"
    return reason if findings is None else f"{reason}; {_counted(findings)} held back"


def _counted(findings: int) -> str:
    return f"{findings} finding is" if findings == 1 else f"{findings} findings are"


def with_held_back(run: CheckOutcome, held: Mapping[str, Sequence[int]]) -> CheckOutcome:
    """The outcome of ``mapping-suspect``, each finding with how many checks and findings it holds back.

    ``held`` has, by the doubt's subject, the number of findings of each check that was held back.
    """
    if run.check != MAPPING_SUSPECT.id or not isinstance(run.outcome, Checked):
        return run
    findings = tuple(_with_count(finding, held.get(finding.subject, ())) for finding in run.outcome.findings)
    return dataclasses.replace(run, outcome=dataclasses.replace(run.outcome, findings=findings))


def _with_count(finding: Finding, counts: Sequence[int]) -> Finding:
    if not counts:
        return finding
    checks, findings = len(counts), sum(counts)
    says = f"{checks} check{'' if checks == 1 else 's'} that {'rests' if checks == 1 else 'rest'} on it "
    says += f"{'is' if checks == 1 else 'are'} held back, with {findings} finding{'' if findings == 1 else 's'}."
    return dataclasses.replace(
        finding,
        message=f"{finding.message} {says}",
        evidence={**finding.evidence, "checks_held_back": checks, "findings_held_back": findings},
    )
