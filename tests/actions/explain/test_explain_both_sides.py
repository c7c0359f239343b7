"""A finding explained from both sides: what happened, in which order, with which amounts, and what nobody knows."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.support.json_schema import violations
from tests.support.reading_stripe import NOW
from tests.support.small_companies import CONFIG, SmallCompany
from tests.support.stripe.objects import DAY, JSON
from tests.support.stripe.server import StripeServer, stripe_server
from tests.support.stripe.stories import bill, buy, contest, emit, give_back, listen, new_customer, new_price, subscribe
from tests.support.stripe.world import FULL_KEY, TEST_KEY, StripeWorld
from trueup import formats
from trueup.actions.audit.run_audit import audit
from trueup.actions.explain.explanation import Explanation, explain, explain_books
from trueup.checks import catalogue
from trueup.cli.explanation import as_document, as_text
from trueup.cli.main import app as command
from trueup.config import Config, load_config
from trueup.model.source import Silent
from trueup.model.timeline import Side, TimelineLine

MOMENT = datetime.fromtimestamp(NOW, UTC).replace(tzinfo=None)
CHECKS = catalogue()
BLOCKED = "paid-but-blocked:user_1"

_RECORDED: dict[str, object] = {
    "event_id": "evt_0",
    "type": "invoice.paid",
    "status": "processed",
    "received_at": "2020-01-01 00:00:00",
    "livemode": True,
}


@dataclass(slots=True, kw_only=True)
class Place:
    """An app whose user is on FREE and whose customer pays, and the Stripe that says so."""

    folder: Path
    server: StripeServer
    subscription: JSON
    key: str = FULL_KEY

    def config(self, *, pinned: bool = True) -> Config:
        """The config for this server."""
        account = f'account = "{self.server.world.account_id}"\n' if pinned else ""
        section = f'api_base = "{self.server.url}"\napi_key = "{self.key}"\nallow_full_key = true\n{account}[gates]'
        live = "" if self.key == FULL_KEY else "[policy]\nlivemode = false\n"
        path = self.folder / "trueup.toml"
        text = CONFIG.replace("enabled = false\n[gates]", section).replace(
            "${PLACE}", f"sqlite:///{self.folder}/app.db"
        )
        path.write_text(text + live, encoding="utf-8")
        return load_config(path, {}, known_checks=[check.id for check in CHECKS])

    def explained(self, issue_id: str = BLOCKED, **given: Any) -> Explanation:
        """The finding, looked for now."""
        return explain(issue_id, config=self.config(**given), catalogue=CHECKS, now=MOMENT, progress=Silent())


def _user(number: int, customer: str | None) -> dict[str, object]:
    plain: dict[str, object] = {"id": f"user_{number}", "email": f"user_{number}@example.com", "plan": "FREE"}
    plain |= {"role": "user", "credits": 0, "unlimited_credits": False, "active": True}
    return plain | {"stripe_customer_id": customer, "created_at": "2020-01-01 00:00:00"}


def _entries(count: int) -> list[dict[str, object]]:
    return [
        {
            "user_id": "user_1",
            "sequence": number,
            "type": "usage",
            "amount": 0,
            "balance_after": 0,
            "posted": True,
            "created_at": str(MOMENT - timedelta(days=30) + timedelta(hours=number)),
            "reason": f"call {number}",
        }
        for number in range(1, count + 1)
    ]


def _place(folder: Path, server: StripeServer, *, entries: int = 2, livemode: bool = True) -> Place:
    world = server.world
    customer = new_customer(world, created=NOW - 60 * DAY, email="user_1@example.com", livemode=livemode)
    yen = new_price(world, id="price_pro", currency="jpy", unit_amount=500, livemode=livemode)
    dinar = new_price(world, currency="kwd", unit_amount=12_345, livemode=livemode)
    period = {"current_period_start": NOW - 10 * DAY, "current_period_end": NOW + 20 * DAY}
    subscription = subscribe(world, customer, yen, created=NOW - 40 * DAY, cancel_at=NOW + 90 * DAY, **period)
    paid = bill(world, subscription, created=NOW - 40 * DAY)
    session = buy(world, customer, dinar, created=NOW - 20 * DAY)
    intent = world.get(session["payment_intent"])
    give_back(world, intent, amount=345, created=NOW - 19 * DAY)
    contest(world, intent, created=NOW - 18 * DAY)
    emit(world, "invoice.paid", paid, created=NOW - 3 * DAY)
    somebody = new_customer(world, email="user_2@example.com", livemode=livemode)
    bill(world, subscribe(world, somebody, yen))
    changes: dict[str, object] = {
        "user_id": "user_1",
        "from_plan": "PRO",
        "to_plan": "FREE",
        "actor": "job",
        "reason": "nightly",
    }
    SmallCompany(
        rows={
            "users": [_user(1, customer["id"]), _user(2, somebody["id"])],
            "credit_transactions": _entries(entries),
            "stripe_webhook_events": [_RECORDED | {"livemode": livemode}],
            "plan_changes": [changes | {"changed_at": str(MOMENT - timedelta(days=5))}],
        }
    ).write(folder / "app.db")
    return Place(folder=folder, server=server, subscription=subscription)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with stripe_server(StripeWorld(now=NOW)) as server:
        yield _place(tmp_path, server)


def said(explanation: Explanation) -> list[tuple[str, str, str]]:
    """Side, phrase and amount of each line."""
    return [(line.side.value, line.what, line.amount_text) for line in explanation.timeline.lines]


def line_of(explanation: Explanation, what: str) -> TimelineLine:
    """The line of this phrase."""
    (found,) = (line for line in explanation.timeline.lines if line.what == what)
    return found


@pytest.mark.slow
def test_both_sides_stand_in_one_order_with_amounts_in_their_currencies(place: Place) -> None:
    explanation = place.explained()
    assert said(explanation) == [
        ("app", "account created", ""),
        ("Stripe", "customer created", ""),
        ("Stripe", "subscription started, now active", ""),
        ("Stripe", "invoice made, now paid", "500 JPY"),
        ("Stripe", "payment succeeded", "500 JPY"),
        ("Stripe", "invoice paid", "500 JPY"),
        ("app", "usage", "0 credits"),
        ("app", "usage", "0 credits"),
        ("Stripe", "checkout complete, paid", "12.345 KWD"),
        ("Stripe", "payment succeeded", "12.345 KWD"),
        ("Stripe", "refund succeeded", "-0.345 KWD"),
        ("Stripe", "dispute needs response", "-12.345 KWD"),
        ("app", "plan PRO to FREE, by job", ""),
        ("Stripe", "event invoice.paid, not received by the app", "500 JPY"),
        ("Stripe", "subscription is to end", ""),
    ]
    moments = [line.at for line in explanation.timeline.lines if line.at is not None]
    assert moments == sorted(moments)
    assert len(moments) == len(explanation.timeline.lines)


@pytest.mark.slow
def test_what_the_finding_names_is_marked(place: Place) -> None:
    named = {line.id for line in place.explained().timeline.lines if line.named}
    assert named == {place.subscription["id"], place.subscription["customer"]}


@pytest.mark.slow
def test_links_lead_to_the_account_that_is_pinned(place: Place) -> None:
    customer = place.subscription["customer"]
    pinned = line_of(place.explained(), "customer created").link
    assert pinned == f"https://dashboard.stripe.com/acct_1Example/customers/{customer}"
    plain = line_of(place.explained(pinned=False), "customer created").link
    assert plain == f"https://dashboard.stripe.com/customers/{customer}"
    assert all((line.link is None) is (line.side is Side.APP) for line in place.explained().timeline.lines)


@pytest.mark.slow
def test_links_of_test_mode_say_so(tmp_path: Path) -> None:
    with stripe_server(StripeWorld(now=NOW)) as server:
        place = _place(tmp_path, server, livemode=False)
        place.key = TEST_KEY
        link = line_of(place.explained(), "customer created").link
    assert link == f"https://dashboard.stripe.com/acct_1Example/test/customers/{place.subscription['customer']}"


@pytest.mark.slow
def test_what_could_not_be_read_of_stripe_is_unknown_not_absent(place: Place) -> None:
    issue_id = "credit-balance:user_1"  # of the ledger alone; what looks at paid time needs to know of disputes
    with contextlib.closing(sqlite3.connect(place.folder / "app.db")) as connection, connection:
        connection.execute("UPDATE users SET credits = 5 WHERE id = 'user_1'")
    place.server.world.revoke("rak_dispute_read")
    explanation = place.explained(issue_id)
    assert not any("dispute" in what for _, what, _ in said(explanation))
    (says,) = (sentence for sentence in explanation.timeline.unknown if "disputes were not read whole" in sentence)
    assert "rak_dispute_read" in says
    assert "  ? Stripe's disputes were not read whole and are unknown:" in as_text(explanation, issue_id, width=140)


def test_a_finding_of_the_ledger_is_explained_though_stripe_does_not_answer(place: Place) -> None:
    with contextlib.closing(sqlite3.connect(place.folder / "app.db")) as connection, connection:
        connection.execute("UPDATE users SET credits = 5 WHERE id = 'user_1'")
    place.server.world.expire(place.key)
    explanation = place.explained("credit-balance:user_1")
    assert explanation.finding is not None
    assert "account created" in [line.what for line in explanation.timeline.lines]
    assert sum("refuses the key" in sentence for sentence in explanation.timeline.unknown) == 8


@pytest.mark.slow
def test_how_far_back_stripe_is_known_is_said(place: Place) -> None:
    unknown = place.explained().timeline.unknown
    events = MOMENT - timedelta(days=30)
    assert f"Known from {events:%Y-%m-%d %H:%M} on, unknown before: Stripe's events." in unknown


def test_books_of_an_audit_that_read_no_stripe_say_so(place: Place) -> None:
    config, kept, path = place.config(), place.folder / "kept.duckdb", place.folder / "trueup.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[stripe]\n", "[stripe]\nenabled = false\n"), encoding="utf-8")
    off = load_config(path, {}, known_checks=[check.id for check in CHECKS])
    with contextlib.closing(sqlite3.connect(place.folder / "app.db")) as connection, connection:
        connection.execute("UPDATE users SET credits = 5 WHERE id = 'user_1'")
    audit(off, checks=CHECKS, now=MOMENT, progress=Silent(), keep_books=kept)
    explanation = explain_books(
        "credit-balance:user_1", path=kept, policy=config.policy, catalogue=CHECKS, now=None, progress=Silent()
    )
    assert place.server.requests == []
    assert {line.side for line in explanation.timeline.lines} == {Side.APP}
    assert "Stripe was not read here: what it knows is unknown." in explanation.timeline.unknown
    assert [line.note for line in explanation.timeline.lines if line.named] == ["call 2"]


@pytest.mark.slow
def test_kept_books_tell_the_same_as_live_ones(place: Place) -> None:
    kept = place.folder / "kept.duckdb"
    config = place.config()
    audit(config, checks=CHECKS, now=MOMENT, progress=Silent(), keep_books=kept)
    from_books = explain_books(
        BLOCKED,
        path=kept,
        policy=config.policy,
        catalogue=CHECKS,
        now=None,
        progress=Silent(),
        stripe_account=config.stripe.account,
    )
    live = place.explained()
    assert from_books.timeline == live.timeline
    assert as_text(from_books, BLOCKED) == as_text(live, BLOCKED)


@pytest.mark.slow
def test_a_finding_of_a_subscription_that_belongs_to_no_account_starts_from_its_customer(place: Place) -> None:
    stranger = new_customer(place.server.world, email="nobody@example.com", created=NOW - 9 * DAY)
    price = place.server.world.get("price_pro")
    orphan = subscribe(place.server.world, stranger, price, created=NOW - 8 * DAY, current_period_end=NOW + DAY)
    explanation = place.explained(f"orphan-subscription:{orphan['id']}")
    assert explanation.finding is not None
    assert [line.id for line in explanation.timeline.lines] == [stranger["id"], orphan["id"]]


@pytest.mark.slow
def test_a_finding_of_an_event_starts_from_whom_the_event_is_about(place: Place) -> None:
    listen(place.server.world)
    event = next(one for one in place.server.world.objects("event") if one["type"] == "invoice.paid")
    explanation = place.explained(f"undelivered-event:{event['id']}")
    assert explanation.finding is not None
    assert line_of(explanation, "event invoice.paid, not received by the app").named
    assert "account created" in [line.what for line in explanation.timeline.lines]


@pytest.mark.slow
def test_of_a_long_history_the_newest_of_each_side_are_shown_and_what_is_named(tmp_path: Path) -> None:
    with stripe_server(StripeWorld(now=NOW)) as server:
        place = _place(tmp_path, server, entries=60)
        for number in range(30):
            bill(server.world, place.subscription, created=NOW - 30 * DAY + number * 3600)
        explanation = place.explained()
    timeline = explanation.timeline
    of_app = [line for line in timeline.lines if line.side is Side.APP]
    assert (len(of_app), timeline.earlier_app) == (20, 42)
    assert (len(explanation.entries), explanation.earlier_entries) == (19, 41)
    named = {line.what for line in timeline.lines if line.named}
    assert "subscription started, now active" in named
    assert timeline.earlier_stripe > 0
    assert f"... {timeline.earlier_stripe:,} earlier from Stripe" in as_text(explanation, BLOCKED)


@pytest.mark.slow
def test_the_spans_that_were_paid_for_are_shown_where_the_check_judges_by_them(place: Place) -> None:
    explanation = place.explained()
    (paid,) = explanation.paid_time
    assert (paid.span, paid.plan, paid.is_running, paid.known_by) == ("paid", "PRO", True, "line")
    assert paid.source_id is not None
    assert place.server.world.get(paid.source_id)["status"] == "paid"
    text = as_text(explanation, BLOCKED)
    assert "Paid time, in UTC" in text
    assert f"  > paid  PRO  {paid.starts_at:%Y-%m-%d} to {paid.ends_at:%Y-%m-%d}  {paid.source_id}, by" in text
    document = json.loads(json.dumps(as_document(explanation, BLOCKED)))
    assert [span["sourceId"] for span in document["paidTime"]] == [paid.source_id]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("width", [60, 100, 140])
def test_no_line_is_wider_than_the_page_but_a_link(place: Place, width: int) -> None:
    text = as_text(place.explained(), BLOCKED, width=width)
    too_wide = [line for line in text.splitlines() if len(line) > width and "https://" not in line]
    assert too_wide == []
    assert text.isascii()
    customer = place.subscription["customer"]
    assert f"https://dashboard.stripe.com/acct_1Example/customers/{customer}" in text


@pytest.mark.slow
def test_the_document_is_as_its_schema_says(place: Place) -> None:
    schema = json.loads((Path(formats.__file__).parent / "explanation.schema.json").read_text(encoding="utf-8"))
    for issue_id in (BLOCKED, "paid-but-blocked:nobody"):
        document = json.loads(json.dumps(as_document(place.explained(issue_id), issue_id)))
        assert list(violations(document, schema, schema)) == []
        assert (document["finding"] is None) is (issue_id != BLOCKED)
    broken = document | {"timeline": {}}
    assert list(violations(broken, schema, schema))


@pytest.mark.slow
def test_the_command_writes_text_and_json(place: Place) -> None:
    place.config()
    asked = ["explain", BLOCKED, "--config", str(place.folder / "trueup.toml"), "--as-of", MOMENT.isoformat()]
    text = CliRunner().invoke(command, asked)
    assert text.exit_code == 0, text.output
    assert "Both sides, oldest first" in text.stdout
    document = json.loads(CliRunner().invoke(command, [*asked, "--format", "json"]).stdout)
    assert document["finding"]["id"] == BLOCKED
    refund = next(line for line in document["timeline"]["lines"] if line["relation"] == "stripe_refund")
    assert (refund["money"], refund["currency"]) == (-345, "kwd")
    assert FULL_KEY not in text.output
