"""Stripe in an audit: what is copied, what stops the run, what stays unknown, and what doctor says before."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.reading_stripe import NOW, RELATIONS
from tests.support.stripe import faults, objects
from tests.support.stripe.server import StripeServer, stripe_server
from tests.support.stripe.stories import every_kind, new_customer
from tests.support.stripe.world import FULL_KEY, KEY, TEST_KEY, StripeWorld
from trueup.actions.audit.run_audit import audit
from trueup.actions.doctor.diagnostic import Health, Symptom
from trueup.actions.doctor.preflight import examine_setup
from trueup.checks.credits.unreadable_row import CHECK as UNREADABLE_ROW
from trueup.checks.entitlements.shared_customer import CHECK as SHARED_CUSTOMER
from trueup.config import load_config
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError
from trueup.model.finding import Area
from trueup.model.outcome import Broken, Checked, Outcome, Skipped
from trueup.model.report import Report
from trueup.model.severity import Severity
from trueup.model.source import Silent

MOMENT = datetime.fromtimestamp(NOW, UTC).replace(tzinfo=None)
CONFIG = """
environment = "test"
[database]
url = "sqlite:///{folder}/app.db"
[relations.account]
table = "users"
allow_empty = true
[relations.account.columns]
account_id = "id"
stripe_customer_id = "customer"
[relations.webhook_event]
table = "events"
[relations.webhook_event.columns]
event_id = "id"
livemode = "live"
"""
STRIPE = """
[stripe]
api_key = "${{KEY}}"
api_base = "{url}"
"""


def check_of(relation: str, column: str) -> Check:
    """A check that finds every row of a relation of Stripe's."""
    return Check(
        id=f"every-{relation.replace('_', '-')}",
        area=Area.REVENUE,
        severity=Severity.WARNING,
        title="There is one",
        why="A test wants to see it.",
        population=f"SELECT count(*) FROM {relation}",
        violations=f"SELECT {column} AS subject FROM {relation}",
        message="{subject} is there.",
        cases=(),
    )


CUSTOMERS = check_of("stripe_customer", "customer_id")
DISPUTES = check_of("stripe_dispute", "dispute_id")


@pytest.fixture
def server() -> Iterator[StripeServer]:
    """A world with one of everything."""
    world = StripeWorld(now=NOW)
    every_kind(world)
    with stripe_server(world) as running:
        yield running


def written(
    folder: Path,
    server: StripeServer | None,
    *,
    more: str = "",
    customers: Sequence[str] = (),
    events: Sequence[bool] = (),
) -> Path:
    """The app's database, and its config."""
    with closing(sqlite3.connect(folder / "app.db")) as connection:
        connection.execute("CREATE TABLE users (id TEXT PRIMARY KEY, customer TEXT)")
        connection.execute("CREATE TABLE events (id TEXT PRIMARY KEY, live BOOLEAN)")
        named = [(f"user_{number}", customer) for number, customer in enumerate(customers)]
        connection.executemany("INSERT INTO users VALUES (?, ?)", named)
        modes = [(f"evt_{number}", live) for number, live in enumerate(events)]
        connection.executemany("INSERT INTO events VALUES (?, ?)", modes)
        connection.commit()
    stripe = STRIPE.format(url=server.url) if server else ""
    path = folder / "trueup.toml"
    path.write_text(CONFIG.format(folder=folder) + stripe + more, encoding="utf-8")
    return path


def audited(path: Path, *checks: Check, key: str = KEY) -> Report:
    """One audit."""
    config = load_config(path, {"KEY": key})
    return audit(config, checks=checks, now=MOMENT, progress=Silent())


def outcomes(report: Report) -> dict[str, Outcome]:
    """By check."""
    return {made.check: made.outcome for made in report.outcomes}


def test_stripe_is_part_of_the_books(server: StripeServer, tmp_path: Path) -> None:
    """Its relations are copied, with the version that was asked for, and the report says from when."""
    report = audited(written(tmp_path, server), CUSTOMERS, UNREADABLE_ROW)
    found = outcomes(report)["every-stripe-customer"]
    assert isinstance(found, Checked)
    assert [finding.subject for finding in found.findings] == [server.world.objects("customer")[0]["id"]]
    tables = {read.relation: read.table for read in report.relations}
    assert tables["stripe_customer"] == "Stripe /v1/customers (2026-10-28.endive)"
    assert set(RELATIONS) - {"stripe_product_feature"} <= set(tables)  # only a probe of plan gates asks for those
    assert report.stripe_as_of == MOMENT
    assert list(tmp_path.glob("trueup-stripe-*.db"))


