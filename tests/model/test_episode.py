"""Alert episodes, for any sequence of runs: what is open, what is told, and when."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.model.episode import (
    REMIND_AFTER,
    AlertReading,
    Judgement,
    Memory,
    Sighting,
    Telling,
    heartbeat_fingerprint,
    judge,
    set_fingerprint,
    trouble_key,
)
from trueup.model.severity import Severity

START = datetime(2026, 3, 1, 12, 0)
MINUTE = timedelta(minutes=1)
CHECKS = {"a1": "a", "a2": "a", "b1": "b", "b2": "b", "c1": "c"}
EVERYTHING = frozenset("abc")


def sighting(name: str, *, severity: Severity = Severity.ERROR, risk: int = 10) -> Sighting:
    return Sighting(fingerprint=name, check=CHECKS[name], severity=severity, risk=float(risk))


def look(minutes: float, *names: str, answered: frozenset[str] = EVERYTHING, decided: str = "") -> AlertReading:
    return AlertReading(
        at=START + minutes * MINUTE,
        answered=answered,
        sightings=tuple(map(sighting, names)),
        decided=frozenset(decided.split()),
    )


def played(looks: list[AlertReading]) -> list[Judgement]:
    """The judgement of each look, one after the other, each decided a second after its run."""
    memory, made = Memory(), []
    for one in looks:
        made.append(judge(memory, one, now=one.at + timedelta(seconds=1)))
        memory = made[-1].memory
    return made


def told(looks: list[AlertReading]) -> list[Telling | None]:
    return [judgement.telling for judgement in played(looks)]


def open_names(judgement: Judgement) -> set[str]:
    return {episode.fingerprint for episode in judgement.memory.episodes}


@st.composite
def looks(draw: st.DrawFn) -> list[AlertReading]:
    made, minutes = [], 0
    for _ in range(draw(st.integers(0, 14))):
        minutes += draw(st.sampled_from((1, 5, 20, 59, 61, 300)))
        answered = draw(st.sets(st.sampled_from("abc"), min_size=1))
        off = draw(st.sets(st.sampled_from("abc"), max_size=1)) - answered
        there = draw(st.sets(st.sampled_from([name for name in CHECKS if CHECKS[name] in answered])))
        silent = draw(st.sets(st.sampled_from(sorted(there)), max_size=2)) if there else set[str]()
        severities = st.sampled_from((Severity.ERROR, Severity.CRITICAL))
        made.append(
            AlertReading(
                at=START + minutes * MINUTE,
                answered=frozenset(answered),
                sightings=tuple(
                    sighting(name, severity=draw(severities), risk=draw(st.integers(0, 40)))
                    for name in sorted(there - silent)
                ),
                decided=frozenset(silent),
                off=frozenset(off),
            )
        )
    return made


def is_open_by_definition(name: str, history: list[AlertReading]) -> bool:
    """Whether the finding's episode is open after these looks, worked out backwards from the definition."""
    clean = 0
    for one in reversed(history):
        if name in {seen.fingerprint for seen in one.sightings}:
            return clean < 2
        if name in one.decided or CHECKS[name] in one.off:
            return False
        clean += CHECKS[name] in one.answered
    return False


@pytest.mark.slow
@given(looks())
def test_exactly_the_findings_that_were_not_cleanly_absent_twice_are_open(history: list[AlertReading]) -> None:
    for count, judgement in enumerate(played(history), start=1):
        assert open_names(judgement) == {name for name in CHECKS if is_open_by_definition(name, history[:count])}


@pytest.mark.slow
@given(looks())
def test_whoever_reads_the_alerts_alone_knows_the_open_set(history: list[AlertReading]) -> None:
    believed: set[str] = set()
    for judgement in played(history):
        opened = {episode.fingerprint for episode in judgement.opened}
        resolved = {episode.fingerprint for episode in judgement.resolved}
        if judgement.telling is None:
            assert not opened
            assert not resolved
        assert not opened & believed
        assert resolved <= believed
        believed = (believed | opened) - resolved
        assert believed == open_names(judgement)


@pytest.mark.slow
@given(looks())
def test_a_change_is_told_at_once_and_the_same_set_at_most_once_an_hour(history: list[AlertReading]) -> None:
    last: datetime | None = None
    for one, judgement in zip(history, played(history), strict=True):
        now = one.at + timedelta(seconds=1)
        changed = bool(judgement.opened or judgement.worsened or judgement.resolved)
        if changed:
            assert judgement.telling in {Telling.OPENED, Telling.CHANGED, Telling.RESOLVED}
        elif judgement.telling is not None:
            assert judgement.telling is Telling.REMINDER
            assert last is not None
            assert now - last >= REMIND_AFTER
        elif open_names(judgement):
            assert last is not None
            assert now - last < REMIND_AFTER
        last = now if judgement.telling else last


@pytest.mark.slow
@given(looks())
def test_a_set_begins_with_opened_and_ends_with_one_resolve(history: list[AlertReading]) -> None:
    before: set[str] = set()
    for judgement in played(history):
        after = open_names(judgement)
        assert (judgement.telling is Telling.OPENED) == (not before and bool(after))
        assert (judgement.telling is Telling.RESOLVED) == (bool(before) and not after)
        before = after


