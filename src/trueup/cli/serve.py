"""``trueup serve``: the admin API, and audits when they are due."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import os
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.options import ConfigOption, catalogue_for, config_from, utc_now
from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.config import Config
    from trueup.model.check import Check
    from trueup.store import Store
    from trueup.web.services import Services

_BIND = re.compile(r"(?P<host>[^\s:]+|\[[0-9a-fA-F:.]+\]):(?P<port>[0-9]{1,5})")
_PORT_LIMIT = 65_535
_NEEDED = ("cronsim", "fastapi", "joserfc", "limits", "prometheus_client", "structlog", "uvicorn")

HOW_TO_SERVE = "The admin API needs libraries that are not installed; run: pip install 'trueup[serve]'."


def serve(
    bind: Annotated[
        str | None, typer.Option("--bind", metavar="ADDRESS:PORT", help="Listen here instead of at server.bind.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Serve the admin API, audit on schedule, and send alerts, until SIGTERM or Ctrl-C.

    The log is on stderr, one JSON object a line. Use a proxy for encryption, and name it in server.trusted_proxies.

    Example: trueup serve --bind 127.0.0.1:8321
    """
    checks = catalogue_for(config)
    loaded = with_bind(config_from(config, checks), bind)
    serve_until_told(loaded, checks)


def can_serve() -> bool:
    """Whether the libraries of the extra ``serve`` are installed."""
    return all(importlib.util.find_spec(name) is not None for name in _NEEDED)


def serve_until_told(
    config: Config,
    checks: Sequence[Check],
    *,
    clock: Callable[[], datetime] = utc_now,
    before: Callable[[Store, str], None] | None = None,
) -> None:
    """Serve this config until the process is stopped. ``before`` gets the store and the address, when both are ready.

    Raises ``ConfigurationError`` and ``StoreUnavailable``.
    """
    if not can_serve():
        raise ConfigurationError(HOW_TO_SERVE)
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy
    from trueup.web import create_app, server  # noqa: PLC0415 - heavy

    place = config.server.host, config.server.port
    with server.listening_socket(*place) as listening, open_store(config) as store:
        app = create_app(config, store=store, catalogue=checks, clock=clock)
        address = server.address_of(*listening.getsockname()[:2])
        if before is not None:
            before(store, address)
        with _background(app.state.services, address):
            server.run(app, listening=listening, settings=config.server, stopping=app.state.services.stopping)


@contextlib.contextmanager
def _background(services: Services, address: str) -> Iterator[None]:
    """The background work beside the server. From here on stderr is the log."""
    from trueup.actions.serve import Background  # noqa: PLC0415 - heavy
    from trueup.web import logs  # noqa: PLC0415 - heavy

    log = logs.logger()
    background = Background(
        config=services.config,
        store=services.store,
        runs=services.runs,
        clock=services.clock,
        stopping=services.stopping,
        log=log,
    )
    logs.write_to()
    background.start()
    log.info("serving", address=address, pid=os.getpid())
    try:
        yield
    finally:
        log.info("stopped", whole=background.stop())


def with_bind(config: Config, bind: str | None) -> Config:
    """The config with another address to listen at, if one was given. Raises ``ConfigurationError``."""
    if bind is None:
        return config
    given = _BIND.fullmatch(bind)
    if given is None or int(given["port"]) > _PORT_LIMIT:
        raise ConfigurationError(f'--bind "{bind}" is not an address and a port; write it like 127.0.0.1:8321.')
    settings = dataclasses.replace(config.server, host=given["host"].strip("[]"), port=int(given["port"]))
    return dataclasses.replace(config, server=settings)
