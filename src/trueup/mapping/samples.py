"""Sampled rows of an app's tables, and what they show of a column. Values stay in memory and are never written."""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from trueup.mapping.column_types import Family, family_of
from trueup.mapping.names import folded
from trueup.model.source import SourceColumn, SourceTable

MOST_WORDS = 40
_ID = re.compile(r"(cus|sub|in|pi|ch|py|cs|evt|price|prod|re)_(?:(?:test|live)_)?[A-Za-z0-9]{3,}")
_SECRET_WORDS = frozenset(
    [
        "password",
        "passwd",
        "pwd",
        "secret",
        "hash",
        "salt",
        "credential",
        "otp",
        "totp",
        "mfa",
        "cvv",
        "cvc",
        "ssn",
        "pin",
        "private",
        "signature",
        "cipher",
        "encrypted",
        "certificate",
    ]
)
_SECRET_NAMES = frozenset(
    [
        "key",
        "api_key",
        "apikey",
        "access_key",
        "private_key",
        "signing_key",
        "encryption_key",
        "jwt",
        "token",
        "backup_code",
        "recovery_code",
    ]
)
_SECRET_TABLES = re.compile(
    r"(^|_)(session|verification|verification_token|password_reset|password_reset_token|api_key|apikey|access_token|"
    r"refresh_token|api_token|personal_access_token|oauth_token|device_token|secret|credential|passkey)$"
)
_NUMERIC = (Family.INTEGER, Family.NUMBER, Family.BIT, Family.MONEY, Family.UNKNOWN)
_DEEPEST = 3
_LONGEST_WORD = 60

Row = Mapping[str, object]
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Rows of one table. ``is_whole`` says that they are all of its rows, ``has_whole_accounts`` that each owner in
    them has all of its own.
    """

    rows: tuple[Row, ...] = ()
    is_whole: bool = True
    has_whole_accounts: bool = True


Samples = Mapping[str, Sample]
"""A sample of each table, by its qualified name."""


def is_secret(column: SourceColumn) -> bool:
    """Whether a column looks like a password, a token or a key, so that it is never sampled.

    >>> is_secret(SourceColumn(name="accessToken", type="text")), is_secret(SourceColumn(name="tokens", type="integer"))
    (True, False)
    """
    if family_of(column.type) in (Family.INTEGER, Family.NUMBER, Family.BOOLEAN, Family.TIME):
        return False
    name = folded(column.name)
    return (
        bool(_SECRET_WORDS & set(name.split("_")))
        or name in _SECRET_NAMES
        or name.endswith(("_token", "api_key", "secret_key", "private_key", "access_key"))
    )


def holds_secrets(table: SourceTable) -> bool:
    """Whether the table as a whole is about sessions, tokens or keys.

    >>> holds_secrets(SourceTable(name="ApiKeys", columns=())), holds_secrets(SourceTable(name="tokens", columns=()))
    (True, False)
    """
    return _SECRET_TABLES.search(folded(table.name)) is not None


def number(value: object) -> Decimal | None:
    """The value as a number; None for anything else.

    >>> number("1.50"), number(True), number("abc")
    (Decimal('1.50'), None, None)
    """
    if isinstance(value, bool) or value is None:
        return None
    try:
        parsed = Decimal(str(value)) if isinstance(value, int | float | Decimal | str) else None
    except InvalidOperation:
        return None
    return parsed if parsed is not None and parsed.is_finite() else None


def stripe_prefix(value: object) -> str | None:
    """How a Stripe id begins; None for any other value.

    >>> stripe_prefix("cus_1abcd"), stripe_prefix("in_progress"), stripe_prefix("cs_test_a1b2c3")
    ('cus_', None, 'cs_')
    """
    if not isinstance(value, str):
        return None
    match = _ID.fullmatch(value)
    if match is None or not (any(letter.isdigit() for letter in value) or any(letter.isupper() for letter in value)):
        return None
    return f"{match[1]}_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the sampled values of a column, or of a path inside a JSON column, show."""

    total: int = 0
    present: int = 0
    distinct: int = 0
    numbers: int = 0
    prefixes: Mapping[str, int] = field(default_factory=dict)
    words: tuple[str, ...] | None = None
    """The few different texts; None where there are many."""

    def share_of(self, prefix: str) -> float:
        """Which share of the values that are there begins with this prefix."""
        return self.prefixes.get(prefix, 0) / self.present if self.present else 0.0

    @property
    def is_numeric(self) -> bool:
        """Whether every value that is there is a number."""
        return self.present > 0 and self.numbers == self.present


