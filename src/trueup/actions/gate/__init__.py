"""Judge whether something may be released, by an audit of now, a report in a file, or a run that is remembered."""

from __future__ import annotations

from trueup.actions.gate.document import read_report_file, reread_report
from trueup.actions.gate.request import GateRequest, decide
from trueup.store import GATE_TRIGGER

__all__ = ["GATE_TRIGGER", "GateRequest", "decide", "read_report_file", "reread_report"]
