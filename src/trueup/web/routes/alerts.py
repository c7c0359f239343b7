"""Alerts: the open episodes, and the messages about them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from trueup.actions import alerts
from trueup.web.access import Permission, Principal, requires
from trueup.web.routes.answers.alerts import Alerts
from trueup.web.routes.parameters import Limit
from trueup.web.services import Services, services

router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])

ALERTS_AT_ONCE = 50


@router.get("")
def list_alerts(
    _who: Annotated[Principal, requires(Permission.ALERT_READ)],
    at_hand: Annotated[Services, Depends(services)],
    limit: Limit = ALERTS_AT_ONCE,
) -> Alerts:
    """The open episodes, most severe first, and the messages about them, newest first: at most `limit` of each."""
    listed = alerts.list_alerts(at_hand.store, at_hand.config.environment, limit=limit)
    return Alerts.model_validate(alerts.alerts_document(listed))
