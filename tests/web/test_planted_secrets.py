"""Secrets are planted wherever one can stand; every route and every command is driven over them; none comes out.

What comes out is everything that somebody else can read: answers, the log, what commands print, metrics, the journal,
and every row of the store. Left out are the two places that show a new token to whoever makes it.
"""

from __future__ import annotations

import base64
import io
import itertools
import json
import logging
import random
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy import MetaData, select

from tests.support.api import Client, Clock, asking
from tests.support.command import trueup
from tests.support.databases import PostgresServer
from tests.support.demo import NOW
from tests.support.repairable import App
from trueup.actions.init.journal_setup import install_journal
from trueup.checks import catalogue
from trueup.config import load_config
from trueup.demo import make_company
from trueup.model.access import Role
from trueup.store import Store, open_store
from trueup.targets import open_target
from trueup.web import create_app
from trueup.web.logs import write_to

AS_OF = NOW.isoformat()
CONTRACT = "/api/admin/billing-assurance"


class Secrets:
    """What was planted. Each secret has a core of its own, by which it is found wherever it comes out."""

    def __init__(self) -> None:
        self._chance = random.Random(30)
        self.cores: dict[str, str] = {}

    def core(self, place: str, *, alphabet: str = string.ascii_letters + string.digits, length: int = 32) -> str:
        """The secret that is planted in ``place``."""
        if place in self.cores:
            return self.cores[place]
        made = "".join(self._chance.choices(alphabet, k=length - 1)) + "7"
        self.cores[place] = made
        return made

    def token(self, place: str) -> str:
        """An API token that is not ours."""
        return f"trueup_{'0a' * 8}_{self.core(place, alphabet='0123456789abcdef', length=64)}_{'0b' * 4}"

    def found_in(self, text: str) -> list[str]:
        """The places whose secrets stand in this text."""
        return [place for place, core in self.cores.items() if core in text]


