"""The lock: the same bytes for the same thing, whole or not at all, never believed when it is not as it was written."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.gated import NOW, Gated, cell, gated
from trueup.actions.plan_gates.acceptance import GateUnanswered, Looked, accept, look
from trueup.checks import catalogue
from trueup.config.gate_lock import Lock, read_lock, write_lock
from trueup.model.errors import ConfigurationError
from trueup.model.relations import GateAcceptance
from trueup.model.source import Silent

LOCK = Lock(
    accepted_by="command:ada",
    accepted_at=datetime(2026, 3, 1, 12),
    reason="as launched",
    trueup="0.1.0",
    cells=(
        GateAcceptance(feature="exports", plan="FREE", accepted=0),
        GateAcceptance(feature="seats", plan="FREE", is_limit=True, accepted=1),
    ),
)


@pytest.fixture
def company(tmp_path: Path) -> Gated:
    return gated(tmp_path)


def accepted(company: Gated, reason: str = "as launched") -> Looked:
    return accept(company.config(), checks=catalogue(), reason=reason, actor="command:ada", now=NOW, progress=Silent())


def looked(company: Gated) -> Looked:
    return look(company.config(), checks=catalogue(), now=NOW, progress=Silent())


def test_one_cell_stands_on_one_line_with_who_when_and_why(company: Gated) -> None:
    accepted(company, "exports opened to PRO, PLAT-1204")
    text = company.lock.read_text(encoding="utf-8")
    assert 'accepted_by = "command:ada"\nreason = "exports opened to PRO, PLAT-1204"\n' in text
    assert "accepted_at = 2026-03-01T12:00:00Z\n" in text
    assert text.partition("[cells]\n")[2].splitlines() == [
        '"exports:FREE" = false',
        '"exports:PRO" = true',
        '"exports:TEAM" = true',
        '"seats:FREE" = 1',
        '"seats:PRO" = 5',
        '"seats:TEAM" = 50',
        '"sso:FREE" = false',
        '"sso:PRO" = false',
        '"sso:TEAM" = true',
    ]


def test_accepting_the_same_again_makes_the_same_bytes(company: Gated) -> None:
    accepted(company)
    first = company.lock.read_bytes()
    accepted(company)
    assert company.lock.read_bytes() == first


def test_what_was_accepted_stands_beside_what_is_so_now(company: Gated) -> None:
    accepted(company)
    company.change('"exports": {"PRO"', '"exports": {"FREE", "PRO"')
    gate = cell(company.report(), "exports", "FREE")
    assert (gate.expected, gate.actual, gate.accepted, gate.changed) == (False, True, False, True)


def test_a_change_that_the_matrix_allows_is_a_difference_all_the_same(company: Gated) -> None:
    accepted(company)
    company.change('"exports": {"PRO"', '"exports": {"FREE", "PRO"')
    company.change('exports = { min_plan = "PRO" }', 'exports = { min_plan = "FREE" }', file="gates.toml")
    seen = looked(company)
    assert [(gate.feature, gate.plan, gate.passed) for gate in seen.changed] == [("exports", "FREE", True)]


def test_what_is_new_and_what_is_gone_are_differences(company: Gated) -> None:
    accepted(company)
    company.change("seats = ", "rooms = ", file="gates.toml")
    company.change('if feature == "seats"', 'if feature == "rooms"')
    company.change('"seats"]', '"rooms"]')
    seen = looked(company)
    assert {gate.feature for gate in seen.changed} == {"rooms"}
    assert {gone.feature for gone in seen.gone} == {"seats"}


def test_without_a_lock_nothing_is_different(company: Gated) -> None:
    seen = looked(company)
    assert (seen.lock, seen.changed, seen.gone, seen.unanswered) == (None, (), (), None)


def test_nothing_is_accepted_while_a_probe_cannot_answer(company: Gated) -> None:
    accepted(company)
    before = company.lock.read_bytes()
    company.change("    return SEATS", "    assert feature != 'sso'\n    return SEATS")
    with pytest.raises(GateUnanswered, match="not everything could be asked: sso:FREE"):
        accepted(company)
    assert company.lock.read_bytes() == before


@pytest.mark.parametrize("reason", ["", "  ", "a\nb", "x" * 501, "a\N{RIGHT-TO-LEFT OVERRIDE}b"])
def test_a_reason_that_is_none_is_refused(company: Gated, reason: str) -> None:
    with pytest.raises(ConfigurationError, match="The reason must be 1 to 500 characters"):
        accepted(company, reason)
    assert not company.lock.exists()


def test_a_corrupt_lock_is_not_written_over(company: Gated) -> None:
    company.lock.write_text("not a lock")
    with pytest.raises(ConfigurationError, match="restore it from version control, or remove it"):
        accepted(company)
    assert company.lock.read_text() == "not a lock"


def test_a_lock_reads_back_as_it_was_written(tmp_path: Path) -> None:
    file = str(tmp_path / "gates.lock")
    write_lock(file, LOCK)
    assert read_lock(file) == LOCK
    assert [path.name for path in tmp_path.iterdir()] == ["gates.lock"]


TEXT = LOCK.text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT[:-1],
        TEXT.rpartition('"seats')[0],
        TEXT.replace("= false", "= true"),
        TEXT.replace("= false", "= 0"),
        TEXT.replace("= 1\n", "= true\n"),
        TEXT.replace("as launched", "as lunched"),
        TEXT.replace("command:ada", "command:eve"),
        TEXT + '"exports:PRO" = true\n',
        TEXT.replace('"exports:FREE" = false\n', ""),
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("version = 1", "version = 0"),
        TEXT.replace("[cells]", "[cell]"),
        f"<<<<<<< ours\n{TEXT}",
        TEXT.replace("# What", "# Whatever"),
    ],
)
def test_a_lock_that_is_not_as_it_was_written_is_a_plain_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "gates.lock"
    path.write_bytes(text.encode())
    assert text != TEXT
    with pytest.raises(ConfigurationError) as refused:
        read_lock(str(path))
    assert "restore it from version control, or remove it" in str(refused.value)


def test_a_lock_of_a_newer_trueup_says_so(tmp_path: Path) -> None:
    path = tmp_path / "gates.lock"
    path.write_text(TEXT.replace("version = 1", "version = 2"))
    with pytest.raises(ConfigurationError, match="newer trueup"):
        read_lock(str(path))


def test_a_lock_that_cannot_be_read_is_no_missing_lock(tmp_path: Path) -> None:
    (tmp_path / "gates.lock").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be read: it is a folder"):
        read_lock(str(tmp_path / "gates.lock"))


def test_a_lock_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_lock(str(tmp_path / "nowhere" / "gates.lock"), LOCK)
    (tmp_path / "gates.lock").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_lock(str(tmp_path / "gates.lock"), LOCK)
    assert [path.name for path in tmp_path.iterdir()] == ["gates.lock"]


@given(st.binary(max_size=300))
def test_any_bytes_are_a_lock_or_a_plain_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("lock") / "gates.lock"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError):
        read_lock(str(path))


@pytest.mark.slow
@given(
    st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=40),
    st.dictionaries(
        st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,20}", fullmatch=True),
        st.one_of(st.booleans(), st.integers(0, 2**53 - 1)),
        max_size=5,
    ),
)
def test_any_lock_reads_back(
    tmp_path_factory: pytest.TempPathFactory, reason: str, cells: dict[str, bool | int]
) -> None:
    file = str(tmp_path_factory.mktemp("lock") / "gates.lock")
    kept = tuple(
        GateAcceptance(feature=feature, plan="Größe:1", is_limit=type(value) is int, accepted=int(value))
        for feature, value in sorted(cells.items())
    )
    lock = dataclasses.replace(LOCK, reason=reason, cells=kept)
    write_lock(file, lock)
    assert read_lock(file) == lock
