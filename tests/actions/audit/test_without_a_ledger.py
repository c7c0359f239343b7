"""An app without a ledger still has its negative balances found."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

from tests.support.command import trueup

_CONFIG = """
[database]
url = "sqlite:///app.db"
[stripe]
enabled = false
[gates]
enabled = false
[relations.account]
table = "users"
columns = { account_id = "id", credits = "credits" }
"""


def test_a_negative_balance_is_found(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.execute("CREATE TABLE users (id text PRIMARY KEY, credits integer)")
        connection.execute("INSERT INTO users VALUES ('u1', 5), ('u2', -2)")
        connection.commit()
    (tmp_path / "trueup.toml").write_text(_CONFIG)
    report = json.loads(trueup("audit", "--format", "json", "--no-store", cwd=tmp_path).out)
    assert [issue["id"] for issue in report["issues"]] == ["negative-balance:u2"]
