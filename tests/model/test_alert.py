"""An alert is one value, and the same message at every attempt."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given

from tests.support.alerts import alert, hostile_alerts
from trueup.model.alert import Alert, AlertKind, alert_of, document_of


@given(hostile_alerts())
def test_an_alert_comes_back_whole_from_its_document(told: Alert) -> None:
    kept = json.loads(json.dumps(document_of(told)))
    assert alert_of(kept) == told
    assert alert_of(kept).message_id == told.message_id


def test_every_change_is_another_message() -> None:
    first = alert()
    changed = (alert(kind=AlertKind.CHANGED), alert(items=()), dataclasses.replace(first, environment="staging"))
    assert len({one.message_id for one in (first, *changed)}) == 4
    assert first.message_id == alert().message_id


@pytest.mark.parametrize("key", sorted(document_of(alert()).keys() - {"schemaVersion"}))
def test_a_document_without_one_of_its_parts_is_no_alert(key: str) -> None:
    document = document_of(alert())
    del document[key]
    with pytest.raises((KeyError, ValueError)):
        alert_of(document)