def facts_of(values: Sequence[object]) -> Facts:
    """Look at these values."""
    present = [value for value in values if value is not None and value != ""]
    prefixes = Counter(prefix for value in present if (prefix := stripe_prefix(value)) is not None)
    texts = {str(value) for value in present}
    return Facts(
        total=len(values),
        present=len(present),
        distinct=len(texts),
        numbers=sum(number(value) is not None for value in present),
        prefixes=dict(prefixes),
        words=tuple(sorted(texts)) if len(texts) <= MOST_WORDS and not any(map(_is_no_word, texts)) else None,
    )


def _is_no_word(text: str) -> bool:
    """Whether a text is longer than any word of a status or a plan, or is JSON: it is data, and never written."""
    return len(text) > _LONGEST_WORD or text.startswith(("{", "["))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A table with its sample: what each column and each path inside its JSON columns shows."""

    table: SourceTable
    sample: Sample
    reads_json_in_text: bool = True
    """Whether the database reads JSON out of a text column without a cast."""

    @property
    def name(self) -> str:
        """The table's qualified name."""
        return self.table.qualified_name

    @property
    def rows(self) -> tuple[Row, ...]:
        """The sampled rows."""
        return self.sample.rows

    def column(self, name: str) -> Facts:
        """What the column's values show."""
        return _facts(self)[name]

    def paths(self) -> Mapping[tuple[str, Path], Facts]:
        """What each path inside a JSON column shows."""
        return _paths(self)

    def type_of(self, name: str) -> Family:
        """The family of a column's declared type."""
        return next(family_of(column.type) for column in self.table.columns if column.name == name)

    def nullable(self, name: str) -> bool:
        """Whether the column may be NULL."""
        return next(column.nullable for column in self.table.columns if column.name == name)

    def may_be_number(self, name: str) -> bool:
        """Whether the column can hold numbers, and holds nothing else."""
        facts = self.column(name)
        family = self.type_of(name)
        return facts.is_numeric if facts.present else family in _NUMERIC

    def labels(self, name: str) -> tuple[str, ...] | None:
        """The few words of a column: those that its type allows, else those of the sample."""
        declared = next(column.labels for column in self.table.columns if column.name == name)
        return declared or self.column(name).words

    def __hash__(self) -> int:
        """By identity: a look is made once for each table."""
        return id(self)

    def __eq__(self, other: object) -> bool:
        """By identity."""
        return self is other


@functools.lru_cache(maxsize=4096)
def _facts(look: Look) -> Mapping[str, Facts]:
    return {
        column.name: facts_of([row[column.name] for row in look.rows if column.name in row])
        for column in look.table.columns
    }


@functools.lru_cache(maxsize=4096)
def _paths(look: Look) -> Mapping[tuple[str, Path], Facts]:
    values: dict[tuple[str, Path], list[object]] = {}
    for column in look.table.columns:
        if not look.reads_json_in_text and family_of(column.type) is not Family.NESTED:
            continue
        for row in look.rows:
            for path, value in leaves(row.get(column.name)):
                values.setdefault((column.name, path), []).append(value)
    return {key: facts_of(each) for key, each in values.items()}


def leaves(value: object) -> Iterator[tuple[Path, object]]:
    """Each scalar inside a JSON object, with its path; nothing for another value."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return
    if isinstance(value, dict):
        yield from _leaves(value, ())


def _leaves(value: Mapping[object, object], above: Path) -> Iterator[tuple[Path, object]]:
    for key, inner in value.items():
        path = (*above, str(key))
        if isinstance(inner, dict):
            if len(path) < _DEEPEST:
                yield from _leaves(inner, path)
        elif not isinstance(inner, list):
            yield path, inner


def value_at(row: Row, column: str, path: Path = ()) -> object:
    """The row's value in this column, or at this path inside it."""
    value = row.get(column)
    if not path:
        return value
    return next((inner for where, inner in leaves(value) if where == path), None)
