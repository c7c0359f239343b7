"""Reports for the tests of the formats: one made by hand, large ones, and every kind that hypothesis can think of."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from trueup.model.change import Append, Change, Refusal, Replace, Value
from trueup.model.check import Check
from trueup.model.finding import Area, Finding, subject_text
from trueup.model.guardrail import Guardrail, GuardrailStatus
from trueup.model.money import Impact
from trueup.model.outcome import Broken, Checked, CheckOutcome, NotApplicable, Off, Outcome, Skipped
from trueup.model.relations import Exemption
from trueup.model.report import RelationRead, Report
from trueup.model.severity import Severity

NOW = datetime(2026, 3, 1, 12, 0, 5)


QUICK = settings(max_examples=40)
"""A report is large to make up; this many are enough of a surprise for one test."""


def check(check_id: str, area: Area, severity: Severity, title: str, why: str) -> Check:
    """A check of which only the words matter."""
    return Check(
        id=check_id,
        area=area,
        severity=severity,
        title=title,
        why=why,
        population="SELECT 1",
        violations="SELECT 1",
        message="",
        cases=(),
    )


CATALOGUE = {
    made.id: made
    for made in (
        check(
            "credit-balance",
            Area.CREDITS,
            Severity.CRITICAL,
            "Cached balance differs from the ledger",
            "A customer is refused what they paid for, or spends what they never bought.",
        ),
        check(
            "duplicate-payment-grant",
            Area.WEBHOOKS,
            Severity.CRITICAL,
            "One payment was credited more than once",
            "Credits are given away.",
        ),
        check(
            "paid-without-customer",
            Area.ENTITLEMENTS,
            Severity.ERROR,
            "Paid plan without a Stripe customer",
            "Nobody pays for this plan.",
        ),
        check(
            "missing-idempotency-record",
            Area.WEBHOOKS,
            Severity.ERROR,
            "Ledger entry names an event that has no idempotency record",
            "The next replay credits it again.",
        ),
        check(
            "stale-paid-plan",
            Area.ENTITLEMENTS,
            Severity.WARNING,
            "Paid plan without a recent renewal",
            "The plan may be served for free.",
        ),
        check(
            "large-credit-movement",
            Area.REVENUE,
            Severity.WARNING,
            "Credit movement far outside its kind's usual size",
            "A typing error or fraud.",
        ),
        check(
            "ending-plan",
            Area.ENTITLEMENTS,
            Severity.INFO,
            "A scheduled change will remove a plan",
            "So that nobody is surprised.",
        ),
        check(
            "hollow-event",
            Area.WEBHOOKS,
            Severity.ERROR,
            "Event marked processed without any effect",
            "Paid, and nothing received.",
        ),
    )
}


def finding(check_id: str, subject: str, message: str, **fields: Any) -> Finding:
    """A finding of a check of ``CATALOGUE``."""
    known = CATALOGUE[check_id]
    values: dict[str, Any] = {
        "check": check_id,
        "area": known.area,
        "severity": known.severity,
        "title": known.title,
        "subject": subject,
        "message": message,
    }
    return Finding(**(values | fields))


def _balances() -> tuple[Finding, ...]:
    return tuple(
        finding(
            "credit-balance",
            f"user_{1000 + 7 * number}",
            f"The cached balance is {100 + drift}, the ledger says 100 (hand-edit).",
            evidence={
                "credits": Decimal(100 + drift),
                "last_balance_after": Decimal(100),
                "sum_of_amounts": Decimal(100),
                "diagnosis": "hand-edit",
                "last_entry_at": NOW - timedelta(days=3),
            },
            impact=Impact(money={"usd": 15 * drift}, credits=Decimal(drift)),
            revenue_impacting=True,
            repair=Change(
                kind="sync-credit-balance",
                summary="Set the balance to what the ledger says.",
                replace=Replace(
                    relation="account", row_key="user", column="credits", old=Decimal(100 + drift), new=Decimal(100)
                ),
                append=Append(relation="ledger_entry"),
            ),
        )
        for number, drift in enumerate((20, 5, 1, 900, 33, 2, 14, 60, 8, 250, 3, 77, 41))
    )


def _findings() -> dict[str, tuple[int, tuple[Finding, ...]]]:
    """Per check: population and findings."""
    return {
        "credit-balance": (512, _balances()),
        "duplicate-payment-grant": (
            1830,
            (
                finding(
                    "duplicate-payment-grant",
                    "pi_3Pq8sZLkdIwHu7ix0Qm2",
                    "Payment pi_3Pq8sZLkdIwHu7ix0Qm2 was credited twice, by events evt_1Pq8sZ and evt_1Pq8t0, "
                    "for 5000 credits each, to user_1204.",
                    impact=Impact(money={"usd": 12900, "eur": 4500}, credits=Decimal(5000)),
                    revenue_impacting=True,
                ),
            ),
        ),
        "paid-without-customer": (
            512,
            (
                finding("paid-without-customer", "user_7", "PRO since 2025-11-02, and no Stripe customer is linked."),
                finding(
                    "paid-without-customer",
                    "user_42",
                    "TEAM, and no Stripe customer is linked.",
                    exemption=Exemption(
                        check_id="paid-without-customer",
                        subject="user_42",
                        owner="finance",
                        reason="annual contract paid by bank transfer",
                        expires_at=date(2027, 1, 31),
                    ),
                    repair=Refusal(reason="an exemption covers it"),
                ),
            ),
        ),
        "missing-idempotency-record": (
            2400,
            (
                finding(
                    "missing-idempotency-record",
                    "evt_1Oa77",
                    "Entry 88121 names event evt_1Oa77, which was never recorded as received.",
                ),
            ),
        ),
        "stale-paid-plan": (
            140,
            (finding("stale-paid-plan", "kund:müller@例え.jp", "The last renewal of PRO was 91 days ago."),),
        ),
        "large-credit-movement": (10000, ()),
        "ending-plan": (140, (finding("ending-plan", "user_99", "PRO ends on 2026-03-14."),)),
    }


def sample(*, whole: bool = False) -> Report:
    """A report with something of everything; ``whole`` leaves out what could not be checked."""
    outcomes = [
        CheckOutcome(check=name, outcome=Checked(population=population, findings=found), milliseconds=12)
        for name, (population, found) in _findings().items()
    ]
    if not whole:
        outcomes += [
            CheckOutcome(
                check="hollow-event",
                outcome=Skipped(reason="webhook_event.type is not mapped in trueup.toml."),
                milliseconds=0,
            ),
            CheckOutcome(
                check="shared-customer",
                outcome=Broken(error="could not reach postgresql://app:hunter2@db:5432/app: connection reset by peer"),
                milliseconds=3,
            ),
        ]
    outcomes.append(CheckOutcome(check="ledger-sequence-gap", outcome=Off(), milliseconds=0))
    absent = NotApplicable(reason="members are said to be absent (relations.member.absent = true)")
    outcomes.insert(1, CheckOutcome(check="seat-drift", outcome=absent, milliseconds=0))
    cut = None if whole else "the connection was lost after 10,000 rows"
    return Report(
        run_id="0198c2f1-5f1e-7c3a",
        generated_at=NOW,
        environment="production",
        period_days=45,
        database_as_of=NOW - timedelta(seconds=4),
        relations=(
            RelationRead(relation="account", table="users", rows=512),
            RelationRead(relation="ledger_entry", table="credit_transactions", rows=10000, problem=cut),
            RelationRead(relation="webhook_event", table="stripe_events", rows=2400, unreadable_rows=2),
        ),
        outcomes=tuple(outcomes),
        guardrails=(
            Guardrail(id="audited-repairs", status=GuardrailStatus.ALLOWED),
            Guardrail(
                id="replay",
                status=GuardrailStatus.BLOCKED,
                reasons=("Repair this before any event is replayed: evt_1Oa77.", "hollow-event could not look."),
            ),
            Guardrail(id="release", status=GuardrailStatus.UNKNOWN, reasons=("gate-regression was not asked.",)),
        ),
    )


def clean() -> Report:
    """A report that found nothing."""
    outcome = Checked(population=512, findings=())
    return Report(
        run_id="run-2",
        generated_at=NOW,
        environment="production",
        period_days=45,
        database_as_of=NOW,
        relations=(RelationRead(relation="account", table="users", rows=512),),
        outcomes=tuple(CheckOutcome(check=name, outcome=outcome, milliseconds=1) for name in CATALOGUE),
    )


def large(size: int) -> Report:
    """A report with ``size`` findings of two checks."""
    made: dict[str, list[Finding]] = {"credit-balance": [], "missing-idempotency-record": []}
    for number, name in zip(range(size), itertools.cycle(made), strict=False):
        risk = Impact(money={"usd": number % 977}, credits=Decimal(number % 1009))
        found = finding(
            name,
            f"user_{number}",
            f"The cached balance of user_{number} is {number}, the ledger says 100.",
            impact=risk,
            evidence={"credits": Decimal(number), "seen_at": NOW, "note": "by https://example.com"},
            revenue_impacting=True,
        )
        made[name].append(found)
    outcomes = tuple(
        CheckOutcome(check=name, outcome=Checked(population=size, findings=tuple(found)), milliseconds=1)
        for name, found in made.items()
    )
    return Report(
        run_id="large",
        generated_at=NOW,
        environment="production",
        period_days=45,
        database_as_of=NOW,
        relations=(),
        outcomes=outcomes,
    )


hostile_text = st.text(st.characters(), max_size=40) | st.sampled_from(
    [
        "=HYPERLINK(1)",
        '"=1+1',
        "\t@SUM(1)",
        "\r\n-1",
        "\x1b[2J\x1b[31mred",
        "]]><x>",
        "<script>alert(1)</script>",
        "a|b`c``d",
        "@everyone #1 www.x.y https://x.y",
        "\u202eabc",
        "\ud800",
        "\ufffe\uffff",
        "[bold]markup[/bold]",
        "[link](javascript:alert(1))",
        ":smile:",
        "\x7f\x85\u2028",
        "x;=1+1",
        "表" * 70,
        "w" * 400,
    ]
)
"""What a customer may have typed into a row."""

decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**15, places=4)
moments = st.datetimes()
values: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.booleans(), st.integers(min_value=-(2**80), max_value=2**80), decimals, moments, hostile_text
)
names = st.from_regex(r"[a-z]{1,8}(_[a-z]{1,5}){0,2}", fullmatch=True)
impacts = st.builds(
    Impact,
    money=st.dictionaries(st.sampled_from(["usd", "eur", "jpy", "kwd"]), st.integers(0, 10**12), max_size=3),
    credits=decimals,
)
appends = st.builds(Append, relation=names, values=st.just({}))
replaces = st.builds(Replace, relation=names, row_key=hostile_text, column=names, old=values, new=values)
repairs = st.one_of(
    st.none(),
    st.builds(Refusal, reason=hostile_text),
    st.builds(
        Change,
        kind=names,
        summary=hostile_text,
        append=appends,
        replace=st.none() | replaces,
        safe=st.booleans(),
    ),
)
exemptions = st.none() | st.builds(
    Exemption,
    check_id=names,
    subject=hostile_text,
    owner=hostile_text,
    reason=hostile_text,
    expires_at=st.none() | st.dates(),
)
check_ids = st.from_regex(r"[a-z]{1,10}(-[a-z]{1,10}){0,2}", fullmatch=True)


@st.composite
def checked(draw: st.DrawFn, check_id: str) -> Checked:
    """A check that ran, with findings about distinct subjects."""
    area, title = draw(st.sampled_from(Area)), draw(hostile_text)
    subjects = draw(st.lists(hostile_text.map(subject_text), max_size=14, unique=True))
    findings = [
        Finding(
            check=check_id,
            area=area,
            severity=draw(st.sampled_from(Severity)),
            title=title,
            subject=subject,
            message=draw(hostile_text),
            evidence=draw(st.dictionaries(names, values, max_size=3)),
            impact=draw(impacts),
            revenue_impacting=draw(st.booleans()),
            repair=draw(repairs),
            exemption=draw(exemptions),
        )
        for subject in subjects
    ]
    return Checked(population=draw(st.integers(0, 1000)), findings=tuple(findings))


def _outcomes(check_id: str) -> st.SearchStrategy[Outcome]:
    return st.one_of(
        checked(check_id),
        st.builds(Skipped, reason=hostile_text),
        st.builds(Broken, error=hostile_text),
        st.just(Off()),
        st.builds(NotApplicable, reason=hostile_text),
    )


_guardrails = st.builds(
    Guardrail,
    id=check_ids,
    status=st.sampled_from(GuardrailStatus),
    reasons=st.lists(hostile_text, max_size=3).map(tuple),
)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Any report, with text that nobody would wish for."""
    ids = draw(st.lists(check_ids, max_size=4, unique=True))
    reads = st.builds(
        RelationRead,
        relation=st.sampled_from(["account", "ledger_entry", "webhook_event"]),
        table=hostile_text,
        rows=st.integers(0, 10**9),
        unreadable_rows=st.integers(0, 5),
        problem=st.none() | hostile_text,
    )
    return Report(
        run_id=draw(hostile_text),
        generated_at=draw(moments),
        environment=draw(hostile_text),
        period_days=draw(st.integers(1, 3650)),
        database_as_of=draw(st.none() | moments),
        relations=tuple(draw(st.lists(reads, max_size=3))),
        outcomes=tuple(
            CheckOutcome(check=name, outcome=draw(_outcomes(name)), milliseconds=draw(st.integers(0, 9999)))
            for name in ids
        ),
        guardrails=tuple(draw(st.lists(_guardrails, max_size=3))),
    )
