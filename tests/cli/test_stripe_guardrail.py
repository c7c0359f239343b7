"""Stripe as the source of truth, as a pipeline meets it: read over HTTP, by ``trueup audit`` and ``trueup gate``."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.support.small_companies import CONFIG, SmallCompany
from tests.support.stripe.kept import keep_in_files
from tests.support.stripe.objects import DAY, JSON
from tests.support.stripe.server import StripeServer, stripe_server
from tests.support.stripe.stories import bill, cancel, emit, listen, new_customer, new_price, subscribe
from tests.support.stripe.world import FULL_KEY, StripeWorld
from trueup.cli.main import app as command

GUARDRAIL = "stripe-source-of-truth"


@dataclass(slots=True, kw_only=True)
class Pipeline:
    """A folder with an app and its config, and the Stripe that the app sells through."""

    folder: Path
    server: StripeServer
    subscription: JSON

    def run(self, *words: str) -> tuple[int, str]:
        """A command's exit code and what it writes."""
        done = CliRunner().invoke(command, [*words, "--config", str(self.folder / "trueup.toml")])
        assert FULL_KEY not in done.output
        return done.exit_code, done.stdout

    def guardrail(self, *words: str) -> tuple[str, str]:
        """What an audit's report says of it: the status, and the reasons in one text."""
        _, written = self.run("audit", "--format", "json", *words)
        found: dict[str, Any] = next(one for one in json.loads(written)["guardrails"] if one["id"] == GUARDRAIL)
        return found["status"], " ".join(found["reasons"])

    def config(self, old: str, new: str) -> None:
        """Change what the config says."""
        path = self.folder / "trueup.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


def _text(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="seconds")


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    """One customer who pays for PRO, is served PRO, and has the credits of it."""
    now = int(time.time())
    world = StripeWorld()
    customer = new_customer(world, created=now - 60 * DAY, email="ada@example.com")
    price = new_price(world, id="price_pro")
    period = {"current_period_start": now - 10 * DAY, "current_period_end": now + 20 * DAY}
    subscription = subscribe(world, customer, price, created=now - 10 * DAY, **period)
    paid = bill(world, subscription, created=now - 10 * DAY)
    listen(world, enabled_events=["invoice.paid"])
    event = emit(world, "invoice.paid", paid, created=now - 10 * DAY)
    at = datetime.fromtimestamp(now - 10 * DAY, UTC).replace(tzinfo=None) + timedelta(seconds=2)
    user: dict[str, object] = {
        "id": "user_1",
        "email": "ada@example.com",
        "role": "user",
        "plan": "PRO",
        "stripe_customer_id": customer["id"],
        "stripe_subscription_id": subscription["id"],
        "credits": 100,
        "unlimited_credits": False,
        "active": True,
        "created_at": _text(at - timedelta(days=50)),
    }
    entry: dict[str, object] = {
        "user_id": "user_1",
        "sequence": 1,
        "type": "subscription_grant",
        "amount": 100,
        "balance_after": 100,
        "posted": True,
        "stripe_event_id": event["id"],
        "stripe_invoice_id": paid["id"],
        "created_at": _text(at),
    }
    record: dict[str, object] = {"event_id": event["id"], "type": "invoice.paid", "status": "processed"}
    record |= {
        "received_at": _text(at),
        "processed_at": _text(at),
        "livemode": True,
        "api_version": event["api_version"],
    }
    change: dict[str, object] = {"user_id": "user_1", "from_plan": "FREE", "to_plan": "PRO", "changed_at": _text(at)}
    rows = {
        "users": [user],
        "credit_transactions": [entry],
        "stripe_webhook_events": [record],
        "plan_changes": [change],
    }
    SmallCompany(rows=rows).write(tmp_path / "app.db")
    with stripe_server(world) as server:
        section = f'api_base = "{server.url}"\napi_key = "{FULL_KEY}"\nallow_full_key = true\n[gates]'
        text = CONFIG.replace("enabled = false\n[gates]", section).replace("${PLACE}", f"sqlite:///{tmp_path}/app.db")
        text = text.replace('environment = "test"', 'environment = "production"')
        (tmp_path / "trueup.toml").write_text(text, encoding="utf-8")
        yield Pipeline(folder=tmp_path, server=server, subscription=subscription)


