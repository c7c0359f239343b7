"""Which keys are used, how fast Stripe is asked, and what is sent to it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from tests.support.reading_stripe import NOW, RELATIONS, read_stripe
from tests.support.stripe import faults
from tests.support.stripe.answers import Answer
from tests.support.stripe.server import StripeServer, stripe_server
from tests.support.stripe.stories import new_customer
from tests.support.stripe.world import FULL_KEY, KEY, StripeWorld
from trueup.model.errors import ConfigurationError
from trueup.stripe.failures import NotRead
from trueup.stripe.key import read_key, refuse_other_mode
from trueup.stripe.rate_limiter import RateLimiter, RetryPolicy, allowed_rate


@pytest.fixture
def server() -> Iterator[StripeServer]:
    """A world with a customer."""
    world = StripeWorld(now=NOW)
    new_customer(world)
    with stripe_server(world) as running:
        yield running


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pk_live_123", "no secret of Stripe's API"),
        ("whsec_123", "no secret of Stripe's API"),
        ("rk_live_12 3", "no secret of Stripe's API"),
        ("sk_org_live_123", "a whole organisation"),
        ("sk_live_123", "a full secret key"),
    ],
)
def test_a_key_that_must_not_be_used_is_refused_without_being_shown(text: str, says: str) -> None:
    """Before anybody is asked."""
    with pytest.raises(ConfigurationError, match=says) as refused:
        read_key(text, allow_full_key=False)
    assert text not in str(refused.value)


@pytest.mark.parametrize(("text", "livemode"), [("rk_live_abc", True), ("rk_test_abc", False), ("sk_test_abc", False)])
def test_a_key_says_its_mode(text: str, livemode: bool) -> None:
    """And the other mode's environment refuses it."""
    key = read_key(text, allow_full_key=True)
    assert key.livemode is livemode
    assert text not in repr(key)
    refuse_other_mode(key, livemode=livemode)
    with pytest.raises(ConfigurationError, match=f"is a {key.mode} key and policy.livemode says"):
        refuse_other_mode(key, livemode=not livemode)


@pytest.mark.parametrize(
    ("asked", "livemode", "rate"), [(None, True, 15), (None, False, 6), (25, True, 25), (25, False, 6), (3, False, 3)]
)
def test_never_more_than_a_quarter_of_what_stripe_takes(asked: int | None, livemode: bool, rate: float) -> None:
    """Whatever the config asks for."""
    assert allowed_rate(asked, livemode=livemode) == rate


def test_requests_keep_to_the_budget(server: StripeServer, tmp_path: Path) -> None:
    """Twelve questions at twenty a second take at least half a second."""
    started = time.monotonic()
    read = read_stripe(server, tmp_path, requests_per_second=20)
    assert read.requests >= 12
    assert time.monotonic() - started >= (read.requests - 1) / 20
    moments = [asked.at for asked in server.requests]
    assert min(b - a for a, b in zip(moments, moments[3:], strict=False)) >= 3 / 20 - 0.05


def test_what_stripe_asks_to_wait_is_waited(server: StripeServer, tmp_path: Path) -> None:
    """``Retry-After`` goes before our own idea."""
    server.inject("/v1/customers", faults.too_many_requests(retry_after=1))
    read_stripe(server, tmp_path, relations=["stripe_customer"])
    struck, again = [asked.at for asked in server.requests if asked.route == "/v1/customers"][:2]
    assert again - struck >= 1


def test_a_waiting_reader_can_be_ended() -> None:
    """Whoever watches says so, and is heard within a moment."""

    class Ended(Exception):
        pass

    glances = iter([None, None, Ended])

    def glance() -> None:
        said = next(glances)
        if said is not None:
            raise said

    rate_limiter = RateLimiter(requests_per_second=None, deadline_seconds=60, glance=glance)
    rate_limiter.hold(30)
    started = time.monotonic()
    with pytest.raises(Ended):
        rate_limiter.wait()
    assert time.monotonic() - started < 5


def test_past_the_deadline_nothing_is_asked() -> None:
    """Nor waited for what could only come after it."""
    rate_limiter = RateLimiter(requests_per_second=None, deadline_seconds=60, glance=lambda: None)
    rate_limiter.hold(61)
    with pytest.raises(NotRead, match="the deadline of 1 minutes"):
        rate_limiter.wait()


def test_waits_double_up_to_a_limit() -> None:
    """With jitter below."""
    retry_policy = RetryPolicy(first_wait_seconds=1, longest_wait_seconds=4)
    for attempt, longest in ((1, 1), (2, 2), (3, 4), (9, 4)):
        assert longest / 2 <= retry_policy.wait_seconds(attempt) <= longest


def test_another_account_than_the_pinned_one_stops_the_run(server: StripeServer, tmp_path: Path) -> None:
    """Also where the key may not read the account: a refusal names it."""
    with pytest.raises(ConfigurationError, match=r"acct_other and the key of stripe.api_key belongs to acct_1Example"):
        read_stripe(server, tmp_path, account="acct_other")
    server.world.revoke("rak_accounts_kyc_id_numbers_read")
    with pytest.raises(ConfigurationError, match="belongs to acct_1Example"):
        read_stripe(server, tmp_path, account="acct_other")
    assert read_stripe(server, tmp_path, account="acct_1Example").problems == {}


def test_a_full_key_is_used_where_it_is_allowed(server: StripeServer, tmp_path: Path) -> None:
    """And the account is known by it."""
    read = read_stripe(server, tmp_path, api_key=FULL_KEY, allow_full_key=True)
    assert read.problems == {}


def test_only_what_must_be_said_is_sent(
    server: StripeServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """GETs of the pinned version, past any proxy, and not a word on the terminal or to a log with the key in it."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    server.inject("/v1/customers", faults.server_error())
    with caplog.at_level(logging.DEBUG):
        assert read_stripe(server, tmp_path).problems == {}
    assert {(asked.method, asked.version) for asked in server.requests} == {("GET", "2026-10-28.endive")}
    assert capfd.readouterr() == ("", "")
    assert not [record for record in caplog.records if record.name == "stripe"]
    assert KEY not in caplog.text
    assert stripe.enable_telemetry is False


def test_a_redirect_is_not_followed(server: StripeServer, tmp_path: Path) -> None:
    """The key goes where the config says, and nowhere else."""
    with stripe_server(StripeWorld(now=NOW)) as elsewhere:
        moved = faults.Fault(
            instead=lambda _: Answer(status=302, headers={"Location": f"{elsewhere.url}/v1/customers"})
        )
        server.inject("/v1/customers", moved, count=None)
        read = read_stripe(server, tmp_path, relations=["stripe_customer"])
        assert elsewhere.requests == []
    assert set(read.problems) == {"stripe_customer"}


def test_nobody_there_leaves_everything_unknown(tmp_path: Path) -> None:
    """A closed port."""
    with stripe_server(StripeWorld(now=NOW)) as server:
        pass
    read = read_stripe(server, tmp_path)
    assert set(read.problems) == set(RELATIONS)
    assert "the connection to Stripe failed" in read.problems["stripe_customer"]
