"""The forms' objects as each supplier keeps them, and the rows that are read there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tests.stripe.forms.form import T2026, Supplier
from tests.support.stripe.fixed import Objects, serve_fixed
from tests.support.stripe.kept import DJANGO_TABLES, KINDS, TYPED, keep_typed
from tests.support.stripe.server import stripe_server
from tests.support.stripe.world import KEY, StripeWorld
from tests.support.stripe_rows import StripeRows, read_folder, read_section
from trueup.model.stripe_objects import OBJECT_KINDS

READ_AT = T2026 + 86_400
"""When the copies were made: after everything in them."""

_SYNC_ENGINE = 'supplier = "database"\npreset = "stripe-sync-engine"\nurl = "${SYNC}"'
_NOW = datetime.fromtimestamp(READ_AT, UTC).replace(tzinfo=None)


def read_by_api(objects: Objects, folder: Path, postgres_url: str) -> StripeRows:
    """Read them from the pages of a server."""
    with stripe_server(StripeWorld(now=READ_AT)) as server:
        serve_fixed(server, objects)
        section = f'api_key = "${{KEY}}"\napi_base = "{server.url}"\ncache = "off"'
        return read_section(section, scratch=folder, now=_NOW, environ={"KEY": KEY})


def read_files(objects: Objects, folder: Path, postgres_url: str) -> StripeRows:
    """Read them from exported lines."""
    lines = {kind: "".join(f"{json.dumps(item)}\n" for item in items) for kind, items in objects.items()}
    return read_lines(lines, folder)


def read_lines(lines: Mapping[str, str | bytes], folder: Path) -> StripeRows:
    """Read these exported files; a kind that is not among them is one of which Stripe has nothing."""
    export = folder / f"export-{len(list(folder.glob('export-*')))}"
    export.mkdir()
    for kind in OBJECT_KINDS:
        text = lines.get(kind, b"")
        path = export / f"{kind}.jsonl"
        path.write_bytes(text.encode(errors="surrogatepass") if isinstance(text, str) else text)
        os.utime(path, (READ_AT, READ_AT))
    return read_folder(export, scratch=folder)


def read_sync_engine(objects: Objects, folder: Path, postgres_url: str) -> StripeRows:
    """Read them from the tables of Stripe Sync Engine, which keep Stripe's JSON."""
    with psycopg.connect(postgres_url) as connection:
        connection.execute("DROP SCHEMA IF EXISTS stripe CASCADE")
        connection.execute("CREATE SCHEMA stripe")
        for kind in (*KINDS, "subscription_items"):
            connection.execute(
                f"CREATE TABLE stripe.{kind} (_raw_data jsonb NOT NULL, _last_synced_at timestamptz, "
                "_account_id text)".encode()
            )
            insert = f"INSERT INTO stripe.{kind} VALUES (%s, %s, 'acct_1Example')".encode()
            for item in objects.get(kind, ()):
                connection.execute(insert, [Jsonb(item), _NOW.replace(tzinfo=UTC)])
    return read_section(_SYNC_ENGINE, scratch=folder, now=_NOW, environ={"SYNC": postgres_url})


def read_columns(objects: Objects, folder: Path, postgres_url: str) -> StripeRows:
    """Read them from the older tables of Stripe Sync Engine, which have a column for each field."""
    with psycopg.connect(postgres_url) as connection:
        connection.execute("DROP SCHEMA IF EXISTS stripe CASCADE")
    keep_typed(postgres_url, {kind: objects.get(kind, ()) for kind in TYPED}, synced_at=_NOW.replace(tzinfo=UTC))
    return read_section(_SYNC_ENGINE, scratch=folder, now=_NOW, environ={"SYNC": postgres_url})


def read_dj_stripe(objects: Objects, folder: Path, postgres_url: str) -> StripeRows:
    """Read them from the tables of dj-stripe, which keep Stripe's JSON beside whether it is live."""
    with psycopg.connect(postgres_url) as connection:
        for kind, table in DJANGO_TABLES.items():
            connection.execute(
                f"DROP TABLE IF EXISTS djstripe_{table}; CREATE TABLE djstripe_{table} (stripe_data jsonb NOT NULL, "
                "id varchar(255), livemode boolean, djstripe_updated timestamptz NOT NULL, "
                "djstripe_owner_account_id varchar(255))".encode()
            )
            insert = f"INSERT INTO djstripe_{table} VALUES (%s, %s, %s, %s, 'acct_1Example')".encode()
            for item in objects.get(kind, ()):
                values: list[Any] = [Jsonb(item), item["id"], item.get("livemode", True), _NOW.replace(tzinfo=UTC)]
                connection.execute(insert, values)
    section = 'supplier = "database"\npreset = "dj-stripe"\nurl = "${SYNC}"'
    return read_section(section, scratch=folder, now=_NOW, environ={"SYNC": postgres_url})


READERS: Mapping[Supplier, Callable[[Objects, Path, str], StripeRows]] = {
    Supplier.API: read_by_api,
    Supplier.FILES: read_files,
    Supplier.SYNC_ENGINE: read_sync_engine,
    Supplier.DJ_STRIPE: read_dj_stripe,
    Supplier.COLUMNS: read_columns,
}


def merge_objects(parts: Sequence[Objects]) -> dict[str, list[Any]]:
    """Put the objects of several forms together."""
    return {
        kind: [item for objects in parts for item in objects.get(kind, ())]
        for kind in {kind for objects in parts for kind in objects}
    }
