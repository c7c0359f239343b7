"""Exported files: Stripe's objects as JSON lines, and an app's tables as CSV and Parquet, each spoilt in one place."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.support.edges import Edge, Spoil
from tests.support.spoiling import (
    all_of,
    bound_socket,
    content,
    cut,
    folder_at,
    gone,
    large,
    link,
    loop,
    more,
    pipe,
    replaced,
)

ONE = ("audit", "--no-store", "--check", "missing-customer")
"""The check that asks whether each account's customer is at Stripe: the first to find what is not so."""

CUSTOMERS = "export/customers.jsonl"
ACCOUNT = ("audit", "--no-store", "--check", "negative-balance")


def _object(**fields: object) -> str:
    return json.dumps({"id": "cus_bad", "object": "customer", "livemode": True, **fields}) + "\n"


def _deep(levels: int) -> str:
    return '{"id": "cus_bad", "object": "customer", "metadata": ' + "[" * levels + "]" * levels + "}\n"


LINES: tuple[tuple[str, str | bytes, tuple[str, ...]], ...] = (
    ("a line that breaks off", '{"id": "cus_bad", "obj', ("line 2 (cus_bad)", "breaks off or is damaged")),
    ("2000 brackets", _deep(2000), ("line 2 (cus_bad)", "nested deeper than 100 levels")),
    ("200,000 brackets", _deep(200_000), ("line 2 (cus_bad)", "nested deeper than 100 levels")),
    ("150 brackets", _deep(150), ("line 2 (cus_bad)", "nested deeper than 100 levels")),
    ("2000 braces", '{"id": "cus_bad", "a": ' + '{"a": ' * 2000 + "1" + "}" * 2001 + "\n", ("nested deeper",)),
    ("an invalid byte", b'{"id": "cus_bad", "name": "\xff"}\n', ("line 2 (cus_bad)", "not UTF-8")),
    ("half a character at its end", b'{"id": "cus_bad", "name": "\xe2\x82', ("line 2 (cus_bad)", "not UTF-8")),
    (
        "half of a surrogate pair",
        '{"id": "cus_bad", "email": "\\ud800"}\n',
        ("line 2 (cus_bad)", "half of a character"),
    ),
    ("an object without an id", '{"object": "customer"}\n', ("line 2", "not an object with an id")),
    ("an id that is a number", '{"id": 7}\n', ("line 2", "not an object with an id")),
    ("an empty id", '{"id": ""}\n', ("line 2", "not an object with an id")),
    ("a list", "[]\n", ("line 2", "not an object with an id")),
    ("a number", "7\n", ("line 2", "not an object with an id")),
    ("text", "hello\n", ("line 2", "breaks off or is damaged")),
    ("a header of CSV", "id,object\n", ("line 2", "breaks off or is damaged")),
    ("an object of another kind", '{"id": "in_1", "object": "invoice"}\n', ("line 2 (in_1)", "is of kind invoice")),
    ("a number of 5000 digits", '{"id": "cus_bad", "created": ' + "9" * 5000 + "}\n", ("number that is too long",)),
    ("two objects on a line", '{"id": "cus_bad"} {"id": "cus_2"}\n', ("line 2 (cus_bad)", "damaged")),
)
"""What stands behind the good customers, and what is said: the relation is unknown, and no customer is missing."""


def _lines() -> Iterator[Edge]:
    for what, text, words in LINES:
        yield Edge(
            name=f"customers with {what}",
            command=ONE,
            spoil=more(CUSTOMERS, text),
            code=3,
            says=("customers.jsonl", *words),
            never=("missing-customer:", "confidence 1.0"),
            seconds=5,
            mebibytes=400,
        )


EMPTIES = ("customers", "subscriptions", "invoices", "payment_intents", "refunds", "prices", "checkout_sessions")


def _empties() -> Iterator[Edge]:
    """An export of zero bytes is not an answer; whatever asks Stripe is unknown, and nothing new is found."""
    for number, kind in enumerate(EMPTIES):
        yield Edge(
            name=f"an export of {kind} of zero bytes",
            command=("audit", "--no-store"),
            spoil=content(f"export/{kind}.jsonl", ""),
            code=3,
            says=(f"{kind}.jsonl is empty", "export it again"),
            never=("✖",),
            is_slow=number > 1,
        )
    yield Edge(
        name="a whole export of zero bytes",
        command=("audit", "--no-store"),
        spoil=all_of(*(content(f"export/{kind}.jsonl", "") for kind in EMPTIES)),
        code=3,
        says=("is empty",),
        never=("✖",),
    )


