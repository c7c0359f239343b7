"""The admin API: authenticate, call one action, render."""

from __future__ import annotations

from trueup.web.access import Authenticate, Principal, Role
from trueup.web.app import create_app

__all__ = ["Authenticate", "Principal", "Role", "create_app"]
