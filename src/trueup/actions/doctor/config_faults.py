"""Faults of a config that go beyond the shape of one key. Every command refuses them, and the doctor lists them all."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from trueup.actions.alerts import examine_channels
from trueup.actions.audit import stripe_key
from trueup.actions.exemptions import refuse_exempted_plans
from trueup.config import Config
from trueup.config.schedule import last_due, next_due
from trueup.config.token_trust import refuse_weak
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError

_CRON_LIBRARY = "cronsim"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFault:
    """One fault: the part of the config it is ``about``, and what it ``says``."""

    about: str
    says: str


def refuse_faults(config: Config, checks: Sequence[Check], *, now: datetime) -> None:
    """Refuse a config that has a fault. Raises ``ConfigurationError`` for the first."""
    for fault in config_faults(config, checks, now=now):
        raise ConfigurationError(fault.says)


def config_faults(config: Config, checks: Sequence[Check], *, now: datetime) -> Iterator[ConfigFault]:
    """Return every fault of the config; nothing is connected to. ``now`` is naive UTC."""
    for about, look in _looks(config, checks, now):
        try:
            look()
        except ConfigurationError as error:
            yield ConfigFault(about=about, says=str(error))
    for channel in examine_channels(config.alerts):
        if channel.problem is not None:
            yield ConfigFault(about="alerts", says=channel.problem)


def _looks(config: Config, checks: Sequence[Check], now: datetime) -> Iterator[tuple[str, Callable[[], object]]]:
    yield "config", lambda: refuse_exempted_plans(config, checks)
    # Where the server's extra is not installed, nothing can be served on that schedule anyway.
    if config.schedule.cron is None or importlib.util.find_spec(_CRON_LIBRARY) is not None:
        yield "audits", lambda: (last_due(config.schedule, now=now), next_due(config.schedule, after=now))
    jwt = config.server.jwt
    if jwt is not None:
        yield "server", lambda: refuse_weak(jwt, place=str(config.path))
    yield "stripe", lambda: stripe_key(config)
    gates = config.gates
    if gates is not None:
        from trueup.probes import check_settings  # noqa: PLC0415 - heavy

        yield "gates", lambda: check_settings(gates)
    if config.alerts.channels or config.alerts.private_hosts:
        from trueup.outgoing.dialing import Reach  # noqa: PLC0415 - heavy

        yield "alerts", lambda: Reach.beyond(config.alerts.private_hosts)
