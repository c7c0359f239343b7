"""The way out by HTTP for doors: what channels call through, and nothing else. See ``trueup.outgoing``."""

from __future__ import annotations

from trueup.outgoing import Answer, fetch_json, post

__all__ = ["Answer", "fetch_json", "post"]
