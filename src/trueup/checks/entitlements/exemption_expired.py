"""Each exemption is still inside its date, or has been renewed."""

from __future__ import annotations

from datetime import date

from trueup.model.check import Case, Check
from trueup.model.finding import Area
from trueup.model.relations import Exemption
from trueup.model.severity import Severity

CHECK = Check(
    id="exemption-expired",
    area=Area.ENTITLEMENTS,
    severity=Severity.WARNING,
    title="Exemption past its date",
    why="The agreement with this customer has run out: either it was renewed and the exemption was not, or the "
    "customer is served on terms that no longer hold. Its findings are open again.",
    population="SELECT count(*) FROM exemption",
    violations="""
SELECT check_id || ':' || coalesce(exemption.subject, 'plan ' || exemption.plan) AS subject,
       check_id,
       coalesce(exemption.subject, 'plan ' || exemption.plan)                    AS exempted,
       exemption.subject                              AS exempt_subject,
       exemption.plan                                 AS exempt_plan,
       arg_max(owner, expires_at)                     AS owner,
       arg_max(reason, expires_at)                    AS reason,
       max(expires_at)                                AS expired_at,
       date_diff('day', max(expires_at), $today)      AS days_expired
FROM exemption
GROUP BY check_id, exemption.subject, exemption.plan
HAVING max(expires_at) < $today
   AND count(*) = count(expires_at)   -- one without a date never expires
""",
    message="The exemption of {exempted} from {check_id} ended {days_expired:day} ago; {owner} gave it: {reason}.",
    cases=(
        Case(
            name="still inside its date",
            given=(Exemption(check_id="unlimited-credits", subject="user_1", expires_at=date(2026, 12, 31)),),
        ),
        Case(
            name="holds through its last day",
            given=(Exemption(check_id="unlimited-credits", subject="user_1", expires_at=date(2026, 3, 1)),),
        ),
        Case(
            name="ended yesterday",
            given=(
                Exemption(
                    check_id="unlimited-credits",
                    subject="user_1",
                    owner="support",
                    reason="load tests",
                    expires_at=date(2026, 2, 28),
                ),
            ),
            fires=("unlimited-credits:user_1",),
            evidence={"unlimited-credits:user_1": {"owner": "support", "days_expired": 1, "exempt_subject": "user_1"}},
        ),
        Case(
            name="without a date it never ends",
            given=(Exemption(check_id="unlimited-credits", subject="user_1"),),
        ),
        Case(
            name="renewed by a later one",
            given=(
                Exemption(check_id="unlimited-credits", subject="user_1", expires_at=date(2025, 12, 31)),
                Exemption(check_id="unlimited-credits", subject="user_1", expires_at=date(2026, 12, 31)),
            ),
        ),
        Case(
            name="the renewal has ended as well",
            given=(
                Exemption(check_id="unlimited-credits", subject="user_1", owner="first", expires_at=date(2025, 1, 31)),
                Exemption(check_id="unlimited-credits", subject="user_1", owner="second", expires_at=date(2026, 1, 31)),
            ),
            fires=("unlimited-credits:user_1",),
            evidence={"unlimited-credits:user_1": {"owner": "second"}},
        ),
    ),
)
