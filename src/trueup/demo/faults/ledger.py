"""Faults of the credit ledger itself."""

from __future__ import annotations

from trueup.demo.scene import Scene

ROWS_OF_ONE_FINDING = 3
"""So many unreadable rows with one problem are one finding."""
SPENT_TWICE = 45


def hand_edited_balance(scene: Scene) -> None:
    """The cached balance was raised by hand, and no ledger row was written for it."""
    person = scene.subscriber()
    person.credits = person.balance + 500
    scene.expect("credit-balance", person)


def balance_doubled_by_concurrent_deliveries(scene: Scene) -> None:
    """Two deliveries of one payment ran at once: one ledger row was written, the balance was raised twice."""
    person = scene.newcomer()
    bought = scene.buy(person, days=20, pack=250)
    person.credits = bought.balance_after + 250
    scene.expect("credit-balance", person)


def lost_update(scene: Scene) -> None:
    """Two writers read the same latest row: the second's balance_after does not hold the first's credits."""
    person = scene.subscriber()
    before = person.balance
    person.spend(40, scene.ago(days=3))
    late = person.spend(25, scene.ago(days=3))
    person.credits = late.balance_after
    late.balance_after = before - 25
    scene.expect("credit-balance", person)
    scene.expect("ledger-break", late)


def broken_chain(scene: Scene) -> None:
    """A backfill wrote a balance_after that does not follow from the row before it, and everything built on it."""
    person = scene.newcomer()
    scene.buy(person, days=90, pack=500)
    wrong = person.spend(120, scene.ago(days=60))
    wrong.balance_after += 30
    person.spend(45, scene.ago(days=31))
    scene.expect("ledger-break", wrong)


def swapped_rows(scene: Scene) -> None:
    """Two rows were written in the wrong order: the sum is right, the running balance is not."""
    person = scene.newcomer()
    scene.buy(person, days=80, pack=500)
    first, second = person.spend(50, scene.ago(days=50)), person.spend(70, scene.ago(days=49))
    person.spend(10, scene.ago(days=20))
    first.sequence, second.sequence = second.sequence, first.sequence
    first.at, second.at = second.at, first.at
    scene.expect("ledger-break", second)


def skipped_sequence(scene: Scene) -> None:
    """A number is missing from the account's dense sequence; the balances around it still agree."""
    person = scene.subscriber()
    person.moves[-1].sequence += 1
    scene.expect("ledger-sequence-gap", person.moves[-1])


def deleted_row(scene: Scene) -> None:
    """A ledger row was deleted: its number is missing and the next balance does not follow."""
    person = scene.newcomer()
    scene.buy(person, days=100, pack=500)
    deleted = person.spend(35, scene.ago(days=70))
    person.spend(20, scene.ago(days=40))
    person.moves.remove(deleted)
    scene.expect("ledger-sequence-gap", person.moves[-1])
    scene.expect("ledger-break", person.moves[-1])


def shared_sequence(scene: Scene) -> None:
    """Two rows of one account carry the same sequence number."""
    person = scene.subscriber()
    person.spend(15, scene.ago(days=5))
    person.moves[-1].sequence -= 1
    scene.expect("ledger-duplicate-sequence", person.moves[-1])


def entries_of_nobody(scene: Scene) -> None:
    """The account was deleted and its ledger rows stayed behind."""
    person = scene.newcomer()
    scene.buy(person, days=120)
    person.spend(30, scene.ago(days=110))
    person.exists = False
    scene.expect("ledger-orphan", person)


def overdrawn(scene: Scene) -> None:
    """Two requests spent the same last credits: the balance went below zero."""
    person = scene.newcomer()
    person.spend(SPENT_TWICE, scene.ago(days=8))
    person.spend(SPENT_TWICE, scene.ago(days=8))
    scene.expect("negative-balance", person)


def dated_in_the_future(scene: Scene) -> None:
    """A worker with a wrong clock dated a ledger row nine days into the future."""
    person = scene.newcomer()
    future = person.spend(12, scene.ago(days=-9))
    scene.expect("ledger-time-travel", future)


def dated_before_its_predecessor(scene: Scene) -> None:
    """A ledger row is dated two days before the row it follows."""
    person = scene.subscriber()
    person.spend(18, scene.ago(days=2))
    late = person.spend(22, scene.ago(days=4))
    scene.expect("ledger-time-travel", late)


def missing_amount(scene: Scene) -> None:
    """A ledger row has no amount; where it is planted often, a row has a kind that the config does not know."""
    person = scene.subscriber()
    person.spend(33, scene.ago(days=2))
    if scene.index < ROWS_OF_ONE_FINDING - 1:
        person.moves[-1].amount = None
        scene.expect("unreadable-row", person.moves[-1], prefix="ledger_entry:")
    else:
        person.moves[-1].kind = f"gift_{scene.index}"
        scene.expect("unreadable-row", f"ledger_entry:kind=gift_{scene.index}")


def lapsed_and_still_there(scene: Scene) -> None:
    """The job that takes away what is left of a code's credits does not run for this account."""
    person = scene.newcomer()
    scene.redeem(person, 80, left=45, at=scene.ago(days=50), until=scene.ago(days=20))
    scene.expect("lapsed-credits", person)


FAULTS = (
    hand_edited_balance,
    balance_doubled_by_concurrent_deliveries,
    lost_update,
    broken_chain,
    swapped_rows,
    skipped_sequence,
    deleted_row,
    shared_sequence,
    entries_of_nobody,
    overdrawn,
    dated_in_the_future,
    dated_before_its_predecessor,
    missing_amount,
    lapsed_and_still_there,
)
