"""What a commit is spared is asked on another database, or is one of many variants; a landing is spared variants."""

from __future__ import annotations

import pytest

from tests.support.before_a_commit import left_to_the_other_turn, spared, spared_at_a_landing

DATABASES = ("sqlite", "postgres_url", "mariadb_url")


def test_each_question_is_asked_on_one_database_and_each_database_has_its_share() -> None:
    names = [f"tests/x.py::test_{number}[{database}-a]" for number in range(90) for database in DATABASES]
    asked = set(names) - spared(dict.fromkeys(names))
    assert len({name.partition("[")[0] for name in asked}) == len(asked) == 90
    assert all(sum(database in name for name in asked) > 15 for database in DATABASES)


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["tests/x.py::test_a[sqlite]"], id="it is named by itself"),
        pytest.param(["tests/x.py::test_a[sqlite-a]", "tests/x.py::test_a[mariadb-b]"], id="another question"),
        pytest.param(["tests/journal/x.py::test_a[sqlite]", "tests/journal/x.py::test_a[mysql]"], id="about databases"),
        pytest.param(["tests/x.py::test_sqlite", "tests/x.py::test_mysql"], id="no parameter"),
    ],
)
def test_nothing_is_spared_where(names: list[str]) -> None:
    assert spared(dict.fromkeys(names)) == frozenset()


def test_of_a_sample_so_many_are_asked_of_what_is_left_on_one_database() -> None:
    names = [f"tests/x.py::test_a[{database}-{variant}]" for variant in range(20) for database in DATABASES]
    asked = set(names) - spared(dict.fromkeys(names, 6))
    assert len({name.rpartition("-")[2] for name in asked}) == len(asked) == 6


def test_no_more_are_spared_than_there_are() -> None:
    names = [f"tests/x.py::test_a[{variant}]" for variant in range(3)]
    assert spared(dict.fromkeys(names, 6)) == frozenset()


def test_a_landing_asks_every_database_and_twice_as_many_variants_others_each_time() -> None:
    everywhere = dict.fromkeys(f"tests/x.py::test_a[{database}]" for database in DATABASES)
    variants = dict.fromkeys((f"tests/x.py::test_b[{variant}]" for variant in range(40)), 4)
    asked = [(everywhere | variants).keys() - spared_at_a_landing(everywhere | variants, turn=turn) for turn in (1, 2)]
    assert all(everywhere.keys() <= names for names in asked)
    assert [len(names & variants.keys()) for names in asked] == [8, 8]
    assert asked[0] != asked[1]
    assert asked[0] == (everywhere | variants).keys() - spared_at_a_landing(everywhere | variants, turn=1)


def test_two_landings_after_another_ask_every_slow_test_of_the_largest_suites() -> None:
    names = [f"tests/field/test_x.py::test_{number}" for number in range(40)]
    left = [left_to_the_other_turn(names, turn=turn) for turn in (1, 2)]
    assert left[0] | left[1] == set(names)
    assert not left[0] & left[1]
    assert all(len(part) > 10 for part in left)
    assert not left_to_the_other_turn(["tests/actions/repair/test_x.py::test_a"], turn=1)