@pytest.mark.slow
def test_allowed_where_all_was_read_and_both_sides_agree(pipeline: Pipeline) -> None:
    assert pipeline.guardrail() == ("allowed", "")
    code, written = pipeline.run("gate")
    assert code == 0, written


@pytest.mark.slow
def test_blocked_by_what_disagrees_which_is_named(pipeline: Pipeline) -> None:
    cancel(pipeline.server.world, pipeline.subscription, at=int(time.time()) - 8 * DAY)
    status, reasons = pipeline.guardrail()
    assert status == "blocked"
    assert "unpaid-but-active" in reasons
    assert "user_1" in reasons
    code, written = pipeline.run("gate")
    assert code == 1
    assert "unpaid-but-active:user_1" in written


@pytest.mark.slow
def test_blocked_though_the_product_of_a_plans_price_is_not_among_ours(pipeline: Pipeline) -> None:
    """A price that is in a plan is sold here, whatever ``products`` says; of the others, those of our products."""
    pipeline.config("allow_full_key = true\n", 'allow_full_key = true\nproducts = ["prod_elsewhere"]\n')
    assert pipeline.guardrail() == ("allowed", "")
    with contextlib.closing(sqlite3.connect(pipeline.folder / "app.db")) as connection, connection:
        connection.execute("UPDATE users SET plan = 'FREE'")
    status, reasons = pipeline.guardrail()
    assert (status, "paid-but-blocked" in reasons) == ("blocked", True)


def _customers_unread(pipeline: Pipeline) -> str:
    pipeline.server.world.revoke("rak_customer_read")
    return "missing-customer broke"


def _subscriptions_unread(pipeline: Pipeline) -> str:
    pipeline.server.world.revoke("rak_subscription_read")
    return "unpaid-but-active broke"


def _key_expired(pipeline: Pipeline) -> str:
    pipeline.server.world.expire(FULL_KEY)
    return "Stripe was not read"


def _no_key(pipeline: Pipeline) -> str:
    pipeline.config(f'api_key = "{FULL_KEY}"\nallow_full_key = true\n', "")
    return "Stripe was not read"


def _switched_off(pipeline: Pipeline) -> str:
    pipeline.config("[stripe]\n", "[stripe]\nenabled = false\n")
    return "Stripe was not read"


@pytest.mark.sampled(1)
@pytest.mark.parametrize("wrong", [_customers_unread, _subscriptions_unread, _key_expired, _no_key])
def test_unknown_where_something_that_it_needs_was_not_read(
    pipeline: Pipeline, wrong: Callable[[Pipeline], str]
) -> None:
    says = wrong(pipeline)
    status, reasons = pipeline.guardrail()
    assert status == "unknown"
    assert says in reasons
    assert pipeline.run("gate")[0] == 3


@pytest.mark.slow
def test_unknown_where_stripe_is_switched_off_though_nothing_else_is_missing(pipeline: Pipeline) -> None:
    """A release without Stripe may go out; that the paid plans are Stripe's, nobody says."""
    says = _switched_off(pipeline)
    status, reasons = pipeline.guardrail()
    assert (status, says in reasons) == ("unknown", True)
    assert pipeline.run("gate")[0] == 0


@pytest.mark.slow
def test_unknown_where_stripes_side_is_older_than_the_report(pipeline: Pipeline, tmp_path: Path) -> None:
    """Files of this morning say nothing of now, though they are young enough to be looked at."""
    folder = tmp_path / "objects"
    folder.mkdir()
    empty = json.dumps(keep_in_files(folder, pipeline.server.world))
    pipeline.config("[stripe]\n", f'[stripe]\nsupplier = "files"\nurl = "{folder}"\nmay_be_empty = {empty}\n')
    assert pipeline.guardrail() == ("allowed", "")
    later = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=5)
    status, reasons = pipeline.guardrail("--as-of", later.isoformat(timespec="seconds"))
    assert status == "unknown"
    assert "Stripe's side is of" in reasons
