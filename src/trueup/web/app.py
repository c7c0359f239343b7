"""The ASGI application: built from a config, served by itself or mounted inside another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI

from trueup import __version__
from trueup.actions.checks import full_catalogue
from trueup.config import Config
from trueup.config.token_trust import refuse_weak
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError
from trueup.web import console, failures, health, oidc_sign_in, schema, sign_in
from trueup.web.access.api_tokens import ApiTokens
from trueup.web.access.doorkeeper import Doorkeeper
from trueup.web.access.issuer_keys import IssuerKeys
from trueup.web.access.json_web_tokens import JsonWebTokens
from trueup.web.access.oidc import OidcProvider
from trueup.web.access.principal import Authenticate
from trueup.web.access.session_cookies import SessionCookies
from trueup.web.access.verifying import Verifier
from trueup.web.declared import DeclaredRoute, declared_routes
from trueup.web.envelope import Envelope
from trueup.web.openapi import completed
from trueup.web.routes import routers
from trueup.web.services import Services

if TYPE_CHECKING:
    from trueup.model.settings import JwtSettings
    from trueup.store import Store


def create_app(
    config: Config,
    *,
    authenticate: Authenticate | None = None,
    store: Store | None = None,
    catalogue: Sequence[Check] | None = None,
    clock: Callable[[], datetime] | None = None,
) -> FastAPI:
    """The admin API for this config, to be served, or to be mounted in another FastAPI or Starlette app.

    ``authenticate`` identifies the caller of a request without a token of trueup's. The caller of this function closes
    a store that it gives; otherwise the config's store is opened when it is first needed, and
    ``app.state.services.close()`` closes it: Starlette does not run the lifespan of a mounted app. Raises
    ``ConfigurationError`` when no client could sign in, and when a route does not declare its permission.
    """
    services = Services(
        config=config,
        catalogue=full_catalogue(config.path) if catalogue is None else catalogue,
        clock=clock or _utc_now,
        given_store=store,
    )
    verifiers = tuple(_verifiers(services))
    provider = _oidc(services)
    if not verifiers and authenticate is None and provider is None:
        raise ConfigurationError(
            f"No client could sign in: set server.tokens = true, [server.jwt] or [server.oidc] in {config.path}, "
            "or give authenticate."
        )
    return assembled(
        services,
        verifiers=verifiers,
        authenticate=authenticate,
        routers=(*routers(), oidc_sign_in.router, sign_in.router, *console.routers()),
        sessions=SessionCookies(services),
        provider=provider,
    )


def assembled(
    services: Services,
    *,
    verifiers: Sequence[Verifier],
    authenticate: Authenticate | None,
    routers: Sequence[APIRouter],
    sessions: SessionCookies | None = None,
    provider: OidcProvider | None = None,
) -> FastAPI:
    """Build an app of these routes and of those that every app has.

    Raises ``ConfigurationError`` for a route that does not declare its permission.
    """
    app = _AdminApi(lifespan=_closing(services))
    for router in (health.router, schema.router, *routers):
        app.include_router(router)
    routes = declared_routes(app)
    app.state.services = services
    app.state.routes = routes
    app.state.oidc = provider
    app.state.doorkeeper = Doorkeeper(
        verifiers=verifiers,
        authenticate=authenticate,
        sessions=sessions,
        server=services.config.server,
        query_names={route.endpoint: route.query_names for route in routes},
    )
    app.add_middleware(Envelope, templates={route.endpoint: route.path for route in routes}, meters=services.meters)
    return app


class _AdminApi(FastAPI):
    """The framework's app without its public documentation, its redirects and its own errors."""

    def __init__(self, *, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]) -> None:
        super().__init__(
            title="trueup",
            description="Billing and entitlement, proven: reports, findings, repairs, journal.",
            version=__version__,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            lifespan=lifespan,
            exception_handlers=failures.handlers(),
        )

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI 3.1 document, built once."""
        if self.openapi_schema is None:
            routes: Sequence[DeclaredRoute] = self.state.routes
            self.openapi_schema = completed(super().openapi(), routes)
        return self.openapi_schema


def _verifiers(services: Services) -> Iterator[Verifier]:
    server = services.config.server
    if server.tokens:
        yield ApiTokens(services)
    if server.jwt is not None:
        refuse_weak(server.jwt, place=str(services.config.path))
        keys = IssuerKeys(fetch=_fetching(server.jwt, services.config.alerts.private_hosts))
        yield JsonWebTokens(settings=server.jwt, keys=keys, clock=services.clock)


def _oidc(services: Services) -> OidcProvider | None:
    """The identity provider of the config, which is asked nothing yet."""
    server, private_hosts = services.config.server, services.config.alerts.private_hosts
    if server.oidc is None:
        return None

    def fetch(url: str) -> object:
        from trueup.outgoing import fetch_json  # noqa: PLC0415 - only where people sign in at a provider

        return fetch_json(url, private_hosts=private_hosts)

    def post(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        from trueup.outgoing import post as send  # noqa: PLC0415 - as above

        answer = send(url, body, headers, private_hosts=private_hosts)
        return answer.status, answer.body

    return OidcProvider(
        settings=server.oidc,
        redirect_url=server.console_url + oidc_sign_in.CALLBACK,
        fetch=fetch,
        post=post,
        clock=services.clock,
    )


def _fetching(settings: JwtSettings, private_hosts: Sequence[str]) -> Callable[[], object]:
    def fetch() -> object:
        from trueup.outgoing import fetch_json  # noqa: PLC0415 - only where tokens of an issuer are believed

        return fetch_json(settings.jwks_url, private_hosts=private_hosts)

    return fetch


def _closing(services: Services) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        services.close()

    return lifespan


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
