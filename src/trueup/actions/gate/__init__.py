"""Judge whether something may be released: by a new audit, a report in a file, or a stored run."""

from __future__ import annotations

from trueup.actions.gate.document import read_report_file, reread_report
from trueup.actions.gate.request import GateRequest, decide
from trueup.store import GATE_TRIGGER

__all__ = ["GATE_TRIGGER", "GateRequest", "decide", "read_report_file", "reread_report"]
