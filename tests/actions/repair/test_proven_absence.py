"""A plan is taken away only where Stripe itself says that it knows nothing of the account."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.reading_stripe import NOW as UNIX_NOW
from tests.support.repairable import REASON, App, app_of
from tests.support.small_companies import CONFIG, NOW, SmallCompany
from tests.support.stripe import faults
from tests.support.stripe.server import StripeServer, stripe_server
from tests.support.stripe.stories import new_customer, new_price, subscribe
from tests.support.stripe.world import FULL_KEY, TEST_KEY, StripeWorld
from trueup.actions.repair import preview, repair, repair_safe
from trueup.cli.repaired import as_document, as_text
from trueup.model.repair import Applied, Failed, PlannedRepair, Previewed, Refused, RepairResult, Stale
from trueup.model.stripe_settings import StripeTables

ISSUE = "paid-without-customer:user_1"
ADDRESS = "ada@example.com"
OFF = "enabled = false\n[gates]"


@dataclass(slots=True, kw_only=True)
class Place:
    """An app with one paid account that names no customer, and the Stripe that it is asked of."""

    app: App
    server: StripeServer
    path: Path

    def repair(self, issue_id: str = ISSUE, **given: Any) -> RepairResult:
        """One attempt."""
        app = self.app
        return repair(
            issue_id, reason=REASON, actor="test", config=app.config, catalogue=app.checks, now=app.now, **given
        )

    def preview(self) -> PlannedRepair | Stale | Refused | Failed:
        """What an attempt would do."""
        return preview(ISSUE, config=self.app.config, catalogue=self.app.checks, now=self.app.now)

    def stripe(self, **changed: Any) -> None:
        """Change what the config says of Stripe."""
        config = self.app.config
        self.app = replace(self.app, config=replace(config, stripe=replace(config.stripe, **changed)))

    def execute(self, sql: str) -> None:
        """As the app would, and without waiting for anybody."""
        with contextlib.closing(sqlite3.connect(self.path, timeout=0)) as connection:
            connection.execute(sql)
            connection.commit()

    @property
    def plan(self) -> object:
        """The plan that the account is on."""
        return self.app.rows("SELECT plan FROM users WHERE id = 'user_1'")[0][0]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with stripe_server(StripeWorld(now=UNIX_NOW)) as server:
        yield _place(tmp_path, server, f'api_key = "{server.full_key}"\nallow_full_key = true\n')


def _place(folder: Path, server: StripeServer, keys: str = "", *, plan: str = "PRO") -> Place:
    path = folder / "app.db"
    user = {
        "id": "user_1",
        "email": ADDRESS,
        "role": "user",
        "plan": plan,
        "credits": 0,
        "unlimited_credits": False,
        "active": True,
        "created_at": "2020-01-01 00:00:00",
    }
    SmallCompany(rows={"users": [user]}).write(path)
    section = f'api_base = "{server.url}"\naccount = "{server.world.account_id}"\n{keys}'
    text = CONFIG.replace(OFF, f"{section}[gates]").replace("downgrade_without_stripe = true\n", "")
    return Place(app=app_of(f"sqlite:///{path}", text, folder, now=NOW), server=server, path=path)


def journaled(place: Place) -> dict[str, Any]:
    """What the journal says of Stripe."""
    ((before,),) = place.app.rows("SELECT before FROM trueup_journal WHERE action = 'downgrade-to-free'")
    found: dict[str, Any] = json.loads(str(before))
    return found


def test_a_proven_downgrade_is_applied_and_the_journal_says_what_stripe_said(place: Place) -> None:
    """When, asked what, under which of Stripe's ids; and nobody's address."""
    result = place.repair()
    assert isinstance(result, Applied), result
    assert place.plan == "FREE"
    said = journaled(place)
    assert said["value"] == "PRO"
    assert said["stripe"]["proven"] == "no customer and no subscription in acct_1Example, live mode"
    assert said["stripe"]["asked_at"].startswith("20")
    assert len(said["stripe"]["request_ids"]) == len(said["stripe"]["questions"]) == 3
    assert ADDRESS not in json.dumps(said)
    assert FULL_KEY not in json.dumps(said)
    assert place.app.journal_is_sound() == 1


@pytest.mark.slow
def test_the_preview_asks_too_and_its_plan_can_be_applied(place: Place) -> None:
    """The same plan, though Stripe's answers are others."""
    plan = place.preview()
    assert isinstance(plan, PlannedRepair)
    assert plan.proof is not None
    assert isinstance(place.repair(dry_run=True), Previewed)
    assert place.plan == "PRO"
    assert isinstance(place.repair(plan_hash=plan.plan_hash), Applied)


def test_a_live_subscription_refuses_the_repair_and_its_preview_alike(place: Place) -> None:
    """In the same words, with the subscription's id."""
    subscription = subscribe(
        place.server.world, new_customer(place.server.world, email=ADDRESS), new_price(place.server.world)
    )
    reasons = set()
    for result in (place.preview(), place.repair(dry_run=True), place.repair()):
        assert isinstance(result, Refused)
        reasons.add(result.reason)
    assert len(reasons) == 1
    assert subscription["id"] in reasons.pop()
    assert place.plan == "PRO"
    assert place.app.journal_is_sound() == 0


def _without_permission(place: Place) -> None:
    place.server.world.revoke("rak_customer_read")


def _test_key(place: Place) -> None:
    place.stripe(api_key=TEST_KEY)


def _other_account(place: Place) -> None:
    place.stripe(account="acct_other")


