"""An audit and the preview of one repair, without a server.

python examples/library.py trueup.toml
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from trueup.actions.audit.run_audit import audit
from trueup.actions.checks.catalogue import full_catalogue
from trueup.actions.repair import preview
from trueup.config import load_config
from trueup.model.repair import PlannedRepair
from trueup.model.source import Silent


def main(path: Path) -> None:
    """Print the score, and what the first repair on offer would change."""
    checks = full_catalogue(path)
    config = load_config(path, os.environ, known_checks=[check.id for check in checks])
    now = datetime.now(UTC).replace(tzinfo=None)
    report = audit(config, checks=checks, now=now, progress=Silent())
    print(f"{report.environment}: {report.status}, score {report.score}")
    offered = next((finding for finding in report.open_findings() if finding.repairable), None)
    if offered is None:
        print("nothing to repair")
        return
    planned = preview(offered.id, config=config, catalogue=checks, now=now)
    if isinstance(planned, PlannedRepair):
        print(f"{planned.issue_id}: {planned.change.summary}")
        print(f"plan {planned.plan_hash}")
    else:
        print(f"{planned.issue_id}: {planned.reason}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
