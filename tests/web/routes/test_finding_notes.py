"""Notes on a finding: kept, in order, masked for who may not read evidence, and harmless on a page."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.admin_api import AdminApi, admin_api
from tests.support.api import is_problem
from tests.support.command import Ran, trueup
from tests.support.pages import Reader
from tests.web.console.test_many_and_hostile import HOSTILE, is_harmless
from trueup.model.access import Role

NOTES = "/api/v1/notes"


@pytest.mark.slow
def test_a_note_is_kept_in_order_and_outlives_the_finding(api: AdminApi) -> None:
    issue = api.repairable()[0]
    for text in ("Asked support on Monday.", "  The customer knows, api_key=verysecretvalue123  "):
        answer = api.post(NOTES, {"issueId": issue, "text": text})
        assert answer.status_code == 201, answer.text
        api.clock.forward(minutes=1)
    listed = api.get(f"{NOTES}/{issue}").json()["notes"]
    assert [note["text"] for note in listed] == ["Asked support on Monday.", "The customer knows, api_key=***"]
    assert listed[0]["at"] < listed[1]["at"]
    assert listed[0]["actor"].startswith("token:")
    assert api.post("/api/v1/repairs", {"issueId": issue, "reason": "notes outlive a repair"}).status_code == 200
    api.post("/api/v1/runs", {})
    assert len(api.get(f"{NOTES}/{issue}").json()["notes"]) == 2


def test_a_viewer_sees_that_there_are_notes_and_neither_text_nor_author(api: AdminApi) -> None:
    issue = api.issues()[0]["id"]
    api.post(NOTES, {"issueId": issue, "text": "Told eve@example.com, 0151 2345678"})
    masked = api.get(f"{NOTES}/{issue}", role=Role.VIEWER)
    assert [(note["text"], note["actor"]) for note in masked.json()["notes"]] == [("***", "***")]
    page = Reader(api).page(f"/findings/{quote(issue)}", role=Role.VIEWER)
    assert "0151" not in page.html
    assert "Keep this note" not in page.text
    assert is_problem(api.post(NOTES, {"issueId": issue, "text": "a note"}, role=Role.VIEWER), 403)


@pytest.mark.parametrize("text", ["", "x", " ", "a\nb", "a" * 1001, "a\u202eb", 7, None])
def test_a_note_that_is_not_one_line_of_text_is_refused(api: AdminApi, text: object) -> None:
    assert is_problem(api.post(NOTES, {"issueId": "credit-balance:user_1", "text": text}), 422)


def test_a_note_on_what_no_audit_reported_is_refused(api: AdminApi) -> None:
    assert is_problem(api.post(NOTES, {"issueId": "credit-balance:xyzzy", "text": "a note"}), 404)
    assert api.get(f"{NOTES}/credit-balance:xyzzy").json()["notes"] == []


def test_hostile_notes_stay_texts_on_the_page(api: AdminApi) -> None:
    issue = api.issues()[1]["id"]
    kept = [text for text in HOSTILE if api.post(NOTES, {"issueId": issue, "text": text}).status_code == 201]
    assert len(kept) > len(HOSTILE) / 2
    page = Reader(api).page(f"/findings/{quote(issue)}")
    is_harmless(page)
    assert page.html.count("xss1937") >= len(kept)


@pytest.mark.slow
def test_the_command_keeps_and_lists_notes(tmp_path: Path) -> None:
    with admin_api(tmp_path, store_url=f"sqlite:///{tmp_path}/trueup.db") as api:
        issue = api.repairable()[0]

        def note(*arguments: str) -> Ran:
            return trueup("note", *arguments, cwd=tmp_path, PLACE=f"sqlite:///{tmp_path}/app.db")

        assert note(issue).out == "There are no notes on it.\n"
        added = note(issue, "Asked support.")
        assert added.code == 0, added.err
        assert added.out.endswith(": Asked support.\n")
        unknown = note("credit-balance:xyzzy", "Asked support.")
        assert (unknown.code, "No audit of" in unknown.err) == (2, True)
        assert [line["text"] for line in api.get(f"{NOTES}/{issue}").json()["notes"]] == ["Asked support."]