def _not_pinned(place: Place) -> None:
    place.stripe(account=None)


def _storm(place: Place) -> None:
    place.server.inject("*", faults.too_many_requests(retry_after=60), count=None)


def _tables_alone(place: Place) -> None:
    place.stripe(api_key=None, tables=StripeTables(are_files=True))


def _no_address(place: Place) -> None:
    place.app.execute("UPDATE users SET email = NULL")


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (_without_permission, "rak_customer_read"),
        (_test_key, "is a test key"),
        (_other_account, "acct_other"),
        (_not_pinned, "stripe.account is not set"),
        (_storm, "deadline of 20 seconds"),
        (_tables_alone, "tables are only a copy"),
        (_no_address, "no e-mail address"),
    ],
)
def test_what_nobody_can_say_repairs_nothing(place: Place, wrong: Callable[[Place], None], says: str) -> None:
    """Neither previewed nor applied; the attempt is on record."""
    wrong(place)
    for result in (place.preview(), place.repair(idempotency_key="key-1")):
        assert isinstance(result, Refused)
        assert result.unproven
        assert says in result.reason
        assert "It is unknown whether Stripe has a customer of user_1" in result.reason
    assert place.plan == "PRO"
    assert place.app.journal_is_sound() == 0
    assert place.app.rows("SELECT status FROM trueup_repair") == [("refused",)]


def test_what_was_unknown_is_asked_again_under_the_same_key(place: Place) -> None:
    """A storm that is over must not refuse for ever."""
    storm = place.server.inject("*", faults.too_many_requests(retry_after=60), count=None)
    assert isinstance(place.repair(idempotency_key="key-1"), Refused)
    assert storm.seen
    place.server.heal()
    assert isinstance(place.repair(idempotency_key="key-1"), Applied)


def test_the_app_can_write_while_stripe_is_asked(place: Place) -> None:
    """No transaction is open then."""
    wrote: list[int] = []

    def write(_: StripeWorld) -> None:
        place.execute(
            "INSERT INTO stripe_webhook_events VALUES ('evt_9', 'x', 'processed', '2026-01-01', NULL, 1, NULL)"
        )
        wrote.append(1)

    place.server.inject("/v1/customers", faults.meanwhile(write))
    assert isinstance(place.repair(), Applied)
    assert wrote == [1]


def test_an_address_that_changes_meanwhile_is_asked_about_again(place: Place) -> None:
    """What was proven of another address is proven of nobody."""
    subscribe(
        place.server.world, new_customer(place.server.world, email="new@example.com"), new_price(place.server.world)
    )
    moved = faults.meanwhile(lambda _: place.execute("UPDATE users SET email = 'new@example.com'"))
    place.server.inject("/v1/customers", moved)
    result = place.repair()
    assert isinstance(result, Refused)
    assert "sub_" in result.reason
    assert place.plan == "PRO"


def test_an_address_that_never_stands_still_ends_the_attempt(place: Place) -> None:
    """As something to try again later."""
    numbers = iter(range(100))
    moving = faults.meanwhile(lambda _: place.execute(f"UPDATE users SET email = 'a{next(numbers)}@example.com'"))
    place.server.inject("/v1/customers", moving, count=None)
    result = place.repair()
    assert isinstance(result, Failed)
    assert result.busy
    assert place.plan == "PRO"


def test_repairs_that_take_no_plan_away_ask_nobody(place: Place) -> None:
    """A balance is the ledger's business."""
    place.app.execute("UPDATE users SET plan = 'FREE', unlimited_credits = 1")
    assert isinstance(place.repair("unlimited-credits:user_1"), Applied)
    assert place.server.requests == []


def test_a_batch_never_comes_to_asking(place: Place) -> None:
    """No repair that takes a plan away runs unattended, however many there are."""
    app = place.app
    results = repair_safe(
        [ISSUE] * 3, reason=REASON, actor="test", config=app.config, catalogue=app.checks, now=app.now
    )
    assert all(isinstance(result, Refused) and "by a person" in result.reason for result in results)
    assert place.server.requests == []


def test_what_was_proven_is_shown_to_whoever_previews(place: Place) -> None:
    """Beside the plan's hash, for people and for programs."""
    result = place.repair(dry_run=True)
    proven = "no customer and no subscription in acct_1Example, live mode"
    assert f"\n  Stripe: {proven}\n" in as_text(result)
    assert as_document(result)["proven"] == proven


def test_without_stripe_a_downgrade_needs_the_configs_word(tmp_path: Path) -> None:
    """Switched off is unknown, not absent, until somebody says that nothing is sold through Stripe."""
    with stripe_server(StripeWorld(now=UNIX_NOW)) as server:
        place = _place(tmp_path, server, "enabled = false\n")
        result = place.repair()
        assert isinstance(result, Refused)
        assert "repairs.downgrade_without_stripe = true" in result.reason
        config = place.app.config
        told = replace(config, repairs=replace(config.repairs, downgrade_without_stripe=True))
        place.app = replace(place.app, config=told)
        assert isinstance(place.repair(), Applied)
        assert server.requests == []
    assert journaled(place)["stripe"]["proven"].startswith("not asked: ")


def test_the_configs_word_is_not_enough_where_stripe_can_be_asked(place: Place) -> None:
    """It is for businesses without Stripe."""
    config = place.app.config
    place.app = replace(
        place.app, config=replace(config, repairs=replace(config.repairs, downgrade_without_stripe=True))
    )
    new_customer(place.server.world, email=ADDRESS)
    assert isinstance(place.repair(), Refused)