@given(looks(), st.frozensets(st.sampled_from("abc")))
def test_a_run_that_did_not_answer_a_check_changes_none_of_its_episodes(
    history: list[AlertReading], answered: frozenset[str]
) -> None:
    memory = played(history)[-1].memory if history else Memory()
    blind = look(100_000, answered=answered)
    after = judge(memory, blind, now=blind.at).memory
    kept = {episode.fingerprint: episode for episode in after.episodes}
    for episode in memory.episodes:
        if episode.check not in answered:
            assert kept[episode.fingerprint].clean_looks == episode.clean_looks


@pytest.mark.slow
@given(looks(), st.randoms(use_true_random=False))
def test_the_order_of_the_findings_of_a_run_changes_nothing(
    history: list[AlertReading], shuffler: random.Random
) -> None:
    def shuffled() -> Iterator[AlertReading]:
        for one in history:
            seen = list(one.sightings)
            shuffler.shuffle(seen)
            yield dataclasses.replace(one, sightings=tuple(seen))

    for one, other in zip(played(history), played(list(shuffled())), strict=True):
        assert one.telling == other.telling
        assert set(one.memory.episodes) == set(other.memory.episodes)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=40))
def test_a_risk_that_creeps_up_alerts_a_few_times_and_not_in_every_run(risks: list[int]) -> None:
    history = [
        dataclasses.replace(look(number / 1000), sightings=(sighting("a1", risk=risk),))
        for number, risk in enumerate(sorted(risks))
    ]
    assert sum(telling is not None for telling in told(history)) <= 2 + max(risks).bit_length()


def test_the_same_set_is_told_again_only_after_an_hour() -> None:
    history = [look(0, "a1"), look(5, "a1"), look(59.9, "a1"), look(60, "a1"), look(65, "a1"), look(120, "a1")]
    assert told(history) == [Telling.OPENED, None, None, Telling.REMINDER, None, Telling.REMINDER]


def test_going_there_and_back_within_an_hour_alerts_at_every_change() -> None:
    history = [look(0, "a1"), look(1, "a1", "b1"), look(2, "a1"), look(3, "a1"), look(4, "a1", "b1")]
    assert told(history) == [Telling.OPENED, Telling.CHANGED, None, Telling.CHANGED, Telling.CHANGED]


def test_one_clean_look_resolves_nothing_and_a_second_one_does() -> None:
    assert told([look(0, "a1"), look(1), look(2)]) == [Telling.OPENED, None, Telling.RESOLVED]


def test_a_finding_that_flickers_never_resolves_and_never_reopens() -> None:
    history = [look(0, "a1"), look(1), look(2, "a1"), look(3), look(4, "a1")]
    assert told(history) == [Telling.OPENED, None, None, None, None]


def test_runs_that_did_not_answer_are_skipped_between_two_clean_looks() -> None:
    blind = frozenset("b")
    history = [look(0, "a1"), look(1), look(2, answered=blind), look(3, answered=blind), look(4)]
    assert told(history) == [Telling.OPENED, None, None, None, Telling.RESOLVED]


def test_an_exemption_resolves_at_once() -> None:
    assert told([look(0, "a1"), look(1, decided="a1")]) == [Telling.OPENED, Telling.RESOLVED]


def test_a_check_that_was_switched_off_resolves_its_episodes_at_once() -> None:
    switched = dataclasses.replace(look(1, "b1", answered=frozenset("b")), off=frozenset("a"))
    first, second = played([look(0, "a1", "b1"), switched])
    assert open_names(first) == {"a1", "b1"}
    assert [episode.fingerprint for episode in second.resolved] == ["a1"]
    assert second.telling is Telling.CHANGED


def test_a_higher_severity_is_worse_and_a_lower_one_is_not() -> None:
    critical = dataclasses.replace(look(1), sightings=(sighting("a1", severity=Severity.CRITICAL),))
    assert told([look(0, "a1"), critical, look(2, "a1")]) == [Telling.OPENED, Telling.CHANGED, None]


def test_the_set_fingerprint_knows_its_environment_and_not_the_order() -> None:
    assert set_fingerprint("production", ["x", "y"]) == set_fingerprint("production", ["y", "x", "y"])
    assert set_fingerprint("production", ["x"]) != set_fingerprint("staging", ["x"])
    assert set_fingerprint("production", ["x", "y"]) != set_fingerprint("production", ["xy"])
    assert len(set_fingerprint("production", [])) == 32


def test_a_heartbeat_is_missed_and_heard_under_two_names() -> None:
    names = {
        heartbeat_fingerprint(environment, missed=missed)
        for environment in ("production", "staging")
        for missed in (True, False)
    }
    assert len(names) == 4


def test_a_trouble_that_comes_back_is_another_trouble() -> None:
    keys = {
        trouble_key(environment, topic, began_at)
        for environment in ("production", "staging")
        for topic in ("findings", "heartbeat")
        for began_at in (START, START + MINUTE)
    }
    assert len(keys) == 8
