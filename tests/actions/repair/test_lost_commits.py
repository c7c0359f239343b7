"""A commit whose answer is lost is looked up, and what cannot be known is said to be unknown."""

from __future__ import annotations

import dataclasses
import functools
import socket
import time

import pytest

from tests.support.attempts import Attempts, attempts
from tests.support.wire import Deed, Link, Moment
from tests.support.wired import COMMIT, Wired
from trueup.model.repair import Applied, Failed
from trueup.targets.target import LOCK_TIMEOUT_SECONDS


def cut(_: Link) -> bool:
    """Nothing goes on."""
    return False


def cut_off(link: Link, *, seconds: float) -> bool:
    """The client is cut off, and what it has sent reaches the server later."""
    link.client.shutdown(socket.SHUT_RDWR)
    time.sleep(seconds)
    return True


def test_a_lost_answer_of_the_commit_is_looked_up(wired: Wired, through: Attempts) -> None:
    issue_id = wired.planted.take("paid-without-customer")
    wired.wire.plan(Deed(moment=Moment.WITHHELD, act=cut, pattern=COMMIT))
    result = through.repair(issue_id, key=issue_id)
    assert wired.wire.is_done
    assert isinstance(result, Applied)
    assert not result.replayed
    rows = wired.planted.app.rows(f"SELECT seq, repair_id FROM trueup_journal WHERE target = '{issue_id}'")
    assert rows == [(result.journal_seq, result.repair_id)]
    assert through.repair(issue_id, key=issue_id) == dataclasses.replace(result, replayed=True)


def test_a_commit_that_never_arrived_is_looked_up(wired: Wired, through: Attempts) -> None:
    issue_id = wired.planted.take("unlimited-credits")
    wired.wire.plan(Deed(moment=Moment.BEFORE, act=cut, pattern=COMMIT))
    result = through.repair(issue_id, key=issue_id)
    assert isinstance(result, Failed)
    assert not result.unknown
    assert not wired.planted.is_repaired(issue_id)
    assert isinstance(through.repair(issue_id, key=issue_id), Applied)


@pytest.mark.slow
def test_a_commit_that_is_still_on_its_way_is_waited_for(wired: Wired, through: Attempts) -> None:
    issue_id = wired.planted.take("missing-idempotency-record")
    act = functools.partial(cut_off, seconds=LOCK_TIMEOUT_SECONDS / 3)
    wired.wire.plan(Deed(moment=Moment.BEFORE, act=act, pattern=COMMIT))
    result = through.repair(issue_id, key=issue_id)
    assert isinstance(result, Applied)
    assert wired.planted.is_repaired(issue_id)


@pytest.mark.slow
def test_a_commit_that_is_too_long_on_its_way_is_unknown_and_its_key_tells_the_truth(
    wired: Wired, through: Attempts
) -> None:
    issue_id = wired.planted.take("paid-without-customer")
    links: list[Link] = []

    def act(link: Link) -> bool:
        links.append(link)
        return cut_off(link, seconds=2 * LOCK_TIMEOUT_SECONDS + 1)

    wired.wire.plan(Deed(moment=Moment.BEFORE, act=act, pattern=COMMIT))
    result = through.repair(issue_id, key=issue_id)
    assert isinstance(result, Failed)
    assert result.unknown
    with attempts(wired.planted) as others:
        meanwhile = others.repair(issue_id, key=issue_id)
        assert isinstance(meanwhile, Failed)
        assert meanwhile.busy
        wired.backends.wait_until_gone(links[0].backend)
        assert wired.planted.is_repaired(issue_id)
        after = others.repair(issue_id, key=issue_id)
    assert isinstance(after, Applied)
    assert after.replayed


@pytest.mark.parametrize("moment", [Moment.BEFORE, Moment.WITHHELD])
def test_a_database_that_cannot_be_asked_leaves_it_unknown_and_the_key_tells_the_truth(
    wired: Wired, through: Attempts, moment: Moment
) -> None:
    issue_id = wired.planted.take("missing-idempotency-record")

    def act(_: Link) -> bool:
        wired.wire.is_refusing = True
        return False

    wired.wire.plan(Deed(moment=moment, act=act, pattern=COMMIT))
    result = through.repair(issue_id, key=issue_id)
    assert isinstance(result, Failed)
    assert result.unknown
    was_there = wired.planted.is_repaired(issue_id)
    assert was_there is (moment is Moment.WITHHELD)
    wired.wire.is_refusing = False
    after = through.repair(issue_id, key=issue_id)
    assert isinstance(after, Applied)
    assert after.replayed is was_there
