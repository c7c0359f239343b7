"""What was settled when an audit saw it stays as it was: history is added to, and not rewritten."""

from __future__ import annotations

from trueup.model.check import CASE_NOW, Case, Check, ago
from trueup.model.finding import Area
from trueup.model.history import HistoryChange
from trueup.model.severity import Severity

_EDITED = HistoryChange(
    relation="ledger_entry",
    row_key="42",
    account_id="user_1",
    columns="amount",
    before="amount 100",
    after="amount 500",
    dated=ago(days=90),
    noticed_at=ago(days=1),
)

CHECK = Check(
    id="history-rewritten",
    area=Area.CREDITS,
    severity=Severity.ERROR,
    title="A settled row was changed or deleted since the last audit",
    why="A ledger that is edited afterwards can be made to agree with anything: what customers read, what was "
    "invoiced and what an auditor was shown no longer follow from it. Corrections are new rows.",
    population="SELECT (SELECT coalesce(sum(rows), 0) FROM copied_relation "
    "WHERE relation IN ('ledger_entry', 'webhook_event', 'plan_change')) "
    "+ (SELECT count(*) FROM history_change)",
    violations="""
SELECT relation || ':' || CASE WHEN rows > 1 AND columns = '' THEN 'deleted'
                               WHEN rows > 1 THEN columns
                               ELSE row_key END                        AS subject,
       max(account_id)                                                 AS account_id,
       relation,
       min(row_key)                                                    AS row_key,
       CASE WHEN arg_max(columns, noticed_at) = '' THEN 'deleted' ELSE 'changed' END AS what_happened,
       arg_max(coalesce(before, ''), noticed_at)                       AS before,
       arg_max(coalesce(after, 'nothing'), noticed_at)                 AS after,
       min(dated)                                                      AS dated,
       min(noticed_at)                                                 AS noticed_at,
       CASE WHEN max(rows) > 1 THEN sum(rows) ELSE 1 END               AS entries
FROM history_change
WHERE noticed_at >= $period_start
GROUP BY relation, CASE WHEN rows > 1 AND columns = '' THEN 'deleted' WHEN rows > 1 THEN columns ELSE row_key END
""",
    message="{entries:row} of {relation}, the first {row_key} of {dated}, {what_happened} after an audit had seen "
    "it: {before}; now {after}.",
    cases=(
        Case(name="nothing that was settled changed", given=()),
        Case(
            name="the amount of an old entry was edited",
            given=(_EDITED,),
            fires=("ledger_entry:42",),
            evidence={"ledger_entry:42": {"before": "amount 100", "after": "amount 500", "what_happened": "changed"}},
        ),
        Case(
            name="a processed event was deleted",
            given=(
                HistoryChange(relation="webhook_event", row_key="evt_1", dated=ago(days=9), noticed_at=ago(hours=1)),
            ),
            fires=("webhook_event:evt_1",),
            evidence={"webhook_event:evt_1": {"what_happened": "deleted", "after": "nothing"}},
        ),
        Case(
            name="a migration that changes very many rows alike is one finding, which one exemption covers",
            given=(
                HistoryChange(
                    relation="ledger_entry", row_key="1", columns="kind", noticed_at=ago(days=2), rows=250_000
                ),
            ),
            fires=("ledger_entry:kind",),
            evidence={"ledger_entry:kind": {"entries": 250_000}},
        ),
        Case(
            name="what was noticed before the period is not said again",
            given=(HistoryChange(relation="ledger_entry", row_key="7", noticed_at=ago(days=46)),),
        ),
        Case(
            name="what was noticed now is",
            given=(HistoryChange(relation="plan_change", row_key="user_1 PRO", noticed_at=CASE_NOW),),
            fires=("plan_change:user_1 PRO",),
        ),
    ),
)
