"""Organisations that buy seats for their members."""

from __future__ import annotations

from tests.support.incidents.people import Person, somebody
from tests.support.incidents.scenario import QUIET, Findings, found
from tests.support.incidents.stage import Stage
from trueup.model.relations import Member


def organisation(
    stage: Stage, *, seats: int, members: int, guests: int = 0, plan_of_members: str = "FREE"
) -> tuple[Person, str]:
    """An organisation with so many seats paid for, and so many billable members; its subscription."""
    owner = somebody(stage, "TEAM")
    subscription = owner.subscribes("price_team", quantity=seats)
    for number in range(members + guests):
        member = somebody(stage, plan_of_members, linked=False)
        stage.rows.append(Member(account_id=str(owner), member_id=str(member), billable=number < members))
    return owner, subscription["id"]


def seats_that_differ(stage: Stage) -> Findings:
    """More members than seats, and more seats than members."""
    findings: Findings = ()
    seats = stage.random.randint(3, 9)
    for members in (seats + 2, seats - 1):
        owner, subscription = organisation(stage, seats=seats, members=members)
        cents = {"usd": abs(members - seats) * 1500}
        findings += (
            found("seat-drift", owner, members=members, seats=seats, subscription_id=subscription, money=cents),
        )
    return findings


def seats_and_members(stage: Stage) -> Findings:
    """As many members as seats, and guests who need none."""
    seats = stage.random.randint(3, 9)
    organisation(stage, seats=seats, members=seats, guests=2)
    return QUIET
