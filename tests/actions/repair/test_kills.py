"""Whatever is killed, and whenever: a repair is there as a whole with its journal row, or it is not there at all."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.support.attempts import attempts
from tests.support.planted import REPAIRS, Planted, State
from tests.support.repairer import Answer, Repairer, answer_of, repairer
from tests.support.thoroughness import positions
from tests.support.wire import Deed, Link, Moment
from tests.support.wired import COMMIT, Wired, wired_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An app on a server behind a wire, and whoever repairs it."""

    wired: Wired
    attempt: Callable[[str, str], Answer | None]
    """Repairs an issue under a key; None when the process was killed before it had an answer."""
    kill: Callable[[Link], bool]

    def killed(self, issue_id: str, key: str, deed: Deed) -> Answer | None:
        """An attempt during which the deed is done; when this returns, nothing of it goes on anywhere."""
        links: list[Link] = []

        def noted(link: Link) -> bool:
            links.append(link)
            return deed.act(link)

        self.wired.wire.plan(dataclasses.replace(deed, act=noted))
        answer = self.attempt(issue_id, key)
        self.wired.wire.wait_until_quiet()
        for link in links:
            self.wired.backends.wait_until_gone(link.backend)
        return answer

    def again(self, issue_id: str, key: str) -> Answer:
        """An attempt that nobody disturbs."""
        self.wired.wire.plan(None)
        answer = self.attempt(issue_id, key)
        assert answer is not None
        return answer


@pytest.fixture(scope="module", params=["postgres", "mariadb"])
def server(request: pytest.FixtureRequest) -> Iterator[Wired]:
    """A planted company behind a wire; whatever was killed, an audit finds what nobody has repaired and no more."""
    planted = request.getfixturevalue(f"planted_{request.param}")
    with wired_to(planted, request.getfixturevalue(f"{request.param}_server")) as made:
        yield made
    planted.assert_nothing_but_what_is_left()


@pytest.fixture(scope="module", params=["process", "backend"])
def scene(request: pytest.FixtureRequest, server: Wired) -> Iterator[Scene]:
    """What dies is the repairing process, or its connection's other end in the database."""
    planted, url = server.planted, server.wire.url
    server.wire.plan(None)  # the one before may have planned a death at a message that never came
    if request.param == "process":
        with repairer(planted.app, repair_url=url, warm_up=planted.left[REPAIRS[0]][0]) as process:
            yield Scene(
                wired=server, attempt=lambda issue_id, key: process.repair(issue_id, key=key), kill=process.kill
            )
        return

    def end(link: Link) -> bool:
        server.backends.end(link.backend)
        return True

    with attempts(planted, repair_url=url) as here:
        yield Scene(wired=server, attempt=lambda issue_id, key: answer_of(here.repair(issue_id, key=key)), kill=end)


@dataclass(slots=True, kw_only=True)
class Victim:
    """One issue that is being repaired again and again until it holds."""

    planted: Planted
    check: str
    issue_id: str = field(init=False)
    key: str = field(init=False)
    before: State = field(init=False)
    after: State = field(init=False)

    def __post_init__(self) -> None:
        self.next()

    def next(self) -> None:
        """Another one."""
        self.issue_id = self.planted.take(self.check)
        self.key = f"key of {self.issue_id}"
        self.before = self.planted.state(self.issue_id)
        self.after = self.before.repaired(self.check)

    def is_repaired(self, answer: Answer | None, at: str) -> bool:
        """Whether the repair is there as a whole. Fails where it is there in part, or the answer is not true."""
        at = f"{self.issue_id}, {at}: {answer}"
        state = self.planted.state(self.issue_id)
        assert state in (self.before, self.after), at
        if answer is not None:
            assert answer["result"] in ("Applied", "Failed"), at
            if answer["result"] == "Applied":
                assert state == self.after, at
                assert self.planted.app.rows(f"SELECT seq FROM trueup_journal WHERE target = '{self.issue_id}'") == [
                    (answer["journal_seq"],)
                ], at
            elif not answer["unknown"]:
                assert state == self.before, at
        return state == self.after


