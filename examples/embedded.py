"""The admin API inside your own FastAPI application: your login decides who comes in.

    trueup store init      # or let the first audit make it
    export TRUEUP_CONFIG=trueup.toml
    uvicorn examples.embedded:app --factory

Everything of the API then stands under ``/internal/billing``.
"""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request

from trueup.actions.checks.catalogue import full_catalogue
from trueup.config import load_config
from trueup.model.access import Role
from trueup.web import create_app
from trueup.web.access import Principal

STAFF = {"finance": Role.ADMIN, "support": Role.VIEWER}
"""What your own groups may do here."""


def who_is_asking(request: Request) -> Principal | None:
    """Your login: here, headers that your gateway sets and strips from everybody else. None is refused."""
    name, group = request.headers.get("x-staff-name"), request.headers.get("x-staff-group", "")
    return Principal(actor=f"embedded:{name}", role=STAFF[group]) if name and group in STAFF else None


def app() -> FastAPI:
    """Your application, with the admin API mounted in it."""
    path = Path(os.environ["TRUEUP_CONFIG"])
    config = load_config(path, os.environ, known_checks=[check.id for check in full_catalogue(path)])
    yours = FastAPI(title="Your application")
    yours.mount("/internal/billing", create_app(config, authenticate=who_is_asking))
    return yours
