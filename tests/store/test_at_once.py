"""Several processes on one store: each thing happens once, and nobody waits for a dead one."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.runs import NOW, run
from trueup.store import Store

ROOT = Path(__file__).parents[2]

PRELUDE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from datetime import timedelta
from tests.support.runs import HOUR, NOW, issue, run
from trueup.store import AlreadyExempted, open_store
store, me = open_store(sys.argv[2]), int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
"""
TAKE = """
print(json.dumps([n for n in range(50) if store.leases.take(f"audit {n}", f"{me}", seconds=60, now=NOW)]))
"""
RECORD = """
for n in range(10):
    found = [f"credit-balance:user_{s}" for s in range(n % 4, 30 + me)]
    store.runs.record(run(found, run_id=f"{n}-{me}", at=NOW + n * HOUR))
print(json.dumps(None))
"""
RECORD_THE_SAME = """
for n in range(10):
    store.runs.record(run([f"credit-balance:user_{n}"], run_id=f"run {n}", at=NOW + n * HOUR))
print(json.dumps(None))
"""
RECORD_FOR_EVER = """
def issues():
    yield issue("credit-balance:user_1")
    print("begun", flush=True)
    sys.stdin.readline()
made = run()
object.__setattr__(made, "issues", issues())
store.runs.record(made)
"""
TOKENS = """
made = [store.tokens.create(name=f"{n}", role="viewer", lifetime_days=9, created_by="x", now=NOW)[1] for n in range(20)]
for one in made:
    store.tokens.touch(one, now=NOW)
every = sorted(one.token_id for one in store.tokens.list())
print(json.dumps([one.token_id for one in made]))
"""
REVOKE = """
known = sorted(one.token_id for one in store.tokens.list())
print(json.dumps([one for one in known if store.tokens.revoke(one, revoked_by=f"{me}", now=NOW)]))
"""
EXEMPT = """
from trueup.model.relations import Exemption
def exempted(n):
    made = Exemption(check_id="stuck-event", subject=f"{n}", owner=f"{me}", reason="as it should be")
    try:
        store.exemptions.add(made, environment="production", created_by=f"{me}", now=NOW)
    except AlreadyExempted:
        return False
    return True
print(json.dumps([n for n in range(30) if exempted(n)]))
"""


def started(script: str, store_url: str, number: int) -> subprocess.Popen[str]:
    """A process that has opened the store and waits for a line."""
    command = [sys.executable, "-c", PRELUDE + script, str(ROOT), store_url, str(number)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str], line: str) -> None:
    """Wait until the process has said this."""
    assert process.stdout is not None
    assert process.stdout.readline() == f"{line}\n"


