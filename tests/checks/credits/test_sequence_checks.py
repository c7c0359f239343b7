"""The checks of sequence numbers look only where the mapping claims what they rest on."""

from __future__ import annotations

from trueup.actions.audit.check_runner import run_checks
from trueup.books.opening import books_in_memory
from trueup.checks.credits import ledger_duplicate_sequence, ledger_sequence_gap
from trueup.model.check import CASE_NOW, Check, ago
from trueup.model.outcome import Checked, CheckOutcome, Skipped
from trueup.model.policy import Policy
from trueup.model.relations import LedgerEntry, columns_of
from trueup.model.source import Silent

_EVERY_COLUMN = frozenset(column.name for column in columns_of(LedgerEntry))
_SKIPPED_A_NUMBER = (
    LedgerEntry(entry_id=1, sequence=1, created_at=ago(days=2)),
    LedgerEntry(entry_id=3, sequence=3, created_at=ago(days=1)),
)


def _examined(check: Check, *, columns: frozenset[str]) -> CheckOutcome:
    with books_in_memory() as books:
        books.replace_rows(_SKIPPED_A_NUMBER, of=LedgerEntry)
        books.connection.execute(
            "INSERT INTO trueup_copy VALUES ('ledger_entry', 'case', ?, 2, 0, NULL)", [list(columns)]
        )
        (made,) = run_checks(books, checks=(check,), policy=Policy(), now=CASE_NOW, progress=Silent())
    return made


def test_a_database_sequence_that_skipped_on_rollback_is_quiet_where_the_mapping_does_not_claim_density() -> None:
    made = _examined(ledger_sequence_gap.CHECK, columns=_EVERY_COLUMN)
    assert made.outcome == Skipped(reason="not mapped: ledger_entry.dense_sequence")


def test_the_same_gap_is_found_where_the_mapping_claims_density() -> None:
    made = _examined(ledger_sequence_gap.CHECK, columns=_EVERY_COLUMN | {"dense_sequence"})
    assert isinstance(made.outcome, Checked)
    assert [finding.subject for finding in made.outcome.findings] == ["3"]


def test_duplicate_sequences_are_not_looked_for_where_there_are_none_to_read() -> None:
    made = _examined(ledger_duplicate_sequence.CHECK, columns=_EVERY_COLUMN - {"sequence"})
    assert made.outcome == Skipped(reason="not mapped: ledger_entry.sequence")
