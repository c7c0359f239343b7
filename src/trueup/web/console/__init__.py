"""The console: pages for people, rendered over the same actions as the API. Everything it shows has an address."""

from __future__ import annotations

from fastapi import APIRouter

from trueup.web.console import (
    account,
    acting,
    approvals,
    assets,
    checks,
    exemptions,
    finding,
    findings,
    gates,
    journal,
    runs,
    selection,
)


def routers() -> tuple[APIRouter, ...]:
    """Every router of pages. The first page is the app's own ``/``, which answers programs too."""
    pages = (assets, findings, finding, account, runs, checks, gates, exemptions, journal, acting, approvals, selection)
    return tuple(page.router for page in pages)
