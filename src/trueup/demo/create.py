"""A demo company in a folder: its database, what Stripe has of it, its config, and the truth about what was planted."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from trueup.demo.company import make_company
from trueup.model.source import Progress

URL_REFERENCE = "${DATABASE_URL}"
STRIPE_FOLDER = "stripe"


def create_company(
    folder: Path, *, url: str | None, accounts: int, seed: int, now: datetime, progress: Progress
) -> Path:
    """Make the company and write it; the path of its config. The folder also gets ``truth.json``, the plan gates, and
    ``stripe/``, an export of Stripe's objects.

    ``url`` names an empty database; None makes a SQLite file in the folder. A database other than that file is
    written into the config as a reference to ``DATABASE_URL``, because its address may hold a password.
    Raises ``ConfigurationError`` when one of its files already exists.
    """
    address = url or f"sqlite:///{(folder / 'app.db').resolve()}"
    progress.begin(f"Making a company of {accounts:,} accounts", None)
    with make_company(accounts=accounts, seed=seed, now=now) as company:
        company.write(address)
        (folder / "truth.json").write_text(company.truth.text(), encoding="utf-8")
        company.write_gates(folder)
        stripe = folder.resolve() / STRIPE_FOLDER
        company.write_stripe(stripe)
        config = folder / "trueup.toml"
        text = company.config_text(URL_REFERENCE if url else address, stripe=stripe)
        config.write_text(text, encoding="utf-8")
    progress.end()
    return config
