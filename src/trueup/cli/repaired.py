"""Write the result of a repair, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from trueup.actions.repair import counts_text
from trueup.formats.wording import Json, exact, instant, legible
from trueup.model.repair import Applied, ChangedSince, Failed, Previewed, Refused, Stale

if TYPE_CHECKING:
    from trueup.model.repair import RepairResult


def exit_code(result: RepairResult) -> int:
    """0 applied or would be, 1 refused, stale or changed by the application since, 3 the database could not do it."""
    match result:
        case Applied() | Previewed():
            return 0
        case ChangedSince() | Stale() | Refused():
            return 1
        case Failed():
            return 3
    assert_never(result)


def as_text(result: RepairResult) -> str:
    """The result in a line or two."""
    match result:
        case Applied():
            return f"applied  {_applied_text(result)}"
        case ChangedSince():
            lines = [f"changed  {_applied_text(result.applied)}", "  applied, and changed by the application since:"]
            return "\n".join([*lines, *(f"    {legible(difference)}" for difference in result.differences)])
        case Previewed(plan=plan):
            headline = legible(f"would apply  {plan.issue_id}: {plan.change.summary}")
            proof = f"\n  Stripe: {legible(plan.proof.text)}" if plan.proof else ""
            expected = "".join(
                f"\n  expected of triggers: {legible(table)} {counts}"
                for table, counts in counts_text(plan.expected_writes).items()
            )
            return f"{headline}\n  {legible(plan.message)}{proof}{expected}\n  plan {plan.plan_hash}"
        case Stale():
            return legible(f"stale    {result.issue_id}: {result.reason}")
        case Refused():
            how = "\n  ask for it: trueup approvals request, and see its --help" if result.needs_approval else ""
            return legible(f"refused  {result.issue_id}: {result.reason}") + how
        case Failed():
            return legible(f"{'unknown' if result.unknown else 'failed '}  {result.issue_id}: {result.reason}")
    assert_never(result)


def _applied_text(result: Applied) -> str:
    again = " by an earlier call with this key" if result.replayed else ""
    return legible(
        f"{result.issue_id}: {result.summary}{again} (journal row {result.journal_seq}, repair {result.repair_id})"
    )


def _applied_document(result: Applied) -> dict[str, Json]:
    return {
        "issueId": exact(result.issue_id),
        "repair": result.kind,
        "change": exact(result.summary),
        "repairId": result.repair_id,
        "journalSeq": result.journal_seq,
        "planHash": result.plan_hash,
        "appliedAt": instant(result.applied_at),
        "replayed": result.replayed,
    }


def as_document(result: RepairResult) -> dict[str, Json]:
    """The result as a JSON object; ``result`` names its kind."""
    match result:
        case Applied():
            return {"result": "applied", **_applied_document(result)}
        case ChangedSince():
            differences: list[Json] = [exact(difference) for difference in result.differences]
            return {"result": "changed_since", **_applied_document(result.applied), "changedSince": differences}
        case Previewed(plan=plan):
            return {
                "result": "previewed",
                "issueId": exact(plan.issue_id),
                "repair": plan.change.kind,
                "change": exact(plan.change.summary),
                "planHash": plan.plan_hash,
                "proven": exact(plan.proof.text) if plan.proof else None,
                "expectedWrites": {exact(table): counts for table, counts in counts_text(plan.expected_writes).items()},
            }
        case Stale():
            return {"result": "stale", "issueId": exact(result.issue_id), "reason": exact(result.reason)}
        case Refused():
            return {"result": "refused", "issueId": exact(result.issue_id), "reason": exact(result.reason)}
        case Failed():
            kind = "unknown" if result.unknown else "busy" if result.busy else "failed"
            return {"result": kind, "issueId": exact(result.issue_id), "reason": exact(result.reason)}
    assert_never(result)