@dataclass(slots=True)
class Outcome:
    """Everything that came out, by where it came out."""

    texts: list[tuple[str, str]] = field(default_factory=list)

    def add(self, where: str, text: str) -> None:
        """Keep what came out there."""
        self.texts.append((where, text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A company in Postgres with secrets in its rows, a config with secrets in its values, and a store."""

    app: App
    store: Store
    folder: Path
    secrets: Secrets
    environ: dict[str, str]


def role_with(server: PostgresServer, name: str, password: str) -> None:
    """A role that may do everything and says who it is by its password."""
    with psycopg.connect(server.admin_url, autocommit=True) as connection:
        connection.execute(f"DROP ROLE IF EXISTS {name}".encode())
        connection.execute(f"CREATE ROLE {name} LOGIN SUPERUSER PASSWORD '{password}'".encode())


def config_text(text: str, secrets: Secrets) -> str:
    """The company's config with a secret in every place that takes one: by reference, and in plain sight."""
    signing = base64.b64encode(secrets.core("webhook secret", length=30).encode()).decode()
    secrets.cores["webhook secret"] = signing
    return (
        text.replace("[database]\n", '[database]\nrepair_url = "${REPAIR_URL}"\n', 1)
        + f"""
[store]
url = "${{STORE_URL}}"
[alerts]
private_hosts = ["127.0.0.1"]
[alerts.channels.hook]
kind = "webhook"
url = "https://127.0.0.1:1/hook/{secrets.core("webhook address")}"
secret = "whsec_{signing}"
[alerts.channels.chat]
kind = "slack"
url = "https://127.0.0.1:1/services/T00000000/B00000000/{secrets.core("slack address", length=24)}"
[alerts.channels.mail]
kind = "email"
host = "127.0.0.1"
port = 1
from = "trueup@example.com"
to = "ops@example.com"
user = "trueup"
password = "{secrets.core("mail password")}"
[alerts.channels.call]
kind = "pagerduty"
routing_key = "{secrets.core("pagerduty key")}"
"""
    )


def rows_with_secrets(app: App, secrets: Secrets) -> None:
    """What an application's own people write where it does not belong."""
    reasons = [
        f"retry with password={secrets.core('ledger: password')}",
        f"see postgresql://app:{secrets.core('ledger: address')}@db.internal/app",
        f"rotated sk_live_{secrets.core('ledger: stripe key')}",
        f"signed with whsec_{secrets.core('ledger: signing secret')}",
        f"Authorization: Bearer {secrets.core('ledger: bearer')}",
        f"token eyJhbGciOiJIUzI1NiJ9.{secrets.core('ledger: jwt')}.{secrets.core('ledger: jwt signature')}",
        f"made with {secrets.token('ledger: api token')}",
        f"pi_3abc_secret_{secrets.core('ledger: client secret')}",
    ]
    for number, reason in enumerate(reasons):
        app.execute(f"UPDATE credit_transactions SET reason = '{reason}' WHERE id % {len(reasons)} = {number}")
    app.execute(f"UPDATE credit_transactions SET actor = 'rk_live_{secrets.core('ledger: actor')}' WHERE id % 3 = 0")
    app.execute(f"UPDATE plan_changes SET reason = 'api_key={secrets.core('plan change: reason')}'")
    app.execute(f"UPDATE stripe_webhook_events SET api_version = 'sk_test_{secrets.core('webhook: version')}'")
    app.execute(f"UPDATE users SET email = 'secret={secrets.core('account: e-mail')}' WHERE email IS NOT NULL")


@pytest.fixture
def scene(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[Scene]:
    """The planted company."""
    secrets = Secrets()
    database, memory = (urlsplit(postgres_server.create_database()).path.removeprefix("/") for _ in range(2))
    urls = {}
    for name, place in (("PLACE", database), ("REPAIR_URL", database), ("STORE_URL", memory)):
        password = secrets.core(f"{name} password")
        role_with(postgres_server, f"planted_{name.lower()}", password)
        urls[name] = postgres_server.url(place, user=f"planted_{name.lower()}", password=password)
    with make_company(accounts=120, seed=1, now=NOW, fault_share=0.07) as company:
        company.write(urls["PLACE"])
        company.write_gates(tmp_path)
        text = config_text(company.config_text("${PLACE}"), secrets)
    path = tmp_path / "trueup.toml"
    path.write_text(text, encoding="utf-8")
    install_journal(urls["PLACE"])
    app = App(config=load_config(path, urls), checks=catalogue(), now=NOW)
    rows_with_secrets(app, secrets)
    with open_store(urls["STORE_URL"]) as store:
        yield Scene(app=app, store=store, folder=tmp_path, secrets=secrets, environ=urls)


def headers_with_secrets(secrets: Secrets, number: int) -> dict[str, str]:
    """What a caller may send along."""
    return {
        "Cookie": f"session={secrets.core(f'cookie {number}')}",
        "X-Api-Key": secrets.core(f"api key header {number}"),
        "X-Request-Id": f"sk_live_{secrets.core(f'request id {number}')}",
        "User-Agent": f"curl/{secrets.core(f'user agent {number}')}",
        "Referer": f"https://x.example.com/?token={secrets.core(f'referer {number}')}",
        "X-Forwarded-For": secrets.core(f"forwarded {number}"),
    }


def ask_everything(scene: Scene, client: Client, out: Outcome) -> None:
    """Every route, as everybody, with secrets in header, query, path and body."""
    secrets, tokens = scene.secrets, {}
    for role in Role:
        tokens[role.value], stored = scene.store.tokens.create(
            name=f"for {role}", role=role, lifetime_days=30, created_by="test", now=NOW
        )
        secrets.cores[f"token of {role}"] = tokens[role.value].split("_")[2]
        assert stored.secret_sha256 not in secrets.cores.values()
    wrong = {
        "no credential": None,
        "a wrong token": f"Bearer {secrets.token('wrong token')}",
        "a wrong jwt": f"Bearer eyJhbGciOiJIUzI1NiJ9.{secrets.core('wrong jwt')}.{secrets.core('wrong signature')}",
        "basic": f"Basic {base64.b64encode(secrets.core('basic password').encode()).decode()}",
    }
    credentials = {**wrong, **{role: f"Bearer {token}" for role, token in tokens.items()}}
    report = client.ask("GET", CONTRACT, token=tokens["admin"]).json()
    repairable = [issue["id"] for issue in report["issues"] if issue["repair"] and "kind" in issue["repair"]]
    numbers = itertools.count()
    for route in client.app.state.routes:
        for method in (*route.methods, "OPTIONS"):
            for address, (who, credential) in enumerate(credentials.items()):
                client.address = f"192.0.2.{address}"
                made = requests(scene, route.path, method, repairable, next(numbers))
                # Whoever cannot come in, or asks for nothing, gets the same answer whatever is sent along.
                for path, body in itertools.islice(made, None if who in tokens and method != "OPTIONS" else 1):
                    headers = headers_with_secrets(secrets, next(numbers) % 3)
                    headers |= {"Authorization": credential} if credential else {}
                    headers |= {"Content-Type": "application/json"} if body is not None else {}
                    content = json.dumps(body).encode() if body is not None else None
                    answer = client.ask(method, path, headers=headers, content=content)
                    if (method, route.path, answer.status_code) == ("POST", "/api/v1/tokens", 201):
                        secrets.cores[f"token {next(numbers)}"] = answer.json()["secret"].split("_")[2]
                        continue
                    out.add(f"{method} {path} as {who}", f"{answer.status_code} {dict(answer.headers)} {answer.text}")
                    assert answer.status_code != 500, (method, path, answer.text)


def requests(
    scene: Scene, path: str, method: str, repairable: list[str], number: int
) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Requests of one route: one that is right, and one with secrets where there is room for them."""
    secrets = scene.secrets
    run = scene.store.runs.newest(scene.app.config.environment)
    assert run is not None
    issue = repairable[number % len(repairable)]
    known = {"{run_id}": run.run_id, "{issue_id}": issue, "{check_id}": "credit-balance", "{token_id}": "0" * 16}
    right = path
    for place, value in known.items():
        right = right.replace(place, value)
    odd = path
    for place in known:
        odd = odd.replace(place, f"credit-balance:sk_live_{secrets.core(f'path {place}')}")
    reason = f"mended with sk_live_{secrets.core('repair: reason')}, password={secrets.core('repair: reason 2')}"
    bodies: dict[str, dict[str, Any]] = {
        CONTRACT: {"issueId": issue, "reason": reason},
        "/api/v1/repairs": {"issueId": issue, "reason": reason},
        "/api/v1/repairs/preview": {"issueId": issue},
        "/api/v1/runs": {"periodDays": 30},
        "/api/v1/exemptions": {
            "check": "credit-balance",
            "subject": f"user_{number}",
            "owner": f"whsec_{secrets.core('exemption: owner')}",
            "reason": f"agreed, see api_key={secrets.core('exemption: reason')}",
            "expires": "2027-01-31",
        },
        "/api/v1/notes": {"issueId": issue, "text": f"see api_key={secrets.core('note')}"},
        "/api/v1/tokens": {"name": f"made {number}", "role": "viewer", "lifetimeDays": 1},
    }
    body = bodies.get(path) if method == "POST" else None
    yield right, body
    yield f"{odd}?token={secrets.core('query')}", body
    if body is not None:
        yield right, {**body, "password": secrets.core("unknown field"), secrets.core("field name"): 1}
        yield right, dict.fromkeys(body, f"trueup {secrets.core('wrong value')}")


COMMANDS = (
    ("doctor",),
    ("doctor", "--print-grants"),
    *(("audit", "--as-of", AS_OF, "--format", form) for form in ("text", "json", "markdown", "junit", "sarif", "csv")),
    ("runs",),
    ("checks", "credit-balance"),
    ("exempt", "list"),
    ("token", "list"),
    ("alerts", "list"),
    ("alerts", "send"),
    *(("alerts", "test", channel) for channel in ("hook", "chat", "mail")),
    ("journal", "verify"),
    ("journal", "export"),
)


def run_everything(scene: Scene, out: Outcome) -> None:
    """Every command, where the secrets are, and then where the databases cannot be reached."""
    issues = [finding.id for finding in scene.app.repairable()]
    reason = f"as agreed, token={scene.secrets.core('command: reason')}"
    commands = [*COMMANDS, *(("explain", issue, "--as-of", AS_OF) for issue in issues[:2])]
    commands += [("repair", issue, "--reason", reason) for issue in issues[:2]]
    for command in commands:
        ran = trueup(*command, cwd=scene.folder, **scene.environ)
        assert ran.code in {0, 1, 2, 3}, ran.err
        out.add(" ".join(command[:2]), ran.out + ran.err)
    away = {
        name: f"postgresql://app:{scene.secrets.core(f'away {name}')}@127.0.0.1:1/app"
        f"?password={scene.secrets.core(f'away option {name}')}"
        for name in scene.environ
    }
    for command in (
        ("audit",),
        ("doctor",),
        ("runs",),
        ("journal", "verify"),
        ("repair", issues[0], "--reason", reason),
    ):
        ran = trueup(*command, cwd=scene.folder, **away)
        assert ran.code in {1, 2, 3}
        out.add(f"{command[0]} of what is away", ran.out + ran.err)


def everything_stored(scene: Scene) -> Iterator[tuple[str, str]]:
    """Every row of the store, and of our tables in the app's database."""
    with scene.store.engine.connect() as connection, open_target(scene.environ["PLACE"]).reading() as journal:
        for where in (connection, journal):
            tables = MetaData()
            tables.reflect(where)
            for name, table in tables.tables.items():
                if name.startswith("trueup_") and name != "trueup_secret":
                    yield name, "\n".join(str(tuple(row)) for row in where.execute(select(table)))


@pytest.mark.slow
def test_no_planted_secret_comes_out(scene: Scene) -> None:
    out, log = Outcome(), io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    write_to(log)
    app = create_app(scene.app.config, store=scene.store, catalogue=scene.app.checks, clock=Clock(NOW))
    try:
        with asking(app) as client:
            ask_everything(scene, client, out)
    finally:
        root.handlers, root.level = before, level
        app.state.services.close()
    out.add("log", log.getvalue())
    run_everything(scene, out)
    for where, rows in everything_stored(scene):
        out.add(where, rows)
    assert len(scene.secrets.cores) >= 30
    assert len(out.texts) > 200
    assert "***" in "".join(text for _, text in out.texts)
    leaks = [(where, place) for where, text in out.texts for place in scene.secrets.found_in(text)]
    assert not leaks, sorted({place for _, place in leaks})