def go(process: subprocess.Popen[str]) -> None:
    """Let the process go on."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def at_once(script: str, store_url: str, *, processes: int = 2) -> list[list[object]]:
    """Run the script in several processes that begin together; what each of them printed."""
    running = [started(script, store_url, number) for number in range(processes)]
    for process in running:
        said(process, "ready")
    printed = []
    for process in running:
        go(process)
    for process in running:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        printed.append(json.loads(out))
    return printed


@pytest.mark.slow
def test_each_lease_is_had_by_one_process(store: Store, store_url: str) -> None:
    first, second = at_once(TAKE, store_url)
    assert sorted([*first, *second], key=str) == sorted(range(50), key=str)


def test_a_lease_is_refused_while_it_lives_and_taken_over_when_its_time_is_over(store: Store) -> None:
    leases = store.leases
    later = NOW + timedelta(seconds=30)
    assert leases.take("audit", "a", seconds=30, now=NOW)
    assert not leases.take("audit", "b", seconds=30, now=later - timedelta(seconds=1))
    assert not leases.take("audit", "a", seconds=30, now=NOW), "the same holder, a second time"
    assert leases.renew("audit", "a", seconds=60, now=NOW)
    assert not leases.take("audit", "b", seconds=30, now=later)
    held = leases.get("audit", now=later)
    assert held is not None
    assert (held.holder, held.taken_at, held.expires_at) == ("a", NOW, NOW + timedelta(seconds=60))
    assert leases.get("audit", now=NOW + timedelta(seconds=60)) is None
    assert leases.take("audit", "b", seconds=30, now=NOW + timedelta(seconds=60))
    assert not leases.renew("audit", "a", seconds=60, now=later)
    assert not leases.release("audit", "a")
    assert leases.release("audit", "b")
    assert leases.take("audit", "c", seconds=30, now=NOW)


def test_runs_recorded_by_two_processes_leave_the_states_of_one_order(store: Store, store_url: str) -> None:
    at_once(RECORD, store_url)
    runs = store.runs.list()
    assert len(runs) == 20
    open_now: set[str] = set()
    for one in reversed(runs):
        changed = store.runs.difference(one.run_id)
        appeared = {moved.issue_id for moved in (*changed.new, *changed.reopened)}
        gone = {moved.issue_id for moved in changed.resolved}
        if one.updates_state:
            assert not appeared & open_now
            assert gone <= open_now
            open_now = (open_now | appeared) - gone
            assert open_now == {found.issue_id for found in store.runs.issues(one.run_id).issues}


@pytest.mark.slow
def test_one_run_recorded_by_three_processes_is_one_run(store: Store, store_url: str) -> None:
    at_once(RECORD_THE_SAME, store_url, processes=3)
    runs = store.runs.list()
    assert sorted(one.run_id for one in runs) == [f"run {number}" for number in range(10)]
    assert sum(one.new for one in runs) <= 10


@pytest.mark.slow
def test_tokens_made_and_revoked_by_two_processes_are_each_made_and_revoked_once(store: Store, store_url: str) -> None:
    made = [one for process in at_once(TOKENS, store_url) for one in process]
    assert sorted(map(str, made)) == sorted(one.token_id for one in store.tokens.list())
    assert {one.last_used_at for one in store.tokens.list()} == {NOW}
    first, second = at_once(REVOKE, store_url)
    assert sorted(map(str, [*first, *second])) == sorted(map(str, made))


def test_one_exemption_is_added_by_one_process(store: Store, store_url: str) -> None:
    first, second = at_once(EXEMPT, store_url)
    assert sorted([*first, *second], key=str) == sorted(range(30), key=str)
    assert len(store.exemptions.list("production")) == 30


def test_a_process_that_dies_while_it_records_leaves_nothing_and_holds_up_nobody(store: Store, store_url: str) -> None:
    process = started(RECORD_FOR_EVER, store_url, 0)
    said(process, "ready")
    go(process)
    said(process, "begun")
    process.kill()
    process.communicate()
    assert store.runs.list() == ()
    store.runs.record(run(["credit-balance:user_2"]))
    assert len(store.runs.list()) == 1


def test_many_threads_share_one_store(store: Store) -> None:
    def work(number: int) -> int:
        store.runs.record(run([f"credit-balance:user_{number}"], environment=f"{number}"))
        store.tokens.create(name=f"{number}", role="viewer", lifetime_days=1, created_by="x", now=NOW)
        return sum(store.leases.take(f"audit {lease}", f"{number}", seconds=60, now=NOW) for lease in range(10))

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(work, range(16))) == 10
    assert len(store.runs.list()) == len(store.tokens.list()) == 16


def test_a_reader_sees_a_run_whole_or_not_at_all_while_another_is_recorded(store: Store) -> None:
    seen: list[object] = []

    def issues() -> object:
        for number in range(3):
            seen.append(store.runs.get(made.run_id))
            seen.append(store.findings.get("production", "credit-balance:user_0"))
            yield from run([f"credit-balance:user_{number}"]).issues

    made = run()
    object.__setattr__(made, "issues", issues())
    store.runs.record(made)
    assert seen == [None] * 6
    assert len(store.runs.issues(made.run_id).issues) == 3
