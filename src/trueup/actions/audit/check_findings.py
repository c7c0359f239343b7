"""A violation that a check's query returned, as a finding: its evidence, its message, and the repair that it offers."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from decimal import Decimal

from trueup.actions.audit.exemption_matching import PLAN_OF_ACCOUNT, LiveExemptions
from trueup.formats.wording import counted
from trueup.model.change import Value
from trueup.model.check import RESERVED, Check, EvidenceRow
from trueup.model.credit_unit import CreditUnit
from trueup.model.finding import Finding, printable, subject_text
from trueup.model.money import credits_text
from trueup.model.policy import Policy
from trueup.model.severity import Severity

TEXT_SHOWN = 500
"""Characters of a text in the evidence, and of an error."""
_NOT_EVIDENCE = RESERVED | {PLAN_OF_ACCOUNT}
"""Columns of a violation that the evidence leaves out."""
_OF_WALLETS = frozenset({"wallet", "wallets"})
"""Columns of a violation that are evidence only where the account has several balances."""


def finding_of(
    check: Check,
    row: EvidenceRow,
    severity: Severity,
    policy: Policy,
    exemptions: LiveExemptions,
) -> Finding:
    """Return the violation as a finding of this check."""
    subject = subject_text(row["subject"])
    evidence = {
        name: _shown(value)
        for name, value in row.items()
        if name not in _NOT_EVIDENCE and (value or name not in _OF_WALLETS)
    }
    if policy.plan_from is not None and "plan" in evidence:
        evidence["plan_from"] = policy.plan_from
    overridden = row.get("severity")
    finding = Finding(
        check=check.id,
        area=check.area,
        severity=Severity(str(overridden)) if overridden else severity,
        title=check.title,
        subject=subject,
        message=_message(check, subject, evidence, policy.unit),
        evidence=evidence,
        impact=check.impact(evidence).valued(
            policy.minor_units_per_credit, "credits" if policy.unit is None else policy.unit.name
        ),
        revenue_impacting=check.revenue_impacting,
        exemption=exemptions.of(check, subject, row),
    )
    return _with_repair(check, finding)


def _message(check: Check, subject: str, evidence: EvidenceRow, unit: CreditUnit | None) -> str:
    template = check.message if unit is None else _without_the_word(check.message, evidence)
    message = template.format_map({"subject": subject, **{k: _said(v, unit) for k, v in evidence.items()}})
    wallets = evidence.get("wallets") or evidence.get("wallet")
    return f"{message} Wallet{'s' if 'wallets' in evidence else ''} {wallets}." if wallets else message


def _without_the_word(template: str, evidence: EvidenceRow) -> str:
    """The message without "credits" after an amount, which is shown as money."""
    is_amount = [name for name, value in evidence.items() if isinstance(value, Decimal)]
    for name in is_amount:
        template = template.replace(f"{{{name}}} credits", f"{{{name}}}")
    return template


def _with_repair(check: Check, finding: Finding) -> Finding:
    if check.repair is None or finding.exemption is not None:
        return finding
    return dataclasses.replace(finding, repair=check.repair(finding))


def _shown(value: Value) -> Value:
    return printable(value)[:TEXT_SHOWN] if isinstance(value, str) else value


class _Counted(int):
    """A number of a message. ``{events:event}`` writes ``1 event`` or ``2 events``, ``{events:event|none}`` also
    ``none``.
    """

    def __format__(self, spec: str) -> str:
        noun, _, none = spec.partition("|")
        if not noun:
            return str(int(self))
        return counted(int(self), noun) if self or not none else none


def _said(value: Value, unit: CreditUnit | None) -> str | _Counted:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case int():
            return _Counted(value)
        case Decimal():
            return credits_text(value) if unit is None else unit.text(value)
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case _:
            return str(value)