def test_only_what_the_checks_read_is_asked_for(server: StripeServer, tmp_path: Path) -> None:
    """One check about customers asks no list of invoices."""
    report = audited(written(tmp_path, server), CUSTOMERS)
    assert report.complete
    assert {"/v1/invoices", "/v1/prices", "/v1/subscriptions"}.isdisjoint(server.counts)


@pytest.mark.slow
def test_the_database_is_let_go_before_stripe_is_asked(server: StripeServer, tmp_path: Path) -> None:
    """Somebody can write to it while Stripe is read."""
    path = written(tmp_path, server)
    wrote: list[int] = []

    def write(_: StripeWorld) -> None:
        with closing(sqlite3.connect(tmp_path / "app.db", timeout=0)) as connection:
            connection.execute("INSERT INTO users VALUES ('user_late', NULL)")
            connection.commit()
        wrote.append(1)

    server.inject("/v1/account", faults.meanwhile(write))
    assert audited(path, CUSTOMERS, UNREADABLE_ROW).complete
    assert wrote == [1]


def test_what_may_not_be_read_breaks_the_checks_that_need_it(server: StripeServer, tmp_path: Path) -> None:
    """And no others; the report is incomplete."""
    server.world.revoke("rak_dispute_read")
    report = audited(written(tmp_path, server), CUSTOMERS, DISPUTES)
    assert isinstance(outcomes(report)["every-stripe-customer"], Checked)
    broken = outcomes(report)["every-stripe-dispute"]
    assert isinstance(broken, Broken)
    assert "stripe_dispute was not read whole" in broken.error
    assert "rak_dispute_read" in broken.error
    assert report.status == "incomplete"


@pytest.mark.slow
def test_an_unknown_word_and_an_odd_amount_are_findings(server: StripeServer, tmp_path: Path) -> None:
    """As they are in the app's own tables."""
    server.world.change(server.world.objects("subscription")[0]["id"], status="hibernating")
    server.world.change(server.world.objects("payment_intent")[0]["id"], amount=float("nan"))
    report = audited(written(tmp_path, server), UNREADABLE_ROW)
    found = outcomes(report)["unreadable-row"]
    assert isinstance(found, Checked)
    subjects = {finding.subject for finding in found.findings}
    assert any("status=hibernating" in subject for subject in subjects)
    assert any(server.world.objects("payment_intent")[0]["id"] in subject for subject in subjects)


def test_without_a_key_the_checks_are_skipped_and_say_how_to_mend_it(tmp_path: Path) -> None:
    """Skipped, never passed."""
    report = audited(written(tmp_path, None), CUSTOMERS)
    skipped = outcomes(report)["every-stripe-customer"]
    assert isinstance(skipped, Skipped)
    assert "give [stripe] an api_key, or say enabled = false" in skipped.reason
    assert report.stripe_as_of is None


def test_a_test_key_for_a_live_environment_stops_the_run_before_anything_is_read(tmp_path: Path) -> None:
    """With one sentence, as a matter of configuration."""
    with stripe_server(StripeWorld(now=NOW)) as server:
        path = written(tmp_path, server)
        with pytest.raises(ConfigurationError, match="is a test key and policy") as refused:
            audited(path, CUSTOMERS, key=TEST_KEY)
        assert server.requests == []
    assert refused.value.exit_code == 2


def test_a_key_of_another_mode_than_the_databases_events_stops_the_run(server: StripeServer, tmp_path: Path) -> None:
    """All of the app's webhooks were of test mode, whatever the config says."""
    path = written(tmp_path, server, events=[False, False])
    with pytest.raises(ConfigurationError, match="all 2 webhook events of the database are of test mode"):
        audited(path, CUSTOMERS, UNREADABLE_ROW)
    assert server.requests == []


@pytest.mark.slow
def test_some_events_of_the_other_mode_are_a_matter_for_a_check(server: StripeServer, tmp_path: Path) -> None:
    """Not for refusing the run."""
    assert audited(written(tmp_path, server, events=[False, True]), CUSTOMERS, UNREADABLE_ROW).stripe_as_of == MOMENT


def test_a_key_of_a_strange_account_stops_the_run(server: StripeServer, tmp_path: Path) -> None:
    """Of twenty customers that the database names, it knows none."""
    strangers = [f"cus_stranger_{number}" for number in range(20)]
    path = written(tmp_path, server, customers=strangers)
    with pytest.raises(ConfigurationError, match=r"None of the 20 Stripe customers .*acct_1Example"):
        audited(path, CUSTOMERS, SHARED_CUSTOMER)


def test_one_customer_that_is_known_is_enough(server: StripeServer, tmp_path: Path) -> None:
    """The others are findings of a check."""
    known = new_customer(server.world)["id"]
    path = written(tmp_path, server, customers=[known, *(f"cus_stranger_{number}" for number in range(20))])
    assert audited(path, CUSTOMERS, SHARED_CUSTOMER).complete


