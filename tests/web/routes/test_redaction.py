"""What somebody who may not read evidence sees: enough to count and to follow a finding, and nobody's data."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.admin_api import REPORT, AdminApi, admin_api
from trueup.model.access import Role
from trueup.web.routes.redaction import masked_issue, without_addresses

FINDINGS = "/api/v1/findings"
NAMES = ["accountId", "diagnosis", "plan", "reason", "credits", "lastEntryAt", "entries", "problem"]


def issue(**changed: Any) -> dict[str, Any]:
    """An issue with data of a person in every place that text can stand in."""
    made = {
        "id": "exemption-expired:eve@example.com",
        "check": "exemption-expired",
        "category": "entitlements",
        "severity": "warning",
        "title": "Exemption is past its date",
        "message": "The exemption of eve@example.com ended; Eve Adams gave it: her own word. 12 credits.",
        "subject": "eve@example.com",
        "fingerprint": "0" * 32,
        "revenueImpacting": False,
        "impact": {"credits": "12"},
        "evidence": {
            "owner": "Eve Adams",
            "reason": "her own word",
            "plan": "PRO",
            "credits": "12",
            "lastEntryAt": "2026-03-01T12:00:00Z",
            "entries": 3,
            "recent": True,
            "nothing": None,
        },
        "firstSeen": "2026-03-01T12:00:00Z",
        "exemption": {"owner": "bob@example.com", "reason": "agreed with eve@example.com", "expiresAt": None},
        "repair": {"refused": "eve@example.com is exempted"},
    }
    return made | changed


def test_text_of_evidence_is_masked_wherever_it_stands_and_numbers_moments_and_words_are_not() -> None:
    masked = masked_issue(issue())
    assert masked["evidence"] == {
        "owner": "***",
        "reason": "***",
        "plan": "PRO",
        "credits": "12",
        "lastEntryAt": "2026-03-01T12:00:00Z",
        "entries": 3,
        "recent": True,
        "nothing": None,
    }
    assert masked["message"] == "The exemption of *** ended; *** gave it: ***. 12 credits."


def test_an_address_is_masked_in_every_place() -> None:
    written = json.dumps(masked_issue(issue()))
    assert "@" not in written
    assert masked_issue(issue())["id"] == "exemption-expired:***"


def test_what_needs_no_mask_keeps_its_form() -> None:
    made, masked = issue(), masked_issue(issue())
    assert list(masked) == list(made)
    for name in ("check", "category", "severity", "title", "fingerprint", "impact", "firstSeen", "revenueImpacting"):
        assert masked[name] == made[name]


@pytest.mark.parametrize(
    "text", ["eve@example.com", "<eve@example.com>", "Eve <eve+x@sub.example.co.uk>;bob@b", "ünï@exämple.com", "a@b"]
)
def test_every_spelling_of_an_address_goes(text: str) -> None:
    assert "@" not in without_addresses(f"wrote to {text} twice")


@given(st.dictionaries(st.sampled_from(NAMES), st.text(min_size=1, max_size=30), min_size=1), st.text(max_size=10))
def test_no_hidden_text_is_left_in_the_message(evidence: dict[str, str], between: str) -> None:
    message = between.join(evidence.values())
    masked = masked_issue(issue(evidence=evidence, message=message, subject="s", id="c:s"))
    hidden = [
        evidence[name] for name, shown in masked["evidence"].items() if shown == "***" and evidence[name] != "***"
    ]
    # A mask is itself text: what consists of nothing but asterisks cannot be told from it.
    assert not [text for text in hidden if text.strip("*") and text in masked["message"].replace("***", "")]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda part: st.lists(part, max_size=3)))
def test_masking_addresses_twice_changes_nothing(value: Any) -> None:
    once = without_addresses(value)
    assert without_addresses(once) == once


@pytest.mark.slow
def test_a_viewers_lists_hold_no_evidence_text_and_no_address(tmp_path: Path) -> None:
    with admin_api(tmp_path) as own:
        own.company.execute("UPDATE users SET email = 'eve@example.com'")
        own.get(REPORT)
        (plain, *_) = own.issues(check="shared-customer")
        hidden = {value for name, value in plain["evidence"].items() if name.endswith(("AccountId", "CustomerId"))}
        listed = own.get(f"{FINDINGS}?limit=1000", role=Role.VIEWER)
        full = own.get(f"{FINDINGS}/{plain['id']}", role=Role.VIEWER)
        run = own.get(f"/api/v1/runs/{listed.json()['runId']}", role=Role.VIEWER)
        difference = own.get(f"/api/v1/runs/{listed.json()['runId']}/difference", role=Role.VIEWER)
        for answer in (listed, full, run, difference):
            assert answer.status_code == 200
            assert "@" not in answer.text
        shown = next(one for one in listed.json()["findings"] if one["fingerprint"] == plain["fingerprint"])
        assert hidden
        assert not {value for value in hidden - {plain["subject"]} if re.search(re.escape(value), json.dumps(shown))}
        assert (full.json()["now"], full.json()["timeline"], full.json()["current"]) == (None, None, None)


@pytest.mark.slow
def test_what_a_viewer_sees_keeps_the_same_schema_and_counts(api: AdminApi) -> None:
    viewer = api.get(f"{FINDINGS}?limit=1000", role=Role.VIEWER).json()["findings"]
    admin = api.get(f"{FINDINGS}?limit=1000").json()["findings"]
    assert [one["fingerprint"] for one in viewer] == [one["fingerprint"] for one in admin]
    assert [list(one) for one in viewer] == [list(one) for one in admin]


def test_a_viewer_sees_no_address_in_an_exemption(tmp_path: Path) -> None:
    with admin_api(tmp_path) as own:
        made = {
            "check": "credit-balance",
            "subject": "eve@example.com",
            "owner": "bob@example.com",
            "reason": "as eve@example.com wrote",
            "expires": "2027-01-31",
        }
        assert own.post("/api/v1/exemptions", made).status_code == 201
        shown = own.get("/api/v1/exemptions", role=Role.VIEWER)
        assert "@" not in shown.text
        assert "eve@example.com" in own.get("/api/v1/exemptions").text
