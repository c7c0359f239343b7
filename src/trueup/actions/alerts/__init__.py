"""Tell operations what the audits found: decide what changed, store the messages, send them, notice missing audits.

Deciding and sending are separate. ``notify`` and ``heartbeat`` only write to the store; ``deliver`` sends what is
stored there, in any process and as often as needed. No audit waits for it.
"""

from __future__ import annotations

from trueup.actions.alerts.decide import Decision, notify
from trueup.actions.alerts.delivery import ChannelDelivery, Delivered, deliver, retry_soon
from trueup.actions.alerts.listing import AlertList, alerts_document, list_alerts
from trueup.actions.alerts.notice import put_notice
from trueup.actions.alerts.pulse import Pulse, heartbeat
from trueup.actions.alerts.setup import ChannelHealth, examine_channels, send_test
from trueup.store.records import Delivery

__all__ = [
    "AlertList",
    "ChannelDelivery",
    "ChannelHealth",
    "Decision",
    "Delivered",
    "Delivery",
    "Pulse",
    "alerts_document",
    "deliver",
    "examine_channels",
    "heartbeat",
    "list_alerts",
    "notify",
    "put_notice",
    "retry_soon",
    "send_test",
]
