"""The command line: parse, call one action, render, choose the exit code."""

from __future__ import annotations

from trueup.cli.main import main

__all__ = ["main"]
