"""Who may approve what, and which of two people wins. Each on a store in SQLite and in Postgres."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.api import NOW, config_in
from trueup.actions.approvals import (
    AlreadyRequested,
    ApprovalCaller,
    DecisionRefused,
    UnknownApproval,
    approve,
    list_approvals,
    reject,
    request_exemption,
)
from trueup.actions.approvals.people import is_known, names_of
from trueup.actions.exemptions import ApprovalGone, NeedsApproval, exempt
from trueup.checks import catalogue
from trueup.config import Config, load_config
from trueup.model.access import Role
from trueup.model.approval import Approval, ApprovalSettings, ApprovalState
from trueup.model.errors import ConfigurationError
from trueup.model.relations import Exemption
from trueup.store import AlreadyExempted, Store, open_store

REASON = "Agreed with finance in ticket 4711."
UNTIL = date(2027, 1, 31)
ADA, BOB = "oidc:ada", "oidc:bob"


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A new store of each kind."""
    url = f"sqlite:///{tmp_path}/s.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with open_store(url) as opened:
        yield opened


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A config that wants a second person for every exemption."""
    return config_in(tmp_path, '[approvals]\nexemptions = ["all"]\n')


def asked(store: Store, config: Config, *, actor: str = ADA, subject: str = "user_42", **more: Any) -> Approval:
    """A request for an exemption."""
    return request_exemption(
        **{**exemption(subject), **more}, actor=actor, config=config, catalogue=catalogue(), store=store, now=NOW
    )


def exemption(subject: str = "user_42") -> dict[str, Any]:
    """What is to be exempted."""
    return {
        "check": "paid-without-customer",
        "subject": subject,
        "owner": "finance",
        "reason": REASON,
        "expires_at": UNTIL,
    }


def applied(store: Store, config: Config, **more: Any) -> object:
    """Exempt it."""
    return exempt(
        **{**exemption(), "actor": ADA, "now": NOW, **more}, store=store, config=config, catalogue=catalogue()
    )


def decided(
    store: Store,
    config: Config,
    approval: Approval,
    actor: str = BOB,
    *,
    age_seconds: float = 0,
    after: timedelta = timedelta(),
) -> Approval | DecisionRefused:
    """An attempt to approve."""
    now = NOW + after
    caller = ApprovalCaller(actor=actor, proven_at=now - timedelta(seconds=age_seconds))
    return approve(approval.approval_id, caller=caller, reason=REASON, config=config, store=store, now=now)


def test_an_exemption_is_stored_only_with_a_second_person_and_once(store: Store, config: Config) -> None:
    with pytest.raises(NeedsApproval, match="second person"):
        applied(store, config)
    approval = asked(store, config)
    with pytest.raises(NeedsApproval):
        applied(store, config)
    assert isinstance(decided(store, config, approval), Approval)
    with pytest.raises(NeedsApproval, match="another owner, reason or end"):
        applied(store, config, owner="sales")
    with pytest.raises(NeedsApproval):
        applied(store, config, subject="user_43")
    applied(store, config)
    (after,) = list_approvals(store, config, now=NOW)
    assert (after.state, after.used_by) == (ApprovalState.USED, ADA)
    with pytest.raises((NeedsApproval, AlreadyExempted)):
        applied(store, config)


def test_of_many_who_use_one_approval_of_an_exemption_one_stores_it(store: Store, config: Config) -> None:
    decided(store, config, asked(store, config))

    def try_it(_: int) -> str:
        try:
            applied(store, config)
        except (NeedsApproval, ApprovalGone, AlreadyExempted) as error:
            return type(error).__name__
        return "stored"

    with ThreadPoolExecutor(6) as people:
        results = list(people.map(try_it, range(6)))
    assert results.count("stored") == 1


def test_an_approval_is_kept_where_the_exemption_could_not_be_stored(store: Store, config: Config) -> None:
    applied(store, dataclasses.replace(config, approvals=ApprovalSettings()))
    approval = asked(store, config)
    decided(store, config, approval)
    with pytest.raises(AlreadyExempted):
        applied(store, config)
    kept = store.approvals.get(config.environment, approval.approval_id)
    assert kept is not None
    assert kept.state is ApprovalState.APPROVED


def test_of_two_who_decide_at_once_one_wins_and_the_others_are_on_record(store: Store, config: Config) -> None:
    approval = asked(store, config)

    def decide(number: int) -> Approval | DecisionRefused:
        if number % 2:
            caller = ApprovalCaller(actor=f"oidc:person-{number}", proven_at=NOW)
            return reject(approval.approval_id, caller=caller, reason=REASON, config=config, store=store, now=NOW)
        return decided(store, config, approval, f"oidc:person-{number}")

    with ThreadPoolExecutor(8) as people:
        results = list(people.map(decide, range(8)))
    (winner,) = [result for result in results if isinstance(result, Approval)]
    late = [result for result in results if isinstance(result, DecisionRefused)]
    assert len(late) == 7
    assert all(result.late for result in late)
    events = store.approvals.events(approval.approval_id)
    assert sorted(event.event for event in events) == sorted(["requested", winner.state.value, *["refused"] * 7])
    kept = store.approvals.get(config.environment, approval.approval_id)
    assert kept == winner


@pytest.mark.parametrize(
    "actor", ["cli:ada@host", "command:root", "break-glass:root", "token:0000000000000000", "x", ""]
)
def test_who_is_not_known_as_a_person_approves_nothing(store: Store, config: Config, actor: str) -> None:
    approval = asked(store, config)
    linked = dataclasses.replace(config, approvals=ApprovalSettings(people={"bob": ("cli:ada@host", "command:root")}))
    for each in (config, linked):
        result = decided(store, each, approval, actor)
        assert isinstance(result, DecisionRefused)
        assert "does not say who the person is" in result.reason


def test_a_token_is_a_person_where_the_config_or_its_maker_says_so(store: Store, config: Config) -> None:
    def token(created_by: str) -> str:
        _, made = store.tokens.create(name="t", role=Role.ADMIN, lifetime_days=1, created_by=created_by, now=NOW)
        return f"token:{made.token_id}"

    mine, of_bob, of_ada, of_ada_s = token("command:root"), token(BOB), token(ADA), ""
    of_ada_s = token(of_ada)
    assert not is_known(mine, config=config, store=store)
    linked = dataclasses.replace(config, approvals=ApprovalSettings(people={"bob": (mine,)}))
    assert is_known(mine, config=linked, store=store)
    for own in (of_ada, of_ada_s):
        result = decided(store, config, asked(store, config, subject=own), own)
        assert isinstance(result, DecisionRefused)
        assert "your own request" in result.reason
    assert isinstance(decided(store, linked, asked(store, config, subject="a"), mine), Approval)
    assert isinstance(decided(store, config, asked(store, config, subject="b"), of_bob), Approval)


def test_one_s_own_request_is_never_approved_by_any_of_one_s_names(store: Store, config: Config) -> None:
    people = {"ada": (ADA, "jwt:ada", "cli:ada@laptop", "command:ada"), "bob": (BOB,)}
    config = dataclasses.replace(config, approvals=ApprovalSettings(exemptions=("all",), people=people))
    for number, requester in enumerate(people["ada"]):
        approval = asked(store, config, actor=requester, subject=f"user_{number}")
        for approver in (ADA, "jwt:ada"):
            result = decided(store, config, approval, approver)
            assert isinstance(result, DecisionRefused)
            assert "your own request" in result.reason
        assert isinstance(decided(store, config, approval, BOB), Approval)


@pytest.mark.parametrize(("age_seconds", "passes"), [(0, True), (300, True), (301, False), (-60, True), (-61, False)])
def test_a_sign_in_of_more_than_five_minutes_ago_must_be_made_anew(
    store: Store, config: Config, age_seconds: float, passes: bool
) -> None:
    result = decided(store, config, asked(store, config), age_seconds=age_seconds)
    assert isinstance(result, Approval) is passes
    assert passes or (isinstance(result, DecisionRefused) and result.needs_sign_in)


def test_an_identity_that_was_never_proven_approves_nothing(store: Store, config: Config) -> None:
    approval = asked(store, config)
    caller = ApprovalCaller(actor="embedded:bob", proven_at=None)
    result = approve(approval.approval_id, caller=caller, reason=REASON, config=config, store=store, now=NOW)
    assert isinstance(result, DecisionRefused)


def test_a_request_ends_after_four_hours_and_can_be_made_again(store: Store, config: Config) -> None:
    approval = asked(store, config)
    with pytest.raises(AlreadyRequested):
        asked(store, config)
    late = decided(store, config, approval, after=timedelta(hours=4))
    assert isinstance(late, DecisionRefused)
    assert late.late
    (shown,) = list_approvals(store, config, now=NOW + timedelta(hours=4), state=ApprovalState.EXPIRED)
    assert shown.approval_id == approval.approval_id
    assert list_approvals(store, config, now=NOW + timedelta(hours=4), state=ApprovalState.REQUESTED) == ()
    again = request_exemption(
        **exemption(),
        actor=ADA,
        config=config,
        catalogue=catalogue(),
        store=store,
        now=NOW + timedelta(hours=4),
    )
    assert again.approval_id != approval.approval_id


def test_an_approved_exemption_expires_too(store: Store, config: Config) -> None:
    decided(store, config, asked(store, config))
    with pytest.raises(NeedsApproval):
        applied(store, config, now=NOW + timedelta(hours=4))
    stored = Exemption(check_id="paid-without-customer", subject="other", owner="finance", reason=REASON)
    with pytest.raises(ApprovalGone):
        store.exemptions.add(stored, environment="x", created_by=ADA, now=NOW, approval_id="unknown")
    assert store.exemptions.list("x") == ()


def test_a_request_may_be_withdrawn_and_rejected_for_good(store: Store, config: Config) -> None:
    approval = asked(store, config)
    caller = ApprovalCaller(actor=ADA, proven_at=None)
    result = reject(approval.approval_id, caller=caller, reason=REASON, config=config, store=store, now=NOW)
    assert isinstance(result, Approval)
    assert result.state is ApprovalState.REJECTED
    assert isinstance(decided(store, config, approval), DecisionRefused)
    with pytest.raises(NeedsApproval):
        applied(store, config)


def test_an_approval_is_of_its_environment(store: Store, config: Config) -> None:
    approval = asked(store, config)
    with pytest.raises(UnknownApproval):
        decided(store, dataclasses.replace(config, environment="staging"), approval)


def test_an_amount_that_is_not_known_is_above_every_limit(store: Store, config: Config) -> None:
    limited = dataclasses.replace(config, approvals=ApprovalSettings(above_credits=Decimal(1000)))
    with pytest.raises(NeedsApproval, match="not known"):
        applied(store, limited)
    applied(store, dataclasses.replace(config, approvals=ApprovalSettings()))


NAMES = st.sampled_from(["oidc:a", "oidc:b", "oidc:c", "jwt:a", "cli:a@h", "token:x"])


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(groups=st.lists(st.sets(NAMES, max_size=3), max_size=3))
def test_being_one_person_is_mutual_and_reaches_through_every_link(
    tmp_path_factory: pytest.TempPathFactory, groups: list[set[str]]
) -> None:
    config = config_in(tmp_path_factory.mktemp("config"))
    people = {f"p{number}": tuple(sorted(group)) for number, group in enumerate(groups)}
    config = dataclasses.replace(config, approvals=ApprovalSettings(people=people))
    with open_store(f"sqlite:///{tmp_path_factory.mktemp('store')}/s.db") as store:
        of = {name: names_of(name, config=config, store=store) for group in groups for name in group}
    for name, names in of.items():
        assert name in names
        assert all(of[other] == names for other in names)


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ('repairs = ["kredit-balance"]', "credit-balance"),
        ('exemptions = ["xyzzy"]', "unknown check"),
        ('people = { ada = ["oidc:1"], bob = ["oidc:1"] }', "an identity is of one person"),
        ("expire_minutes = 1", "expire_minutes"),
        ("above_credits = -1", "above_credits"),
        ("above_money = { usd = -1 }", "above_money"),
        ("above = 1", "not a known key"),
    ],
)
def test_a_setting_that_would_protect_nothing_is_refused(tmp_path: Path, toml: str, says: str) -> None:
    path = config_in(tmp_path).path
    path.write_text(f"{path.read_text()}\n[approvals]\n{toml}\n")
    with pytest.raises(ConfigurationError, match=says):
        load_config(path, {}, known_checks=[check.id for check in catalogue()])
