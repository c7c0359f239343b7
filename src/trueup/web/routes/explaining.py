"""One finding in full: its history in the store, and its state in the database now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from trueup.actions.exemptions import with_stored_exemptions
from trueup.actions.explain import EntryInFull, Explanation
from trueup.actions.repair import TargetUnavailable, timeline
from trueup.formats import json as report_json
from trueup.formats.report_document import Issue
from trueup.formats.report_reader import finding_of
from trueup.formats.timeline import TimelineDocument, timeline_document
from trueup.formats.wording import exact, instant, json_value
from trueup.model.change import Value
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.web.logs import logger
from trueup.web.routes.answers.findings import FindingInFull, Timeline, TimelineEntry
from trueup.web.routes.answers.words import moment_or_none
from trueup.web.routes.redaction import masked_issue, without_addresses
from trueup.web.services import Services

if TYPE_CHECKING:
    from trueup.books.file import Books
    from trueup.model.finding import Finding
    from trueup.store import StoredFinding

Now = Literal["found", "not_found", "unknown"]


def in_full(
    at_hand: Services, check: Check, stored: StoredFinding, *, masked: bool, stripe: Books | None = None
) -> FindingInFull:
    """The finding with its history and, unless it is ``masked``, with what happened around it.

    ``stripe`` are books that hold Stripe's side.
    """
    document: dict[str, Any] | None = None if stored.document is None else json.loads(stored.document)
    if masked:
        subject, issue_id = without_addresses([stored.subject, stored.issue_id])
        document = None if document is None else masked_issue(document)
        explanation, now = None, None
    else:
        subject, issue_id = stored.subject, stored.issue_id
        reported = None if document is None else finding_of(Issue.model_validate(document))
        explanation = _looked_at(at_hand, stored.issue_id, _accounts_in(document), stripe, reported)
        now = _now(explanation)
    current = explanation.finding if explanation else None
    return FindingInFull(
        id=issue_id,
        check=stored.check,
        subject=subject,
        title=check.title,
        why=check.why,
        invariant=check.invariant,
        asks=stored.severity.asks,
        state=stored.state,
        first_seen=instant(stored.first_seen),
        last_seen=instant(stored.last_seen),
        resolved_at=moment_or_none(stored.resolved_at),
        times_reopened=stored.times_reopened,
        finding=None if document is None else Issue.model_validate(document),
        now=now,
        current=None if current is None else report_json.issue(current, first_seen=stored.first_seen),
        timeline=None if explanation is None else _timeline(explanation),
    )


def _accounts_in(document: dict[str, Any] | None) -> frozenset[str]:
    """The accounts that the finding's evidence names."""
    evidence: dict[str, object] = document["evidence"] if document is not None else {}
    names = (name for name in evidence if name == "accountId" or name.endswith("AccountId"))
    return frozenset(account for name in names if isinstance(account := evidence[name], str))


def _looked_at(
    at_hand: Services, issue_id: str, accounts: frozenset[str], stripe: Books | None, reported: Finding | None
) -> Explanation | None:
    """The finding in the database now; None where the database cannot be read: the history is shown all the same."""
    config = with_stored_exemptions(at_hand.config, at_hand.store)
    try:
        return timeline(
            issue_id,
            config=config,
            catalogue=at_hand.catalogue,
            now=at_hand.clock(),
            session=at_hand.repair_sessions.reading(config),
            accounts=accounts,
            stripe=stripe,
            reported=reported,
        )
    except (SourceUnavailable, TargetUnavailable, ConfigurationError) as error:
        logger().warning("cannot look at a finding", reason=str(error))
        return None


def _now(explanation: Explanation | None) -> Now:
    if explanation is None:
        return "unknown"
    if explanation.finding is not None:
        return "found"
    return "not_found" if explanation.is_gone else "unknown"


def _timeline(explanation: Explanation) -> Timeline | None:
    if explanation.account_id is None:
        return None
    shown = timeline_document(explanation.timeline)
    return Timeline(
        account_id=exact(explanation.account_id),
        earlier_entries=explanation.earlier_entries,
        entries=[_entry(line) for line in explanation.entries],
        **{name: getattr(shown, name) for name in TimelineDocument.model_fields},
    )


def _entry(line: EntryInFull) -> TimelineEntry:
    def text(value: Value) -> str | None:
        return None if value is None else str(json_value(value))

    entry = line.entry
    return TimelineEntry(
        created_at=text(entry.created_at),
        entry_id=text(str(entry.entry_id)),
        kind=text(entry.kind),
        amount=text(entry.amount),
        balance_after=text(entry.balance_after),
        posted=entry.posted,
        reason=text(entry.reason),
        stripe_id=text(entry.stripe_event_id or entry.stripe_invoice_id or entry.stripe_payment_intent_id),
        webhook_status=text(line.webhook_status),
    )