def kill_at_messages(scene: Scene, check: str, moment: Moment) -> int:
    """Kill at one message after the other, always the same repair until it is committed; how many messages there are.

    Whoever was killed tries again with the same key, and is killed at a later message.
    """
    victim = Victim(planted=scene.wired.planted, check=check)
    for position in positions(f"{check} {moment}"):
        deed = Deed(moment=moment, act=scene.kill, position=position)
        answer = scene.killed(victim.issue_id, victim.key, deed)
        messages = scene.wired.wire.requests
        at = f"{moment} message {position} of {len(messages)}, {messages[-1:]!r}"
        is_repaired = victim.is_repaired(answer, at)
        if not scene.wired.wire.is_done:
            assert is_repaired, at
            return len(messages)
        if is_repaired:
            again = scene.again(victim.issue_id, victim.key)
            assert again["result"] == "Applied", (at, again)
            assert again["replayed"], (at, again)
            victim.is_repaired(again, at)
            victim.next()
    raise AssertionError


@pytest.mark.slow
@pytest.mark.parametrize(
    ("check", "moment", "scene"),
    [
        (check, moment, "backend" if (place + (moment is Moment.SENT)) % 2 else "process")
        for place, check in enumerate(REPAIRS)
        for moment in (Moment.BEFORE, Moment.SENT)
    ],
    indirect=["scene"],
)
def test_a_repair_that_is_killed_at_any_message_is_whole_or_not_there(scene: Scene, check: str, moment: Moment) -> None:
    """After one answer is before the next message, so these moments are all; the commit's are also tried one by one.

    Each repair loses its process at one of the moments and its connection at the other.
    """
    messages = kill_at_messages(scene, check, moment)
    assert messages > 30  # or it was not a repair


@pytest.mark.parametrize("moment", list(Moment))
def test_a_repair_that_is_killed_around_its_commit_is_whole_or_not_there(scene: Scene, moment: Moment) -> None:
    victim = Victim(planted=scene.wired.planted, check=REPAIRS[list(Moment).index(moment)])
    answer = scene.killed(victim.issue_id, victim.key, Deed(moment=moment, act=scene.kill, pattern=COMMIT))
    assert scene.wired.wire.is_done
    is_repaired = victim.is_repaired(answer, f"{moment} COMMIT")
    assert is_repaired or moment in (Moment.BEFORE, Moment.SENT)
    again = scene.again(victim.issue_id, victim.key)
    assert again["result"] == "Applied"
    assert again["replayed"] is is_repaired
    assert victim.is_repaired(again, "again")


@pytest.fixture(scope="module")
def process(planted_sqlite: Planted) -> Iterator[Repairer]:
    """A process that repairs the file."""
    url = planted_sqlite.app.config.database_url
    with repairer(planted_sqlite.app, repair_url=url, warm_up=planted_sqlite.untouched) as started:
        yield started
    planted_sqlite.assert_nothing_but_what_is_left()


@pytest.mark.slow
@pytest.mark.parametrize("check", REPAIRS)
def test_a_process_that_dies_at_any_statement_leaves_a_file_whole(
    planted_sqlite: Planted, process: Repairer, check: str
) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    for moment in ("before", "answered", "sent"):
        victim = Victim(planted=planted_sqlite, check=check)
        for position in positions(f"{check} {moment}"):
            death = {"position": position, "moment": moment, "delay_seconds": chance.uniform(1e-6, 2e-3)}
            answer = process.repair(victim.issue_id, key=victim.key, death=death)
            at = f"{death}, seed {seed}"
            is_repaired = victim.is_repaired(answer, at)
            if answer is not None:
                assert answer["result"] == "Applied", at
                assert position > 20 or moment == "sent", at
            if is_repaired:
                again = process.repair(victim.issue_id, key=victim.key)
                assert again is not None
                assert (again["result"], again["replayed"]) == ("Applied", True), at
                if answer is not None and position > 20:
                    break
                victim.next()


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "answered", "sent"])
def test_a_process_that_dies_around_the_commit_leaves_a_file_whole(
    planted_sqlite: Planted, process: Repairer, moment: str
) -> None:
    victim = Victim(planted=planted_sqlite, check=REPAIRS[len(moment) % len(REPAIRS)])
    death = {"text": "COMMIT", "moment": moment, "delay_seconds": 1e-4}
    answer = process.repair(victim.issue_id, key=victim.key, death=death)
    is_repaired = victim.is_repaired(answer, str(death))
    again = process.repair(victim.issue_id, key=victim.key)
    assert again is not None
    assert (again["result"], again["replayed"]) == ("Applied", is_repaired)
    assert is_repaired is (moment == "answered") or moment == "sent"
    assert victim.is_repaired(again, "again")
