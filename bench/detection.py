"""Detection over demo companies: what was planted, what was found."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime
from pathlib import Path

from trueup.actions.audit.run_audit import audit
from trueup.actions.checks.catalogue import full_catalogue
from trueup.config import load_config
from trueup.demo import make_company
from trueup.model.source import Silent

ACCOUNTS = 1_000


def detection(*, now: datetime, seeds: int) -> str:
    """Recall and precision over this many companies of a thousand accounts, in one line."""
    planted: set[tuple[int, str]] = set()
    found: set[tuple[int, str]] = set()
    checks = full_catalogue(None)
    for seed in range(1, seeds + 1):
        with tempfile.TemporaryDirectory(prefix="trueup-bench-") as home:
            path = Path(home) / "trueup.toml"
            url = f"sqlite:///{home}/app.db"
            with make_company(accounts=ACCOUNTS, seed=seed, now=now) as company:
                company.write(url)
                company.write_gates(Path(home))
                company.write_stripe(Path(home) / "stripe")
                path.write_text(company.config_text(url, stripe=Path(home) / "stripe"), encoding="utf-8")
                planted |= {(seed, finding.id) for finding in company.truth.findings}
            report = audit(load_config(path, os.environ), checks=checks, now=now, progress=Silent())
            found |= {(seed, finding.id) for finding in report.findings()}
    hits = len(planted & found)
    recall, precision = hits / len(planted), hits / len(found) if found else 0.0
    return (
        f"\ndetection over {seeds} companies: {len(planted)} planted, {len(found)} found, "
        f"recall {recall:.4f}, precision {precision:.4f}"
    )