def test_a_silent_stripe_leaves_the_database_audited(server: StripeServer, tmp_path: Path) -> None:
    """The report is incomplete, not absent."""
    server.world.expire(KEY)
    report = audited(written(tmp_path, server), CUSTOMERS, UNREADABLE_ROW)
    assert report.rows_read("account") == 0
    assert report.status == "incomplete"
    assert all(KEY not in (read.problem or "") for read in report.relations)


def test_an_object_of_the_other_mode_stops_the_run(server: StripeServer, tmp_path: Path) -> None:
    """Before the first check."""
    server.inject("/v1/customers", faults.slipped_in(objects.customer("cus_x", livemode=False)))
    with pytest.raises(ConfigurationError, match="cus_x of test mode"):
        audited(written(tmp_path, server), CUSTOMERS)


def symptoms(path: Path, *checks: Check, key: str = KEY) -> list[Symptom]:
    """What doctor says of Stripe."""
    found = examine_setup(load_config(path, {"KEY": key}), checks, now=MOMENT)
    return [symptom for symptom in found if symptom.about == "stripe"]


def test_doctor_names_each_missing_permission_and_what_it_stops(server: StripeServer, tmp_path: Path) -> None:
    """One line each."""
    server.world.now = None
    server.world.revoke("rak_dispute_read")
    server.world.revoke("rak_event_read")
    said = symptoms(written(tmp_path, server), CUSTOMERS, DISPUTES)
    warnings = [symptom.says for symptom in said if symptom.health is Health.WARNING]
    assert len(warnings) == 2
    assert "rak_dispute_read; without it, every-stripe-dispute cannot be answered" in warnings[0]
    assert "rak_event_read" in warnings[1]
    assert any("live key of acct_1Example" in symptom.says for symptom in said if symptom.health is Health.FINE)


def test_doctor_warns_of_a_full_key_a_wrong_clock_and_a_folder_that_keeps_nothing(
    server: StripeServer, tmp_path: Path
) -> None:
    """Each may go on as it is, and is worth knowing."""
    path = written(tmp_path, server, more='allow_full_key = true\ncache = "/nowhere/at/all"\n')
    server.world.now = NOW - 86_400
    says = " | ".join(symptom.says for symptom in symptoms(path, key=FULL_KEY) if symptom.health is Health.WARNING)
    assert "a full secret key" in says
    assert "/nowhere/at/all is no folder" in says
    assert "minutes apart" in says


def test_doctor_says_that_downgrades_need_the_account_where_repairs_are_on(
    server: StripeServer, tmp_path: Path
) -> None:
    """With the account's id, so that it can be written down; and is quiet once it is."""
    server.world.now = None
    path = written(tmp_path, server)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[database]\n", '[database]\nrepair_url = "sqlite:///r.db"\n'), encoding="utf-8")
    warnings = [symptom.says for symptom in symptoms(path) if symptom.health is Health.WARNING]
    assert len(warnings) == 1
    assert "every downgrade is refused" in warnings[0]
    assert warnings[0].endswith("set it to acct_1Example")
    path.write_text(path.read_text(encoding="utf-8") + 'account = "acct_1Example"\n', encoding="utf-8")
    assert all(symptom.health is Health.FINE for symptom in symptoms(path))


@pytest.mark.parametrize(
    ("key", "more", "says"),
    [
        (FULL_KEY, "", "a full secret key"),
        (TEST_KEY, "", "is a test key"),
        (KEY, 'account = "acct_other"', "belongs to acct_1Example"),
    ],
)
def test_doctor_says_what_would_stop_the_run(
    server: StripeServer, tmp_path: Path, key: str, more: str, says: str
) -> None:
    """In the run's own words."""
    said = symptoms(written(tmp_path, server, more=more), key=key)
    assert says in next(symptom.says for symptom in said if symptom.health is Health.WRONG)


def test_doctor_tells_a_business_without_a_key_what_to_say(tmp_path: Path) -> None:
    """And nothing to one that has said it."""
    path = written(tmp_path, None)
    assert "give [stripe] an api_key" in symptoms(path)[0].says
    path.write_text(path.read_text(encoding="utf-8") + "[stripe]\nenabled = false\n", encoding="utf-8")
    assert symptoms(path) == []


@pytest.mark.slow
@pytest.mark.parametrize("library", ["stripe", "requests"])
def test_a_missing_library_is_one_sentence_with_its_mend(library: str) -> None:
    """The core does without it."""
    script = (
        f"import sys; sys.modules[{library!r}] = None; "
        "from trueup.actions.audit.stripe_side import stripe_supply; stripe_supply()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert f"a library that is not installed ({library})" in done.stderr
    assert "pip install 'trueup[stripe]'" in done.stderr