def _other_files() -> Iterator[Edge]:
    spoils: tuple[tuple[str, Spoil, tuple[str, ...], int], ...] = (
        ("a pipe", pipe(CUSTOMERS), ("customers.jsonl", "named pipe"), 3),
        ("a socket", bound_socket(CUSTOMERS), ("customers.jsonl",), 3),
        ("an endless device", link(CUSTOMERS, "/dev/zero"), ("customers.jsonl", "device"), 3),
        ("a loop of links", loop(CUSTOMERS), ("customers.jsonl",), 3),
        ("a link into nowhere", link(CUSTOMERS, "nowhere"), ("customers.jsonl", "No such file"), 3),
    )
    for what, spoil, words, _ in spoils:
        yield Edge(name=f"customers that are {what}", command=ONE, spoil=spoil, code=2, says=words, seconds=5)
    for what, name, text, problem in (
        ("customers as a cut Parquet file", "export/stripe_customer.parquet", b"PAR1junkPAR1", "whole Parquet file"),
        ("prices as an empty Parquet file", "export/stripe_price.parquet", b"", "whole Parquet file"),
        ("prices as a CSV without a header", "export/stripe_price.csv", b"", "has no header"),
        ("prices as a CSV with a column twice", "export/stripe_price.csv", b"price_id,Price_ID\n1,2\n", "twice"),
        ("prices as a CSV with a nameless column", "export/stripe_price.csv", b",price_id\n1,2\n", "has no name"),
    ):
        kind = "customers" if "customer" in name else "prices"
        yield Edge(
            name=what,
            command=ONE,
            spoil=all_of(gone(f"export/{kind}.jsonl"), content(name, text)),
            code=3,
            says=(name.rpartition("/")[2], problem),
            never=("missing-customer:",),
            seconds=5,
        )
    yield Edge(
        name="a customer's line of 17 MB in the middle",
        command=ONE,
        spoil=all_of(more(CUSTOMERS, _object(name="x" * 17_000_000)), more(CUSTOMERS, _object(id="cus_2"))),
        code=3,
        says=("customers.jsonl, line 2 (cus_bad)", "longer than 16,777,216 bytes"),
        never=("missing-customer:",),
    )
    yield Edge(
        name="a last line of 500 MB",
        command=ONE,
        spoil=large(CUSTOMERS, 500, b"x" * 1024, head=b'{"id": "cus_bad", "name": "', tail=b'"}'),
        code=3,
        says=("customers.jsonl, line 1 (cus_bad)", "longer than 16,777,216 bytes"),
        never=("missing-customer:",),
        is_slow=True,
    )


APP = all_of(
    replaced("trueup.toml", 'url = "sqlite:///app.db"', 'url = "tables"'),
    content(
        "tables/users.csv",
        "id,email,role,plan,credits,created_at\n"
        + "".join(f"user_{n},u{n}@example.com,user,FREE,10,2026-01-01 00:00:00\n" for n in range(40)),
    ),
    content(
        "tables/credit_transactions.csv",
        "id,user_id,sequence,type,amount,balance_after,created_at,actor,reason\n"
        + "".join(f"{n},user_{n},1,adjustment,10,10,2026-01-01 00:00:00,ops,welcome\n" for n in range(40)),
    ),
    content("tables/stripe_webhook_events.csv", "event_id,type,status,received_at,processed_at\n"),
)
USERS = "tables/users.csv"

TABLES: tuple[tuple[str, Spoil, tuple[str, ...]], ...] = (
    ("a row with too few fields", more(USERS, "user_x,a\n"), ("users.csv, line 42", "2 fields", "header has 6")),
    ("a row with too many fields", more(USERS, "a,b,c,d,e,f,g\n"), ("users.csv, line 42", "header has 6")),
    ("a quote that never closes", more(USERS, 'user_x,"a,b,c,d,e\n'), ("users.csv, line 42", "quote")),
    ("an invalid byte", more(USERS, b"user_x,\xff,user,FREE,1,\n"), ("users.csv, line 42", "not UTF-8")),
    ("an invalid byte in the header", content(USERS, b"id,\xff\n"), ("users.csv", "UTF-8")),
    ("zero bytes", content(USERS, ""), ("users.csv has no header",)),
    ("an empty first line", content(USERS, "\n1,2\n"), ("users.csv has no header",)),
    ("a column twice", content(USERS, "id,credits,id\n1,2,3\n"), ('users.csv names the column "id" twice',)),
    ("a column twice in other letters", content(USERS, "id,credits,ID\n1,2,3\n"), ('the column "ID" twice',)),
    ("a column without a name", content(USERS, ",id,credits\n0,1,2\n"), ("Column 1 of", "users.csv", "has no name")),
    ("UTF-16", content(USERS, "id,credits\n1,2\n".encode("utf-16")), ("users.csv", "UTF-8")),
    ("NUL bytes", content(USERS, b"\0" * 100), ("not mapped: account",)),
    ("a last line of 2 MB", more(USERS, "user_x," + "a" * 2_000_001), ("users.csv, line 42", "2,000,000 bytes")),
    ("a header of 3 MB", content(USERS, "id," + "a" * 3_000_000 + "\n1,2\n"), ("users.csv",)),
    ("a last line of 70 MB", all_of(more(USERS, "user_x,"), more(USERS, "a" * 70_000_000)), ("users.csv, line 42",)),
    ("a pipe", pipe(USERS), ("users.csv", "named pipe")),
    ("a device", link(USERS, "/dev/zero"), ("users.csv", "device")),
    (
        "a Parquet file that breaks off",
        all_of(gone(USERS), content("tables/users.parquet", b"PAR1" + b"x" * 99)),
        ("users.parquet", "whole Parquet file"),
    ),
    (
        "an empty Parquet file",
        all_of(gone(USERS), content("tables/users.parquet", b"")),
        ("users.parquet", "whole Parquet file"),
    ),
    ("a folder without files", all_of(gone(USERS), folder_at("tables/users")), ("not mapped: account",)),
)


def _tables() -> Iterator[Edge]:
    for what, spoil, words in TABLES:
        yield Edge(
            name=f"an app's users as CSV: {what}",
            command=ACCOUNT,
            spoil=all_of(APP, spoil),
            code=2 if what in ("a pipe", "a device") else 3,
            says=words,
            never=("negative-balance:", "HEALTHY"),
            seconds=6,
        )


EDGES: tuple[Edge, ...] = (
    *_lines(),
    *_empties(),
    *_other_files(),
    *_tables(),
    Edge(
        name="a report that breaks off",
        command=("gate", "--report", "report.json"),
        spoil=cut("report.json", 0.6),
        code=3,
        says=("report.json", "is cut off or damaged at line"),
    ),
)
